//! An instance's Runtime API: a small HTTP server on the listener that its launcher handed over. The
//! instance is known by its socket.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::Json;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::limits;
use crate::protocol::{self, Request, Wrong};

/// An event, as the function's runtime gets it.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: Arc<str>,
    pub(crate) payload: Bytes,
    pub(crate) headers: HeaderMap,
}

/// What the function's runtime said.
#[derive(Debug)]
pub(crate) enum Told {
    /// It asks for its first event: initialising is done.
    Ready,
    InitFailed(Bytes),
    Result(Bytes),
    Error(Bytes),
    TooLarge,
}

/// Where the instance stands with its runtime.
pub(crate) struct State {
    inner: Mutex<Inner>,
    changed: Notify,
    telling: mpsc::UnboundedSender<Told>,
    /// Held while a body is read: an instance holds one answer in the server's memory, not one a connection.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Inner {
    is_ready: bool,
    has_failed: bool,
    /// Waits to be fetched.
    offered: Option<Event>,
    /// Fetched and not yet answered.
    current: Option<Arc<str>>,
}

impl State {
    pub(crate) fn new(telling: mpsc::UnboundedSender<Told>) -> Self {
        Self {
            inner: Mutex::default(),
            changed: Notify::new(),
            telling,
            reading: tokio::sync::Mutex::new(()),
        }
    }

    pub(crate) fn offer(&self, event: Event) {
        self.lock().offered = Some(event);
        self.changed.notify_waiters();
        self.changed.notify_one();
    }

    pub(crate) fn withdraw(&self) {
        let mut inner = self.lock();
        inner.offered = None;
        inner.current = None;
    }

    async fn next(&self) -> Event {
        {
            let mut inner = self.lock();
            if !inner.is_ready {
                inner.is_ready = true;
                self.tell(Told::Ready);
            }
        }
        loop {
            let changed = self.changed.notified();
            if let Some(event) = self.fetch() {
                return event;
            }
            changed.await;
        }
    }

    fn fetch(&self) -> Option<Event> {
        let mut inner = self.lock();
        let event = inner.offered.take()?;
        inner.current = Some(Arc::clone(&event.id));
        Some(event)
    }

    /// Takes the answer to the current event; false where it is for another, or too late.
    fn answer(&self, id: &str, told: Told) -> bool {
        let mut inner = self.lock();
        if inner.current.as_deref() != Some(id) {
            return false;
        }
        inner.current = None;
        self.tell(told);
        true
    }

    /// Takes the one failure that initialising can have.
    fn fail(&self, error: &Bytes) -> bool {
        let mut inner = self.lock();
        if inner.is_ready || inner.has_failed {
            return false;
        }
        inner.has_failed = true;
        self.tell(Told::InitFailed(error.clone()));
        true
    }

    fn is_current(&self, id: &str) -> bool {
        self.lock().current.as_deref() == Some(id)
    }

    fn tell(&self, told: Told) {
        // Where nobody listens any more the instance is being ended.
        drop(self.telling.send(told));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until the instance ends.
pub(crate) async fn serve(listener: TcpListener, state: Arc<State>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS_MAX));
    let connections = TaskTracker::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((stream, _)) = accepted else {
            continue;
        };
        let (state, stop) = (Arc::clone(&state), stop.clone());
        connections.spawn(async move {
            tokio::select! {
                () = converse(stream, &state) => {}
                () = stop.cancelled() => {}
            }
            drop(place);
        });
    }
}

async fn converse(stream: TcpStream, state: &Arc<State>) {
    drop(stream.set_nodelay(true));
    let service = service_fn(|request| {
        let state = Arc::clone(state);
        async move { Ok::<_, Infallible>(handle(request, &state).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = connection {
        tracing::debug!(%error, "a connection to the Runtime API broke");
    }
}

async fn handle(request: HttpRequest<Incoming>, state: &State) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    match protocol::read(&parts.method, parts.uri.path()) {
        Ok(Request::Next) => {
            let event = state.next().await;
            let mut response = Response::new(Full::new(event.payload));
            *response.headers_mut() = event.headers;
            response
        }
        Ok(Request::Response { id } | Request::Error { id }) if !state.is_current(id) => {
            discard(body).await;
            accepted(false)
        }
        Ok(Request::Response { id }) => match read(state, body).await {
            Ok(bytes) => accepted(state.answer(id, Told::Result(bytes))),
            Err(Unread::TooLarge) => {
                let was_current = state.answer(id, Told::TooLarge);
                if was_current {
                    let text = format!(
                        "Exceeded maximum allowed payload size ({} bytes).",
                        limits::ANSWER_BYTES_MAX
                    );
                    refused(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        "RequestEntityTooLarge",
                        &text,
                    )
                } else {
                    accepted(false)
                }
            }
            Err(Unread::Broken) => refused(
                StatusCode::BAD_REQUEST,
                "InvalidRequest",
                "the body broke off",
            ),
        },
        Ok(Request::Error { id }) => match error_body(state, &parts.headers, body).await {
            Ok(bytes) => accepted(state.answer(id, Told::Error(bytes))),
            Err(refusal) => refusal,
        },
        Ok(Request::InitError) => match error_body(state, &parts.headers, body).await {
            Ok(bytes) if state.fail(&bytes) => accepted(true),
            Ok(_) => refused(
                StatusCode::FORBIDDEN,
                "InvalidStateTransition",
                "State transition is not allowed",
            ),
            Err(refusal) => refusal,
        },
        Err(Wrong::Path) => refused(
            StatusCode::NOT_FOUND,
            "InvalidPath",
            "there is no such path",
        ),
        Err(Wrong::Method) => refused(
            StatusCode::METHOD_NOT_ALLOWED,
            "InvalidMethod",
            "the path takes another method",
        ),
    }
}

/// Reads a body that nobody wants, so that the connection can go on, and keeps nothing of it.
async fn discard(mut body: Incoming) {
    let mut room = limits::ANSWER_BYTES_MAX;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match room.checked_sub(length) {
            Some(left) => room = left,
            None => return,
        }
    }
}

enum Unread {
    TooLarge,
    Broken,
}

async fn read(state: &State, body: Incoming) -> Result<Bytes, Unread> {
    let _one_at_a_time = state.reading.lock().await;
    let limited = Limited::new(body, limits::ANSWER_BYTES_MAX);
    match limited.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::Broken),
    }
}

/// The body of an error. Its type comes from the body, else from the header.
async fn error_body(
    state: &State,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<Bytes, Response<Full<Bytes>>> {
    let bytes = read(state, body).await.map_err(|_| {
        refused(
            StatusCode::BAD_REQUEST,
            "InvalidRequest",
            "the body cannot be read",
        )
    })?;
    let header = headers
        .get("lambda-runtime-function-error-type")
        .and_then(|value| value.to_str().ok());
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let is_object = asl::json::parse(text).is_ok_and(|value| value.as_object().is_some());
    if is_object {
        return Ok(bytes);
    }
    let error = Json::members([
        (
            "errorType",
            Json::string(header.unwrap_or("Runtime.Unknown")),
        ),
        ("errorMessage", Json::string(text)),
    ]);
    Ok(Bytes::from(error.to_text()))
}

fn accepted(is_for_current: bool) -> Response<Full<Bytes>> {
    if is_for_current {
        return json(StatusCode::ACCEPTED, r#"{"status":"OK"}"#.to_owned());
    }
    refused(
        StatusCode::BAD_REQUEST,
        "InvalidRequestID",
        "Invalid request ID",
    )
}

fn refused(status: StatusCode, error: &str, message: &str) -> Response<Full<Bytes>> {
    let body = Json::members([
        ("errorMessage", Json::string(message)),
        ("errorType", Json::string(error)),
    ]);
    json(status, body.to_text())
}

fn json(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
