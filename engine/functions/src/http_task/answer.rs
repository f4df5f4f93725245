//! From an API's answer to a task's output or error.

use std::sync::Arc;

use asl::json::Object;
use asl::{Json, StateError, error::names};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use reqwest::Response;

use super::socket_error;
use crate::body::{self, Body};
use crate::client::TransportError;
use crate::failure;
use crate::secret::Redactor;

/// The output for a 2xx status, `States.Http.StatusCode.NNN` with the body as its cause for others.
pub(super) async fn outcome(
    mut response: Response,
    bytes_max: usize,
    redactor: &Redactor,
) -> Result<Json, StateError> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = body::read(response, bytes_max)
        .await
        .map_err(|error| match error {
            TransportError::Refused(refusal) => failure::refused(&refusal),
            TransportError::Broken(how) => socket_error(&redactor.text(&how)),
        })?;
    let reason = status.canonical_reason().unwrap_or_default();
    if !status.is_success() {
        return Err(status_error(status, reason, body, redactor));
    }
    let Body::Whole(bytes) = body else {
        return Err(StateError::new(
            names::DATA_LIMIT_EXCEEDED,
            "The state/task 'http' returned a result with a size exceeding the maximum number of bytes service limit.",
        ));
    };
    let text = String::from_utf8_lossy(&bytes);
    let parsed = if is_json(&headers) {
        asl::json::parse(&text).ok()
    } else {
        None
    };
    let response_body = parsed.unwrap_or_else(|| Json::string(&text));
    Ok(redactor.json(&Json::members([
        ("Headers", shown(&headers)),
        ("ResponseBody", response_body),
        ("StatusCode", Json::from(u64::from(status.as_u16()))),
        ("StatusText", Json::string(reason)),
    ])))
}

/// Source: developer guide, "Handling errors": the status is part of the error's name.
fn status_error(status: StatusCode, reason: &str, body: Body, redactor: &Redactor) -> StateError {
    let bytes = body.beginning();
    let text = String::from_utf8_lossy(&bytes);
    let cause = match text.as_ref() {
        "" => reason.to_owned(),
        text => redactor.text(text).into_owned(),
    };
    StateError::new(
        &format!("States.Http.StatusCode.{}", status.as_u16()),
        failure::bounded(&cause),
    )
}

/// `application/json` and the `+json` types.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
    else {
        return false;
    };
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

/// Every header as a list of its values.
pub(super) fn shown(headers: &HeaderMap) -> Json {
    let members: Object = headers
        .keys()
        .map(|name| {
            let values = headers
                .get_all(name)
                .iter()
                .map(|value| Json::string(String::from_utf8_lossy(value.as_bytes())));
            (Arc::from(name.as_str()), Json::array(values.collect()))
        })
        .collect();
    Json::object(members)
}
