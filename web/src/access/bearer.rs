//! `Authorization: Bearer ID:SECRET`, for the native API and for scrapers of metrics.

use http::HeaderMap;

use crate::hidden::Hidden;

/// A key as a caller shows it: both parts in one text.
#[derive(Debug)]
pub struct Shown {
    pub key_id: String,
    pub secret: Hidden<String>,
}

/// The longest `ID:SECRET` that is read.
const BYTES_MAX: usize = 512;

/// The key in the Authorization header; none where there is no such header or it is of another scheme.
pub fn read(headers: &HeaderMap) -> Option<Shown> {
    let header = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    // Something that is no key is shown as a key that nobody has, so that it is refused, not ignored.
    Some(split(rest).unwrap_or_else(|| Shown {
        key_id: String::new(),
        secret: Hidden::new(String::new()),
    }))
}

/// `ID:SECRET`, as `stepwright keys create` prints it.
pub fn split(text: &str) -> Option<Shown> {
    let (key_id, secret) = text
        .trim()
        .split_once(':')
        .filter(|_| text.len() <= BYTES_MAX)?;
    Some(Shown {
        key_id: key_id.to_owned(),
        secret: Hidden::new(secret.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::AUTHORIZATION, header.parse().unwrap());
        read(&headers).map(|shown| (shown.key_id, shown.secret.reveal().clone()))
    }

    #[test]
    fn a_key_is_read_from_the_bearer_scheme_alone() {
        let key = Some(("ID".to_owned(), "SECRET".to_owned()));
        assert_eq!(of("Bearer ID:SECRET"), key);
        assert_eq!(of("bearer  ID:SECRET"), key);
        assert_eq!(of("Basic SUQ6U0VDUkVU"), None);
        assert_eq!(of("Bearer"), None);
    }

    #[test]
    fn what_is_no_key_is_a_key_that_nobody_has() {
        let nobody = Some((String::new(), String::new()));
        assert_eq!(of("Bearer token"), nobody);
        assert_eq!(of(&format!("Bearer ID:{}", "s".repeat(600))), nobody);
    }
}
