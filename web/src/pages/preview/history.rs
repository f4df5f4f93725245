//! A sample history for the previews: an order whose payment fails. Each event with its state.

use asl::{Json, json};

pub(super) fn events() -> Vec<(Json, Option<String>)> {
    let order = r#"{"orderId":"ord-20261123-0042","customer":{"id":"c-881","name":"Ada Lovelace"},"items":[{"sku":"lamp","qty":2},{"sku":"shade","qty":1}],"total":4890,"currency":"EUR"}"#;
    let mut events = Vec::new();
    let mut at = 1_763_911_848.0;
    let mut state: Option<String> = None;
    let mut add = |kind: &str, took: f64, previous: u64, details: Option<(&str, Json)>| {
        at += took;
        let mut members = json::Object::new();
        let id = events.len() as u64 + 1;
        members.insert("id".into(), Json::from(id));
        members.insert("previousEventId".into(), Json::from(previous));
        members.insert("timestamp".into(), json::parse(&at.to_string()).unwrap());
        members.insert("type".into(), Json::string(kind));
        if let Some((name, details)) = details {
            let named = details.get("name").and_then(Json::as_str);
            state = named.map(str::to_owned).or(state.take());
            members.insert(name.into(), details);
        }
        let state = state.clone().filter(|_| !kind.starts_with("Execution"));
        events.push((Json::object(members), state));
    };
    let entered = |name: &str| {
        Some((
            "stateEnteredEventDetails",
            Json::members([
                ("name", Json::string(name)),
                ("input", Json::string(order)),
                (
                    "inputDetails",
                    Json::members([("truncated", Json::Bool(false))]),
                ),
            ]),
        ))
    };
    let exited = |name: &str| {
        Some((
            "stateExitedEventDetails",
            Json::members([
                ("name", Json::string(name)),
                ("output", Json::string(order)),
            ]),
        ))
    };
    let scheduled = |name: &str| {
        Some((
            "lambdaFunctionScheduledEventDetails",
            Json::members([
                (
                    "resource",
                    Json::string(format!(
                        "arn:aws:lambda:us-east-1:000000000000:function:{name}"
                    )),
                ),
                ("input", Json::string(order)),
                ("timeoutInSeconds", Json::from(20i64)),
            ]),
        ))
    };
    let failed = |error: &str, cause: &str| {
        Some((
            "lambdaFunctionFailedEventDetails",
            Json::members([
                ("error", Json::string(error)),
                ("cause", Json::string(cause)),
            ]),
        ))
    };
    add(
        "ExecutionStarted",
        0.0,
        0,
        Some((
            "executionStartedEventDetails",
            Json::members([
                ("input", Json::string(order)),
                (
                    "roleArn",
                    Json::string("arn:aws:iam::000000000000:role/stepwright"),
                ),
            ]),
        )),
    );
    add("TaskStateEntered", 0.002, 0, entered("Validate order"));
    add(
        "LambdaFunctionScheduled",
        0.001,
        2,
        scheduled("validate-order"),
    );
    add("LambdaFunctionStarted", 0.004, 3, None);
    add(
        "LambdaFunctionSucceeded",
        0.4,
        4,
        Some((
            "lambdaFunctionSucceededEventDetails",
            Json::members([("output", Json::string(order))]),
        )),
    );
    add("TaskStateExited", 0.001, 5, exited("Validate order"));
    add("ChoiceStateEntered", 0.001, 6, entered("Order valid?"));
    add("ChoiceStateExited", 0.001, 7, exited("Order valid?"));
    add("TaskStateEntered", 0.001, 8, entered("Take payment"));
    add(
        "LambdaFunctionScheduled",
        0.001,
        9,
        scheduled("charge-card"),
    );
    add("LambdaFunctionStarted", 0.003, 10, None);
    add(
        "LambdaFunctionTimedOut",
        2.0,
        11,
        Some((
            "lambdaFunctionTimedOutEventDetails",
            Json::members([("error", Json::string("States.Timeout"))]),
        )),
    );
    add("LambdaFunctionScheduled", 1.0, 12, scheduled("charge-card"));
    add("LambdaFunctionStarted", 0.003, 13, None);
    add(
        "LambdaFunctionFailed",
        0.63,
        14,
        failed(
            "CardDeclined",
            r#"{"errorType":"CardDeclined","errorMessage":"the issuer declined card ending 4242: insufficient funds","trace":[]}"#,
        ),
    );
    add("TaskStateExited", 0.002, 15, exited("Take payment"));
    add("FailStateEntered", 0.001, 16, entered("Not charged"));
    add(
        "ExecutionFailed",
        0.001,
        17,
        Some((
            "executionFailedEventDetails",
            Json::members([
                ("error", Json::string("CardDeclined")),
                (
                    "cause",
                    Json::string("the issuer declined card ending 4242: insufficient funds"),
                ),
            ]),
        )),
    );
    events
}
