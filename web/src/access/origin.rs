//! The Origin rule, against cross-site requests: what changes something must come from our own pages or
//! from a program, never from another site's page.

use http::{HeaderMap, Method};

use super::Refusal;
use crate::settings::HostName;

/// Whether a method may change something.
pub fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Checks a request whose method [`is_unsafe`]. Browsers say by `Sec-Fetch-Site` or `Origin` where a
/// request comes from; programs send neither. A request that a cookie speaks for must send one of them.
pub fn check(headers: &HeaderMap, host: &HostName, has_cookie: bool) -> Result<(), Refusal> {
    let site = headers.get("sec-fetch-site");
    // Another port of this host is "same-site", and someone else's program.
    if let Some(site) = site
        && !matches!(site.as_bytes(), b"same-origin" | b"none")
    {
        return Err(refused(site));
    }
    match headers.get(http::header::ORIGIN) {
        Some(origin) if !is_own(origin, headers, host) => Err(refused(origin)),
        None if has_cookie && site.is_none() => Err(Refusal::Origin("nowhere named".to_owned())),
        _ => Ok(()),
    }
}

/// Whether the origin has the name and port that the request itself was sent to. The scheme may differ:
/// a proxy before us may speak TLS.
fn is_own(origin: &http::HeaderValue, headers: &HeaderMap, host: &HostName) -> bool {
    let Some(authority) = origin.to_str().ok().and_then(|origin| {
        origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"))
    }) else {
        return false;
    };
    match headers.get(http::header::HOST) {
        Some(given) => given.as_bytes().eq_ignore_ascii_case(authority.as_bytes()),
        None => authority.eq_ignore_ascii_case(host.as_str()),
    }
}

fn refused(value: &http::HeaderValue) -> Refusal {
    let text = String::from_utf8_lossy(value.as_bytes());
    Refusal::Origin(text.chars().take(80).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(pairs: &[(&'static str, &str)], has_cookie: bool) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::HOST, "localhost:8083".parse().unwrap());
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        check(&headers, &"localhost".parse().unwrap(), has_cookie).is_ok()
    }

    #[test]
    fn our_own_pages_and_programs_may_change_things() {
        for pairs in [
            [].as_slice(),
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("origin", "http://localhost:8083")],
            &[("origin", "https://LOCALHOST:8083")],
            &[
                ("origin", "http://localhost:8083"),
                ("sec-fetch-site", "same-origin"),
            ],
        ] {
            assert!(answer(pairs, false), "{pairs:?}");
        }
    }

    #[test]
    fn other_sites_and_other_ports_may_not() {
        for pairs in [
            [("sec-fetch-site", "cross-site")].as_slice(),
            &[("sec-fetch-site", "same-site")],
            &[("origin", "http://attacker.example")],
            &[("origin", "http://localhost:3000")],
            &[("origin", "http://localhost")],
            &[("origin", "null")],
            &[("origin", "")],
            &[
                ("origin", "http://attacker.example"),
                ("sec-fetch-site", "same-origin"),
            ],
        ] {
            assert!(!answer(pairs, false), "{pairs:?}");
        }
    }

    #[test]
    fn a_request_with_a_cookie_must_say_where_it_comes_from() {
        assert!(!answer(&[], true));
        assert!(answer(&[("origin", "http://localhost:8083")], true));
        assert!(answer(&[("sec-fetch-site", "same-origin")], true));
    }

    #[test]
    fn reading_is_safe_and_everything_else_is_not() {
        assert!(!is_unsafe(&Method::GET) && !is_unsafe(&Method::HEAD));
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            assert!(is_unsafe(&method));
        }
    }
}
