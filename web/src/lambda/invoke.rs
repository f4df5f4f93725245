//! `Invoke`.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use supervisor::Invocation;

use super::change::supervisor;
use super::error::Fault;
use super::read::{Qualified, arn, named};
use crate::access::Principal;
use crate::app::Shared;

/// Source: Lambda's quotas, 1 MB for asynchronous invocations.
const EVENT_BYTES_MAX: usize = 1 << 20;
/// Source: `ClientContext`, up to 3,583 bytes of base64.
const CLIENT_CONTEXT_BYTES_MAX: usize = 3_583;

pub(super) async fn invoke(
    _: Principal,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Query(query): Query<Qualified>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    let name = named(&name, query.qualifier.as_deref())?;
    let supervisor = supervisor(&app)?;
    let arn = arn(&app.registrar, &name);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = header("x-amz-invocation-type").unwrap_or("RequestResponse");
    let wants_log = one_of(
        "LogType",
        header("x-amz-log-type").unwrap_or("None"),
        &["None", "Tail"],
    )?;
    one_of(
        "InvocationType",
        kind,
        &["RequestResponse", "Event", "DryRun"],
    )?;
    let client_context = header("x-amz-client-context").map(context).transpose()?;
    let payload = if body.iter().all(u8::is_ascii_whitespace) {
        Bytes::from_static(b"{}")
    } else {
        serde_json::from_slice::<serde::de::IgnoredAny>(&body).map_err(|error| {
            Fault::content(format!("Could not parse request body into json: {error}"))
        })?;
        body
    };
    let function = supervisor
        .find(&name.name, name.qualifier.as_ref())
        .await
        .map_err(|error| Fault::broken("a function could not be found", &error))?
        .ok_or_else(|| Fault::not_found(&arn))?;
    if kind == "DryRun" {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let version = Arc::clone(&function.version);
    let request_id: Arc<str> = Arc::from(app.registrar.new_id().to_string());
    let is_event = kind == "Event";
    if is_event && payload.len() > EVENT_BYTES_MAX {
        return Err(Fault::refused(&::supervisor::Refused::TooLarge, &arn));
    }
    let running = supervisor.invoke(Invocation {
        function,
        payload,
        request_id: Arc::clone(&request_id),
        client_context,
        execution_arn: None,
        trace: header("x-amzn-trace-id").map(Arc::from),
        tries: 1,
    });
    if is_event {
        // What comes of it is in its log.
        drop(running);
        return Ok(respond(StatusCode::ACCEPTED, &request_id, [], Bytes::new()));
    }
    let done = running
        .done()
        .await
        .map_err(|refused| Fault::refused(&refused, &arn))?;
    let log = (wants_log == "Tail").then(|| done.log_result());
    let more = [
        ("x-amz-executed-version", Some(version.to_string())),
        ("x-amz-log-result", log),
        (
            "x-amz-function-error",
            done.is_error.then(|| "Unhandled".to_owned()),
        ),
    ];
    Ok(respond(StatusCode::OK, &request_id, more, done.payload))
}

fn respond<const COUNT: usize>(
    status: StatusCode,
    request_id: &str,
    more: [(&'static str, Option<String>); COUNT],
    body: Bytes,
) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let id = ("x-amzn-requestid", Some(request_id.to_owned()));
    for (name, value) in [id].into_iter().chain(more) {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn one_of<'a>(field: &str, value: &'a str, allowed: &[&str]) -> Result<&'a str, Fault> {
    if allowed.contains(&value) {
        return Ok(value);
    }
    let shown: String = value.chars().take(100).collect();
    Err(Fault::invalid(format!(
        "{field} '{shown}' is not allowed: {} are",
        allowed.join(", ")
    )))
}

/// The client context: base64 of a JSON object.
fn context(text: &str) -> Result<String, Fault> {
    let invalid = || Fault::content("Client context must be a valid Base64-encoded JSON object.");
    if text.len() > CLIENT_CONTEXT_BYTES_MAX {
        return Err(Fault::content(format!(
            "Client context has {} bytes; {CLIENT_CONTEXT_BYTES_MAX} are allowed",
            text.len()
        )));
    }
    let bytes = STANDARD.decode(text).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    let value = asl::json::parse(&text).map_err(|_| invalid())?;
    value.as_object().ok_or_else(invalid)?;
    Ok(value.to_text())
}
