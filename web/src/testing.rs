//! For this crate's tests: an app over a fresh database of a private server, and calls to it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use embedded_pg::{Cluster, DATABASE, Options, Running};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::db::{self, Db};
use tower::ServiceExt;

use crate::app::{App, Shared};
use crate::settings::Settings;

static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The largest answer that a test reads.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// A private PostgreSQL, stopped and removed when the last test that holds it ends.
struct Server {
    running: Option<Running>,
    dir: PathBuf,
    template: tokio::sync::OnceCell<()>,
}

impl Server {
    fn shared() -> Arc<Self> {
        let mut shared = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let dir = std::env::temp_dir().join(format!("stepwright-web-{}", std::process::id()));
        let running = Cluster::open(&dir, &Options::from_environment()).unwrap();
        let server = Arc::new(Self {
            running: Some(running),
            dir,
            template: tokio::sync::OnceCell::new(),
        });
        *shared = Arc::downgrade(&server);
        server
    }

    fn url(&self, database: &str) -> String {
        self.running.as_ref().unwrap().url(database)
    }

    async fn run(&self, statement: String) {
        let mut connection = PgConnection::connect(&self.url(DATABASE)).await.unwrap();
        connection.execute(AssertSqlSafe(statement)).await.unwrap();
        connection.close().await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Held, so that a test that comes now waits with its own server until the folder is free.
        let _shared = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.running.take());
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

/// A migrated database of a test's own.
pub(crate) struct Database {
    url: String,
    _server: Arc<Server>,
}

impl Database {
    pub(crate) async fn migrated() -> Self {
        let server = Server::shared();
        server
            .template
            .get_or_init(async || {
                // What a test writes need not survive, and databases are made much faster like this.
                for statement in [
                    "ALTER SYSTEM SET fsync = off",
                    "SELECT pg_reload_conf()",
                    "CREATE DATABASE migrated",
                ] {
                    server.run(statement.to_owned()).await;
                }
                open(server.url("migrated")).await.close().await;
            })
            .await;
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        server
            .run(format!("CREATE DATABASE {name} TEMPLATE migrated"))
            .await;
        Self {
            url: server.url(&name),
            _server: server,
        }
    }

    pub(crate) async fn open(&self) -> Db {
        open(self.url.clone()).await
    }
}

async fn open(url: String) -> Db {
    let mut settings = db::Settings::new(url);
    settings.durability_required = false;
    Db::open(&settings).await.unwrap()
}

/// An app of a test's own, asked through its router.
pub(crate) struct TestApp {
    pub(crate) app: Shared,
    _database: Database,
    router: Router,
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let database = Database::migrated().await;
        let app = App::open(settings, database.open().await).await.unwrap();
        Self {
            router: crate::router::router(app.clone()),
            app,
            _database: database,
        }
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Calls an operation of the wire API.
    pub(crate) async fn call(&self, operation: &str, input: Value) -> (StatusCode, Value) {
        let request = Request::post("/")
            .header("host", "localhost")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AWSStepFunctions.{operation}"))
            .body(Body::from(input.to_string()))
            .unwrap();
        let response = self.send(request).await;
        let status = response.status();
        (status, body(response).await)
    }

    /// Calls an operation of the wire API that must succeed.
    #[track_caller]
    pub(crate) fn ok(&self, operation: &str, input: Value) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let (status, answer) = self.call(operation, input).await;
            assert_eq!(status, StatusCode::OK, "{operation} at {caller}: {answer}");
            answer
        }
    }

    /// Calls an operation of the wire API that must fail with this error.
    #[track_caller]
    pub(crate) fn refuse(
        &self,
        operation: &str,
        input: Value,
        name: &str,
        message: &str,
    ) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let (status, answer) = self.call(operation, input).await;
            assert!(
                status.is_client_error(),
                "{operation} at {caller}: {status} {answer}"
            );
            assert_eq!(
                (answer["__type"].as_str(), answer["message"].as_str()),
                (Some(name), Some(message)),
                "{operation} at {caller}"
            );
        }
    }
}

/// An answer's body as JSON; null where it is none.
pub(crate) async fn body(response: Response<Body>) -> Value {
    let bytes = axum::body::to_bytes(response.into_body(), ANSWER_BYTES_MAX)
        .await
        .unwrap();
    serde_json::from_slice(&bytes).unwrap_or_default()
}
