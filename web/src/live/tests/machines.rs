//! `/api/v1/machines`: what the designer reads and saves.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::testing::{TestApp, body};

const ADDRESS: &str = "/api/v1/machines/flow";

async fn ask(app: &TestApp, method: Method, address: &str, input: &Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(address)
        .header("content-type", "application/json")
        .body(Body::from(input.to_string()))
        .unwrap();
    let response = app.send(request).await;
    (response.status(), body(response).await)
}

fn definition(comment: &str) -> String {
    format!(
        "{{ \"Comment\": \"{comment}\",\n  \"StartAt\": \"A\", \"States\": {{\"A\": {{\"Type\": \"Succeed\"}}}} }}"
    )
}

#[tokio::test]
async fn a_definition_is_saved_over_the_revision_that_it_was_made_from_and_over_no_other() {
    let app = TestApp::new().await;
    let text = definition("first");
    let (status, made) = ask(&app, Method::PUT, ADDRESS, &json!({ "definition": text })).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let (_, read) = ask(&app, Method::GET, ADDRESS, &json!({})).await;
    assert_eq!(read["definition"], text, "as it is spelled");
    assert_eq!(read["revision"], made["revision"]);

    let change = |comment: &str, from: &Value| json!({ "definition": definition(comment), "expected_revision": from });
    let first = &made["revision"];
    let (status, second) = ask(&app, Method::PUT, ADDRESS, &change("second", first)).await;
    assert_eq!(status, StatusCode::OK, "{second}");
    assert_ne!(&second["revision"], first);

    let (status, refused) = ask(&app, Method::PUT, ADDRESS, &change("late", first)).await;
    assert_eq!(status, StatusCode::CONFLICT, "{refused}");
    let (_, read) = ask(&app, Method::GET, ADDRESS, &json!({})).await;
    assert_eq!(read["definition"], definition("second"));
    assert_eq!(read["revision"], second["revision"]);
}

#[tokio::test]
async fn machines_are_listed_in_the_order_of_their_names() {
    let app = TestApp::new().await;
    for name in ["b", "a", "c"] {
        let input = json!({ "definition": definition(name) });
        let address = format!("/api/v1/machines/{name}");
        let (status, _) = ask(&app, Method::PUT, &address, &input).await;
        assert_eq!(status, StatusCode::OK);
    }
    let (_, page) = ask(&app, Method::GET, "/api/v1/machines?limit=2", &json!({})).await;
    assert_eq!(page["machines"][0]["name"], "a");
    assert_eq!(page["next"], "b");
    let (_, rest) = ask(&app, Method::GET, "/api/v1/machines?after=b", &json!({})).await;
    assert_eq!(rest["machines"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next"], Value::Null);
}

#[tokio::test]
async fn a_draft_goes_on_from_the_one_before_it_and_from_no_other() {
    let app = TestApp::new().await;
    let (_, made) = ask(
        &app,
        Method::PUT,
        ADDRESS,
        &json!({ "definition": definition("a") }),
    )
    .await;
    let address = "/api/v1/machines/flow/draft";
    let (status, _) = ask(&app, Method::GET, address, &json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let draft = |expected: i64, text: &str| {
        json!({
            "expected": expected,
            "base_revision": made["revision"],
            "definition": text,
            "samples": [{ "name": "large", "input": "{\"n\": 1}" }],
            "mocks": [{ "state": "/States/A", "error": "Busy" }],
        })
    };
    let (status, written) = ask(&app, Method::PUT, address, &draft(0, "{ half")).await;
    assert_eq!(status, StatusCode::OK, "{written}");
    assert_eq!(written["number"], 1);
    let (status, _) = ask(&app, Method::PUT, address, &draft(0, "late")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (_, read) = ask(&app, Method::GET, address, &json!({})).await;
    assert_eq!(read["definition"], "{ half");
    assert_eq!(read["samples"][0]["input"], "{\"n\": 1}");
    assert_eq!(read["mocks"][0]["error"], "Busy");

    let change = |field: &str, value: Value| {
        let mut draft = draft(1, "");
        draft[field] = value;
        draft
    };
    for (wrong, told) in [
        (change("expected", json!(-1)), "expected -1"),
        (change("definition", json!("a\u{0}b")), "NUL"),
        (
            change("samples", json!([{ "name": "", "input": "" }])),
            "0 characters",
        ),
        (
            change("mocks", json!([{ "state": "A" }])),
            "a result or an error",
        ),
    ] {
        let (status, refused) = ask(&app, Method::PUT, address, &wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
        assert!(
            refused["message"].as_str().unwrap().contains(told),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_version_is_published_of_the_revision_that_was_seen_and_an_alias_led_to_it() {
    let app = TestApp::new().await;
    let (_, first) = ask(
        &app,
        Method::PUT,
        ADDRESS,
        &json!({ "definition": definition("a") }),
    )
    .await;
    let address = "/api/v1/machines/flow/versions";
    let publish = |revision: &Value| json!({ "revision": revision, "description": "a note" });
    let (status, one) = ask(&app, Method::POST, address, &publish(&first["revision"])).await;
    assert_eq!(
        (status, &one["number"]),
        (StatusCode::OK, &json!(1)),
        "{one}"
    );
    let (_, second) = ask(
        &app,
        Method::PUT,
        ADDRESS,
        &json!({ "definition": definition("b") }),
    )
    .await;
    let (status, _) = ask(&app, Method::POST, address, &publish(&first["revision"])).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let mut input = publish(&second["revision"]);
    input["alias"] = json!("live");
    let (status, refused) = ask(&app, Method::POST, address, &input).await;
    assert_eq!(
        status,
        StatusCode::NOT_FOUND,
        "there is no such alias: {refused}"
    );
    let (_, listed) = ask(&app, Method::GET, address, &json!({})).await;
    assert_eq!(
        listed["versions"].as_array().map(Vec::len),
        Some(1),
        "{listed}"
    );
    assert_eq!(listed["versions"][0]["description"], "a note");
}
