//! Errors of the wire API: every name that the service uses, with its HTTP status.
//!
//! An operation says what is wrong with the functions below, which know the service's texts. What is
//! wrong with the server itself ends here too: it is logged once, and the caller is told only whether
//! to try again.

use axum::http::StatusCode;
use serde::Serialize;

macro_rules! codes {
    ($($status:ident: $($name:ident)+;)+) => {
        /// The name of an error, spelled as on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(dead_code, reason = "operations that are still to come say the rest")]
        pub(crate) enum Code {
            $($($name,)+)+
        }

        impl Code {
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $($(Self::$name => stringify!($name),)+)+
                }
            }

            pub(crate) const fn status(self) -> StatusCode {
                match self {
                    $($(Self::$name => StatusCode::$status,)+)+
                }
            }
        }
    };
}

// The service's model gives its errors no status, so they have that of the protocol, 400, but for the
// two whose documentation names another.
codes! {
    BAD_REQUEST:
        ActivityAlreadyExists
        ActivityDoesNotExist
        ActivityLimitExceeded
        ActivityWorkerLimitExceeded
        ExecutionAlreadyExists
        ExecutionDoesNotExist
        ExecutionLimitExceeded
        ExecutionNotRedrivable
        InvalidArn
        InvalidDefinition
        InvalidEncryptionConfiguration
        InvalidExecutionInput
        InvalidLoggingConfiguration
        InvalidName
        InvalidOutput
        InvalidToken
        InvalidTracingConfiguration
        MissingRequiredParameter
        ResourceNotFound
        SerializationException
        StateMachineAlreadyExists
        StateMachineDeleting
        StateMachineDoesNotExist
        StateMachineLimitExceeded
        StateMachineTypeNotSupported
        TaskDoesNotExist
        TaskTimedOut
        ThrottlingException
        TooManyTags
        UnknownOperationException
        ValidationException;
    PAYMENT_REQUIRED:
        ServiceQuotaExceededException;
    CONFLICT:
        ConflictException;
    PAYLOAD_TOO_LARGE:
        RequestEntityTooLargeException;
    UNSUPPORTED_MEDIA_TYPE:
        UnsupportedMediaTypeException;
    INTERNAL_SERVER_ERROR:
        InternalServerException;
    SERVICE_UNAVAILABLE:
        ServiceUnavailableException;
}

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ApiError {
    #[serde(rename = "__type", serialize_with = "write_name")]
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Why a request is not valid, as `ValidationException` classifies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    /// The ARN that `ResourceNotFound` and `TooManyTags` are about.
    #[serde(rename = "resourceName", skip_serializing_if = "Option::is_none")]
    pub(crate) resource_name: Option<String>,
}

impl ApiError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            reason: None,
            resource_name: None,
        }
    }

    /// `Invalid Name: 'x y'`.
    pub(crate) fn invalid_name(name: &str) -> Self {
        Self::new(Code::InvalidName, format!("Invalid Name: '{name}'"))
    }

    /// `Invalid Arn: 'Invalid ARN prefix: xyz'`.
    pub(crate) fn invalid_arn(problem: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidArn, format!("Invalid Arn: '{problem}'"))
    }

    pub(crate) fn no_machine(arn: &str) -> Self {
        Self::new(
            Code::StateMachineDoesNotExist,
            format!("State Machine Does Not Exist: '{arn}'"),
        )
    }

    pub(crate) fn machine_deleting(arn: &str) -> Self {
        Self::new(
            Code::StateMachineDeleting,
            format!("State Machine is being deleted: '{arn}'"),
        )
    }

    pub(crate) fn no_activity(arn: &str) -> Self {
        Self::new(
            Code::ActivityDoesNotExist,
            format!("Activity Does Not Exist: '{arn}'"),
        )
    }

    pub(crate) fn no_resource(arn: &str) -> Self {
        Self {
            resource_name: Some(arn.to_owned()),
            ..Self::new(
                Code::ResourceNotFound,
                format!("Resource not found: '{arn}'"),
            )
        }
    }

    /// An operation for Standard machines was asked of an Express one.
    pub(crate) fn type_not_supported() -> Self {
        Self::new(
            Code::StateMachineTypeNotSupported,
            "This operation is not supported by this type of state machine",
        )
    }

    pub(crate) fn invalid_token() -> Self {
        Self::new(Code::InvalidToken, "Invalid Token: 'Invalid token'")
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(Code::ValidationException, message)
    }

    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new(Code::SerializationException, message)
    }

    /// An answer for what only a maintainer can mend. The fault is logged here, and not shown.
    pub(crate) fn internal(fault: &dyn std::error::Error) -> Self {
        tracing::error!(fault = %chain(fault), "a call of the wire API failed");
        Self::new(
            Code::InternalServerException,
            "The server failed to answer; its log says why under this request's id.",
        )
    }

    /// An answer for a world that is broken just now: SDKs try again by themselves.
    pub(crate) fn unavailable(fault: &dyn std::error::Error) -> Self {
        tracing::warn!(fault = %chain(fault), "a call of the wire API was turned away");
        Self::new(
            Code::ServiceUnavailableException,
            "The server cannot answer just now; try again.",
        )
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(fault: sqlx::Error) -> Self {
        // What may be gone at the next try: the connection, its server, or this node's pool.
        match &fault {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::unavailable(&fault),
            // Class 57: the server is shutting down or starting. Class 40: a deadlock was broken.
            // Class 53: it has no room for more.
            sqlx::Error::Database(error)
                if error.code().is_some_and(|code| {
                    ["57", "40", "53"]
                        .iter()
                        .any(|class| code.starts_with(class))
                }) =>
            {
                Self::unavailable(&fault)
            }
            _ => Self::internal(&fault),
        }
    }
}

/// An error and what caused it, outermost first.
fn chain(fault: &dyn std::error::Error) -> String {
    let mut text = fault.to_string();
    let mut next = fault.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde gives the field by reference"
)]
fn write_name<S: serde::Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_written_as_the_protocol_says() {
        let error = ApiError::no_resource("arn:aws:states:us-east-1:000000000000:activity:a");
        assert_eq!(
            serde_json::to_value(&error).unwrap(),
            serde_json::json!({
                "__type": "ResourceNotFound",
                "message": "Resource not found: 'arn:aws:states:us-east-1:000000000000:activity:a'",
                "resourceName": "arn:aws:states:us-east-1:000000000000:activity:a",
            })
        );
    }

    #[test]
    fn a_lost_database_asks_to_try_again_and_a_fault_does_not() {
        let lost = ApiError::from(sqlx::Error::PoolTimedOut);
        assert_eq!(lost.code.status(), StatusCode::SERVICE_UNAVAILABLE);
        let fault = ApiError::from(sqlx::Error::RowNotFound);
        assert_eq!(fault.code.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
