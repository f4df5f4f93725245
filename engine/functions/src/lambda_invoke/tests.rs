//! The shapes of the integration, checked against what was recorded on AWS.

use http::HeaderValue;

use super::*;

fn read(text: &str) -> Result<Request, StateError> {
    request(&asl::json::parse(text).unwrap())
}

#[track_caller]
fn check_error(text: &str, error: &str, cause: &str) {
    let found = read(text).unwrap_err();
    assert_eq!(found.error.as_deref(), Some(error));
    assert_eq!(found.cause.as_deref(), Some(cause));
}

#[test]
fn parameters_become_a_call() {
    let request = read(
        r#"{"FunctionName":"arn:aws:lambda:us-east-1:000000000000:function:charge","Qualifier":"live","Payload":{"b":1.0,"a":"ä"},"InvocationType":"Event","ClientContext":"eyJjdXN0b20iOnsiYSI6MX19"}"#,
    )
    .unwrap();
    assert_eq!(&*request.function.name, "charge");
    assert_eq!(request.function.qualifier.as_deref(), Some("live"));
    assert_eq!(request.payload.text(), r#"{"b":1.0,"a":"ä"}"#);
    assert_eq!(request.invocation_type, InvocationType::Event);
    assert_eq!(
        request.client_context.unwrap().to_text(),
        r#"{"custom":{"a":1}}"#
    );
}

#[test]
fn a_call_without_a_payload_has_an_empty_event() {
    assert_eq!(
        read(r#"{"FunctionName":"f"}"#).unwrap().payload.text(),
        "{}"
    );
    assert_eq!(
        read(r#"{"FunctionName":"f","Payload":null}"#)
            .unwrap()
            .payload
            .text(),
        "null"
    );
    assert_eq!(
        read(r#"{"FunctionName":"f","Payload":"x"}"#)
            .unwrap()
            .payload
            .text(),
        "\"x\""
    );
}

#[test]
fn bad_parameters_are_named() {
    check_error(
        r#"{"Payload":1}"#,
        "States.Runtime",
        "The Parameters '{\"Payload\":1}' could not be used to start the Task: [The field 'FunctionName' is required but was missing]",
    );
    check_error(
        r#"{"FunctionName":1}"#,
        "States.Runtime",
        "The Parameters '{\"FunctionName\":1}' could not be used to start the Task: [The value for the field 'FunctionName' must be a STRING]",
    );
    check_error(
        r#"{"FunctionName":"f","Foo":1}"#,
        "States.Runtime",
        "The Parameters '{\"FunctionName\":\"f\",\"Foo\":1}' could not be used to start the Task: [The field 'Foo' is not supported by Step Functions]",
    );
    check_error(
        r#"{"FunctionName":"a b"}"#,
        "States.Runtime",
        "The Parameters '{\"FunctionName\":\"a b\"}' could not be used to start the Task: ['a b' does not name a function]",
    );
    check_error(
        r#"{"FunctionName":"f","InvocationType":"Later"}"#,
        "States.Runtime",
        "The Parameters '{\"FunctionName\":\"f\",\"InvocationType\":\"Later\"}' could not be used to start the Task: [The value 'Later' of the field 'InvocationType' must be one of [Event, RequestResponse, DryRun]]",
    );
    check_error(
        r#"{"FunctionName":"f","ClientContext":"%"}"#,
        "Lambda.InvalidRequestContentException",
        "Client context must be a valid Base64-encoded JSON object. (Service: AWSLambda; Status Code: 400; Error Code: InvalidRequestContentException; Request ID: ; Proxy: null)",
    );
}

fn answer(status: u16, payload: &str) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(
        "date",
        HeaderValue::from_static("Mon, 23 Nov 2026 10:00:00 GMT"),
    );
    headers.insert("x-amzn-trace-id", HeaderValue::from_static("Root=1-a-b"));
    headers.insert("set-cookie", HeaderValue::from_static("private=1"));
    Answer {
        payload: Payload::parse(payload).unwrap(),
        executed_version: Arc::from("$LATEST"),
        status,
        request_id: Arc::from("id-1"),
        headers,
    }
}

/// Recorded: case `context_object/test_context_object/TestSnfBase/test_result_selector`, with
/// the members in the order of the recording.
#[test]
fn the_output_has_the_recorded_shape() {
    let expected = concat!(
        r#"{"ExecutedVersion":"$LATEST","Payload":{"Input":{"a":1}},"#,
        r#""SdkHttpMetadata":{"AllHttpHeaders":{"X-Amz-Executed-Version":["$LATEST"],"#,
        r#""x-amzn-Remapped-Content-Length":["0"],"Connection":["keep-alive"],"#,
        r#""x-amzn-RequestId":["id-1"],"Content-Length":["17"],"#,
        r#""Date":["Mon, 23 Nov 2026 10:00:00 GMT"],"X-Amzn-Trace-Id":["Root=1-a-b"],"#,
        r#""Content-Type":["application/json"]},"#,
        r#""HttpHeaders":{"Connection":"keep-alive","Content-Length":"17","#,
        r#""Content-Type":"application/json","Date":"Mon, 23 Nov 2026 10:00:00 GMT","#,
        r#""X-Amz-Executed-Version":"$LATEST","x-amzn-Remapped-Content-Length":"0","#,
        r#""x-amzn-RequestId":"id-1","X-Amzn-Trace-Id":"Root=1-a-b"},"#,
        r#""HttpStatusCode":200},"SdkResponseMetadata":{"RequestId":"id-1"},"StatusCode":200}"#,
    );
    assert_eq!(
        output(&answer(200, r#"{"Input":{"a":1}}"#)).to_text(),
        expected
    );
}

#[test]
fn an_event_has_no_result() {
    let output = output(&answer(202, "null"));
    assert_eq!(output.get("Payload"), Some(&Json::string("")));
    assert_eq!(output.get("StatusCode"), Some(&Json::from(202_u64)));
    assert_eq!(output.get("ExecutedVersion"), None);
}
