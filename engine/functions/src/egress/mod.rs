//! Which addresses a call may go to. A name is resolved once, its addresses are checked, and the
//! connection is made to one of those very addresses: a name that changes its mind between the
//! check and the call gains nothing. Redirects pass through here again.
//!
//! Not a firewall: it holds for calls made through this crate.

mod address;
mod entry;
mod network;
mod resolver;

use std::net::IpAddr;

pub use address::{Kind, kind};
pub use entry::{Entry, EntryError};
pub use network::Network;
pub(crate) use resolver::CheckedResolver;
pub use resolver::{Resolver, Resolving, SystemResolver};

/// The rule for one sort of call. Public addresses are always allowed, others only by an entry.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    entries: Vec<Entry>,
    loopback: bool,
}

/// A call that the policy does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("host '{host}' is not allowed: {address} is {}", kind.words())]
pub struct Refusal {
    pub host: Box<str>,
    pub address: IpAddr,
    pub kind: Kind,
}

impl Policy {
    /// For HTTP tasks, whose addresses come from definitions and inputs: public addresses only.
    pub fn for_http_tasks() -> Self {
        Self::default()
    }

    /// For registered functions. Their URLs are the operator's own configuration, and a function
    /// on the same machine is the ordinary case in development, so loopback is allowed. Private
    /// networks still take an entry: who may register a function need not own the network.
    pub fn for_functions() -> Self {
        Self {
            loopback: true,
            ..Self::default()
        }
    }

    /// The same policy with further entries. An allowed name is allowed whatever it resolves to.
    #[must_use]
    pub fn allowing(mut self, entries: impl IntoIterator<Item = Entry>) -> Self {
        self.entries.extend(entries);
        self
    }

    /// Whether `host`, found at `address`, may be called.
    pub fn check(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        let Some(kind) = kind(address) else {
            return Ok(());
        };
        let has_entry = |entry: &Entry| entry.names_address(address) || entry.names_host(host);
        if (self.loopback && kind == Kind::Loopback) || self.entries.iter().any(has_entry) {
            return Ok(());
        }
        Err(Refusal {
            host: host.into(),
            address,
            kind,
        })
    }

    /// Whether an entry names this very host or address, so that the operator knows what it is.
    pub fn names(&self, host: &str) -> bool {
        match literal(host) {
            Some(address) => self
                .entries
                .iter()
                .any(|entry| entry.names_address(address)),
            None => self.entries.iter().any(|entry| entry.names_host(host)),
        }
    }
}

/// The address that a URL's host spells, where it is one.
pub(crate) fn literal(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    bare.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(policy: &Policy, host: &str, address: &str, allowed: bool) {
        let answer = policy.check(host, address.parse().unwrap());
        assert_eq!(answer.is_ok(), allowed, "{host} at {address}: {answer:?}");
    }

    #[test]
    fn http_tasks_reach_public_addresses_only() {
        let policy = Policy::for_http_tasks();
        check(&policy, "example.com", "93.184.215.14", true);
        check(&policy, "localhost", "127.0.0.1", false);
        check(&policy, "example.com", "10.0.0.1", false);
        check(&policy, "metadata", "169.254.169.254", false);
        check(&policy, "example.com", "::ffff:169.254.169.254", false);
    }

    #[test]
    fn functions_reach_loopback_too() {
        let policy = Policy::for_functions();
        check(&policy, "localhost", "127.0.0.1", true);
        check(&policy, "localhost", "::1", true);
        check(&policy, "functions", "172.17.0.2", false);
    }

    #[test]
    fn entries_open_networks_names_and_domains() {
        let policy = Policy::for_http_tasks().allowing(
            [
                "172.16.0.0/12",
                "Functions.Internal",
                "*.svc.local",
                "10.1.2.3",
            ]
            .map(|entry| entry.parse().unwrap()),
        );
        check(&policy, "anything", "172.17.0.2", true);
        check(&policy, "functions.internal", "10.9.9.9", true);
        check(&policy, "FUNCTIONS.internal.", "10.9.9.9", true);
        check(&policy, "a.functions.internal", "10.9.9.9", false);
        check(&policy, "a.b.svc.local", "10.9.9.9", true);
        check(&policy, "svc.local", "10.9.9.9", false);
        check(&policy, "evilsvc.local", "10.9.9.9", false);
        check(&policy, "10.1.2.3", "10.1.2.3", true);
        check(&policy, "10.1.2.4", "10.1.2.4", false);
        assert!(policy.names("10.1.2.3"));
        assert!(policy.names("x.svc.local"));
        assert!(!policy.names("example.com"));
    }

    #[test]
    fn a_refusal_says_why() {
        let refusal = Policy::for_http_tasks()
            .check("metadata.test", "169.254.169.254".parse().unwrap())
            .unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "host 'metadata.test' is not allowed: 169.254.169.254 is a link-local address"
        );
    }
}
