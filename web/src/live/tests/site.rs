//! The routes of functions and connections behind the guard, with nobody's key: the person at this
//! machine calls. And a function to call, which tells what it got.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use asl::Timestamp;
use axum::Router;
use axum::body::Body;
use functions::Account;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use store::db::Db;
use tests::support::Database;
use tower::ServiceExt;

use crate::access::{Access, Clock, Secrets, guard};
use crate::hidden::Hidden;
use crate::live::Registrar;
use crate::settings::Settings;

/// The site, its database, and a clock that moves a second with each reading.
pub(super) struct Site {
    pub(super) registrar: Arc<Registrar>,
    pub(super) db: Db,
    pub(super) description: utoipa::openapi::OpenApi,
    router: Router,
    // Dropped last: it removes the database.
    _database: Database,
}

/// A status and the JSON beside it; null where there is none.
pub(super) type Answer = (StatusCode, Value);

pub(super) fn account() -> Account {
    Account {
        region: Arc::from("us-east-1"),
        id: Arc::from("000000000000"),
    }
}

impl Site {
    pub(super) async fn new() -> Self {
        let database = Database::fresh();
        let mut options = store::db::Settings::new(database.url());
        options.durability_required = false;
        let db = Db::open(&options).await.unwrap();
        let secrets = Arc::new(Secrets::new(&[(1, Hidden::new([7; 32]))].into()));
        let seconds = AtomicI64::new(1_790_000_000);
        let clock: Clock =
            Arc::new(move || Timestamp(seconds.fetch_add(1, Ordering::SeqCst) * 1_000_000));
        let settings = Settings::default();
        let access = Access::new(db.clone(), &settings, Arc::clone(&secrets), clock.clone());
        let registrar = Registrar::new(db.clone(), secrets, clock, &account());
        let (router, description) = crate::live::registered(&registrar).split_for_parts();
        Self {
            router: router.layer(axum::middleware::from_fn_with_state(access, guard)),
            registrar,
            db,
            description,
            _database: database,
        }
    }

    pub(super) async fn send(&self, method: Method, target: &str, body: &str) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", "127.0.0.1:8083")
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let from: SocketAddr = "127.0.0.1:40000".parse().unwrap();
        request
            .extensions_mut()
            .insert(axum::extract::ConnectInfo(from));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    pub(super) async fn put(&self, target: &str, body: &str) -> Answer {
        self.send(Method::PUT, target, body).await
    }

    pub(super) async fn get(&self, target: &str) -> Answer {
        self.send(Method::GET, target, "").await
    }

    pub(super) async fn delete(&self, target: &str) -> Answer {
        self.send(Method::DELETE, target, "").await
    }
}

/// A real server on loopback that answers everything with `{}` and keeps the headers that came.
pub(super) struct Target {
    pub(super) address: SocketAddr,
    received: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Target {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's server ends with its test, no shutdown waits for it"
    )]
    pub(super) async fn start() -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        let router = Router::new().fallback(move |headers: HeaderMap| {
            kept.lock().unwrap().push(headers);
            async { axum::Json(serde_json::json!({})) }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, received }
    }

    /// The header in the last request.
    pub(super) fn last(&self, name: &str) -> Option<String> {
        let received = self.received.lock().unwrap();
        let value = received.last()?.get(name)?;
        Some(value.to_str().unwrap().to_owned())
    }
}
