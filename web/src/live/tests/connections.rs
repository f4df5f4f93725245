//! `/api/v1/connections`.

use std::sync::Arc;

use functions::egress::{Policy, Resolver, SystemResolver};
use functions::{Client, HttpCall, HttpTasks};
use http::StatusCode;
use serde_json::json;

use super::site::{Site, Target};

const SHOP: &str = "/api/v1/connections/shop";

async fn call(site: &Site, target: &Target) {
    let resolver: Arc<dyn Resolver> = Arc::new(SystemResolver);
    let policy = Policy::for_http_tasks().allowing(["127.0.0.1".parse().unwrap()]);
    let client = Client::new(policy, &resolver).unwrap();
    let tasks = HttpTasks::new(client, Arc::clone(site.registrar.copies()));
    let parameters = format!(
        r#"{{"ApiEndpoint":"http://{}/","Method":"GET","Authentication":{{"ConnectionArn":"arn:aws:events:us-east-1:000000000000:connection/shop/other-id"}}}}"#,
        target.address
    );
    let parameters = asl::json::parse(&parameters).unwrap();
    tasks
        .invoke(HttpCall {
            parameters,
            time_left: None,
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_connection_is_made_shown_changed_and_removed() {
    let site = Site::new().await;
    let body = r#"{
        "authorization_type": "BASIC",
        "basic": {"username": "ann", "password": "hunter22"},
        "invocation_parameters": {
            "headers": [{"name": "X-Token", "value": "hunter33", "is_secret": true}],
            "query": [{"name": "tenant", "value": "blue"}]
        }
    }"#;
    let (status, made) = site.put(SHOP, body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(
        made,
        json!({
            "name": "shop",
            "arn": made["arn"],
            "authorization_type": "BASIC",
            "basic": {"username": "ann"},
            "invocation_parameters": {
                "headers": [{"name": "X-Token", "is_secret": true}],
                "query": [{"name": "tenant", "value": "blue", "is_secret": false}],
            },
            "created_at": made["created_at"],
            "updated_at": made["created_at"],
        })
    );
    let arn = made["arn"].as_str().unwrap();
    assert!(
        arn.starts_with("arn:aws:events:us-east-1:000000000000:connection/shop/"),
        "{arn}"
    );
    assert_eq!(site.get(SHOP).await, (StatusCode::OK, made.clone()));

    let body =
        r#"{"authorization_type":"API_KEY","api_key":{"name":"X-Api-Key","value":"hunter44"}}"#;
    let (status, changed) = site.put(SHOP, body).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&changed["arn"], &changed["created_at"]),
        (&made["arn"], &made["created_at"])
    );
    assert_eq!(changed["api_key"], json!({"name": "X-Api-Key"}));
    let (_, list) = site.get("/api/v1/connections").await;
    assert_eq!(list, json!({"connections": [changed]}));

    assert_eq!(site.delete(SHOP).await.0, StatusCode::NO_CONTENT);
    let absent =
        json!({"error": "ResourceNotFoundException", "message": "there is no connection 'shop'"});
    assert_eq!(
        site.get(SHOP).await,
        (StatusCode::NOT_FOUND, absent.clone())
    );
    assert_eq!(site.delete(SHOP).await, (StatusCode::NOT_FOUND, absent));
}

#[tokio::test]
async fn a_task_gets_the_secrets_and_those_left_out_are_kept() {
    let site = Site::new().await;
    let target = Target::start().await;
    let body = r#"{"authorization_type":"BASIC","basic":{"username":"ann","password":"hunter22"},
        "invocation_parameters":{"headers":[{"name":"X-Token","value":"hunter33","is_secret":true}]}}"#;
    site.put(SHOP, body).await;
    call(&site, &target).await;
    assert_eq!(
        target.last("authorization").as_deref(),
        Some("Basic YW5uOmh1bnRlcjIy")
    );
    assert_eq!(target.last("x-token").as_deref(), Some("hunter33"));

    let body = r#"{"authorization_type":"BASIC","basic":{"username":"bob"},
        "invocation_parameters":{"headers":[{"name":"X-Token","is_secret":true}]}}"#;
    assert_eq!(site.put(SHOP, body).await.0, StatusCode::OK);
    call(&site, &target).await;
    assert_eq!(
        target.last("authorization").as_deref(),
        Some("Basic Ym9iOmh1bnRlcjIy")
    );
    assert_eq!(target.last("x-token").as_deref(), Some("hunter33"));
}

#[tokio::test]
async fn no_secret_is_in_the_database_in_the_clear() {
    let site = Site::new().await;
    let body = r#"{"authorization_type":"OAUTH_CLIENT_CREDENTIALS","oauth":{"client_id":"me","client_secret":"hunter22",
        "authorization_endpoint":"https://login.test/token","client_authentication":"PARAMETERS",
        "parameters":{"body":[{"name":"pin","value":"hunter33","is_secret":true},{"name":"scope","value":"read"}]}}}"#;
    let (status, made) = site.put(SHOP, body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let row = store::connection::get(&site.db, "shop")
        .await
        .unwrap()
        .unwrap();
    assert!(row.parameters.contains("\"scope\""));
    for secret in ["hunter22", "hunter33"] {
        assert!(!row.parameters.contains(secret));
        assert!(!made.to_string().contains(secret));
        let sealed = &row.sealed.bytes;
        assert!(!sealed.windows(8).any(|bytes| bytes == secret.as_bytes()));
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_stored() {
    let site = Site::new().await;
    for (name, body, message) in [
        (
            "a%20b",
            r#"{"authorization_type":"BASIC","basic":{"username":"a","password":"p"}}"#,
            "name 'a b' is not allowed: 1 to 64 letters, digits, dots, hyphens and underscores are",
        ),
        (
            "c",
            r#"{"authorization_type":"NONE"}"#,
            "the body does not fit: unknown variant `NONE`, expected one of `BASIC`, `API_KEY`, `OAUTH_CLIENT_CREDENTIALS` at line 1 column 28",
        ),
        (
            "c",
            r#"{"authorization_type":"BASIC"}"#,
            "basic: it is missing, and authorization_type BASIC needs it",
        ),
        (
            "c",
            r#"{"authorization_type":"BASIC","basic":{"username":"a","password":"p"},"api_key":{"name":"x","value":"y"}}"#,
            "api_key: it is not allowed with authorization_type BASIC",
        ),
        (
            "c",
            r#"{"authorization_type":"BASIC","basic":{"username":"a"}}"#,
            "basic.password: it is missing, and there is no earlier value to keep",
        ),
        (
            "c",
            r#"{"authorization_type":"API_KEY","api_key":{"name":"Host","value":"hunter22"}}"#,
            "api_key.name: the header 'Host' is reserved",
        ),
        (
            "c",
            r#"{"authorization_type":"BASIC","basic":{"username":"a","password":"p"},"invocation_parameters":{"query":[{"name":"q"}]}}"#,
            "invocation_parameters.query.q: it has no value",
        ),
        (
            "c",
            r#"{"authorization_type":"OAUTH_CLIENT_CREDENTIALS","oauth":{"client_id":"me","client_secret":"s","authorization_endpoint":"login"}}"#,
            "oauth.authorization_endpoint: 'login' is not allowed: write http:// or https://",
        ),
    ] {
        let answer = site.put(&format!("/api/v1/connections/{name}"), body).await;
        let expected = json!({"error": "ValidationException", "message": message});
        assert_eq!(answer, (StatusCode::BAD_REQUEST, expected));
    }
    let none = json!({"connections": []});
    assert_eq!(
        site.get("/api/v1/connections").await,
        (StatusCode::OK, none)
    );
}
