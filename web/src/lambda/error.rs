//! Errors of Lambda's API: a name in a header, a message in the body. Source: the shapes of Lambda's service
//! model with their statuses.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;
use supervisor::Refused;

use crate::live::Problem;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Why an operation has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) status: StatusCode,
    pub(super) name: &'static str,
    pub(super) message: String,
    /// Which bound a throttled call met.
    pub(super) reason: Option<&'static str>,
}

impl Fault {
    fn of(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            name,
            message,
            reason: None,
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::of(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            message,
        )
    }

    pub(super) fn content(message: impl Into<String>) -> Self {
        Self::of(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            message,
        )
    }

    /// Lambda's text.
    pub(super) fn not_found(arn: &str) -> Self {
        let message = format!("Function not found: {arn}");
        Self::of(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::of(StatusCode::CONFLICT, "ResourceConflictException", message)
    }

    /// Lambda's text.
    pub(super) fn other_revision() -> Self {
        let message = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
        Self::of(
            StatusCode::PRECONDITION_FAILED,
            "PreconditionFailedException",
            message,
        )
    }

    pub(super) fn too_many(message: impl Into<String>) -> Self {
        Self::of(
            StatusCode::BAD_REQUEST,
            "CodeStorageExceededException",
            message,
        )
    }

    pub(super) fn service(message: impl Into<String>) -> Self {
        Self::of(
            StatusCode::INTERNAL_SERVER_ERROR,
            "ServiceException",
            message,
        )
    }

    /// Logs what went wrong and says so little of it.
    pub(super) fn broken(what: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "{what}");
        Self::service("the server cannot do this just now; try again in a moment")
    }

    pub(super) fn refused(refused: &Refused, arn: &str) -> Self {
        let message = refused.to_string();
        match refused {
            Refused::Throttled(why) => Self {
                reason: Some(why.name()),
                ..Self::of(
                    StatusCode::TOO_MANY_REQUESTS,
                    "TooManyRequestsException",
                    message,
                )
            },
            Refused::TooLarge => Self::of(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestTooLargeException",
                message,
            ),
            Refused::NoCode => Self::not_found(arn),
            Refused::NotHere(_) | Refused::Unavailable(_) => Self::service(message),
        }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Invalid(message) | Problem::Method(message) => Self::invalid(message),
            Problem::NotFound(message) => {
                Self::of(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
            }
            Problem::Conflict(message) => Self::conflict(message),
            Problem::Full(message) => Self::too_many(message),
            Problem::Throttled => Self::of(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequestsException",
                "Rate Exceeded.",
            ),
            Problem::Wire(error) => Self::service(error.message),
            Problem::Unavailable => {
                Self::service("the server cannot do this just now; try again in a moment")
            }
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let whose = if self.status.is_server_error() {
            "Service"
        } else {
            "User"
        };
        // Lambda's shapes spell it one way or the other; clients read both.
        let mut body = json!({ "Type": whose, "Message": self.message, "message": self.message });
        if let (Some(reason), Some(body)) = (self.reason, body.as_object_mut()) {
            body.insert("Reason".to_owned(), reason.into());
        }
        let mut response = (self.status, axum::Json(body)).into_response();
        response
            .headers_mut()
            .insert(ERROR_TYPE, HeaderValue::from_static(self.name));
        response
    }
}
