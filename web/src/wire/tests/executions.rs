//! What inputs and texts of executions are refused. That they run is shown by `tests/client`.

use serde_json::json;

use super::*;

const TOO_LONG: &str = "failed to satisfy constraint: Member must have length less than or equal to \
                        262144";

#[tokio::test]
async fn an_input_may_be_as_long_as_the_setting_says() {
    let test = TestApp::new().await;
    test.ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    let start = |text: String| json!({ "stateMachineArn": arn("stateMachine:pay"), "input": text });
    let fitting = format!("\"{}\"", "é".repeat(131_071));
    assert_eq!(fitting.len(), 262_144);
    test.ok("StartExecution", start(fitting.clone())).await;
    let message = format!("1 validation error detected: Value at 'input' {TOO_LONG}");
    let long = start(format!("{fitting} "));
    test.refuse("StartExecution", long, "ValidationException", &message)
        .await;

    let message = format!("1 validation error detected: Value at 'output' {TOO_LONG}");
    let long = json!({ "taskToken": "t", "output": format!("{fitting} ") });
    test.refuse("SendTaskSuccess", long, "ValidationException", &message)
        .await;
}

#[tokio::test]
async fn an_input_that_is_no_json_is_refused_in_the_services_words() {
    let test = TestApp::new().await;
    test.ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    for (text, problem) in [
        ("", "Invalid execution input."),
        (
            "not some json",
            "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token \
             'null', 'true' or 'false')",
        ),
    ] {
        let input = json!({ "stateMachineArn": arn("stateMachine:pay"), "input": text });
        let message = format!("Invalid State Machine Execution Input: '{problem}'");
        test.refuse("StartExecution", input, "InvalidExecutionInput", &message)
            .await;
    }
}

#[tokio::test]
async fn a_text_that_no_column_can_hold_is_refused_before_it_is_kept() {
    let test = TestApp::new().await;
    let (machine, execution) = (arn("stateMachine:pay"), arn("execution:pay:a"));
    let cases = [
        (
            "StartExecution",
            "traceHeader",
            json!({ "stateMachineArn": machine }),
        ),
        (
            "StopExecution",
            "error",
            json!({ "executionArn": execution }),
        ),
        (
            "StopExecution",
            "cause",
            json!({ "executionArn": execution }),
        ),
        ("SendTaskFailure", "error", json!({ "taskToken": "t" })),
        ("SendTaskFailure", "cause", json!({ "taskToken": "t" })),
        (
            "GetActivityTask",
            "workerName",
            json!({ "activityArn": arn("activity:a") }),
        ),
        (
            "PublishStateMachineVersion",
            "description",
            json!({ "stateMachineArn": machine }),
        ),
    ];
    for (operation, member, mut input) in cases {
        input[member] = json!("a\u{0}");
        let message = format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member \
             must not contain the character U+0000"
        );
        test.refuse(operation, input, "ValidationException", &message)
            .await;
    }
}
