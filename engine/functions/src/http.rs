//! Functions behind HTTP endpoints: the call is a POST of the event, the answer its JSON body.
//!
//! What an endpoint gets: `Content-Type: application/json`, `Idempotency-Key` (the same for every
//! run of one attempt), `X-Stepwright-Execution`, `X-Amzn-RequestId`, `X-Amz-Invocation-Type`,
//! `X-Amz-Client-Context` (base64 of a JSON object in Lambda's shape, whose `custom` member has
//! `idempotencyToken`, `executionArn` and `stateName`), `X-Stepwright-Qualifier` where the workflow
//! named one, `traceparent` where there is one, and the headers that it was registered with.
//!
//! What it answers: a 2xx status with JSON (or nothing, which is `null`) for a result. For an error
//! of the function, the header `X-Amz-Function-Error` as Lambda sends it, or a status that is not
//! 2xx with a body that has a text `errorType`. Anything else is in the table of [`crate::failure`].
//! Redirects are not followed.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use asl::{Json, Payload, StateError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::{Request, Response};

use crate::body::{self, Body};
use crate::client::{Client, TransportError};
use crate::failure;
use crate::invoker::{Answer, Call, Invocation, InvocationType, Invoker, Outcome};
use crate::limits;
use crate::name::Account;
use crate::registry::{Cached, Endpoint};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const EXECUTION: HeaderName = HeaderName::from_static("x-stepwright-execution");
const QUALIFIER: HeaderName = HeaderName::from_static("x-stepwright-qualifier");
const CLIENT_CONTEXT: HeaderName = HeaderName::from_static("x-amz-client-context");
const INVOCATION_TYPE: HeaderName = HeaderName::from_static("x-amz-invocation-type");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");

static LATEST: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("$LATEST"));
static NULL: LazyLock<Payload> = LazyLock::new(|| Payload::from_trusted_text("null"));

/// Calls registered endpoints.
pub struct HttpInvoker {
    client: Client,
    registry: Arc<Cached>,
    account: Account,
    answer_bytes_max: usize,
}

impl HttpInvoker {
    pub fn new(client: Client, registry: Arc<Cached>, account: Account) -> Self {
        Self {
            client,
            registry,
            account,
            answer_bytes_max: limits::FUNCTION_ANSWER_BYTES_MAX,
        }
    }

    /// With another bound on answers, in bytes.
    #[must_use]
    pub fn with_answer_bytes_max(mut self, bytes: usize) -> Self {
        self.answer_bytes_max = bytes;
        self
    }

    async fn call(&self, call: Call) -> Outcome {
        let endpoint = match self.registry.function(&call.function.name).await {
            Ok(Some(endpoint)) => endpoint,
            Ok(None) => {
                return Err(failure::not_found(
                    &call.function.qualified_arn(&self.account),
                    call.token.as_str(),
                ));
            }
            Err(error) => {
                tracing::error!(function.name = &*call.function.name, error = %error, "a function could not be looked up");
                return Err(failure::service_error(500, None, call.token.as_str()));
            }
        };
        if call.invocation_type == InvocationType::DryRun {
            return Ok(answer(&call, NULL.clone(), 204, HeaderMap::new()));
        }
        let (time, is_tasks) = shorter(endpoint.timeout(), call.time_left);
        match tokio::time::timeout(time, self.exchange(&call, &endpoint)).await {
            Ok(outcome) => outcome.map_err(|error| endpoint.redacted(error)),
            Err(_) if is_tasks => Err(failure::task_timed_out()),
            Err(_) => Err(failure::function_timed_out(time, call.token.as_str())),
        }
    }

    async fn exchange(&self, call: &Call, endpoint: &Endpoint) -> Outcome {
        let response = self
            .client
            .send(request(call, endpoint)?)
            .await
            .map_err(transport_error)?;
        self.outcome(call, response).await
    }

    async fn outcome(&self, call: &Call, mut response: Response) -> Outcome {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let reports_error = headers.contains_key(FUNCTION_ERROR);
        let body = body::read(response, self.answer_bytes_max)
            .await
            .map_err(transport_error)?;
        let is_result = status.is_success() && !reports_error;
        let bytes = match body {
            Body::Whole(bytes) => bytes,
            Body::TooLarge(_) if is_result => {
                return Err(failure::answer_too_large(self.answer_bytes_max));
            }
            Body::TooLarge(bytes) => bytes,
        };
        if is_result {
            // An event was handed over, whatever is said of it.
            if call.invocation_type == InvocationType::Event {
                return Ok(answer(call, NULL.clone(), 202, headers));
            }
            return Ok(answer(call, result(bytes)?, 200, headers));
        }
        let text = String::from_utf8_lossy(&bytes);
        Err(error(
            status,
            reports_error,
            &text,
            &request_id(call, &headers),
        ))
    }
}

impl Invoker for HttpInvoker {
    fn invoke(&self, call: Call) -> Invocation<'_> {
        Box::pin(self.call(call))
    }
}

fn request(call: &Call, endpoint: &Endpoint) -> Result<Request, StateError> {
    let mut request = Request::new(Method::POST, endpoint.url().clone());
    let headers = request.headers_mut();
    headers.clone_from(endpoint.headers());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(IDEMPOTENCY_KEY, value(call.token.as_str())?);
    headers.insert(REQUEST_ID, value(call.token.as_str())?);
    headers.insert(EXECUTION, value(&call.execution_arn)?);
    headers.insert(CLIENT_CONTEXT, client_context(call)?);
    headers.insert(
        INVOCATION_TYPE,
        HeaderValue::from_static(call.invocation_type.name()),
    );
    if let Some(qualifier) = &call.function.qualifier {
        headers.insert(QUALIFIER, value(qualifier)?);
    }
    if let Some(parent) = &call.trace_parent {
        headers.insert(TRACE_PARENT, value(parent)?);
    }
    *request.body_mut() = Some(Bytes::from_owner(Event(call.payload.clone())).into());
    Ok(request)
}

/// The event's text, shared with the workflow instead of copied.
struct Event(Payload);

impl AsRef<[u8]> for Event {
    fn as_ref(&self) -> &[u8] {
        self.0.text().as_bytes()
    }
}

/// Everything that a header cannot carry, and the sign of the encoding itself.
const UNSENDABLE: &AsciiSet = &CONTROLS.add(b'%');

/// A text as a header's value: names may have other letters than ASCII, headers may not.
fn value(text: &str) -> Result<HeaderValue, StateError> {
    let value = if text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'%')
    {
        HeaderValue::from_str(text)
    } else {
        HeaderValue::from_str(&utf8_percent_encode(text, UNSENDABLE).to_string())
    };
    value.map_err(|_| failure::not_sent("a header's value cannot be sent"))
}

/// Lambda's client context with what this call is, which the caller's own members do not override.
/// Source: Lambda API, Invoke, `X-Amz-Client-Context`.
fn client_context(call: &Call) -> Result<HeaderValue, StateError> {
    let own = [
        ("idempotencyToken", call.token.as_str()),
        ("executionArn", &call.execution_arn),
        ("stateName", &call.state_name),
    ];
    let mut text = String::with_capacity(256);
    if let Some(given) = call.client_context.as_ref().and_then(Json::as_object) {
        let mut custom = given
            .get("custom")
            .and_then(Json::as_object)
            .cloned()
            .unwrap_or_default();
        for (name, text) in own {
            custom.insert(Arc::from(name), Json::string(text));
        }
        let mut context = given.clone();
        context.insert(Arc::from("custom"), Json::object(custom));
        asl::json::write::write(&Json::object(context), &mut text);
    } else {
        // Nearly every call comes this way, so it builds no value only to write it.
        text.push_str(r#"{"custom":{"#);
        for (index, (name, member)) in own.into_iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            asl::json::write::write_string(name, &mut text);
            text.push(':');
            asl::json::write::write_string(member, &mut text);
        }
        text.push_str("}}");
    }
    value(&STANDARD.encode(text))
}

/// A result's JSON text.
fn result(bytes: Vec<u8>) -> Result<Payload, StateError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(NULL.clone());
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| failure::answer_not_json("the response is not UTF-8"))?;
    Payload::parse(&text).map_err(|error| failure::answer_not_json(&error.message))
}

fn error(status: StatusCode, reports_error: bool, text: &str, request_id: &str) -> StateError {
    if reports_error {
        return failure::function_error(text);
    }
    let body = asl::json::parse(text).ok();
    let member = |name: &str| {
        body.as_ref()
            .and_then(|body| body.get(name))
            .and_then(Json::as_str)
    };
    if member("errorType").is_some() {
        return failure::function_error(text);
    }
    let message = member("message").or_else(|| member("Message"));
    failure::service_error(status.as_u16(), message, request_id)
}

fn answer(call: &Call, payload: Payload, status: u16, headers: HeaderMap) -> Answer {
    let executed_version = headers
        .get(EXECUTED_VERSION)
        .and_then(|version| version.to_str().ok())
        .map(Arc::from)
        .or_else(|| {
            let qualifier = call.function.qualifier.as_ref()?;
            let is_version = qualifier.bytes().all(|byte| byte.is_ascii_digit());
            is_version.then(|| Arc::clone(qualifier))
        })
        .unwrap_or_else(|| LATEST.clone());
    Answer {
        payload,
        executed_version,
        status,
        request_id: request_id(call, &headers),
        headers,
    }
}

/// The endpoint's own id for the call, else the one that it was given.
fn request_id(call: &Call, headers: &HeaderMap) -> Arc<str> {
    headers
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(|id| (1..=128).contains(&id.len()))
        .map_or_else(|| call.token.shared(), Arc::from)
}

fn transport_error(error: TransportError) -> StateError {
    match error {
        TransportError::Refused(refusal) => failure::refused(&refusal),
        TransportError::Broken(how) => failure::not_sent(&how),
    }
}

impl Endpoint {
    /// The error without this endpoint's secrets, should the other side have sent them back.
    fn redacted(&self, error: StateError) -> StateError {
        let clean = |text: Arc<str>| match self.redactor().text(&text) {
            std::borrow::Cow::Borrowed(same) if same == &*text => text,
            masked => Arc::from(masked),
        };
        StateError {
            error: error.error.map(clean),
            cause: error.cause.map(clean),
        }
    }
}

/// The shorter of a call's own time and what is left of the task's, and whether that is the latter.
/// The caller ends the task itself, with its own event, so the call lives a little longer.
pub(crate) fn shorter(time: Duration, left: Option<Duration>) -> (Duration, bool) {
    match left.map(|left| left.saturating_add(limits::TASK_TIME_GRACE)) {
        Some(left) if left < time => (left, true),
        _ => (time, false),
    }
}

#[cfg(test)]
mod tests;
