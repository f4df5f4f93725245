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
