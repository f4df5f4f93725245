//! Map Runs and their children through the operations: the shapes of answers, and what is refused.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_map_run_is_listed_described_and_its_children_with_it() {
    let test = TestApp::new().await;
    let (execution, id) = test.map_run("[1,5,0,2,3]").await;
    let execution_arn = arn(&format!("execution:m:{execution}"));
    let run = arn(&format!("mapRun:m/Each:{id}"));
    let listed = test
        .ok("ListMapRuns", json!({ "executionArn": execution_arn }))
        .await;
    let described = test.ok("DescribeMapRun", json!({ "mapRunArn": run })).await;
    let (start, stop) = (&described["startDate"], &described["stopDate"]);
    assert!(start.is_number() && stop.as_f64() >= start.as_f64());
    let expected = json!({ "mapRuns": [{
        "executionArn": execution_arn,
        "mapRunArn": run,
        "stateMachineArn": arn("stateMachine:m/Each"),
        "startDate": start,
        "stopDate": stop,
    }] });
    assert_eq!(listed, expected);
    let counts = |succeeded: u64, failed: u64| {
        json!({
            "pending": 0, "running": 0, "succeeded": succeeded, "failed": failed, "timedOut": 0,
            "aborted": 0, "total": succeeded + failed, "resultsWritten": 0,
            "failuresNotRedrivable": 0, "pendingRedrive": 0,
        })
    };
    let expected = json!({
        "mapRunArn": run,
        "executionArn": execution_arn,
        "status": "SUCCEEDED",
        "startDate": start,
        "stopDate": stop,
        "maxConcurrency": 2,
        "toleratedFailurePercentage": 0.0,
        "toleratedFailureCount": 3,
        "itemCounts": counts(3, 2),
        "executionCounts": counts(2, 1),
        "redriveCount": 0,
    });
    assert_eq!(described, expected);

    let children = test.ok("ListExecutions", json!({ "mapRunArn": run })).await;
    let children = children["executions"].as_array().unwrap();
    let shown = |name: &str| -> Vec<&Value> { children.iter().map(|it| &it[name]).collect() };
    // Children that began in one millisecond stand in no order.
    let mut sizes: Vec<u64> = shown("itemCount")
        .iter()
        .filter_map(|it| it.as_u64())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 2, 2]);
    assert_eq!(shown("mapRunArn"), [&run, &run, &run]);
    let machine = arn("stateMachine:m/Each");
    assert_eq!(shown("stateMachineArn"), [&machine, &machine, &machine]);
    let failed = json!({ "mapRunArn": run, "statusFilter": "FAILED" });
    let failed = test.ok("ListExecutions", failed).await;
    let failed = &failed["executions"][0];
    let child = failed["executionArn"].as_str().unwrap();
    let prefix = arn("execution:m/Each:");
    assert!(child.starts_with(&prefix), "{child}");
    let child = json!({ "executionArn": child });
    let told = test.ok("DescribeExecution", child.clone()).await;
    assert_eq!(told["mapRunArn"], run.as_str());
    assert_eq!(told["redriveStatus"], "REDRIVABLE_BY_MAP_RUN");
    assert_eq!(told["input"], r#"{"Items":[0,2]}"#);
    let of = test
        .ok("DescribeStateMachineForExecution", child.clone())
        .await;
    assert_eq!(
        (&of["mapRunArn"], &of["label"]),
        (&json!(run), &json!("Each"))
    );
    let message = "Child workflow execution can only be redriven by redriving the Map Run";
    let (status, refused) = test.call("RedriveExecution", child).await;
    assert!(status.is_client_error());
    assert_eq!(refused["__type"], "ExecutionNotRedrivable");
    assert!(
        refused["message"].as_str().unwrap().contains(message),
        "{refused}"
    );
    // The machine's own executions are listed without children.
    let own = test
        .ok(
            "ListExecutions",
            json!({ "stateMachineArn": arn("stateMachine:m") }),
        )
        .await;
    let own = own["executions"].as_array().unwrap();
    assert_eq!(own.len(), 1);
    assert_eq!(
        (&own[0]["itemCount"], &own[0]["mapRunArn"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn what_is_no_map_run_is_refused() {
    let test = TestApp::new().await;
    let (execution, id) = test.map_run("[1]").await;
    let run = arn(&format!("mapRun:m/Each:{id}"));
    let message = format!("Map Run that has completed cannot be updated: '{run}'");
    let input = json!({ "mapRunArn": run, "maxConcurrency": 1 });
    test.refuse("UpdateMapRun", input, "ValidationException", &message)
        .await;
    let elsewhere = [
        arn("mapRun:m/Each:0196a5e2-0000-7000-8000-000000000000"),
        arn(&format!("mapRun:m/Other:{id}")),
        arn(&format!("mapRun:n/Each:{id}")),
        arn("mapRun:m/Each:nothing"),
    ];
    for operation in ["DescribeMapRun", "UpdateMapRun", "ListExecutions"] {
        for absent in &elsewhere {
            let message = format!("Resource not found: '{absent}'");
            let input = json!({ "mapRunArn": absent });
            test.refuse(operation, input, "ResourceNotFound", &message)
                .await;
        }
        let execution = arn(&format!("execution:m:{execution}"));
        let message = "Invalid Arn: 'Resource type not valid in this context: execution'";
        let input = json!({ "mapRunArn": execution });
        test.refuse(operation, input, "InvalidArn", message).await;
    }
    let nobody = arn("execution:m:nobody");
    let message = format!("Execution Does Not Exist: '{nobody}'");
    let input = json!({ "executionArn": nobody });
    test.refuse("ListMapRuns", input, "ExecutionDoesNotExist", &message)
        .await;
}
