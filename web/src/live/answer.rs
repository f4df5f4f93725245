//! What the native API says when it cannot do what was asked.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::error::ApiError;

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The request is wrong. Says which field, what it holds and what is allowed.
    Invalid(String),
    /// There is no such thing.
    NotFound(String),
    /// The address is there, for other methods.
    Method(String),
    /// It cannot be done to what is there.
    Conflict(String),
    /// The server has as much to do as it can hold.
    Throttled,
    /// What the operation of the wire API says that did the work.
    Wire(ApiError),
    /// There are too many already.
    Full(String),
    /// The server cannot do it now; the cause is in its log.
    Unavailable,
}

/// The body of an answer that is no result.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// What kind of problem it is.
    #[schema(example = "ValidationException")]
    pub error: &'static str,
    /// A sentence for people.
    #[schema(example = "timeout_ms 5 is not allowed: a function may take 1000 to 900000 ms")]
    pub message: String,
}

impl Problem {
    /// Logs what went wrong and gives the problem that says so little of it.
    pub(crate) fn unavailable(what: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "{what}");
        Self::Unavailable
    }
}

impl Problem {
    /// The status, the kind and the sentence that it is told with.
    pub(crate) fn parts(self) -> (StatusCode, &'static str, String) {
        match self {
            Self::Invalid(message) => (StatusCode::BAD_REQUEST, "ValidationException", message),
            Self::NotFound(message) => {
                (StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
            }
            Self::Method(message) => (
                StatusCode::METHOD_NOT_ALLOWED,
                "MethodNotAllowedException",
                message,
            ),
            Self::Conflict(message) => (StatusCode::CONFLICT, "ConflictException", message),
            Self::Throttled => (
                StatusCode::TOO_MANY_REQUESTS,
                "ThrottlingException",
                "the server has as much work as it can hold; try again in a moment".to_owned(),
            ),
            Self::Wire(error) => (error.code.status(), error.code.name(), error.message),
            Self::Full(message) => (
                StatusCode::CONFLICT,
                "ServiceQuotaExceededException",
                message,
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "ServiceUnavailableException",
                "the server cannot do this just now; try again in a moment".to_owned(),
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, error, message) = self.parts();
        (status, Json(ProblemBody { error, message })).into_response()
    }
}
