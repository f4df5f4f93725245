//! How a failed call looks to a workflow: the error names and cause texts of Step Functions and
//! Lambda, one table with the source of each row.

use asl::{Json, StateError, error::names};

use crate::limits;

/// An answer of Lambda's Invoke API that is not the function's own.
#[derive(Debug)]
pub struct ServiceError {
    /// The HTTP statuses that mean it.
    pub status: std::ops::RangeInclusive<u16>,
    /// The error's name in a workflow.
    pub error: &'static str,
    /// The error code in the cause.
    pub code: &'static str,
    /// The message, where the answer has none.
    pub message: &'static str,
    pub source: &'static str,
}

/// The first row whose range holds the status counts.
pub const SERVICE_ERRORS: &[ServiceError] = &[
    ServiceError {
        status: 400..=400,
        error: "Lambda.InvalidRequestContentException",
        code: "InvalidRequestContentException",
        message: "Could not parse request body into json",
        source: "Lambda API, Invoke, Errors: 400 InvalidRequestContentException",
    },
    ServiceError {
        status: 401..=401,
        error: "Lambda.AWSLambdaException",
        code: "UnrecognizedClientException",
        message: "The security token included in the request is invalid.",
        source: "Lambda API, Common errors; AWSLambdaException is the SDK's name for a code that Invoke does not list",
    },
    ServiceError {
        status: 403..=403,
        error: "Lambda.AWSLambdaException",
        code: "AccessDeniedException",
        message: "You do not have sufficient access to perform this action.",
        source: "Lambda API, Common errors: 403 AccessDeniedException",
    },
    ServiceError {
        status: 404..=404,
        error: "Lambda.ResourceNotFoundException",
        code: "ResourceNotFoundException",
        message: "Function not found",
        source: "Lambda API, Invoke, Errors: 404; the text as recorded on AWS",
    },
    ServiceError {
        status: 409..=409,
        error: "Lambda.ResourceConflictException",
        code: "ResourceConflictException",
        message: "The resource already exists, or another operation is in progress.",
        source: "Lambda API, Invoke, Errors: 409",
    },
    ServiceError {
        status: 413..=413,
        error: "Lambda.RequestTooLargeException",
        code: "RequestEntityTooLargeException",
        message: "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        source: "Lambda API, Invoke, Errors: 413 RequestTooLargeException",
    },
    ServiceError {
        status: 415..=415,
        error: "Lambda.UnsupportedMediaTypeException",
        code: "UnsupportedMediaTypeException",
        message: "The content type of the Invoke request body is not JSON.",
        source: "Lambda API, Invoke, Errors: 415",
    },
    ServiceError {
        status: 429..=429,
        error: "Lambda.TooManyRequestsException",
        code: "TooManyRequestsException",
        message: "Rate Exceeded.",
        source: "Step Functions developer guide, Handle transient Lambda service exceptions; text from published reports",
    },
    ServiceError {
        status: 500..=599,
        error: "Lambda.ServiceException",
        code: "ServiceException",
        message: "An error occurred and the request cannot be processed.",
        source: "Step Functions developer guide, as above; text from published reports",
    },
    ServiceError {
        status: 0..=u16::MAX,
        error: "Lambda.AWSLambdaException",
        code: "UnknownError",
        message: "The function answered with an unexpected status.",
        source: "Step Functions developer guide, as above: the SDK's name for everything else",
    },
];

/// An unsuccessful answer that no function reported: a row of the table, in the words of the SDK
/// that Step Functions' optimised integrations use.
pub fn service_error(status: u16, message: Option<&str>, request_id: &str) -> StateError {
    let row = SERVICE_ERRORS
        .iter()
        .find(|row| row.status.contains(&status));
    let (error, code, default) = row
        .map_or(("Lambda.AWSLambdaException", "UnknownError", ""), |row| {
            (row.error, row.code, row.message)
        });
    let message = message
        .filter(|message| !message.is_empty())
        .unwrap_or(default);
    StateError::new(
        error,
        bounded(&format!(
            "{message} (Service: AWSLambda; Status Code: {status}; Error Code: {code}; Request ID: {request_id}; Proxy: null)"
        )),
    )
}

/// No function of that name. Source: the text as recorded on AWS.
pub fn not_found(qualified_arn: &str, request_id: &str) -> StateError {
    service_error(
        404,
        Some(&format!("Function not found: {qualified_arn}")),
        request_id,
    )
}

/// An error that the function itself reported, with its payload as it came.
/// Source: recorded on AWS for the named ones; the text for a nameless one from published reports.
pub fn function_error(payload: &str) -> StateError {
    let name = asl::json::parse(payload).ok().and_then(|value| {
        value
            .get("errorType")
            .and_then(Json::as_str)
            .map(str::to_owned)
    });
    match name {
        Some(name) if !name.is_empty() => StateError::new(
            &bounded_to(&name, limits::ERROR_NAME_CHARS_MAX),
            bounded(payload),
        ),
        _ => StateError::new(
            "Lambda.Unknown",
            bounded(&format!(
                "The cause could not be determined because Lambda did not return an error type. Returned payload: {payload}"
            )),
        ),
    }
}

/// The function took longer than its own time-out.
/// Source: Step Functions developer guide, Handle transient Lambda service exceptions ("in newer
/// runtimes, timeouts are reported as Sandbox.Timedout"); Lambda's text for it.
pub fn function_timed_out(timeout: std::time::Duration, request_id: &str) -> StateError {
    reported(
        "Sandbox.Timedout",
        &format!(
            "RequestId: {request_id} Error: Task timed out after {:.2} seconds",
            timeout.as_secs_f64()
        ),
    )
}

/// The task's own time ran out first. Source: recorded on AWS: no cause.
pub fn task_timed_out() -> StateError {
    StateError::named(names::TIMEOUT)
}

/// Source: Lambda developer guide, quotas; Lambda's text.
pub fn answer_too_large(bytes_max: usize) -> StateError {
    reported(
        "Function.ResponseSizeTooLarge",
        &format!(
            "Response payload size exceeded maximum allowed payload size ({bytes_max} bytes)."
        ),
    )
}

/// The answer was not JSON. Source: the error that Lambda's runtime clients report for it.
pub fn answer_not_json(why: &str) -> StateError {
    reported(
        "Runtime.MarshalError",
        &format!("Unable to marshal response: {why}"),
    )
}

/// The request could not be sent, or its answer not be read.
/// Source: Step Functions developer guide, as above; the SDK's text.
pub fn not_sent(why: &str) -> StateError {
    StateError::new(
        "Lambda.SdkClientException",
        bounded(&format!("Unable to execute HTTP request: {why}")),
    )
}

/// The egress policy refuses the address. Source: Amazon States Language specification, appendix A,
/// States.Permissions: "insufficient privileges to execute the specified code".
pub fn refused(refusal: &crate::egress::Refusal) -> StateError {
    StateError::new(names::PERMISSIONS, refusal.to_string())
}

/// An error that Lambda reports about a function, in the shape of a function's own.
fn reported(error: &str, message: &str) -> StateError {
    let payload = Json::members([
        ("errorType", Json::string(error)),
        ("errorMessage", Json::string(message)),
    ]);
    StateError::new(error, payload.to_text())
}

/// As much of a text as a cause may hold.
pub(crate) fn bounded(text: &str) -> String {
    bounded_to(text, limits::CAUSE_CHARS_MAX)
}

fn bounded_to(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => text.get(..end).unwrap_or(text).to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
