//! Map Runs over the native API: lists, one with its counts, and what is not there.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::testing::{TestApp, body};

async fn ask(app: &TestApp, path: &str) -> (StatusCode, Value) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = app.send(request).await;
    (answer.status(), body(answer).await)
}

#[tokio::test]
async fn a_map_run_tells_where_its_items_and_children_stand() {
    let app = TestApp::new().await;
    let (execution, id) = app.map_run("[1,5,0,2,3]").await;
    let (status, run) = ask(&app, &format!("/api/v1/map-runs/{id}")).await;
    assert_eq!(status, StatusCode::OK, "{run}");
    let counts = |succeeded: u64, failed: u64| {
        json!({
            "pending": 0, "pending_redrive": 0, "running": 0, "succeeded": succeeded,
            "failed": failed, "timed_out": 0, "aborted": 0, "total": succeeded + failed,
            "results_written": 0, "failures_not_redrivable": 0,
        })
    };
    let expected = json!({
        "id": id,
        "execution": execution,
        "label": "Each",
        "status": "SUCCEEDED",
        "children_type": "STANDARD",
        "started_at": run["started_at"],
        "closed_at": run["closed_at"],
        "max_concurrency": 2,
        "tolerated_failure_count": 3,
        "redrive_count": 0,
        "items": counts(3, 2),
        "children": counts(2, 1),
    });
    assert_eq!(run, expected);
    assert!(run["closed_at"].as_str() >= run["started_at"].as_str());
    let list = format!("/api/v1/executions/{execution}/map-runs");
    let (_, listed) = ask(&app, &format!("{list}?limit=1")).await;
    assert_eq!(listed, json!({ "map_runs": [run], "next": id }));
    let (_, listed) = ask(&app, &format!("{list}?before={id}")).await;
    assert_eq!(listed, json!({ "map_runs": [] }));
}

#[tokio::test]
async fn a_map_run_that_is_not_there_is_not_found() {
    let app = TestApp::new().await;
    for id in ["0196a5e2-0000-7000-8000-000000000000", "nothing"] {
        let (status, told) = ask(&app, &format!("/api/v1/map-runs/{id}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{told}");
        assert_eq!(told["message"], format!("there is no Map Run '{id}'"));
        let (status, _) = ask(&app, &format!("/api/v1/executions/{id}/map-runs")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}
