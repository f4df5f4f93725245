//! A registered function: where it is and what goes with every call. Checked once, when it is
//! made, so that a call only copies.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;

use crate::limits;
use crate::secret::{Redactor, Secret};

/// What somebody registers.
#[derive(Clone, Debug)]
pub struct EndpointSettings {
    /// `http` or `https`, without user and password.
    pub url: String,
    /// 1 to 900 s.
    pub timeout: Duration,
    pub headers: Vec<(String, String)>,
    pub secret_headers: Vec<(String, Secret)>,
}

impl EndpointSettings {
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            timeout: Duration::from_secs(30),
            headers: Vec::new(),
            secret_headers: Vec::new(),
        }
    }
}

/// A function's endpoint, ready to be called.
#[derive(Clone, Debug)]
pub struct Endpoint {
    url: Url,
    timeout: Duration,
    headers: HeaderMap,
    redactor: Redactor,
}

/// What is wrong with the settings: the field, its value (unless secret) and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("url '{url}' is not allowed: {why}")]
    Url { url: String, why: String },
    #[error("timeout_ms {0} is not allowed: a function may take 1000 to 900000 ms")]
    Timeout(u128),
    #[error("headers: {0} are too many, {max} are allowed", max = limits::HEADERS_MAX)]
    HeaderCount(usize),
    #[error("headers: '{name}' is not allowed: {why}")]
    Header { name: String, why: String },
}

/// Headers that this crate or HTTP itself sets.
const OWN_HEADERS: &[&str] = &[
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "idempotency-key",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

const OWN_PREFIXES: &[&str] = &["x-amz-", "x-amzn-", "x-stepwright-"];

impl Endpoint {
    pub fn new(settings: &EndpointSettings) -> Result<Self, EndpointError> {
        if !(limits::FUNCTION_TIMEOUT_MIN..=limits::FUNCTION_TIMEOUT_MAX)
            .contains(&settings.timeout)
        {
            return Err(EndpointError::Timeout(settings.timeout.as_millis()));
        }
        let count = settings.headers.len() + settings.secret_headers.len();
        if count > limits::HEADERS_MAX {
            return Err(EndpointError::HeaderCount(count));
        }
        let mut headers = HeaderMap::with_capacity(count + 12);
        let plain = settings
            .headers
            .iter()
            .map(|(name, value)| (name, value.as_str(), false));
        let secret = settings
            .secret_headers
            .iter()
            .map(|(name, value)| (name, value.expose(), true));
        for (name, value, is_secret) in plain.chain(secret) {
            let bad = |why: &str| EndpointError::Header {
                name: name.clone(),
                why: why.to_owned(),
            };
            let (key, value) = header(name, value).map_err(|why| bad(&why))?;
            if OWN_HEADERS.contains(&key.as_str())
                || OWN_PREFIXES
                    .iter()
                    .any(|prefix| key.as_str().starts_with(prefix))
            {
                return Err(bad("Stepwright or HTTP sets it"));
            }
            let mut value = value;
            value.set_sensitive(is_secret);
            if headers.insert(key, value).is_some() {
                return Err(bad("it is given twice"));
            }
        }
        Ok(Self {
            url: http_url(&settings.url)?,
            timeout: settings.timeout,
            headers,
            redactor: Redactor::new(
                settings
                    .secret_headers
                    .iter()
                    .map(|(_, secret)| secret.expose()),
            ),
        })
    }

    pub fn url(&self) -> &Url {
        &self.url
    }

    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}

/// A header's name and value, or what is wrong with them. The value is not repeated.
pub(crate) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    if value.len() > limits::HEADER_VALUE_BYTES_MAX {
        return Err(format!(
            "its value has {} bytes, {} are allowed",
            value.len(),
            limits::HEADER_VALUE_BYTES_MAX
        ));
    }
    let key = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| "a name is letters, digits and !#$%&'*+-.^_`|~".to_owned())?;
    let value = HeaderValue::from_str(value)
        .map_err(|_| "its value has a character that is not visible ASCII".to_owned())?;
    Ok((key, value))
}

pub(crate) fn http_url(text: &str) -> Result<Url, EndpointError> {
    let bad = |why: String| EndpointError::Url {
        // A password in it would be shown otherwise.
        url: text
            .split('@')
            .next_back()
            .unwrap_or_default()
            .chars()
            .take(200)
            .collect(),
        why,
    };
    if text.len() > limits::URL_BYTES_MAX {
        return Err(bad(format!(
            "it has {} bytes, {} are allowed",
            text.len(),
            limits::URL_BYTES_MAX
        )));
    }
    // What has no scheme is no URL to the parser, which says so in words for programmers.
    let url = match Url::parse(text) {
        Err(_) if !text.contains("://") => Err(bad("write http:// or https://".to_owned())),
        parsed => parsed.map_err(|error| bad(error.to_string())),
    }?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("write http:// or https://".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad(
            "put user and password into a secret Authorization header".to_owned(),
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad("it names no host".to_owned()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl FnOnce(&mut EndpointSettings), expected: &str) {
        let mut settings = EndpointSettings::new("http://localhost:9000/charge");
        change(&mut settings);
        assert_eq!(Endpoint::new(&settings).unwrap_err().to_string(), expected);
    }

    #[test]
    fn a_bad_url_is_named_without_its_password() {
        check(
            |settings| settings.url = "ftp://host/x".to_owned(),
            "url 'ftp://host/x' is not allowed: write http:// or https://",
        );
        check(
            |settings| settings.url = "http://u:hunter2@host/x".to_owned(),
            "url 'host/x' is not allowed: put user and password into a secret Authorization header",
        );
        check(
            |settings| settings.url = "charge".to_owned(),
            "url 'charge' is not allowed: write http:// or https://",
        );
    }

    #[test]
    fn a_bad_timeout_is_named() {
        check(
            |settings| settings.timeout = Duration::from_millis(999),
            "timeout_ms 999 is not allowed: a function may take 1000 to 900000 ms",
        );
        check(
            |settings| settings.timeout = Duration::from_secs(901),
            "timeout_ms 901000 is not allowed: a function may take 1000 to 900000 ms",
        );
    }

    #[test]
    fn a_bad_header_is_named_without_its_value() {
        let plain = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        check(
            |settings| settings.headers.push(plain("X-Amz-Date", "x")),
            "headers: 'X-Amz-Date' is not allowed: Stepwright or HTTP sets it",
        );
        check(
            |settings| settings.headers.push(plain("Host", "x")),
            "headers: 'Host' is not allowed: Stepwright or HTTP sets it",
        );
        check(
            |settings| settings.headers.push(plain("a b", "x")),
            "headers: 'a b' is not allowed: a name is letters, digits and !#$%&'*+-.^_`|~",
        );
        check(
            |settings| {
                settings
                    .secret_headers
                    .push(("Authorization".to_owned(), Secret::new("two\nlines")));
            },
            "headers: 'Authorization' is not allowed: its value has a character that is not visible ASCII",
        );
        check(
            |settings| settings.headers = vec![plain("X-A", "1"), plain("x-a", "2")],
            "headers: 'x-a' is not allowed: it is given twice",
        );
        check(
            |settings| settings.headers = (0..51).map(|n| plain(&format!("x-{n}"), "1")).collect(),
            "headers: 51 are too many, 50 are allowed",
        );
    }

    #[test]
    fn debug_shows_no_secret_header() {
        let mut settings = EndpointSettings::new("http://localhost/");
        settings
            .secret_headers
            .push(("Authorization".to_owned(), Secret::new("Bearer hunter2")));
        let shown = format!("{settings:?} {:?}", Endpoint::new(&settings).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
