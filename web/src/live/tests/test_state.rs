//! `POST /api/v1/test`: as the operation, with JSON instead of texts.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::testing::{TestApp, body};

async fn ask(app: &TestApp, input: Value) -> (StatusCode, Value) {
    let request = Request::post("/api/v1/test")
        .header("content-type", "application/json")
        .body(Body::from(input.to_string()))
        .unwrap();
    let response = app.send(request).await;
    (response.status(), body(response).await)
}

#[tokio::test]
async fn the_data_is_told_stage_by_stage() {
    let app = TestApp::new().await;
    let state = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "N",
        "Parameters": { "FunctionName": "f", "Payload.$": "$" },
        "ResultSelector": { "kept.$": "$.Payload" }, "ResultPath": "$.r",
        "Assign": { "v.$": "$.kept" },
    });
    let (status, answer) = ask(
        &app,
        json!({
            "definition": state,
            "input": { "n": 1 },
            "mock": { "result": { "StatusCode": 200, "Payload": 5 } },
        }),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let whole = json!({
        "status": "SUCCEEDED",
        "output": { "n": 1, "r": { "kept": 5 } },
        "next_state": "N",
        "inspection": {
            "input": { "n": 1 },
            "after_input_path": { "n": 1 },
            "after_parameters": { "FunctionName": "f", "Payload": { "n": 1 } },
            "result": { "StatusCode": 200, "Payload": 5 },
            "after_result_selector": { "kept": 5 },
            "after_result_path": { "n": 1, "r": { "kept": 5 } },
            "variables": { "v": 5 },
        },
    });
    assert_eq!(answer, whole);
}

#[tokio::test]
async fn a_state_of_a_machine_is_tested_with_a_mocked_error() {
    let app = TestApp::new().await;
    let machine = json!({
        "StartAt": "P",
        "States": {
            "P": { "Type": "Parallel", "End": true, "Branches": [
                { "StartAt": "F", "States": { "F": { "Type": "Fail" } } },
            ], "Retry": [{ "ErrorEquals": ["E"], "IntervalSeconds": 5 }] },
        },
    });
    let input = json!({
        "definition": machine.to_string(),
        "state": "P",
        "mock": { "error_output": { "error": "E", "cause": "why" } },
        "configuration": { "error_caused_by_state": "F", "retrier_retry_count": 1 },
    });
    let (status, answer) = ask(&app, input).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["status"], "RETRIABLE");
    assert_eq!(answer["cause"], "why");
    assert_eq!(
        answer["inspection"]["error_details"],
        json!({ "retry_index": 0, "retry_backoff_interval_seconds": 10 })
    );
}

#[tokio::test]
async fn what_cannot_be_tested_is_refused_in_the_operations_words() {
    let app = TestApp::new().await;
    let pass = json!({ "Type": "Pass", "End": true });
    let (status, answer) = ask(&app, json!({ "definition": pass, "mock": { "result": 1 } })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let told = json!({
        "error": "ValidationException",
        "message": "State type 'Pass' is not supported when a mock is specified",
    });
    assert_eq!(answer, told);
    let (status, answer) = ask(&app, json!({ "definition": pass, "level": "INFO" })).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer, json!({ "status": "SUCCEEDED", "output": {} }));
}
