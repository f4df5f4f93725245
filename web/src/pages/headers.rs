//! What every page's answer says to the browser about trust: own origin only, no inline script,
//! no framing, no guessing of types, nothing kept of pages.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use base64::{Engine, prelude::BASE64_STANDARD};

/// The one-time word that lets a style element of this very answer in.
#[derive(Clone, Debug)]
pub struct Nonce(pub String);

/// Names one request, in the log and to whoever must ask about it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Wraps the pages: makes the nonce, and sets the headers on whatever comes back.
pub async fn guard(mut request: Request, next: Next) -> Response {
    let nonce = BASE64_STANDARD.encode(random());
    let policy =
        format!("default-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:");
    request.extensions_mut().insert(Nonce(nonce));
    let id = uuid::Uuid::from_bytes(random()).simple().to_string();
    request.extensions_mut().insert(RequestId(id));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 3] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[expect(
    clippy::disallowed_methods,
    reason = "what nobody may guess comes from the system's random source"
)]
fn random() -> [u8; 16] {
    rand::random()
}
