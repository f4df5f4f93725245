//! What watches a server asks: does it live, may calls be sent to it, and what does it count.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Serialize;

use crate::access::Principal;
use crate::app::Shared;

/// How long the database may take to answer a probe.
const DATABASE_WITHIN: Duration = Duration::from_secs(2);

/// What prometheus-client writes.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether calls may be sent here, and if not, which part is why.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an answer to a question of its own"
)]
struct Readiness {
    ready: bool,
    /// It answers.
    database: bool,
    /// It owns shards and its lease holds.
    engine: bool,
    /// Today has a partition of the journal; without one nothing can start.
    journal: bool,
    /// Days from today on that have one; absent where the database does not answer.
    journal_days_ahead: Option<i64>,
    /// How long ago the oldest execution closed that searches do not know yet.
    search_lag_seconds: Option<u64>,
    /// It is not stopping.
    serving: bool,
}

/// `/healthz` and `/readyz` for everyone, `/metrics` for callers with a key.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// The process answers. Nothing else is asked, so that a database that is down restarts no server.
async fn alive() -> Response {
    ([(CACHE_CONTROL, "no-store")], "ok\n").into_response()
}

async fn ready(State(app): State<Shared>) -> Response {
    let asking = tokio::time::timeout(DATABASE_WITHIN, app.engine.health());
    let health = asking.await.ok().and_then(Result::ok);
    let database = health.is_some();
    let engine = app.engine.is_ready();
    let serving = !app.stopping.is_cancelled();
    let journal_days_ahead = health.map(|health| health.journal_days_ahead);
    let journal = journal_days_ahead.is_some_and(|days| days > 0);
    let readiness = Readiness {
        ready: database && engine && journal && serving,
        database,
        engine,
        journal,
        journal_days_ahead,
        search_lag_seconds: health.map(|health| health.search_lag.as_secs()),
        serving,
    };
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, [(CACHE_CONTROL, "no-store")], Json(readiness)).into_response()
}

async fn metrics(_: Principal, State(app): State<Shared>) -> Response {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &app.metrics) {
        Ok(()) => (
            [(CONTENT_TYPE, METRICS_TYPE), (CACHE_CONTROL, "no-store")],
            text,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;

    use crate::testing::TestApp;

    async fn get(app: &TestApp, path: &str) -> (u16, String) {
        let request = Request::get(path).header("host", "localhost");
        let response = app.send(request.body(Body::empty()).unwrap()).await;
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await;
        (status, String::from_utf8(bytes.unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_server_that_works_is_alive_and_ready_and_counts() {
        let app = TestApp::new().await;
        assert_eq!(get(&app, "/healthz").await, (200, "ok\n".to_owned()));
        let (status, text) = get(&app, "/readyz").await;
        assert_eq!(status, 200, "{text}");
        let (status, text) = get(&app, "/metrics").await;
        assert_eq!(status, 200);
        assert!(
            text.contains("stepwright_executions_started_total 0"),
            "{text}"
        );
        assert!(text.ends_with("# EOF\n"));
    }

    #[tokio::test]
    async fn a_server_without_a_partition_for_today_is_not_ready() {
        let app = TestApp::new().await;
        let (_, text) = get(&app, "/readyz").await;
        assert!(text.contains(r#""journal_days_ahead":15"#), "{text}");
        app.database.execute(
            "DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT inhrelid::regclass FROM pg_inherits
                    WHERE inhparent = 'journal'::regclass
                LOOP EXECUTE 'DROP TABLE ' || name; END LOOP;
            END $$",
        );
        let (status, text) = get(&app, "/readyz").await;
        assert_eq!(status, 503);
        assert!(text.contains(r#""journal":false"#), "{text}");
        assert!(text.contains(r#""database":true"#), "{text}");
    }

    #[tokio::test]
    async fn a_server_that_stops_is_alive_and_not_ready() {
        let app = TestApp::new().await;
        app.app.stopping.cancel();
        let (status, text) = get(&app, "/readyz").await;
        assert_eq!(status, 503);
        assert!(text.contains(r#""serving":false"#), "{text}");
        assert_eq!(get(&app, "/healthz").await.0, 200);
    }
}
