//! The middleware before every route. In order: is the request for us (Host), does it come from our own
//! pages or a program (Origin), does it have the wire API's content type, and who sends it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::request::Parts;
use http::{HeaderMap, Method};
use subtle::ConstantTimeEq;

use super::keys::{Held, Key};
use super::refusal::Surface;
use super::{
    Access, Caller, Principal, Refusal, bearer, content_type, host, open_listener_text, origin,
    session, sigv4, token,
};
use crate::hidden::Hidden;
use crate::lambda;
use crate::settings::HostName;

/// How long a caller may take to send its body.
const BODY_TIME_MAX: Duration = Duration::from_mins(1);
/// Where scripts send the form token.
pub const FORM_TOKEN_HEADER: &str = "x-csrf-token";

/// What no key is asked for: health, since probes have none; the sign-in form, and what it looks like.
fn is_open(method: &Method, path: &str) -> bool {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    match path {
        "/healthz" | "/readyz" | "/favicon.ico" => reads,
        "/sign-in" => reads || *method == Method::POST,
        // A visitor's choice of light or dark, kept in their own browser.
        "/theme" => *method == Method::POST,
        path => reads && path.starts_with("/assets/"),
    }
}

/// Which kind of route a request is for. `POST /` is the wire API, `GET /` the first page.
fn surface_of(method: &Method, path: &str) -> Surface {
    if path == "/" && !matches!(*method, Method::GET | Method::HEAD) {
        Surface::Wire
    } else if path.starts_with(lambda::PREFIX) {
        Surface::Lambda
    } else if path.starts_with("/api/") || path == "/metrics" {
        Surface::Api
    } else {
        Surface::Page
    }
}

/// Serves a request only when every rule lets it through, with its [`Principal`] among its extensions.
pub async fn guard(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let surface = surface_of(request.method(), request.uri().path());
    let target = (*request.method() == Method::GET)
        .then(|| {
            request
                .uri()
                .path_and_query()
                .map(|target| target.as_str().to_owned())
        })
        .flatten();
    let is_foreign = request
        .headers()
        .get("sec-fetch-site")
        .is_some_and(|site| matches!(site.as_bytes(), b"cross-site" | b"same-site"));
    match access.admit(surface, request).await {
        Ok(request) => next.run(request).await,
        // The cookie is not sent when a person follows a link from another site. From this answer on they
        // come from our own page, and it is.
        Err(Refusal::NoKey) if surface == Surface::Page && is_foreign && target.is_some() => {
            Refusal::come_again()
        }
        Err(refusal) => {
            tracing::debug!(?refusal, "refused");
            refusal.respond(surface, target.as_deref())
        }
    }
}

impl Access {
    async fn admit(&self, surface: Surface, request: Request) -> Result<Request, Refusal> {
        let host = self
            .hosts
            .check(request.uri(), request.headers(), surface)?;
        let has_cookie = session::token_of(request.headers(), self.is_https).is_some();
        if origin::is_unsafe(request.method()) {
            origin::check(request.headers(), &host, has_cookie)?;
        }
        if surface == Surface::Wire {
            content_type::check(request.headers())?;
        }
        if is_open(request.method(), request.uri().path()) {
            return Ok(request);
        }
        let keys = self.keys.current(self.now()).await.map_err(|error| {
            tracing::error!(%error, "the keys cannot be read");
            Refusal::Unavailable
        })?;
        let (mut request, principal) = if keys.is_empty() {
            let principal = self.local_principal(&host)?;
            (request, principal)
        } else {
            match surface {
                Surface::Wire => {
                    let bytes_max = self.request_bytes_max;
                    self.signed("states", bytes_max, &keys, request).await?
                }
                Surface::Lambda => {
                    let bytes_max = lambda::REQUEST_BYTES_MAX;
                    self.signed("lambda", bytes_max, &keys, request).await?
                }
                Surface::Api | Surface::Page => {
                    // Without the body, which cannot be shared between threads while this waits.
                    let (parts, body) = request.into_parts();
                    let principal = self.shown(surface, &parts).await?;
                    (Request::from_parts(parts, body), principal)
                }
            }
        };
        request.extensions_mut().insert(principal);
        Ok(request)
    }

    /// The person at this machine. A name that is not loopback means a proxy, behind which could be anyone.
    fn local_principal(&self, host: &HostName) -> Result<Principal, Refusal> {
        if !self.listens_on_loopback() {
            return Err(Refusal::Unprotected(open_listener_text(self.listen)));
        }
        if !host::is_loopback(host) {
            return Err(Refusal::Unprotected(format!(
                "the request is for '{host}', so it may come from another machine, and there are no keys. \
                 Make one with 'stepwright keys create NAME'"
            )));
        }
        Ok(Principal::new(
            Caller::Local,
            Some(self.local_form_token.clone()),
        ))
    }

    /// The caller of an API of AWS's, by a signature for that service. The signature covers the body, so that is
    /// read first.
    async fn signed(
        &self,
        service: &str,
        bytes_max: usize,
        keys: &Held,
        request: Request,
    ) -> Result<(Request, Principal), Refusal> {
        let (parts, body) = request.into_parts();
        let unread = sigv4::Request {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or(""),
            headers: &parts.headers,
            body: b"",
        };
        // Before the body, so that nobody without a key has us hold one.
        let claim = sigv4::claim(&unread).map_err(Refusal::Signature)?;
        let key = keys.get(&claim.key_id).ok_or(Refusal::WrongKey)?;
        let body = read(body, bytes_max).await?;
        let signed = sigv4::Request {
            body: &body,
            ..unread
        };
        sigv4::verify(
            &claim,
            key.secret(),
            &signed,
            service,
            &self.region,
            self.now(),
        )
        .map_err(Refusal::Signature)?;
        let principal = key_principal(key);
        Ok((Request::from_parts(parts, Body::from(body)), principal))
    }

    /// The caller of everything else: a bearer key, or the session of a person.
    async fn shown(&self, surface: Surface, parts: &Parts) -> Result<Principal, Refusal> {
        let headers = &parts.headers;
        if surface == Surface::Api
            && let Some(shown) = bearer::read(headers)
        {
            let address = address_of(parts);
            return self
                .limited(address, self.prove(&shown))
                .await
                .map(|key| key_principal(&key));
        }
        let session_token = session::token_of(headers, self.is_https).ok_or(Refusal::NoKey)?;
        let principal = session::principal(&self.db, &session_token, self.now())
            .await
            .map_err(|error| {
                tracing::error!(%error, "a session cannot be read");
                Refusal::Unavailable
            })?
            .ok_or(Refusal::NoKey)?;
        // Pages send the token inside their form, which its own extractor checks.
        if surface == Surface::Api && origin::is_unsafe(&parts.method) {
            check_form_token_header(headers, &principal)?;
        }
        Ok(principal)
    }

    /// The key that a caller shows whole, if id and secret belong together.
    pub(super) async fn prove(&self, shown: &bearer::Shown) -> Result<Arc<Key>, Refusal> {
        let keys = self.keys.current(self.now()).await.map_err(|error| {
            tracing::error!(%error, "the keys cannot be read");
            Refusal::Unavailable
        })?;
        let key = keys.get(&shown.key_id).ok_or(Refusal::WrongKey)?;
        if !key.is_secret(shown.secret.reveal()) {
            return Err(Refusal::WrongKey);
        }
        key.note_use();
        Ok(Arc::clone(key))
    }

    /// Runs an attempt with a key, unless too many from that address have failed.
    pub(super) async fn limited<T>(
        &self,
        address: Option<IpAddr>,
        attempt: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let Some(address) = address else {
            return attempt.await;
        };
        self.failures
            .check(address, self.now())
            .map_err(|retry_seconds| Refusal::TooManyFailures { retry_seconds })?;
        let result = attempt.await;
        if matches!(result, Err(Refusal::WrongKey)) {
            tracing::warn!(client.address = %address, "a wrong key was shown");
            self.failures.note(address, self.now());
        }
        result
    }
}

/// Where a request comes from, as the listener saw it; headers that a proxy or anyone may add are not asked.
fn address_of(parts: &Parts) -> Option<IpAddr> {
    let info: &ConnectInfo<SocketAddr> = parts.extensions.get()?;
    Some(info.0.ip())
}

fn key_principal(key: &Key) -> Principal {
    key.note_use();
    let caller = Caller::Key {
        id: key.id.as_str().into(),
        name: Arc::clone(&key.name),
    };
    Principal::new(caller, None)
}

fn check_form_token_header(headers: &HeaderMap, principal: &Principal) -> Result<(), Refusal> {
    let given = headers
        .get(FORM_TOKEN_HEADER)
        .map_or(b"".as_slice(), http::HeaderValue::as_bytes);
    check_form_token(given, principal)
}

/// Whether a form or a script sent the token of its own sign-in.
pub(super) fn check_form_token(given: &[u8], principal: &Principal) -> Result<(), Refusal> {
    let expected = principal.form_token().as_bytes();
    if !expected.is_empty() && bool::from(given.ct_eq(expected)) {
        return Ok(());
    }
    Err(Refusal::FormToken)
}

/// The whole body, within its bounds of size and time.
async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Refusal> {
    let too_large = Refusal::BodyTooLarge { bytes_max };
    let reading = async {
        let mut whole = BytesMut::new();
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|_| Refusal::BodyBroken)?;
            if whole.len() + piece.len() > bytes_max {
                return Err(too_large);
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    };
    tokio::time::timeout(BODY_TIME_MAX, reading)
        .await
        .unwrap_or(Err(Refusal::BodyBroken))
}

/// The form token while there are no keys: one for the life of the server.
pub(super) fn local_form_token() -> String {
    let secret: Hidden<[u8; 32]> = Hidden::new(token::random_bytes());
    token::form(secret.reveal())
}
