//! How often a wrong key may be shown from one address. A key is too long to guess; this keeps the
//! attempts from costing anything, and tells whoever reads the log.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use asl::Timestamp;

/// Addresses that are remembered at once. Past it the oldest are forgotten, so memory stays bounded.
const ADDRESSES_MAX: usize = 10_000;
const WINDOW_SECONDS: i64 = 60;

/// Failed attempts by address, in windows of a minute.
#[derive(Debug)]
pub struct Failures {
    allowed: u32,
    by_address: Mutex<HashMap<IpAddr, Window>>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    began: Timestamp,
    failures: u32,
}

impl Window {
    fn ends(self) -> Timestamp {
        self.began.plus_seconds(WINDOW_SECONDS)
    }
}

impl Failures {
    pub fn new(allowed: u32) -> Self {
        Self {
            allowed,
            by_address: Mutex::default(),
        }
    }

    /// Whether the address may try once more; else for how many seconds it may not.
    pub fn check(&self, address: IpAddr, now: Timestamp) -> Result<(), u64> {
        let held = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match held.get(&network(address)) {
            Some(window) if window.failures >= self.allowed && now < window.ends() => {
                let micros = window.ends().as_micros() - now.as_micros();
                Err(u64::try_from((micros + 999_999) / 1_000_000).unwrap_or(1))
            }
            _ => Ok(()),
        }
    }

    /// Notes a failed attempt.
    pub fn note(&self, address: IpAddr, now: Timestamp) {
        let mut held = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if held.len() >= ADDRESSES_MAX && !held.contains_key(&network(address)) {
            held.retain(|_, window| now < window.ends());
            if held.len() >= ADDRESSES_MAX
                && let Some(oldest) = held.iter().min_by_key(|(_, window)| window.began)
            {
                let oldest = *oldest.0;
                held.remove(&oldest);
            }
        }
        let window = held.entry(network(address)).or_insert(Window {
            began: now,
            failures: 0,
        });
        if now >= window.ends() {
            *window = Window {
                began: now,
                failures: 0,
            };
        }
        window.failures = window.failures.saturating_add(1);
    }
}

/// One person has a whole /64 of IPv6 addresses to try from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_failed_too_often_waits_for_the_rest_of_its_minute() {
        let failures = Failures::new(2);
        let (one, other) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let start = Timestamp::from_millis(1_000_000);
        for _ in 0..2 {
            assert_eq!(failures.check(one, start), Ok(()));
            failures.note(one, start);
        }
        assert_eq!(failures.check(one, start.plus_seconds(20)), Err(40));
        assert_eq!(failures.check(other, start), Ok(()));
        assert_eq!(failures.check(one, start.plus_seconds(60)), Ok(()));
    }

    #[test]
    fn a_network_of_ipv6_addresses_counts_as_one() {
        let failures = Failures::new(1);
        let now = Timestamp::from_millis(0);
        failures.note("2001:db8::1".parse().unwrap(), now);
        assert!(failures.check("2001:db8::2".parse().unwrap(), now).is_err());
        assert!(
            failures
                .check("2001:db8:0:1::1".parse().unwrap(), now)
                .is_ok()
        );
    }

    #[test]
    fn memory_is_bounded() {
        let failures = Failures::new(1);
        for number in 0..20_000_u32 {
            failures.note(
                IpAddr::V4(number.into()),
                Timestamp::from_millis(number.into()),
            );
        }
        assert!(failures.by_address.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
