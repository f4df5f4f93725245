//! Visits as the native API tells them, of executions that ran.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::testing::TestApp;

async fn call(app: &TestApp, method: &str, path: &str, input: &Value) -> Value {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Body::from(input.to_string()))
        .unwrap();
    let answer = app.send(request).await;
    let bytes = axum::body::to_bytes(answer.into_body(), 8 << 20)
        .await
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Runs a machine to its end, and gives `STATE/item STATUS <STATE that holds it` for each visit.
async fn ran(app: &TestApp, states: Value, input: Value) -> (String, Vec<String>) {
    let machine = json!({ "definition": states });
    call(app, "PUT", "/api/v1/machines/m", &machine).await;
    let path = "/api/v1/machines/m/executions?wait=30s";
    let ran = call(app, "POST", path, &json!({ "input": input })).await;
    let id = ran["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/executions/{id}/visits");
    let visits = call(app, "GET", &path, &json!({})).await;
    let visits = visits["visits"].as_array().unwrap().clone();
    let name = |entered: &Value| {
        let mut visits = visits.iter();
        let found = visits.find(|visit| visit["entered"] == *entered);
        found
            .map_or("", |visit| visit["state"].as_str().unwrap())
            .to_owned()
    };
    let told = visits.iter().map(|visit| {
        let item = visit["item"].as_u64().map(|item| format!("/{item}"));
        format!(
            "{}{} {} <{}",
            visit["state"].as_str().unwrap(),
            item.unwrap_or_default(),
            visit["status"].as_str().unwrap(),
            name(&visit["inside"]),
        )
    });
    let told = told.collect();
    (id, told)
}

#[tokio::test]
async fn visits_are_nested_as_the_flow_and_say_how_they_ended() {
    let app = TestApp::new().await;
    let states = json!({
        "StartAt": "Both",
        "States": {
            "Both": {
                "Type": "Parallel", "Next": "Each",
                "Catch": [{ "ErrorEquals": ["Broken"], "Next": "Each" }],
                "Branches": [
                    { "StartAt": "Fine", "States": { "Fine": { "Type": "Pass", "Next": "Rest" },
                        "Rest": { "Type": "Wait", "Seconds": 600, "End": true } } },
                    { "StartAt": "Bad", "States": { "Bad": { "Type": "Fail", "Error": "Broken" } } },
                ],
            },
            "Each": {
                "Type": "Map", "End": true,
                "Parameters": { "item.$": "$$.Map.Item.Value" },
                "ItemsPath": "$.Cause",
                "ItemProcessor": { "StartAt": "One", "States": { "One": { "Type": "Pass", "End": true } } },
            },
        },
    });
    let (_, told) = ran(&app, states, json!({})).await;
    assert_eq!(
        told[..4],
        [
            "Both CAUGHT <",
            "Fine SUCCEEDED <Both",
            "Rest STOPPED <Both",
            "Bad FAILED <Both",
        ]
    );
    assert!(told[4].starts_with("Each FAILED"), "{told:?}");
}

#[tokio::test]
async fn items_are_numbered_and_a_loop_is_several_visits() {
    let app = TestApp::new().await;
    let states = json!({
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map", "Next": "Round", "ItemsPath": "$.items", "ResultPath": null,
                "ItemProcessor": { "StartAt": "One", "States": { "One": { "Type": "Pass", "End": true } } },
            },
            "Round": { "Type": "Pass", "Parameters": { "n.$": "States.MathAdd($.n, 1)" }, "Next": "Enough?" },
            "Enough?": { "Type": "Choice", "Default": "Round", "Choices": [
                { "Variable": "$.n", "NumericGreaterThan": 2, "Next": "Done" } ] },
            "Done": { "Type": "Succeed" },
        },
    });
    let (id, told) = ran(&app, states, json!({ "items": [1, 2], "n": 0 })).await;
    assert_eq!(
        told,
        [
            "Each SUCCEEDED <",
            "One/0 SUCCEEDED <Each",
            "One/1 SUCCEEDED <Each",
            "Round SUCCEEDED <",
            "Enough? SUCCEEDED <",
            "Round SUCCEEDED <",
            "Enough? SUCCEEDED <",
            "Round SUCCEEDED <",
            "Enough? SUCCEEDED <",
            "Done SUCCEEDED <",
        ]
    );
    let page = format!("/api/v1/executions/{id}/visits?state=Round&limit=2&data=true");
    let first = call(&app, "GET", &page, &json!({})).await;
    assert_eq!(first["visits"][1]["output"], json!({ "n": 2 }));
    let next = format!("{page}&after={}", first["next"]);
    let second = call(&app, "GET", &next, &json!({})).await;
    assert_eq!(second["visits"].as_array().unwrap().len(), 1);
    assert!(second["next"].is_null());
    let whole = call(
        &app,
        "GET",
        &format!("/api/v1/executions/{id}/export"),
        &json!({}),
    )
    .await;
    let events = whole["events"].as_array().unwrap();
    assert_eq!(events.last().unwrap()["type"], "ExecutionSucceeded");
    assert_eq!(whole["execution"]["id"], id.as_str());
    assert_eq!(whole["definition"]["StartAt"], "Each");
}

#[tokio::test]
async fn a_rerun_goes_on_from_the_state_and_both_executions_say_so() {
    let app = TestApp::new().await;
    let states = json!({
        "StartAt": "First",
        "States": {
            "First": { "Type": "Pass", "Assign": { "v": 7 }, "Next": "Ok?" },
            "Ok?": { "Type": "Choice", "Default": "Bad", "Choices": [
                { "Variable": "$.ok", "BooleanEquals": true, "Next": "Done" } ] },
            "Bad": { "Type": "Fail", "Error": "NotOk" },
            "Done": { "Type": "Pass", "Parameters": { "v.$": "$v" }, "End": true },
        },
    });
    let (id, told) = ran(&app, states, json!({ "ok": false })).await;
    assert_eq!(told.last().unwrap(), "Bad FAILED <");
    let path = format!("/api/v1/executions/{id}/rerun");
    let input = json!({ "state": "Ok?", "input": { "ok": true }, "variables": { "v": 8 } });
    let new = call(&app, "POST", &path, &input).await;
    assert_eq!(new["rerun_of"]["execution"], id.as_str());
    let path = format!(
        "/api/v1/executions/{}?wait=30s",
        new["id"].as_str().unwrap()
    );
    let done = call(&app, "GET", &path, &json!({})).await;
    assert_eq!(
        (&done["status"], &done["output"]),
        (&json!("SUCCEEDED"), &json!({ "v": 8 }))
    );
    assert_eq!(
        done["input"],
        json!({ "ok": false }),
        "it was started with what the other was"
    );
    let old = call(&app, "GET", &format!("/api/v1/executions/{id}"), &json!({})).await;
    assert_eq!(old["reruns"][0]["execution"], new["id"]);
    for (input, told) in [
        (
            json!({ "event": 1 }),
            "event 1 is not one by which a state was entered",
        ),
        (json!({ "state": "Gone" }), "state 'Gone' was not entered"),
        (json!({ "state": "Ok?", "result": 1 }), "the state 'Ok?'"),
        (
            json!({ "state": "Ok?", "variables": { "w": 1 } }),
            "the variable 'w'",
        ),
        (json!({ "state": "Ok?", "event": 3 }), "give either event"),
    ] {
        let path = format!("/api/v1/executions/{id}/rerun");
        let refused = call(&app, "POST", &path, &input).await;
        let message = refused["message"].as_str().unwrap();
        assert!(message.starts_with(told), "{message}");
    }
}
