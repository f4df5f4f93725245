//! The Host rule, against DNS rebinding: a web page that makes its own name point to this machine has
//! the browser send that name, and no such name is known here.

use std::collections::HashSet;
use std::net::IpAddr;

use http::HeaderMap;
use http::Uri;

use super::{Refusal, refusal::Surface};
use crate::settings::{HostName, Settings};

/// What AWS's clients put before the host for StartSyncExecution.
const SYNC_PREFIX: &str = "sync-";

/// The names that a request may address the server by.
#[derive(Clone, Debug)]
pub struct Hosts {
    names: HashSet<HostName>,
}

impl Hosts {
    /// The configured names, the base URL's, and the listening address where it is a single one.
    pub fn new(settings: &Settings) -> Self {
        let mut names: HashSet<HostName> = settings.allowed_hosts.iter().cloned().collect();
        names.extend(settings.base_url.as_ref().map(|url| url.host().clone()));
        let listen = settings.listen.ip();
        if !listen.is_unspecified() {
            names.extend(listen.to_string().parse::<HostName>());
        }
        Self { names }
    }

    /// The name that the request uses, where it is an allowed one. The port is no matter: an attacker's
    /// page can choose it, but not the name.
    ///
    /// On the wire API a name may also begin with `sync-`, which AWS's clients put before the host for
    /// StartSyncExecution. `sync-example.com` may be somebody else's than `example.com`, so pages, which know
    /// their visitor by a cookie, are not served under it; a call of the wire API is signed or comes from this
    /// machine.
    pub fn check(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        surface: Surface,
    ) -> Result<HostName, Refusal> {
        let mut given = headers.get_all(http::header::HOST).iter();
        let host = match (given.next(), given.next()) {
            (Some(host), None) => host.to_str().ok(),
            (None, _) => uri.authority().map(http::uri::Authority::as_str),
            (Some(_), Some(_)) => None,
        };
        let name = host
            .and_then(name_of)
            .ok_or_else(|| Refusal::Host(host.unwrap_or_default().chars().take(80).collect()))?;
        // A request line with a whole URL overrules the header for some, so both must be fit.
        let line = match uri.authority() {
            Some(authority) => name_of(authority.as_str()),
            None => Some(name.clone()),
        };
        if self.allows(&name, surface) && line.is_some_and(|line| self.allows(&line, surface)) {
            return Ok(name);
        }
        Err(Refusal::Host(name.as_str().to_owned()))
    }

    fn allows(&self, name: &HostName, surface: Surface) -> bool {
        let is_sync = || {
            let name = name.as_str().strip_prefix(SYNC_PREFIX)?.parse().ok()?;
            Some(surface == Surface::Wire && self.names.contains(&name))
        };
        is_loopback(name) || self.names.contains(name) || is_sync() == Some(true)
    }
}

/// `localhost`, what ends in it, and loopback addresses; also with the `sync-` that AWS's clients put
/// before the host for StartSyncExecution. No attacker can own any of these names.
pub fn is_loopback(name: &HostName) -> bool {
    let name = name.as_str();
    let name = name.strip_prefix(SYNC_PREFIX).unwrap_or(name);
    let is_address = |ip: IpAddr| ip.to_canonical().is_loopback();
    name == "localhost" || name.ends_with(".localhost") || name.parse().is_ok_and(is_address)
}

/// The name in `name:port` or `[address]:port`.
fn name_of(host: &str) -> Option<HostName> {
    let authority: http::uri::Authority = host.parse().ok()?;
    if host.contains('@') {
        return None;
    }
    authority.host().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        Hosts::new(&Settings {
            listen: "10.0.0.5:80".parse().unwrap(),
            base_url: Some("https://flows.example.com:8443".parse().unwrap()),
            allowed_hosts: vec!["Box.Lan".parse().unwrap()],
            ..Settings::default()
        })
    }

    fn answer(uri: &str, host: &[&str]) -> Result<HostName, Refusal> {
        answer_on(Surface::Page, uri, host)
    }

    fn answer_on(surface: Surface, uri: &str, host: &[&str]) -> Result<HostName, Refusal> {
        let mut headers = HeaderMap::new();
        for value in host {
            headers.append(http::header::HOST, value.parse().unwrap());
        }
        hosts().check(&uri.parse().unwrap(), &headers, surface)
    }

    #[test]
    fn loopback_and_configured_names_are_let_in_with_any_port() {
        for host in [
            "localhost",
            "LOCALHOST:8083",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:80",
            "sync-localhost:8083",
            "sync-127.0.0.1",
            "flows.localhost",
            "10.0.0.5",
            "flows.example.com",
            "flows.example.com:8443",
            "box.lan",
        ] {
            assert!(answer("/", &[host]).is_ok(), "{host}");
        }
        assert!(answer("http://localhost/", &[]).is_ok());
    }

    #[test]
    fn the_wire_api_answers_to_the_names_of_synchronous_calls() {
        for host in [
            "sync-flows.example.com:8443",
            "sync-box.lan",
            "sync-10.0.0.5",
        ] {
            assert!(answer_on(Surface::Wire, "/", &[host]).is_ok(), "{host}");
            assert!(answer_on(Surface::Page, "/", &[host]).is_err(), "{host}");
            assert!(answer_on(Surface::Api, "/", &[host]).is_err(), "{host}");
        }
        for host in ["sync-attacker.example", "sync-sync-box.lan", "sync-"] {
            assert!(answer_on(Surface::Wire, "/", &[host]).is_err(), "{host}");
        }
    }

    #[test]
    fn every_other_name_is_refused() {
        for host in [
            "attacker.example",
            "localhost.attacker.example",
            "127.0.0.1.attacker.example",
            "sync-box.lan",
            "10.0.0.6",
            "user@localhost",
            "localhost:x:y",
            "",
        ] {
            assert!(answer("/", &[host]).is_err(), "{host}");
        }
        assert!(answer("/", &[]).is_err());
        assert!(answer("/", &["localhost", "attacker.example"]).is_err());
        assert!(answer("http://attacker.example/", &["localhost"]).is_err());
    }
}
