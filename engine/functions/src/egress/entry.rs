//! One entry of the egress settings: a network, an address, a host name or a domain.

use std::net::IpAddr;
use std::str::FromStr;

use serde::Deserialize;

use super::Network;

/// What may be called although it is not public.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Entry(Pattern);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Network(Network),
    /// In lower case, without a dot at its end.
    Host(Box<str>),
    /// `*.example.com`: every name below, not the name itself. Holds `.example.com`.
    Domain(Box<str>),
}

/// A text that is no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not an egress entry: write a network (10.0.0.0/8), an address (192.168.1.7), a host name (functions.internal) or a domain (*.internal)"
)]
pub struct EntryError(pub String);

impl Entry {
    pub(super) fn names_address(&self, address: IpAddr) -> bool {
        match &self.0 {
            Pattern::Network(network) => network.contains(address),
            Pattern::Host(_) | Pattern::Domain(_) => false,
        }
    }

    pub(super) fn names_host(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        match &self.0 {
            Pattern::Network(_) => false,
            Pattern::Host(name) => **name == *host,
            Pattern::Domain(domain) => host.len() > domain.len() && host.ends_with(&**domain),
        }
    }
}

impl FromStr for Entry {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        if let Some(network) = Network::parse(text) {
            return Ok(Self(Pattern::Network(network)));
        }
        let (is_domain, name) = match text.strip_prefix("*.") {
            Some(domain) => (true, domain),
            None => (false, text),
        };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if !is_host_name(&name) {
            return Err(EntryError(text.chars().take(100).collect()));
        }
        Ok(Self(if is_domain {
            Pattern::Domain(format!(".{name}").into_boxed_str())
        } else {
            Pattern::Host(name.into_boxed_str())
        }))
    }
}

impl TryFrom<String> for Entry {
    type Error = EntryError;

    fn try_from(text: String) -> Result<Self, EntryError> {
        text.parse()
    }
}

fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    // A last label of digits would be a broken address, not a name.
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253
        && name.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_entry_is_named() {
        for text in [
            "10.0.0.0/99",
            "a b",
            "",
            "*.",
            "1.2.3",
            "http://x",
            "a..b",
            "x:80",
        ] {
            let error = Entry::from_str(text).unwrap_err();
            let expected = format!("'{text}' is not an egress entry");
            assert!(error.to_string().starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn names_count_without_case_and_last_dot() {
        let entry: Entry = "Functions.Internal.".parse().unwrap();
        assert!(entry.names_host("FUNCTIONS.internal."));
        assert!(!entry.names_host("a.functions.internal"));
        let domain: Entry = "*.Internal".parse().unwrap();
        assert!(domain.names_host("a.b.internal"));
        assert!(!domain.names_host("internal"));
    }
}
