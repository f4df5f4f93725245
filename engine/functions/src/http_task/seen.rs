//! What an HTTP task sent and what came back, for who tests a state and may see it.

use std::sync::{Mutex, PoisonError};

use asl::Json;
use reqwest::{Request, Response};

use super::answer;

/// Filled while a call is made; of several requests, the last.
#[derive(Default)]
pub struct Seen(Mutex<(Option<Sent>, Option<Answered>)>);

/// A request with everything in it, secrets of the connection too.
#[derive(Clone)]
pub struct Sent {
    pub method: String,
    pub url: String,
    /// An array of values by each name.
    pub headers: Json,
    pub body: Option<String>,
}

/// A response but for its body.
#[derive(Clone, Debug)]
pub struct Answered {
    pub status: u16,
    pub reason: &'static str,
    /// An array of values by each name; secrets that came back are in it.
    pub headers: Json,
}

impl Seen {
    pub fn sent(&self) -> Option<Sent> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.0.clone()
    }

    pub fn answered(&self) -> Option<Answered> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.1.clone()
    }

    pub(super) fn request(&self, request: &Request) {
        let body = request.body().and_then(reqwest::Body::as_bytes);
        let sent = Sent {
            method: request.method().to_string(),
            url: request.url().to_string(),
            headers: answer::shown(request.headers()),
            body: body.map(|body| String::from_utf8_lossy(body).into_owned()),
        };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = (Some(sent), None);
    }

    pub(super) fn response(&self, response: &Response, redacted: impl Fn(&Json) -> Json) {
        let status = response.status();
        let answered = Answered {
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default(),
            headers: redacted(&answer::shown(response.headers())),
        };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.1 = Some(answered);
    }
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seen(…)")
    }
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sent(…)")
    }
}
