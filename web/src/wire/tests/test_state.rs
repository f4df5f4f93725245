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
async fn what_a_reader_found_is_read_as_its_configuration_says() {
    let test = TestApp::new().await;
    let map = |config: &str| {
        format!(
            r#"{{"Type":"Map","End":true,"ItemReader":{{"Resource":"arn:aws:states:::s3:getObject",
                "ReaderConfig":{config},"Parameters":{{"Bucket":"b","Key":"k"}}}},
                "ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"}},
                "StartAt":"I","States":{{"I":{{"Type":"Pass","End":true}}}}}}}}"#
        )
    };
    for (config, data, items) in [
        (r#"{"InputType":"JSON"}"#, "[1, 2]", "[1,2]"),
        (r#"{"InputType":"JSON","MaxItems":1}"#, "[1, 2]", "[1]"),
        (
            r#"{"InputType":"JSONL"}"#,
            "{\"a\":1}\n\n2\n",
            r#"[{"a":1},2]"#,
        ),
        (
            r#"{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW"}"#,
            "a,b\n1,\"x,y\"\n",
            r#"[{"a":"1","b":"x,y"}]"#,
        ),
        (
            r#"{"InputType":"CSV","CSVHeaderLocation":"GIVEN","CSVHeaders":["h"],"CSVDelimiter":"PIPE"}"#,
            "1|2\n3",
            r#"[{"h":"1"},{"h":"3"}]"#,
        ),
    ] {
        let input = json!({
            "definition": map(config),
            "mock": { "result": "[]" },
            "stateConfiguration": { "mapItemReaderData": data },
            "inspectionLevel": "DEBUG",
        });
        let answer = test.ok("TestState", input).await;
        assert_eq!(
            answer["inspectionData"]["afterItemsPath"], items,
            "{config}"
        );
    }
    let input = json!({
        "definition": map(r#"{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW"}"#),
        "mock": { "result": "[]" },
        "stateConfiguration": { "mapItemReaderData": "a,a\n1,2" },
    });
    let answer = test.ok("TestState", input).await;
    assert_eq!(answer["error"], "States.ItemReaderFailed");
    let cause = answer["cause"].as_str().unwrap_or_default();
    assert!(
        cause.ends_with("CSV headers cannot contain duplicates."),
        "{cause}"
    );
}

#[tokio::test]
async fn a_mocked_map_or_parallel_gives_what_such_a_state_gives() {
    let test = TestApp::new().await;
    let parallel = r#"{"Type":"Parallel","End":true,"Branches":[
        {"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}},
        {"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}]}"#;
    let map = r#"{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}}}"#;
    let mocked = |definition: &str, result: &str, mode: &str| {
        let mock = json!({ "result": result, "fieldValidationMode": mode });
        json!({ "definition": definition, "input": "[1]", "mock": mock })
    };
    for (definition, right, wrong, message) in [
        (
            parallel,
            "[1,2]",
            "[1]",
            "a JSON array with one element for each of 2 branches",
        ),
        (map, "{}", "1", "a JSON array or object"),
    ] {
        for mode in ["STRICT", "PRESENT"] {
            test.ok("TestState", mocked(definition, right, mode)).await;
            let message =
                format!("Mock result schema validation error: Mock result must be {message}");
            let input = mocked(definition, wrong, mode);
            test.refuse("TestState", input, "ValidationException", &message)
                .await;
        }
        test.ok("TestState", mocked(definition, wrong, "NONE"))
            .await;
    }
    let mut counted = mocked(map, "[]", "STRICT");
    counted["stateConfiguration"] = json!({ "mapIterationFailureCount": 2 });
    let message = "Value 2 at 'stateConfiguration.mapIterationFailureCount' cannot exceed the number of \
                   items, which is 1";
    test.refuse("TestState", counted, "ValidationException", message)
        .await;
    let elsewhere = json!({
        "definition": parallel,
        "mock": { "errorOutput": { "error": "E" } },
        "stateConfiguration": { "errorCausedByState": "C" },
    });
    let message = "errorCausedByState 'C' is no state within the state under test";
    test.refuse("TestState", elsewhere, "ValidationException", message)
        .await;
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
