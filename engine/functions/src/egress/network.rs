//! A network in CIDR notation: `10.0.0.0/8`, `fd00::/8`, or one address.

use std::net::IpAddr;

/// An address and how many of its first bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// The network that `text` spells. The bits after the prefix must be zero, since
    /// `10.1.2.3/8` is more often a mistake than a way to write `10.0.0.0/8`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = if let Some((address, bits)) = text.split_once('/') {
            if bits.len() > 3 || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            (address.parse().ok()?, bits.parse().ok()?)
        } else {
            let address: IpAddr = text.parse().ok()?;
            (address, width(address))
        };
        let network = Self { address, bits };
        (bits <= width(address) && network.masked(address) == value(address)).then_some(network)
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        // A mapped address reaches the IPv4 host, so it counts as that.
        let address = address.to_canonical();
        width(address) == width(self.address) && self.masked(address) == value(self.address)
    }

    fn masked(&self, address: IpAddr) -> u128 {
        let spare = u32::from(width(address).saturating_sub(self.bits));
        value(address)
            .checked_shr(spare)
            .and_then(|kept| kept.checked_shl(spare))
            .unwrap_or(0)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn value(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, address: &str, expected: bool) {
        let network = Network::parse(network).unwrap();
        assert_eq!(network.contains(address.parse().unwrap()), expected);
    }

    #[test]
    fn a_network_contains_the_addresses_of_its_prefix() {
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("10.0.0.0/8", "::ffff:10.1.1.1", true);
        check("192.168.1.7", "192.168.1.7", true);
        check("192.168.1.7", "192.168.1.8", false);
        check("0.0.0.0/0", "8.8.8.8", true);
        check("0.0.0.0/0", "::1", false);
        check("::/0", "fd00::1", true);
        check("fd00::/8", "fdff::1", true);
        check("fd00::/8", "fe80::1", false);
    }

    #[test]
    fn nonsense_is_no_network() {
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.1/8",
            "10.0.0/8",
            "example.com",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
