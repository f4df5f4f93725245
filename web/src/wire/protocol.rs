//! AWS's JSON protocol, 1.0 and 1.1: an operation's name in a header, its input and its answer as JSON.
//!
//! Nothing here knows an operation. Who may call was decided before a request comes here.

use asl::diagnose::MachineType;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::error::{ApiError, Code};
use super::{dispatch, model, unknown, validate};
use crate::access::Principal;
use crate::app::{App, Shared};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// What stands before an operation's name in the target.
const SERVICE: &str = "AWSStepFunctions.";

/// An operation's answer: the bytes of its JSON.
pub(super) struct Answer(Vec<u8>);

/// Handles `POST /`.
pub(super) async fn call(_: Principal, State(app): State<Shared>, request: Request) -> Response {
    #[expect(
        clippy::disallowed_methods,
        reason = "request ids mean nothing but themselves"
    )]
    let id = Uuid::new_v4();
    let version = Version::asked(request.headers());
    let result = match version {
        Some(_) => run(&app, request, id).await,
        None => Err(ApiError::new(
            Code::UnsupportedMediaTypeException,
            "The Content-Type must be application/x-amz-json-1.0 or application/x-amz-json-1.1.",
        )),
    };
    respond(version.unwrap_or(Version::V1_0), id, result)
}

async fn run(app: &App, request: Request, id: Uuid) -> Result<Answer, ApiError> {
    let (parts, body) = request.into_parts();
    let target = parts
        .headers
        .get(TARGET)
        .and_then(|value| value.to_str().ok());
    let operation = target
        .and_then(|it| it.strip_prefix(SERVICE))
        .unwrap_or_default();
    let shape = model::input(operation).ok_or_else(|| unknown(operation))?;
    let body = read_body(app, body).await?;
    let mut input = parse(&body)?;
    throttle(app, operation, &input).await?;
    validate::check(shape, &mut input)?;
    let result = dispatch(app, operation, input).await;
    if let Err(error) = &result
        && error.code.status().is_server_error()
    {
        tracing::error!(request.id = %id, operation, error = error.code.name(), "answered a fault");
    }
    result
}

/// Takes a token for the call, where the settings ask for it. Calls of our own pages need none.
async fn throttle(app: &App, operation: &str, input: &Value) -> Result<(), ApiError> {
    if !app.buckets.is_on() {
        return Ok(());
    }
    let now = app.time();
    if operation != "StartExecution" {
        return app.buckets.take(operation, now);
    }
    let arn = input.get("stateMachineArn").and_then(Value::as_str);
    let machine_type = match arn {
        Some(arn) => app.engine.machine_type(arn).await.ok(),
        None => None,
    };
    // A machine that is not there is none of the express ones.
    let machine_type = machine_type.unwrap_or(MachineType::Standard);
    app.buckets.take_start(machine_type, now)
}

/// Does an operation for one of our own pages, exactly as for a client.
pub(crate) async fn perform(
    app: &App,
    operation: &str,
    mut input: Value,
) -> Result<Value, ApiError> {
    let shape = model::input(operation).ok_or_else(|| unknown(operation))?;
    validate::check(shape, &mut input)?;
    let Answer(output) = dispatch(app, operation, input).await?;
    serde_json::from_slice(&output).map_err(|fault| ApiError::internal(&fault))
}

async fn read_body(app: &App, body: Body) -> Result<axum::body::Bytes, ApiError> {
    let max = app.settings.limits.request_bytes_max;
    let max_usize = usize::try_from(max).unwrap_or(usize::MAX);
    axum::body::to_bytes(body, max_usize)
        .await
        .map_err(|fault| {
            let is_too_long = std::error::Error::source(&fault)
                .is_some_and(|source| source.to_string().contains("length limit"));
            if is_too_long {
                ApiError::new(
                    Code::RequestEntityTooLargeException,
                    format!("The request's body has more than {max} bytes."),
                )
            } else {
                ApiError::serialization("The request's body ended before it was whole.")
            }
        })
}

fn parse(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body).map_err(|fault| {
        ApiError::serialization(format!("The request's body is not valid JSON: {fault}"))
    })
}

/// Reads an input whose shape was checked.
pub(super) fn read<T: DeserializeOwned>(input: Value) -> Result<T, ApiError> {
    // The check leaves nothing that could fail but what it doesn't know of, and then the caller should know.
    serde_json::from_value(input).map_err(|fault| ApiError::serialization(fault.to_string()))
}

/// Writes an operation's output.
pub(super) fn answer<T: Serialize>(output: &T) -> Result<Answer, ApiError> {
    serde_json::to_vec(output)
        .map(Answer)
        .map_err(|fault| ApiError::internal(&fault))
}

fn respond(version: Version, id: Uuid, result: Result<Answer, ApiError>) -> Response {
    let (status, body) = match result {
        Ok(Answer(body)) => (StatusCode::OK, body),
        Err(error) => {
            let body = serde_json::to_vec(&error).unwrap_or_default();
            (error.code.status(), body)
        }
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(version.media_type()));
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// Which form of the protocol a request is in; its answer is in the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1_0,
    V1_1,
}

impl Version {
    fn asked(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = value.split(';').next().unwrap_or_default().trim();
        [Self::V1_0, Self::V1_1]
            .into_iter()
            .find(|it| media_type.eq_ignore_ascii_case(it.media_type()))
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::V1_0 => "application/x-amz-json-1.0",
            Self::V1_1 => "application/x-amz-json-1.1",
        }
    }
}
