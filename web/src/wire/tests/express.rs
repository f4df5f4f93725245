//! Express machines: what is answered when they are started, and what is refused of them.

use serde_json::{Value, json};

use super::*;

const REFUSED: &str = "This operation is not supported by this type of state machine";

async fn app(definition: &Value) -> TestApp {
    let test = TestApp::new().await;
    let more = json!({ "type": "EXPRESS", "definition": definition.to_string() });
    test.ok("CreateStateMachine", machine("quote", more)).await;
    test
}

fn pass() -> Value {
    json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } })
}

fn start(more: &Value) -> Value {
    let mut input = json!({ "stateMachineArn": arn("stateMachine:quote") });
    for (member, value) in more.as_object().unwrap() {
        input[member.as_str()] = value.clone();
    }
    input
}

#[tokio::test]
async fn a_synchronous_start_answers_with_all_of_the_execution() {
    let test = app(&pass()).await;
    let more = json!({ "name": "mine", "input": "{\"a\": 1.0}", "traceHeader": "Root=1-2-3" });
    let answer = test.ok("StartSyncExecution", start(&more)).await;
    let execution = answer["executionArn"].as_str().unwrap();
    let id = execution.strip_prefix(&arn("express:quote:mine:")).unwrap();
    assert!(id.parse::<uuid::Uuid>().is_ok(), "{id}");
    assert!(answer["stopDate"].as_f64() >= answer["startDate"].as_f64());
    assert_eq!(
        answer,
        json!({
            "executionArn": execution,
            "stateMachineArn": arn("stateMachine:quote"),
            "name": "mine",
            "startDate": answer["startDate"],
            "stopDate": answer["stopDate"],
            "status": "SUCCEEDED",
            "input": "{\"a\": 1.0}",
            "inputDetails": { "included": true },
            "output": "{\"a\": 1.0}",
            "outputDetails": { "included": true },
            "traceHeader": "Root=1-2-3",
            "billingDetails": { "billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 100 },
        })
    );
    // Without a name it gets one; without data, none is shown.
    let bare = json!({ "includedData": "METADATA_ONLY" });
    let answer = test.ok("StartSyncExecution", start(&bare)).await;
    let name = answer["name"].as_str().unwrap();
    assert!(name.parse::<uuid::Uuid>().is_ok(), "{name}");
    for member in ["input", "inputDetails", "output", "outputDetails"] {
        assert!(answer.get(member).is_none(), "{member}");
    }
}

#[tokio::test]
async fn a_failed_execution_is_no_failed_call() {
    let fail = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Fail", "Error": "Mine", "Cause": "because" },
    } });
    let test = app(&fail).await;
    let answer = test.ok("StartSyncExecution", start(&json!({}))).await;
    let told = ["status", "error", "cause", "input"].map(|member| answer[member].as_str());
    assert_eq!(
        told,
        [Some("FAILED"), Some("Mine"), Some("because"), Some("{}")]
    );
    assert!(answer.get("output").is_none() && answer.get("outputDetails").is_none());
}

#[tokio::test]
async fn a_start_without_waiting_answers_with_an_arn_that_leads_to_no_history() {
    let test = app(&pass()).await;
    let named = start(&json!({ "name": "mine" }));
    let mut arns = Vec::new();
    for _ in 0..2 {
        let answer = test.ok("StartExecution", named.clone()).await;
        assert!(answer["startDate"].is_number());
        arns.push(answer["executionArn"].as_str().unwrap().to_owned());
    }
    assert!(arns[0].starts_with(&arn("express:quote:mine:")));
    assert_ne!(arns[0], arns[1]);
    let refused = "Invalid Arn: 'Resource type not valid in this context: express'";
    for operation in [
        "DescribeExecution",
        "DescribeStateMachineForExecution",
        "GetExecutionHistory",
        "StopExecution",
    ] {
        let input = json!({ "executionArn": arns[0] });
        test.refuse(operation, input, "InvalidArn", refused).await;
    }
    let listed = json!({ "stateMachineArn": arn("stateMachine:quote") });
    test.refuse(
        "ListExecutions",
        listed,
        "StateMachineTypeNotSupported",
        REFUSED,
    )
    .await;
}

#[tokio::test]
async fn what_cannot_be_started_synchronously_is_refused_in_the_services_words() {
    let test = app(&pass()).await;
    test.ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    let standard = json!({ "stateMachineArn": arn("stateMachine:pay") });
    let gone = json!({ "stateMachineArn": arn("stateMachine:gone") });
    let cases = [
        (standard, "StateMachineTypeNotSupported", REFUSED.to_owned()),
        (
            gone,
            "StateMachineDoesNotExist",
            format!("State Machine Does Not Exist: '{}'", arn("stateMachine:gone")),
        ),
        (
            json!({ "stateMachineArn": "xyz" }),
            "InvalidArn",
            "Invalid Arn: 'Invalid ARN prefix: xyz'".to_owned(),
        ),
        (
            start(&json!({ "name": "a b" })),
            "InvalidName",
            "Invalid Name: 'a b'".to_owned(),
        ),
        (
            start(&json!({ "input": "not" })),
            "InvalidExecutionInput",
            "Invalid State Machine Execution Input: 'Unrecognized token 'not': was expecting (JSON String, \
             Number, Array, Object or token 'null', 'true' or 'false')'"
                .to_owned(),
        ),
    ];
    for (input, name, message) in cases {
        test.refuse("StartSyncExecution", input, name, &message)
            .await;
    }
}

#[tokio::test]
async fn what_an_express_machine_cannot_do_is_refused_when_it_is_made_changed_or_validated() {
    let test = app(&pass()).await;
    let task = |resource: &str| {
        json!({ "StartAt": "A", "States": { "A": {
            "Type": "Task",
            "Resource": resource,
            "Parameters": { "StateMachineArn": arn("stateMachine:x"), "Input": { "t.$": "$$.Task.Token" } },
            "End": true,
        } } })
        .to_string()
    };
    let cases = [
        (
            task("arn:aws:states:::states:startExecution.sync:2"),
            "'.sync:2' service integration",
        ),
        (
            task("arn:aws:states:::states:startExecution.waitForTaskToken"),
            "'.waitForTaskToken' service integration ",
        ),
        (task(&arn("activity:a")), "Activity ARN"),
    ];
    for (text, what) in cases {
        let problem = format!("Express state machine does not support {what}");
        let message = format!(
            "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {problem} at /States/A/Resource'"
        );
        let new = machine("other", json!({ "type": "EXPRESS", "definition": text }));
        test.refuse("CreateStateMachine", new, "InvalidDefinition", &message)
            .await;
        let change = start(&json!({ "definition": text }));
        test.refuse("UpdateStateMachine", change, "InvalidDefinition", &message)
            .await;
        let asked = json!({ "definition": text, "type": "EXPRESS" });
        let answer = test.ok("ValidateStateMachineDefinition", asked).await;
        assert_eq!(answer["diagnostics"][0]["message"], problem.as_str());
    }
}

#[tokio::test]
async fn versions_aliases_and_updates_lead_where_they_say_at_once() {
    let test = app(&pass()).await;
    let machine_arn = json!({ "stateMachineArn": arn("stateMachine:quote") });
    test.ok("PublishStateMachineVersion", machine_arn.clone())
        .await;
    let route = |number: u32| json!([{ "stateMachineVersionArn": arn(&format!("stateMachine:quote:{number}")), "weight": 100 }]);
    let alias = json!({ "name": "live", "routingConfiguration": route(1) });
    test.ok("CreateStateMachineAlias", alias).await;
    let run = async |rest: &str| {
        let input = json!({ "stateMachineArn": arn(rest), "input": "\"old\"" });
        let answer = test.ok("StartSyncExecution", input).await;
        answer["output"].as_str().unwrap().to_owned()
    };
    let all = [
        "stateMachine:quote",
        "stateMachine:quote:1",
        "stateMachine:quote:live",
    ];
    for rest in all {
        assert_eq!(run(rest).await, "\"old\"", "{rest}");
    }
    let change = start(&json!({ "definition": definition("new"), "publish": true }));
    test.ok("UpdateStateMachine", change).await;
    for (rest, expected) in all.iter().zip(["\"new\"", "\"old\"", "\"old\""]) {
        assert_eq!(run(rest).await, expected, "{rest}");
    }
    let change = json!({
        "stateMachineAliasArn": arn("stateMachine:quote:live"),
        "routingConfiguration": route(2),
    });
    test.ok("UpdateStateMachineAlias", change).await;
    assert_eq!(run("stateMachine:quote:live").await, "\"new\"");
    let gone = json!({ "stateMachineAliasArn": arn("stateMachine:quote:live") });
    test.ok("DeleteStateMachineAlias", gone).await;
    let live = arn("stateMachine:quote:live");
    let message = format!("State Machine Does Not Exist: '{live}'");
    let input = json!({ "stateMachineArn": live });
    test.refuse(
        "StartSyncExecution",
        input,
        "StateMachineDoesNotExist",
        &message,
    )
    .await;
}
