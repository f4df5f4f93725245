//! TestState through the router: what each level shows, and what is refused.

use serde_json::json;

use super::*;

const LAMBDA: &str = r#"{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":
    {"FunctionName":"nobody","Payload":{}},"Next":"N","Catch":[{"ErrorEquals":["States.ALL"],"Next":"C"}]}"#;
const CHILD: &str = r#"{"Type":"Task","Resource":"arn:aws:states:::states:startExecution","End":true,
    "Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m"}}"#;

#[tokio::test]
async fn a_level_shows_no_more_than_it_should() {
    let test = TestApp::new().await;
    let definition = r#"{"Type":"Pass","Parameters":{"a.$":"$.b"},"Assign":{"v":1},"Next":"N"}"#;
    let mut input = json!({ "definition": definition, "input": r#"{"b":1.50}"# });
    let answer = test.ok("TestState", input.clone()).await;
    let info = json!({ "output": r#"{"a":1.50}"#, "nextState": "N", "status": "SUCCEEDED" });
    assert_eq!(answer, info);
    input["inspectionLevel"] = json!("DEBUG");
    let answer = test.ok("TestState", input.clone()).await;
    let expected = json!({
        "input": r#"{"b":1.50}"#,
        "afterInputPath": r#"{"b":1.50}"#,
        "afterParameters": r#"{"a":1.50}"#,
        "afterResultSelector": r#"{"a":1.50}"#,
        "afterResultPath": r#"{"a":1.50}"#,
        "variables": r#"{"v":1}"#,
    });
    assert_eq!(answer["inspectionData"], expected);
    input["inspectionLevel"] = json!("TRACE");
    assert_eq!(test.ok("TestState", input).await, answer);
}

#[tokio::test]
async fn a_task_without_a_mock_is_called() {
    let test = TestApp::new().await;
    let input = json!({ "definition": LAMBDA, "roleArn": ROLE, "inspectionLevel": "DEBUG" });
    let answer = test.ok("TestState", input).await;
    assert_eq!(answer["status"], "CAUGHT_ERROR");
    assert_eq!(answer["nextState"], "C");
    assert_eq!(
        answer["inspectionData"]["errorDetails"],
        json!({ "catchIndex": 0 })
    );
}

#[tokio::test]
async fn a_mock_stands_in_for_the_work() {
    let test = TestApp::new().await;
    let input = json!({
        "definition": LAMBDA,
        "mock": { "result": r#"{"StatusCode":200,"Payload":{"x":1}}"# },
    });
    let answer = test.ok("TestState", input).await;
    assert_eq!(answer["output"], r#"{"StatusCode":200,"Payload":{"x":1}}"#);
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
        "stateName": "P",
        "mock": { "errorOutput": { "error": "E", "cause": "why" } },
        "stateConfiguration": { "errorCausedByState": "F", "retrierRetryCount": 1 },
        "inspectionLevel": "DEBUG",
    });
    let answer = test.ok("TestState", input).await;
    assert_eq!(answer["status"], "RETRIABLE");
    assert_eq!(
        (&answer["error"], &answer["cause"]),
        (&json!("E"), &json!("why"))
    );
    let details = json!({ "retryIndex": 0, "retryBackoffIntervalSeconds": 10 });
    assert_eq!(answer["inspectionData"]["errorDetails"], details);
}

#[tokio::test]
async fn what_cannot_be_tested_is_refused_with_its_reason() {
    let test = TestApp::new().await;
    let pass = r#"{"Type":"Pass","End":true}"#;
    let mocked = |result: &str| json!({ "definition": CHILD, "mock": { "result": result } });
    for (input, message) in [
        (
            json!({ "definition": LAMBDA }),
            "RoleArn must be specified when testing a Task state",
        ),
        (
            json!({ "definition": pass, "mock": { "result": "1" } }),
            "State type 'Pass' is not supported when a mock is specified",
        ),
        (
            json!({ "definition": CHILD, "mock": {} }),
            "A test mock should have only one of the following fields: [result, errorOutput].",
        ),
        (
            json!({ "definition": CHILD, "mock": { "result": "1", "errorOutput": { "error": "E" } } }),
            "A test mock should have only one of the following fields: [result, errorOutput].",
        ),
        (
            mocked("{}"),
            "Mock result schema validation error: Required field 'ExecutionArn' is missing",
        ),
        (
            mocked(r#"{"ExecutionArn":"a","StartDate":5}"#),
            "Mock result schema validation error: Field 'StartDate' must be a string",
        ),
        (
            json!({ "definition": pass, "context": "{}" }),
            "A context can only be specified together with a mock",
        ),
        (
            json!({ "definition": pass, "variables": "[]" }),
            "Value at 'variables' must be a JSON object",
        ),
        (
            json!({ "definition": pass, "revealSecrets": true }),
            "revealSecrets can only be true when the inspectionLevel is TRACE",
        ),
    ] {
        test.refuse("TestState", input, "ValidationException", message)
            .await;
    }
    let item = json!({
        "definition": r#"{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:dynamodb:getItem","End":true}"#,
        "mock": { "result": r#"{"Item":{"id":{"S":5}}}"# },
    });
    let message = "Mock result schema validation error: Field 'Item.id.S' must be a string";
    test.refuse("TestState", item, "ValidationException", message)
        .await;
    let mut lenient = mocked(r#"{"StartDate":"d"}"#);
    lenient["mock"]["fieldValidationMode"] = json!("PRESENT");
    assert_eq!(test.ok("TestState", lenient).await["status"], "SUCCEEDED");
    let mut unchecked = mocked("5");
    unchecked["mock"]["fieldValidationMode"] = json!("NONE");
    assert_eq!(test.ok("TestState", unchecked).await["output"], "5");
    let input = json!({ "definition": pass, "input": "nope" });
    let message = "Invalid State Machine Execution Input: 'Unrecognized token 'nope': was expecting \
                   (JSON String, Number, Array, Object or token 'null', 'true' or 'false')'";
    test.refuse("TestState", input, "InvalidExecutionInput", message)
        .await;
    let input = json!({ "definition": r#"{"Type":"Nap"}"# });
    let message = "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Value must be one of the \
                   following: [Task, Pass, Choice, Wait, Succeed, Fail, Parallel, Map], but was 'Nap' at \
                   /Type'";
    test.refuse("TestState", input, "InvalidDefinition", message)
        .await;
}
