//! `/api/v1/functions`.

use std::sync::Arc;

use functions::egress::{Policy, SystemResolver};
use functions::{
    Call, Client, FunctionName, HttpInvoker, IdempotencyToken, InvocationType, Invoker,
};
use http::StatusCode;
use serde_json::json;

use super::site::{Site, Target, account};

const CHARGE: &str = "/api/v1/functions/charge";

fn invoker(site: &Site) -> HttpInvoker {
    let resolver: Arc<dyn functions::egress::Resolver> = Arc::new(SystemResolver);
    let client = Client::new(Policy::for_functions(), &resolver).unwrap();
    HttpInvoker::new(client, Arc::clone(site.registrar.copies()), account())
}

fn call() -> Call {
    Call {
        function: FunctionName::parse("charge").unwrap(),
        payload: asl::Payload::parse("{}").unwrap(),
        invocation_type: InvocationType::default(),
        client_context: None,
        token: IdempotencyToken::new("t").unwrap(),
        execution_arn: Arc::from("arn"),
        state_name: Arc::from("State"),
        time_left: None,
        trace_parent: None,
    }
}

#[tokio::test]
async fn a_function_is_registered_shown_changed_and_removed() {
    let site = Site::new().await;
    let body = r#"{"url":"http://localhost:9000/charge","headers":{"X-Team":"blue"},"secret_headers":{"Authorization":"Bearer hunter22"}}"#;
    let (status, made) = site.put(CHARGE, body).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(
        made,
        json!({
            "name": "charge",
            "arn": "arn:aws:lambda:us-east-1:000000000000:function:charge",
            "kind": "endpoint",
            "url": "http://localhost:9000/charge",
            "timeout_ms": 30_000,
            "headers": {"X-Team": "blue"},
            "secret_headers": ["Authorization"],
            "created_at": made["created_at"],
            "updated_at": made["created_at"],
        })
    );
    assert_eq!(site.get(CHARGE).await, (StatusCode::OK, made.clone()));

    let (status, changed) = site
        .put(
            CHARGE,
            r#"{"url":"https://functions.test/","timeout_ms":1000}"#,
        )
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(changed["secret_headers"], json!([]));
    assert_eq!(changed["timeout_ms"], 1000);
    assert_eq!(changed["created_at"], made["created_at"]);
    assert_ne!(changed["updated_at"], made["updated_at"]);
    assert_eq!(site.get(CHARGE).await, (StatusCode::OK, changed));

    assert_eq!(site.delete(CHARGE).await.0, StatusCode::NO_CONTENT);
    let absent =
        json!({"error": "ResourceNotFoundException", "message": "there is no function 'charge'"});
    assert_eq!(
        site.get(CHARGE).await,
        (StatusCode::NOT_FOUND, absent.clone())
    );
    assert_eq!(site.delete(CHARGE).await, (StatusCode::NOT_FOUND, absent));
}

#[tokio::test]
async fn a_call_gets_the_secrets_and_each_change_counts_at_once() {
    let site = Site::new().await;
    let target = Target::start().await;
    let invoker = invoker(&site);
    let error = invoker.invoke(call()).await.unwrap_err();
    assert_eq!(
        error.error.as_deref(),
        Some("Lambda.ResourceNotFoundException")
    );

    let put = |secret: &str| {
        let body = format!(
            r#"{{"url":"http://{}/","secret_headers":{{"X-Key":{secret}}}}}"#,
            target.address
        );
        let site = &site;
        async move { site.put(CHARGE, &body).await }
    };
    assert_eq!(put("\"hunter22\"").await.0, StatusCode::CREATED);
    invoker.invoke(call()).await.unwrap();
    assert_eq!(target.last("x-key").as_deref(), Some("hunter22"));

    assert_eq!(put("null").await.0, StatusCode::OK);
    invoker.invoke(call()).await.unwrap();
    assert_eq!(
        target.last("x-key").as_deref(),
        Some("hunter22"),
        "null keeps it"
    );

    assert_eq!(put("\"hunter33\"").await.0, StatusCode::OK);
    invoker.invoke(call()).await.unwrap();
    assert_eq!(target.last("x-key").as_deref(), Some("hunter33"));

    site.delete(CHARGE).await;
    assert!(invoker.invoke(call()).await.is_err());
}

#[tokio::test]
async fn no_secret_is_in_the_database_in_the_clear() {
    let site = Site::new().await;
    let body = r#"{"url":"http://localhost/","secret_headers":{"X-Key":"hunter22"}}"#;
    site.put(CHARGE, body).await;
    let row = store::function::get(&site.db, "charge")
        .await
        .unwrap()
        .unwrap();
    let sealed = row.sealed.clone().unwrap().bytes;
    assert!(!sealed.windows(8).any(|bytes| bytes == b"hunter22"));
    assert!(!format!("{row:?}").contains("hunter22"));
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_stored() {
    let site = Site::new().await;
    for (name, body, message) in [
        (
            "a%20b",
            r#"{"url":"http://localhost/"}"#,
            "name 'a b' is not allowed: 1 to 64 letters, digits, hyphens and underscores are",
        ),
        (
            "f",
            "{",
            "the body does not fit: EOF while parsing an object at line 1 column 1",
        ),
        (
            "f",
            "{}",
            "the body does not fit: missing field `url` at line 1 column 2",
        ),
        (
            "f",
            r#"{"url":"http://localhost/","uri":1}"#,
            "the body does not fit: unknown field `uri`, expected one of `url`, `timeout_ms`, `headers`, `secret_headers` at line 1 column 32",
        ),
        (
            "f",
            r#"{"url":"gopher://localhost/"}"#,
            "url 'gopher://localhost/' is not allowed: write http:// or https://",
        ),
        (
            "f",
            r#"{"url":"http://localhost/","timeout_ms":5}"#,
            "timeout_ms 5 is not allowed: a function may take 1000 to 900000 ms",
        ),
        (
            "f",
            r#"{"url":"http://localhost/","headers":{"Host":"x"}}"#,
            "headers: 'Host' is not allowed: Stepwright or HTTP sets it",
        ),
        (
            "f",
            r#"{"url":"http://localhost/","secret_headers":{"X-Key":12345678}}"#,
            "the body does not fit: a secret is a text at line 1 column 62",
        ),
        (
            "f",
            r#"{"url":"http://localhost/","secret_headers":{"X-Key":null}}"#,
            "secret_headers: 'X-Key' is null, which keeps a value, but there is none yet",
        ),
    ] {
        let answer = site.put(&format!("/api/v1/functions/{name}"), body).await;
        let expected = json!({"error": "ValidationException", "message": message});
        assert_eq!(answer, (StatusCode::BAD_REQUEST, expected));
    }
    let none = json!({"functions": []});
    assert_eq!(site.get("/api/v1/functions").await, (StatusCode::OK, none));
}

#[tokio::test]
async fn functions_are_listed_in_pages() {
    let site = Site::new().await;
    for name in ["b", "a", "c"] {
        let target = format!("/api/v1/functions/{name}");
        site.put(&target, r#"{"url":"http://localhost/"}"#).await;
    }
    let names = |list: &serde_json::Value| {
        let functions = list["functions"].as_array().unwrap().iter();
        functions
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let (_, first) = site.get("/api/v1/functions?limit=2").await;
    assert_eq!(
        (names(&first), &first["next"]),
        (vec!["a".to_owned(), "b".to_owned()], &json!("b"))
    );
    let (_, last) = site.get("/api/v1/functions?limit=2&after=b").await;
    assert_eq!(
        (names(&last), last.get("next")),
        (vec!["c".to_owned()], None)
    );
    for (query, message) in [
        ("limit=0", "limit 0 is not allowed: 1 to 1000 are"),
        ("limit=1001", "limit 1001 is not allowed: 1 to 1000 are"),
    ] {
        let answer = site.get(&format!("/api/v1/functions?{query}")).await;
        let expected = json!({"error": "ValidationException", "message": message});
        assert_eq!(answer, (StatusCode::BAD_REQUEST, expected));
    }
    let (status, answer) = site.get("/api/v1/functions?limit=x").await;
    assert_eq!(
        (status, &answer["error"]),
        (StatusCode::BAD_REQUEST, &json!("ValidationException"))
    );
}

#[tokio::test]
async fn every_route_is_described() {
    let site = Site::new().await;
    let document = serde_json::to_value(&site.description).unwrap();
    for (path, methods) in [
        ("/api/v1/functions", &["get"] as &[&str]),
        ("/api/v1/functions/{name}", &["delete", "get", "put"]),
        ("/api/v1/connections", &["get"]),
        ("/api/v1/connections/{name}", &["delete", "get", "put"]),
    ] {
        for method in methods {
            let summary = &document["paths"][path][method]["summary"];
            assert!(summary.is_string(), "{method} {path}");
        }
    }
    let secret =
        &document["components"]["schemas"]["FunctionInput"]["properties"]["secret_headers"];
    assert_eq!(secret["additionalProperties"]["writeOnly"], true);
}
