//! For this crate's tests: an app over a fresh database, and calls to it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{HOST, HeaderValue};
use axum::http::{Request, Response, StatusCode};
use functions::egress::{Policy, Resolver, SystemResolver};
use runtime::Engine;
use serde_json::{Value, json};
use store::db::{self, Db};
use supervisor::Supervisor;
use tests::support::{Database, Folder};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::access::Secrets;
use crate::app::{App, Parts, Shared};
use crate::code::{Books, Shelf};
use crate::hidden::Hidden;
use crate::live::Registrar;
use crate::settings::Settings;

/// The largest answer that a test reads.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// An app of a test's own, asked through its router.
pub(crate) struct TestApp {
    pub(crate) app: Shared,
    pub(crate) database: Database,
    router: Router,
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let database = Database::fresh();
        let db = Db::open(&db::Settings::new(database.url())).await.unwrap();
        let secrets = Arc::new(secrets());
        let clock = crate::clock::system();
        let account = functions::Account {
            region: settings.region.as_str().into(),
            id: settings.account_id.as_str().into(),
        };
        let (kept, time) = (Arc::clone(&secrets), Arc::clone(&clock));
        let registrar = Registrar::new(db.clone(), kept, time, &account);
        let parts = Parts {
            engine: engine(&settings, &db, &registrar).await,
            settings,
            db,
            registrar,
            secrets,
            clock,
        };
        let app = App::open(parts).await.unwrap();
        Self {
            router: crate::router::router(app.clone()),
            app,
            database,
        }
    }

    /// Lets the app run functions from their code, at the level that every machine has, until the folder is
    /// dropped.
    pub(crate) fn run_code(&self) -> Folder {
        let folder = Folder::new();
        let source = Shelf {
            db: self.app.db.clone(),
            secrets: Arc::new(secrets()),
            account: functions::Account {
                region: self.app.settings.region.as_str().into(),
                id: self.app.settings.account_id.as_str().into(),
            },
        };
        let node = uuid::Uuid::from_u128(1);
        let books = Books::open(self.app.db.clone(), node, &TaskTracker::new());
        let supervisor = Supervisor::open(supervisor::Settings {
            folder: folder.path().to_owned(),
            launcher: tests::support::program().to_owned(),
            isolation: Some(supervisor::Level::Process),
            concurrency_max: 10,
            idle_time_max: Duration::from_mins(5),
            search: supervisor::interpreters::Search::default(),
            endpoint: None,
            region: self.app.settings.region.as_str().to_owned(),
            source: Arc::new(source),
            ledger: Arc::new(books),
            clock: crate::clock::system(),
        });
        self.app.registrar.run_code_with(supervisor.unwrap());
        folder
    }

    /// Sends a request as it is, to this machine where it names no host.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Response<Body> {
        let headers = request.headers_mut();
        let host = headers.entry(HOST);
        host.or_insert(HeaderValue::from_static("localhost"));
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

    /// A Map Run of a machine `m` over `items`, two in a child; children whose first item is 0 fail, which is
    /// tolerated. The ids of its execution and of itself.
    pub(crate) async fn map_run(&self, items: &str) -> (String, String) {
        const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);
        let definition = json!({ "StartAt": "M", "States": { "M": {
            "Type": "Map", "Label": "Each", "MaxConcurrency": 2, "ToleratedFailureCount": 3, "End": true,
            "ItemBatcher": { "MaxItemsPerBatch": 2 },
            "ItemProcessor": {
                "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                "StartAt": "C",
                "States": {
                    "C": { "Type": "Choice", "Default": "P", "Choices": [
                        { "Variable": "$.Items[0]", "NumericLessThan": 1, "Next": "F" },
                    ] },
                    "P": { "Type": "Pass", "End": true },
                    "F": { "Type": "Fail", "Error": "TooSmall" },
                },
            },
        } } });
        let machine = json!({
            "name": "m",
            "definition": definition.to_string(),
            "roleArn": "arn:aws:iam::000000000000:role/flow",
        });
        let machine = self.ok("CreateStateMachine", machine).await;
        let start = json!({ "stateMachineArn": machine["stateMachineArn"], "input": items });
        let started = self.ok("StartExecution", start).await;
        let name = started["executionArn"].as_str().unwrap();
        let name = name.rsplit(':').next().unwrap().to_owned();
        let found = self.app.engine.find("m", &name).await.unwrap().unwrap();
        let ended = self.app.engine.wait(found.facts.id, PATIENCE).await;
        assert!(ended.unwrap().unwrap().closed.is_some());
        let runs = store::map_run::of_execution(&self.app.db, found.facts.id, None, 2);
        let runs = runs.await.unwrap();
        assert_eq!(runs.len(), 1);
        (name, runs[0].id.to_string())
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

/// What every test's app seals with.
pub(crate) fn secrets() -> Secrets {
    Secrets::new(&[(1, Hidden::new([7; 32]))].into())
}

/// A node whose functions answer what a test scripts.
async fn engine(settings: &Settings, db: &Db, registrar: &Registrar) -> Engine {
    let resolver: Arc<dyn Resolver> = Arc::new(SystemResolver);
    let client = functions::Client::new(Policy::for_http_tasks(), &resolver).unwrap();
    let http = functions::HttpTasks::new(client, Arc::clone(registrar.copies()));
    let invoker = Arc::new(functions::fake::Fake::new());
    let node = runtime::NodeId(uuid::Uuid::from_u128(1));
    let names = runtime::Names::default();
    let mut engine = runtime::Settings::new(names, invoker, http, node).unwrap();
    engine.open_executions_max = settings.limits.open_executions_max;
    engine.activity_pollers_max = settings.limits.activity_pollers_max;
    Engine::open(db.clone(), engine).await.unwrap()
}

/// An answer's body as JSON; null where it is none.
pub(crate) async fn body(response: Response<Body>) -> Value {
    let bytes = axum::body::to_bytes(response.into_body(), ANSWER_BYTES_MAX)
        .await
        .unwrap();
    serde_json::from_slice(&bytes).unwrap_or_default()
}
