//! The pages of a machine asked through the router: versions, aliases, settings, copies.

use axum::http::{StatusCode, header};

use super::tests::{DEFINITION, get, post, text};
use crate::testing::TestApp;

async fn make(app: &TestApp, name: &str) {
    let fields = [("name", name), ("definition", DEFINITION)];
    let made = post(app, "/machines/new", &fields).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
}

#[track_caller]
fn check_led(response: &axum::http::Response<axum::body::Body>, to: &str) {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[header::LOCATION], to);
}

#[tokio::test]
async fn a_definition_is_published_compared_and_named_by_an_alias_that_moves() {
    let app = TestApp::new().await;
    make(&app, "flow").await;
    let (_, empty) = get(&app, "/machines/flow/versions").await;
    assert!(empty.contains("Nothing is published yet"));
    let revision = empty.split("name=\"revision\" value=\"").nth(1).unwrap();
    let fields = [("note", "the <first>"), ("revision", &revision[..36])];
    let done = post(&app, "/machines/flow/versions", &fields).await;
    check_led(&done, "/machines/flow/versions");
    let (_, page) = get(&app, "/machines/flow/versions").await;
    assert!(page.contains("the &#60;first&#62;") && page.contains("published already"));

    let changed = DEFINITION.replace("\"A\"", "\"B\"");
    let address = "/api/v1/machines/flow";
    let change = axum::http::Request::put(address)
        .header("content-type", "application/json")
        .body(
            serde_json::json!({"definition": changed})
                .to_string()
                .into(),
        )
        .unwrap();
    assert_eq!(app.send(change).await.status(), StatusCode::OK);
    let late = post(&app, "/machines/flow/versions", &fields).await;
    assert_eq!(
        late.status(),
        StatusCode::CONFLICT,
        "another revision was shown"
    );
    check_led(
        &post(&app, "/machines/flow/versions", &[]).await,
        "/machines/flow/versions",
    );
    let (_, page) = get(&app, "/machines/flow/versions?from=1&to=current").await;
    assert!(
        page.contains("<span aria-hidden=\"true\">+</span> B"),
        "{page}"
    );
    assert!(page.contains("<span aria-hidden=\"true\">−</span> A"));
    let (_, first) = get(&app, "/machines/flow/definition.json?version=1").await;
    assert_eq!(first, DEFINITION);
    let (status, _) = get(&app, "/machines/flow?version=9").await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let alias = [("name", "live"), ("version", "1")];
    check_led(
        &post(&app, "/machines/flow/aliases", &alias).await,
        "/machines/flow/aliases",
    );
    let moved = [("version", "1"), ("second", "2"), ("weight", "90")];
    check_led(
        &post(&app, "/machines/flow/aliases/live", &moved).await,
        "/machines/flow/aliases",
    );
    let (_, page) = get(&app, "/machines/flow/aliases").await;
    assert!(page.contains("90 % version 1, 10 % version 2"));
    for (weight, told) in [("200", "A share of 200 %"), ("x", "is not a number")] {
        let wrong = [("version", "1"), ("second", "2"), ("weight", weight)];
        let refused = post(&app, "/machines/flow/aliases/live", &wrong).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert!(text(refused).await.contains(told));
    }
    let kept = post(&app, "/machines/flow/versions/1/delete", &[]).await;
    assert_eq!(kept.status(), StatusCode::CONFLICT, "an alias leads to it");
    check_led(
        &post(&app, "/machines/flow/aliases/live/delete", &[]).await,
        "/machines/flow/aliases",
    );
    check_led(
        &post(&app, "/machines/flow/versions/1/delete", &[]).await,
        "/machines/flow/versions",
    );
}

#[tokio::test]
async fn settings_are_shown_changed_and_refused_and_deletion_asks_for_the_name() {
    let app = TestApp::new().await;
    make(&app, "flow").await;
    let group = "arn:aws:logs:us-east-1:000000000000:log-group:flow:*";
    let role = "arn:aws:iam::000000000000:role/flow";
    let fields = [
        ("role", role),
        ("level", "ALL"),
        ("group", group),
        ("data", "on"),
    ];
    check_led(
        &post(&app, "/machines/flow/settings", &fields).await,
        "/machines/flow/settings",
    );
    let (_, page) = get(&app, "/machines/flow/settings").await;
    assert!(page.contains(role) && page.contains(group));
    assert!(page.contains("name=\"data\" checked") && !page.contains("name=\"tracing\" checked"));
    let wrong = [("role", role), ("level", "ALL")];
    let refused = post(&app, "/machines/flow/settings", &wrong).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert!(text(refused).await.contains("Log Destination"));

    let tag = [("key", "team"), ("value", "packers")];
    check_led(
        &post(&app, "/machines/flow/settings/tags", &tag).await,
        "/machines/flow/settings",
    );
    assert!(
        get(&app, "/machines/flow/settings")
            .await
            .1
            .contains("packers")
    );
    let remove = [("key", "team"), ("what", "remove")];
    post(&app, "/machines/flow/settings/tags", &remove).await;
    assert!(
        !get(&app, "/machines/flow/settings")
            .await
            .1
            .contains("packers")
    );

    let wrong = post(&app, "/machines/flow/settings/delete", &[("name", "flaw")]).await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    assert!(text(wrong).await.contains("nothing was deleted"));
    check_led(
        &post(&app, "/machines/flow/settings/delete", &[("name", "flow")]).await,
        "/machines",
    );
}

#[tokio::test]
async fn a_copy_begins_with_the_definition_of_another() {
    let app = TestApp::new().await;
    make(&app, "flow").await;
    let (_, page) = get(&app, "/machines/new?from=flow").await;
    assert!(page.contains("value=\"flow-copy\"") && page.contains("A copy of"));
    let (_, page) = get(&app, "/machines/new/design?from=flow").await;
    assert!(page.contains("Succeed"));
    let (status, _) = get(&app, "/machines/new?from=none").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, sorted) = get(&app, "/machines?sort=-created").await;
    assert!(sorted.contains("aria-sort=\"descending\""));
}
