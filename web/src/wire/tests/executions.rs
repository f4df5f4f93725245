//! What inputs and texts of executions are refused. That they run is shown by `tests/client`.

use serde_json::json;

use super::*;
use crate::settings::Settings;

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

async fn closed(test: &TestApp, execution: &str) -> Value {
    let name = execution.rsplit(':').next().unwrap();
    let found = test.app.engine.find("pay", name).await.unwrap().unwrap();
    let patience = std::time::Duration::from_secs(30);
    test.app
        .engine
        .wait(found.facts.id, patience)
        .await
        .unwrap();
    test.ok("DescribeExecution", json!({ "executionArn": execution }))
        .await
}

#[tokio::test]
async fn an_execution_is_redriven_as_often_as_it_fails_and_lists_tell_so() {
    let test = TestApp::new().await;
    let definition = r#"{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":
        "$$.Execution.RedriveCount","NumericEquals":2,"Next":"S"}]},"S":{"Type":"Succeed"}}}"#;
    let made = machine("pay", json!({ "definition": definition }));
    test.ok("CreateStateMachine", made).await;
    let start = json!({ "stateMachineArn": arn("stateMachine:pay"), "name": "a" });
    test.ok("StartExecution", start).await;
    let execution = arn("execution:pay:a");
    let failed = closed(&test, &execution).await;
    assert_eq!(failed["status"], "FAILED");
    assert_eq!(failed["redriveStatus"], "REDRIVABLE");
    assert_eq!(failed["redriveCount"], 0);
    assert!(failed.get("redriveStatusReason").is_none() && failed.get("redriveDate").is_none());

    let redrive = json!({ "executionArn": execution, "clientToken": "t" });
    let redriven = test.ok("RedriveExecution", redrive.clone()).await;
    let failed = closed(&test, &execution).await;
    assert_eq!(failed["redriveCount"], 1);
    assert_eq!(failed["redriveDate"], redriven["redriveDate"]);
    // The same request again is the same redrive, another is another.
    assert_eq!(test.ok("RedriveExecution", redrive).await, redriven);
    let redrive = json!({ "executionArn": execution });
    test.ok("RedriveExecution", redrive.clone()).await;
    let succeeded = closed(&test, &execution).await;
    assert_eq!(succeeded["status"], "SUCCEEDED");
    assert_eq!(succeeded["redriveCount"], 2);
    assert_eq!(succeeded["redriveStatus"], "NOT_REDRIVABLE");
    let reason = "Execution is SUCCEEDED and cannot be redriven";
    assert_eq!(succeeded["redriveStatusReason"], reason);
    test.refuse(
        "RedriveExecution",
        redrive,
        "ExecutionNotRedrivable",
        reason,
    )
    .await;

    let list = json!({ "stateMachineArn": arn("stateMachine:pay"), "redriveFilter": "REDRIVEN" });
    let listed = test.ok("ListExecutions", list).await;
    assert_eq!(listed["executions"][0]["redriveCount"], 2);
    assert_eq!(
        listed["executions"][0]["redriveDate"],
        succeeded["redriveDate"]
    );
    let list =
        json!({ "stateMachineArn": arn("stateMachine:pay"), "redriveFilter": "NOT_REDRIVEN" });
    assert_eq!(
        test.ok("ListExecutions", list).await["executions"],
        json!([])
    );
    let history = json!({ "executionArn": execution, "maxResults": 4 });
    let history = test.ok("GetExecutionHistory", history).await;
    let event = &history["events"][3];
    assert_eq!(event["type"], "ExecutionRedriven");
    assert_eq!(
        event["executionRedrivenEventDetails"],
        json!({ "redriveCount": 1 })
    );
}

#[tokio::test]
async fn what_does_not_exist_or_runs_is_not_redriven() {
    let test = TestApp::new().await;
    let definition = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":99,"End":true}}}"#;
    let made = machine("pay", json!({ "definition": definition }));
    test.ok("CreateStateMachine", made).await;
    let start = json!({ "stateMachineArn": arn("stateMachine:pay"), "name": "a" });
    test.ok("StartExecution", start).await;
    for (name, error, message) in [
        (
            "a",
            "ExecutionNotRedrivable",
            "Execution is RUNNING and cannot be redriven".to_owned(),
        ),
        (
            "b",
            "ExecutionDoesNotExist",
            format!("Execution Does Not Exist: '{}'", arn("execution:pay:b")),
        ),
    ] {
        let input = json!({ "executionArn": arn(&format!("execution:pay:{name}")) });
        test.refuse("RedriveExecution", input, error, &message)
            .await;
    }
}

#[tokio::test]
async fn no_more_executions_are_open_than_may_be() {
    let mut settings = Settings::default();
    settings.limits.open_executions_max = 1;
    let test = TestApp::with(settings).await;
    let wait = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":9000,"End":true}}}"#;
    test.ok(
        "CreateStateMachine",
        machine("wait", json!({ "definition": wait })),
    )
    .await;
    let start = || json!({ "stateMachineArn": arn("stateMachine:wait") });
    let started = test.ok("StartExecution", start()).await;
    let message = "The maximum number of running executions has been reached. Running executions \
                   must end or be stopped before a new execution can be started.";
    test.refuse("StartExecution", start(), "ExecutionLimitExceeded", message)
        .await;
    let first = json!({ "executionArn": started["executionArn"] });
    test.ok("StopExecution", first.clone()).await;
    let second = test.ok("StartExecution", start()).await;
    test.refuse(
        "RedriveExecution",
        first.clone(),
        "ExecutionLimitExceeded",
        message,
    )
    .await;
    let stop = json!({ "executionArn": second["executionArn"] });
    test.ok("StopExecution", stop).await;
    test.ok("RedriveExecution", first).await;
    test.refuse("StartExecution", start(), "ExecutionLimitExceeded", message)
        .await;
}

/// The types in the log of an execution, once there are so many.
async fn logged(test: &TestApp, name: &str, count: usize) -> Vec<Value> {
    let found = test.app.engine.find("pay", name).await.unwrap().unwrap();
    let written = async {
        loop {
            let lines = test.app.engine.logs(found.facts.id, 0, 100).await.unwrap();
            if lines.len() >= count {
                let lines = lines.iter().map(|line| line.body.as_str());
                return lines
                    .map(|body| serde_json::from_str(body).unwrap())
                    .collect();
            }
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(30);
    tokio::time::timeout(patience, written).await.unwrap()
}

#[tokio::test]
async fn what_a_machine_is_to_log_is_logged() {
    let test = TestApp::new().await;
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"F"},
        "F":{"Type":"Fail","Error":"E"}}}"#;
    let logging = |level: &str, with_data: bool| {
        json!({ "level": level, "includeExecutionData": with_data, "destinations": [
            { "cloudWatchLogsLogGroup": { "logGroupArn":
                "arn:aws:logs:us-east-1:000000000000:log-group:l:*" } },
        ] })
    };
    let made = json!({ "definition": definition, "loggingConfiguration": logging("ALL", true) });
    test.ok("CreateStateMachine", machine("pay", made)).await;
    let start = |name: &str| json!({ "stateMachineArn": arn("stateMachine:pay"), "name": name, "input": r#"{"a":1.0}"# });
    test.ok("StartExecution", start("all")).await;
    let lines = logged(&test, "all", 5).await;
    let types: Vec<_> = lines
        .iter()
        .map(|line| line["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "ExecutionStarted",
            "PassStateEntered",
            "PassStateExited",
            "FailStateEntered",
            "ExecutionFailed"
        ]
    );
    assert_eq!(lines[1]["details"]["input"], r#"{"a":1.0}"#);
    assert_eq!(lines[2]["id"], "3");
    assert_eq!(lines[2]["previous_event_id"], "2");
    assert_eq!(lines[2]["execution_arn"], arn("execution:pay:all"));
    assert_eq!(lines[2]["redrive_count"], "0");

    // What is already running keeps its revision; a new one logs as it is now.
    let update = json!({ "stateMachineArn": arn("stateMachine:pay"),
        "loggingConfiguration": logging("ERROR", false) });
    test.ok("UpdateStateMachine", update).await;
    // As if a second had passed, for which a revision is believed to be the current one.
    test.app.engine.forget_machine("pay");
    test.ok("StartExecution", start("errors")).await;
    let lines = logged(&test, "errors", 2).await;
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["type"], "FailStateEntered");
    assert!(lines[0]["details"].get("input").is_none());
    assert_eq!(lines[1]["details"], json!({ "error": "E" }));
}
