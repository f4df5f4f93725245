//! Every row of the table, by name and cause.

use super::*;

#[track_caller]
fn check(actual: &StateError, error: &str, cause: &str) {
    assert_eq!(actual.error.as_deref(), Some(error));
    assert_eq!(actual.cause.as_deref(), Some(cause));
}

#[test]
fn every_row_of_the_table_gives_its_name() {
    for (status, error, cause) in [
        (
            400,
            "Lambda.InvalidRequestContentException",
            "Could not parse request body into json (Service: AWSLambda; Status Code: 400; Error Code: InvalidRequestContentException; Request ID: r; Proxy: null)",
        ),
        (
            401,
            "Lambda.AWSLambdaException",
            "The security token included in the request is invalid. (Service: AWSLambda; Status Code: 401; Error Code: UnrecognizedClientException; Request ID: r; Proxy: null)",
        ),
        (
            403,
            "Lambda.AWSLambdaException",
            "You do not have sufficient access to perform this action. (Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; Request ID: r; Proxy: null)",
        ),
        (
            404,
            "Lambda.ResourceNotFoundException",
            "Function not found (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: r; Proxy: null)",
        ),
        (
            409,
            "Lambda.ResourceConflictException",
            "The resource already exists, or another operation is in progress. (Service: AWSLambda; Status Code: 409; Error Code: ResourceConflictException; Request ID: r; Proxy: null)",
        ),
        (
            413,
            "Lambda.RequestTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation (Service: AWSLambda; Status Code: 413; Error Code: RequestEntityTooLargeException; Request ID: r; Proxy: null)",
        ),
        (
            415,
            "Lambda.UnsupportedMediaTypeException",
            "The content type of the Invoke request body is not JSON. (Service: AWSLambda; Status Code: 415; Error Code: UnsupportedMediaTypeException; Request ID: r; Proxy: null)",
        ),
        (
            429,
            "Lambda.TooManyRequestsException",
            "Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException; Request ID: r; Proxy: null)",
        ),
        (
            500,
            "Lambda.ServiceException",
            "An error occurred and the request cannot be processed. (Service: AWSLambda; Status Code: 500; Error Code: ServiceException; Request ID: r; Proxy: null)",
        ),
        (
            504,
            "Lambda.ServiceException",
            "An error occurred and the request cannot be processed. (Service: AWSLambda; Status Code: 504; Error Code: ServiceException; Request ID: r; Proxy: null)",
        ),
        (
            302,
            "Lambda.AWSLambdaException",
            "The function answered with an unexpected status. (Service: AWSLambda; Status Code: 302; Error Code: UnknownError; Request ID: r; Proxy: null)",
        ),
    ] {
        check(&service_error(status, None, "r"), error, cause);
    }
}

#[test]
fn a_missing_function_is_named_as_aws_names_it() {
    check(
        &not_found(
            "arn:aws:lambda:us-east-1:000000000000:function:gone:$LATEST",
            "id",
        ),
        "Lambda.ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:gone:$LATEST (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: id; Proxy: null)",
    );
}

#[test]
fn a_function_error_keeps_its_payload_as_it_came() {
    let payload = r#"{"errorMessage": "Some exception was raised.", "errorType": "Exception", "requestId": "1", "stackTrace": []}"#;
    check(&function_error(payload), "Exception", payload);
}

#[test]
fn a_nameless_function_error_is_lambda_unknown() {
    for payload in [
        r#"{"errorMessage":"exit status 1"}"#,
        "not json",
        "",
        r#"{"errorType":""}"#,
        r#"{"errorType":7}"#,
    ] {
        check(
            &function_error(payload),
            "Lambda.Unknown",
            &format!(
                "The cause could not be determined because Lambda did not return an error type. Returned payload: {payload}"
            ),
        );
    }
}

#[test]
fn lambdas_own_reports_have_its_texts() {
    check(
        &function_timed_out(std::time::Duration::from_secs(3), "id"),
        "Sandbox.Timedout",
        r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: id Error: Task timed out after 3.00 seconds"}"#,
    );
    check(
        &answer_too_large(6_291_556),
        "Function.ResponseSizeTooLarge",
        r#"{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."}"#,
    );
    assert_eq!(task_timed_out(), StateError::named("States.Timeout"));
}

#[test]
fn names_and_causes_are_bounded() {
    let payload = format!(
        r#"{{"errorType":"{}","x":"{}"}}"#,
        "E".repeat(400),
        "ä".repeat(40_000)
    );
    let error = function_error(&payload);
    assert_eq!(error.error.unwrap().chars().count(), 256);
    assert_eq!(error.cause.unwrap().chars().count(), 32_768);
}
