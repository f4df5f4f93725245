//! A small site behind the guard: one route of each kind, each answering with the caller's name.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use asl::Timestamp;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, HeaderName, Method, Request, StatusCode};
use store::db::Db;
use tests::support::Database;
use tower::ServiceExt;

use crate::access::{Access, Clock, Form, Principal, Secrets, guard, keys, sign_in, sigv4};
use crate::hidden::Hidden;
use crate::settings::Settings;

/// The site, its database, and a clock that tests turn.
pub(super) struct Site {
    pub(super) access: Arc<Access>,
    pub(super) db: Db,
    secrets: Arc<Secrets>,
    clock: Arc<AtomicI64>,
    router: Router,
    // Dropped last: it removes the database.
    _database: Database,
}

/// A key, as its holder knows it.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) id: String,
    pub(super) secret: String,
}

impl Held {
    pub(super) fn bearer(&self) -> String {
        format!("Bearer {}:{}", self.id, self.secret)
    }
}

#[derive(serde::Deserialize)]
struct Fields {
    word: String,
}

impl Site {
    pub(super) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(super) async fn with(settings: Settings) -> Self {
        let database = Database::fresh();
        let mut options = store::db::Settings::new(database.url());
        options.durability_required = false;
        let db = Db::open(&options).await.unwrap();
        let keys = [(1, Hidden::new([7; 32]))].into();
        let secrets = Arc::new(Secrets::new(&keys));
        let clock = Arc::new(AtomicI64::new(1_790_000_000_000_000));
        let read: Clock = {
            let clock = Arc::clone(&clock);
            Arc::new(move || Timestamp(clock.load(Ordering::SeqCst)))
        };
        let access = Access::new(db.clone(), &settings, Arc::clone(&secrets), read);
        let name = |principal: Principal| async move { principal.name().to_owned() };
        let router = Router::new()
            .route("/", get(name).post(name))
            .route("/page", get(name).post(posted))
            .route("/token", get(token))
            .route("/api/v1/thing", get(name).post(name))
            .route("/metrics", get(name))
            .route("/healthz", get(|| async { "alive" }))
            .merge(sign_in::routes(Arc::clone(&access)))
            .layer(axum::middleware::from_fn_with_state(
                Arc::clone(&access),
                guard,
            ));
        Self {
            access,
            db,
            secrets,
            clock,
            router,
            _database: database,
        }
    }

    /// Makes a key, and lets the second go by after which every node knows it.
    pub(super) async fn key(&self, name: &str) -> Held {
        let (key, secret) = keys::make(&self.secrets, name, self.now().to_chrono()).unwrap();
        assert!(store::api_key::insert(&self.db, &key).await.unwrap());
        self.pass(1);
        Held {
            id: key.id,
            secret: secret.reveal().clone(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::SeqCst))
    }

    pub(super) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// Sends a request with a loopback Host, unless the headers name another.
    pub(super) async fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .body(Body::from(body.to_owned()))
            .unwrap();
        let sent = request.headers_mut();
        sent.insert("host", "127.0.0.1:8083".parse().unwrap());
        for (name, value) in headers {
            sent.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        self.send_request(request).await
    }

    pub(super) async fn get(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, target, headers, "").await
    }

    pub(super) async fn post(&self, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send(Method::POST, target, headers, body).await
    }

    pub(super) async fn send_request(&self, mut request: Request<Body>) -> Answer {
        let from = SocketAddr::from((IpAddr::V4(Ipv4Addr::LOCALHOST), 40_000));
        request.extensions_mut().insert(ConnectInfo(from));
        Answer::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// A call of the wire API, signed with this key now; `change` may spoil it afterwards.
    pub(super) async fn call(&self, key: &Held, change: impl FnOnce(&mut Request<Body>)) -> Answer {
        let body = r#"{"maxResults":1}"#;
        let mut headers = HeaderMap::new();
        headers.insert("host", "127.0.0.1:8083".parse().unwrap());
        headers.insert(
            "content-type",
            "application/x-amz-json-1.0".parse().unwrap(),
        );
        headers.insert(
            "x-amz-target",
            "AWSStepFunctions.ListActivities".parse().unwrap(),
        );
        sigv4::signer::sign(
            &mut headers,
            body.as_bytes(),
            &key.id,
            &key.secret,
            self.now(),
        );
        let mut request = Request::post("/").body(Body::from(body)).unwrap();
        *request.headers_mut() = headers;
        change(&mut request);
        self.send_request(request).await
    }

    /// Signs in through the form; gives the cookie as a browser sends it back.
    pub(super) async fn sign_in(&self, key: &Held) -> String {
        let body = format!("id={}&secret={}&back=%2Fpage", key.id, key.secret);
        let answer = self.post("/sign-in", OWN_FORM, &body).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(answer.header("location"), "/page");
        let cookie = answer.header("set-cookie");
        cookie.split(';').next().unwrap().to_owned()
    }
}

/// What a browser sends with a form of our own.
pub(super) const OWN_FORM: &[(&str, &str)] = &[
    ("content-type", "application/x-www-form-urlencoded"),
    ("origin", "http://127.0.0.1:8083"),
    ("sec-fetch-site", "same-origin"),
];

async fn posted(form: Form<Fields>) -> String {
    format!("{} says {}", form.principal.name(), form.fields.word)
}

async fn token(principal: Principal) -> String {
    principal.form_token().to_owned()
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Self {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(super) fn is(&self, status: u16, text: &str) {
        assert_eq!((self.status.as_u16(), self.text.as_str()), (status, text));
    }

    /// Checks an error of the wire API.
    #[track_caller]
    pub(super) fn is_error(&self, status: u16, name: &str, message: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/x-amz-json-1.0");
        let error: serde_json::Value = serde_json::from_str(&self.text).unwrap();
        assert_eq!(error["__type"], name);
        let given = error["message"].as_str().unwrap();
        assert!(given.contains(message), "{message:?} is not in {given:?}");
    }
}
