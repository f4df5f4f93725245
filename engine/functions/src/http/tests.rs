//! Calls to real servers on loopback: what they get, and what becomes of their answers.

use super::*;
use crate::egress::{Policy, Resolver};
use crate::invoker::IdempotencyToken;
use crate::name::FunctionName;
use crate::registry::EndpointSettings;
use crate::secret::Secret;
use crate::test_registry::{Memory, Names, account, client};
use crate::test_server::{Server, response};

fn call(function: &str) -> Call {
    Call {
        function: FunctionName::parse(function).unwrap(),
        payload: Payload::parse(r#"{"b":1.0,"a":"ä"}"#).unwrap(),
        invocation_type: InvocationType::default(),
        client_context: None,
        token: IdempotencyToken::new("0190a3c4-0000-7000-8000-000000000001").unwrap(),
        execution_arn: Arc::from("arn:aws:states:us-east-1:000000000000:execution:m:e"),
        state_name: Arc::from("Chärge"),
        time_left: None,
        trace_parent: None,
    }
}

fn invoker_to(settings: &EndpointSettings) -> HttpInvoker {
    let registry = Memory::default().with_function("f", settings).cached();
    HttpInvoker::new(client(Policy::for_functions()), registry, account())
}

async fn outcome_of(status: &str, headers: &str, body: &str) -> Outcome {
    let server = Server::answering(status, headers, body).await;
    invoker_to(&EndpointSettings::new(server.url("/f")))
        .invoke(call("f"))
        .await
}

#[track_caller]
fn check_error(outcome: Outcome, error: &str, cause: &str) {
    let found = outcome.unwrap_err();
    assert_eq!(found.error.as_deref(), Some(error));
    assert_eq!(found.cause.as_deref(), Some(cause));
}

const ID: &str = "0190a3c4-0000-7000-8000-000000000001";

#[tokio::test]
async fn an_endpoint_gets_the_event_and_who_calls() {
    let server = Server::answering("200 OK", "", "{}").await;
    let mut settings = EndpointSettings::new(server.url("/path?x=1"));
    settings
        .headers
        .push(("X-Team".to_owned(), "blue".to_owned()));
    settings
        .secret_headers
        .push(("Authorization".to_owned(), Secret::new("Bearer hunter22")));
    let mut call = call("f:live");
    call.trace_parent = Some(Arc::from(
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ));
    call.client_context =
        asl::json::parse(r#"{"client":{"a":1},"custom":{"k":"v","stateName":"mine"}}"#).ok();
    invoker_to(&settings).invoke(call).await.unwrap();

    let received = &server.received()[0];
    assert_eq!(received.method, "POST");
    assert_eq!(received.target, "/path?x=1");
    assert_eq!(received.body, r#"{"b":1.0,"a":"ä"}"#);
    for (name, value) in [
        ("content-type", "application/json"),
        ("idempotency-key", ID),
        ("x-amzn-requestid", ID),
        (
            "x-stepwright-execution",
            "arn:aws:states:us-east-1:000000000000:execution:m:e",
        ),
        ("x-stepwright-qualifier", "live"),
        ("x-amz-invocation-type", "RequestResponse"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("x-team", "blue"),
        ("authorization", "Bearer hunter22"),
    ] {
        assert_eq!(received.header(name), Some(value), "{name}");
    }
    let context = STANDARD
        .decode(received.header("x-amz-client-context").unwrap())
        .unwrap();
    assert_eq!(
        String::from_utf8(context).unwrap(),
        r#"{"client":{"a":1},"custom":{"k":"v","stateName":"Chärge","idempotencyToken":"0190a3c4-0000-7000-8000-000000000001","executionArn":"arn:aws:states:us-east-1:000000000000:execution:m:e"}}"#
    );
}

#[tokio::test]
async fn a_call_without_a_context_of_its_own_has_one_all_the_same() {
    let server = Server::answering("200 OK", "", "{}").await;
    let invoker = invoker_to(&EndpointSettings::new(server.url("/")));
    invoker.invoke(call("f")).await.unwrap();
    let received = &server.received()[0];
    let context = received.header("x-amz-client-context").unwrap();
    let context = String::from_utf8(STANDARD.decode(context).unwrap()).unwrap();
    assert_eq!(
        context,
        r#"{"custom":{"idempotencyToken":"0190a3c4-0000-7000-8000-000000000001","executionArn":"arn:aws:states:us-east-1:000000000000:execution:m:e","stateName":"Chärge"}}"#
    );
}

#[tokio::test]
async fn an_arn_that_no_header_can_carry_is_escaped() {
    let server = Server::answering("200 OK", "", "{}").await;
    let mut call = call("f");
    call.execution_arn = Arc::from("arn:é%");
    invoker_to(&EndpointSettings::new(server.url("/")))
        .invoke(call)
        .await
        .unwrap();
    assert_eq!(
        server.received()[0].header("x-stepwright-execution"),
        Some("arn:%C3%A9%25")
    );
}

#[tokio::test]
async fn a_result_keeps_its_text() {
    let answer = outcome_of(
        "200 OK",
        "X-Amz-Executed-Version: 7\r\nx-amzn-RequestId: own\r\n",
        " {\"b\":1.0, \"a\":1}",
    )
    .await
    .unwrap();
    assert_eq!(answer.payload.text(), " {\"b\":1.0, \"a\":1}");
    assert_eq!(&*answer.executed_version, "7");
    assert_eq!(&*answer.request_id, "own");
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_plain_answer_is_filled_in() {
    let answer = outcome_of("201 Created", "", "1").await.unwrap();
    assert_eq!(&*answer.executed_version, "$LATEST");
    assert_eq!(&*answer.request_id, ID);
    assert_eq!(answer.status, 200);
    let answer = outcome_of("204 No Content", "", "").await.unwrap();
    assert_eq!(answer.payload.text(), "null");
}

#[tokio::test]
async fn an_error_of_the_function_is_named_by_its_payload() {
    let payload = r#"{"errorMessage": "no", "errorType": "CardDeclined", "stackTrace": []}"#;
    check_error(
        outcome_of("200 OK", "X-Amz-Function-Error: Unhandled\r\n", payload).await,
        "CardDeclined",
        payload,
    );
    check_error(
        outcome_of("500 Internal Server Error", "", payload).await,
        "CardDeclined",
        payload,
    );
    check_error(
        outcome_of("200 OK", "X-Amz-Function-Error: Unhandled\r\n", "{}").await,
        "Lambda.Unknown",
        "The cause could not be determined because Lambda did not return an error type. Returned payload: {}",
    );
}

#[tokio::test]
async fn every_other_status_is_an_error_of_the_service() {
    for (status, error, cause) in [
        (
            "302 Found",
            "Lambda.AWSLambdaException",
            "The function answered with an unexpected status. (Service: AWSLambda; Status Code: 302; Error Code: UnknownError",
        ),
        (
            "400 Bad Request",
            "Lambda.InvalidRequestContentException",
            "Could not parse request body into json (Service: AWSLambda; Status Code: 400; Error Code: InvalidRequestContentException",
        ),
        (
            "401 Unauthorized",
            "Lambda.AWSLambdaException",
            "The security token included in the request is invalid. (Service: AWSLambda; Status Code: 401; Error Code: UnrecognizedClientException",
        ),
        (
            "403 Forbidden",
            "Lambda.AWSLambdaException",
            "You do not have sufficient access to perform this action. (Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException",
        ),
        (
            "404 Not Found",
            "Lambda.ResourceNotFoundException",
            "Function not found (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException",
        ),
        (
            "409 Conflict",
            "Lambda.ResourceConflictException",
            "The resource already exists, or another operation is in progress. (Service: AWSLambda; Status Code: 409; Error Code: ResourceConflictException",
        ),
        (
            "413 Payload Too Large",
            "Lambda.RequestTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation (Service: AWSLambda; Status Code: 413; Error Code: RequestEntityTooLargeException",
        ),
        (
            "415 Unsupported Media Type",
            "Lambda.UnsupportedMediaTypeException",
            "The content type of the Invoke request body is not JSON. (Service: AWSLambda; Status Code: 415; Error Code: UnsupportedMediaTypeException",
        ),
        (
            "418 I'm a teapot",
            "Lambda.AWSLambdaException",
            "The function answered with an unexpected status. (Service: AWSLambda; Status Code: 418; Error Code: UnknownError",
        ),
        (
            "429 Too Many Requests",
            "Lambda.TooManyRequestsException",
            "Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException",
        ),
        (
            "500 Internal Server Error",
            "Lambda.ServiceException",
            "An error occurred and the request cannot be processed. (Service: AWSLambda; Status Code: 500; Error Code: ServiceException",
        ),
        (
            "503 Service Unavailable",
            "Lambda.ServiceException",
            "An error occurred and the request cannot be processed. (Service: AWSLambda; Status Code: 503; Error Code: ServiceException",
        ),
    ] {
        let outcome = outcome_of(status, "Location: http://127.0.0.1:1/\r\n", "<html>").await;
        check_error(
            outcome,
            error,
            &format!("{cause}; Request ID: {ID}; Proxy: null)"),
        );
    }
}

#[tokio::test]
async fn the_message_of_an_error_answer_is_told() {
    check_error(
        outcome_of(
            "503 Service Unavailable",
            "x-amzn-requestid: own\r\n",
            r#"{"message":"try later"}"#,
        )
        .await,
        "Lambda.ServiceException",
        "try later (Service: AWSLambda; Status Code: 503; Error Code: ServiceException; Request ID: own; Proxy: null)",
    );
}

#[tokio::test]
async fn a_missing_function_is_not_found() {
    let invoker = invoker_to(&EndpointSettings::new("http://localhost/"));
    for kind in [InvocationType::RequestResponse, InvocationType::DryRun] {
        let mut call = call("gone:live");
        call.invocation_type = kind;
        check_error(
            invoker.invoke(call).await,
            "Lambda.ResourceNotFoundException",
            &format!(
                "Function not found: arn:aws:lambda:us-east-1:000000000000:function:gone:live (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: {ID}; Proxy: null)"
            ),
        );
    }
}

#[tokio::test]
async fn a_dry_run_calls_nothing_and_an_event_hands_over() {
    let server = Server::answering("200 OK", "", "ignored, and not JSON").await;
    let invoker = invoker_to(&EndpointSettings::new(server.url("/")));
    let mut dry = call("f");
    dry.invocation_type = InvocationType::DryRun;
    assert_eq!(invoker.invoke(dry).await.unwrap().status, 204);
    assert!(server.received().is_empty());
    let mut event = call("f");
    event.invocation_type = InvocationType::Event;
    assert_eq!(invoker.invoke(event).await.unwrap().status, 202);
    assert_eq!(
        server.received()[0].header("x-amz-invocation-type"),
        Some("Event")
    );
}

#[tokio::test]
async fn a_result_that_is_not_json_is_an_error() {
    check_error(
        outcome_of("200 OK", "", "<html>").await,
        "Runtime.MarshalError",
        r#"{"errorType":"Runtime.MarshalError","errorMessage":"Unable to marshal response: Unexpected character ('<' (code 60)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"}"#,
    );
}

#[tokio::test]
async fn a_result_that_is_too_large_is_an_error_however_it_is_sent() {
    let cause = r#"{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (100 bytes)."}"#;
    let whole = response("200 OK", "", &format!("\"{}\"", "x".repeat(99)));
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{0}{0}{0}0\r\n\r\n",
        format!("32\r\n{}\r\n", "1".repeat(50))
    );
    for text in [whole, chunked] {
        let server = Server::start(move |_| Some(text.clone())).await;
        let invoker =
            invoker_to(&EndpointSettings::new(server.url("/"))).with_answer_bytes_max(100);
        check_error(
            invoker.invoke(call("f")).await,
            "Function.ResponseSizeTooLarge",
            cause,
        );
    }
    let server = Server::answering("200 OK", "", &format!("\"{}\"", "x".repeat(98))).await;
    let invoker = invoker_to(&EndpointSettings::new(server.url("/"))).with_answer_bytes_max(100);
    assert_eq!(
        invoker
            .invoke(call("f"))
            .await
            .unwrap()
            .payload
            .text()
            .len(),
        100
    );
}

#[tokio::test]
async fn a_function_that_takes_too_long_has_timed_out() {
    let server = Server::start(|_| None).await;
    let mut settings = EndpointSettings::new(server.url("/"));
    settings.timeout = Duration::from_secs(3);
    let invoker = invoker_to(&settings);
    let (outcome, ()) = tokio::join!(invoker.invoke(call("f")), async {
        server.arrived().await;
        tokio::time::pause();
    });
    check_error(
        outcome,
        "Sandbox.Timedout",
        &format!(
            r#"{{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {ID} Error: Task timed out after 3.00 seconds"}}"#
        ),
    );
}

#[tokio::test]
async fn a_call_that_its_task_forgot_ends_a_little_later() {
    let server = Server::start(|_| None).await;
    let invoker = invoker_to(&EndpointSettings::new(server.url("/")));
    let mut call = call("f");
    call.time_left = Some(Duration::from_secs(2));
    let (outcome, arrived) = tokio::join!(invoker.invoke(call), async {
        server.arrived().await;
        tokio::time::pause();
        crate::age::now()
    });
    assert_eq!(outcome.unwrap_err(), StateError::named("States.Timeout"));
    // Two seconds and the grace of five, less what went by before the clock was stopped.
    let seconds = arrived.elapsed().as_secs_f64();
    assert!((3.0..7.5).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn a_call_that_cannot_be_made_is_an_error_of_the_client() {
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    check_error(
        invoker_to(&EndpointSettings::new(format!("http://{closed}/")))
            .invoke(call("f"))
            .await,
        "Lambda.SdkClientException",
        "Unable to execute HTTP request: Connection refused (os error 111)",
    );
    let server =
        Server::start(|_| Some("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf".to_owned()))
            .await;
    let invoker = invoker_to(&EndpointSettings::new(server.url("/")));
    let (outcome, ()) = tokio::join!(invoker.invoke(call("f")), async {
        server.arrived().await;
        server.hang_up();
    });
    let error = outcome.unwrap_err();
    assert_eq!(error.error.as_deref(), Some("Lambda.SdkClientException"));
}

#[tokio::test]
async fn private_addresses_are_refused_by_name_and_by_number() {
    let permissions = "States.Permissions";
    for host in [
        "10.0.0.1",
        "169.254.169.254",
        "[fd00::1]",
        "[::ffff:10.0.0.1]",
        "0x0a000001",
    ] {
        let error = invoker_to(&EndpointSettings::new(format!("http://{host}/")))
            .invoke(call("f"))
            .await;
        assert_eq!(
            error.unwrap_err().error.as_deref(),
            Some(permissions),
            "{host}"
        );
    }
    let names = Names::new(&[("inner.test", &[&["10.0.0.1", "fd00::1"]])]);
    let names: Arc<dyn Resolver> = Arc::new(names);
    let client = Client::new(Policy::for_functions(), &names).unwrap();
    let registry = Memory::default()
        .with_function("f", &EndpointSettings::new("http://inner.test/"))
        .cached();
    check_error(
        HttpInvoker::new(client, registry, account())
            .invoke(call("f"))
            .await,
        permissions,
        "host 'inner.test' is not allowed: fd00::1 is an address of a private network",
    );
}

#[tokio::test]
async fn an_error_does_not_repeat_a_secret_header() {
    let server = Server::start(|request| {
        let body = format!(
            r#"{{"message":"bad {}"}}"#,
            request.header("authorization").unwrap()
        );
        Some(response("401 Unauthorized", "", &body))
    })
    .await;
    let mut settings = EndpointSettings::new(server.url("/"));
    settings
        .secret_headers
        .push(("Authorization".to_owned(), Secret::new("Bearer hunter22")));
    let error = invoker_to(&settings).invoke(call("f")).await.unwrap_err();
    assert!(error.cause.unwrap().starts_with("bad *** (Service"));
}

#[tokio::test]
async fn one_connection_serves_many_calls() {
    let server = Server::answering("200 OK", "", "1").await;
    let invoker = invoker_to(&EndpointSettings::new(server.url("/")));
    for _ in 0..20 {
        invoker.invoke(call("f")).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
}
