//! What a service answered, before anything is made of it.

use http::{HeaderMap, HeaderValue};

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text; the problem where it is none.
    pub(crate) fn text(&self) -> Result<&str, String> {
        std::str::from_utf8(&self.body).map_err(|_| "the answer is not UTF-8".to_owned())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        text_of(self.headers.get(name)?)
    }

    /// The id that the service gave the request, under the names that services use.
    pub(crate) fn request_id(&self) -> Option<&str> {
        const NAMES: [&str; 3] = ["x-amzn-requestid", "x-amz-request-id", "x-amz-requestid"];
        NAMES.iter().find_map(|name| self.header(name))
    }
}

/// A header's value as text; services also put UTF-8 there.
pub(crate) fn text_of(value: &HeaderValue) -> Option<&str> {
    std::str::from_utf8(value.as_bytes()).ok()
}
