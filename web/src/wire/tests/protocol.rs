//! What holds for every operation: headers, bodies, names that do not exist.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::settings::Settings;
use crate::testing::body;

async fn post(
    test: &TestApp,
    headers: &[(&str, &str)],
    content: impl Into<Body>,
) -> (StatusCode, Value, axum::http::HeaderMap) {
    let mut request = Request::post("/").header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = test.send(request.body(content.into()).unwrap()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    (status, body(response).await, headers)
}

const JSON: (&str, &str) = ("content-type", "application/x-amz-json-1.0");
const LIST: (&str, &str) = ("x-amz-target", "AWSStepFunctions.ListActivities");

#[tokio::test]
async fn both_versions_of_the_protocol_are_answered_in_kind_and_nothing_else_is() {
    let test = TestApp::new().await;
    for (given, answered) in [
        ("application/x-amz-json-1.0", "application/x-amz-json-1.0"),
        ("application/x-amz-json-1.1", "application/x-amz-json-1.1"),
        (
            "Application/X-Amz-Json-1.0; charset=utf-8",
            "application/x-amz-json-1.0",
        ),
    ] {
        let (status, answer, headers) = post(&test, &[("content-type", given), LIST], "{}").await;
        assert_eq!(
            (status, answer),
            (StatusCode::OK, json!({ "activities": [] }))
        );
        assert_eq!(headers["content-type"], answered);
        assert_eq!(headers["x-amzn-requestid"].len(), 36);
    }
    for given in [
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let (status, answer, _) = post(&test, &[("content-type", given), LIST], "{}").await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(answer["__type"], "UnsupportedMediaTypeException");
    }
}

#[tokio::test]
async fn an_operation_that_does_not_exist_is_unknown() {
    let test = TestApp::new().await;
    for target in [
        "AWSStepFunctions.MakeCoffee",
        "AWSStepFunctions.",
        "DynamoDB_20120810.ListTables",
        "ListActivities",
        "",
    ] {
        let (status, answer, headers) = post(&test, &[JSON, ("x-amz-target", target)], "{}").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(answer["__type"], "UnknownOperationException", "{target}");
        assert!(headers.contains_key("x-amzn-requestid"));
    }
    let (_, answer, _) = post(&test, &[JSON], "{}").await;
    assert_eq!(answer["__type"], "UnknownOperationException");
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let test = TestApp::new().await;
    let deep = "[".repeat(100_000);
    for content in [
        "", "{", "{}}", "nonsense", "{'a': 1}", "[]", "1", "null", "\u{0}", &deep,
    ] {
        let (status, answer, _) = post(&test, &[JSON, LIST], content.to_owned()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{content:.40}");
        assert_eq!(answer["__type"], "SerializationException", "{content:.40}");
    }
    let (_, answer, _) = post(&test, &[JSON, LIST], vec![b'{', b'"', 0xff, b'"']).await;
    assert_eq!(answer["__type"], "SerializationException");
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read() {
    let mut settings = Settings::default();
    settings.limits.request_bytes_max = 1000;
    let test = TestApp::with(settings).await;
    let input = json!({ "name": "a".repeat(1000) }).to_string();
    let target = ("x-amz-target", "AWSStepFunctions.CreateActivity");
    let (status, answer, _) = post(&test, &[JSON, target], input).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer["__type"], "RequestEntityTooLargeException");
}

#[tokio::test]
async fn a_database_that_is_gone_asks_to_try_again() {
    let test = TestApp::new().await;
    test.app.db.close().await;
    let (status, answer) = test.call("ListActivities", json!({})).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer["__type"], "ServiceUnavailableException");
}
