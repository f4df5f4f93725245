//! `POST /sign-in` and `POST /sign-out`. The form itself is a page and drawn there; a refused sign-in goes
//! back to it with the reason as a word in the address.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Extension, Router};
use http::HeaderMap;
use http::header::SET_COOKIE;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::refusal::Surface;
use super::way_back::own_path;
use super::{Access, Form, Refusal, bearer};
use crate::hidden::Hidden;

/// Where the form is.
pub const PATH: &str = "/sign-in";

/// What the form sends.
#[derive(Debug, Deserialize)]
struct Fields {
    #[serde(default)]
    id: String,
    secret: Hidden<String>,
    #[serde(default)]
    back: String,
}

#[derive(Debug, Deserialize)]
struct Nothing {}

/// Both routes, to be put behind the guard with all others.
pub fn routes<S: Clone + Send + Sync + 'static>(access: Arc<Access>) -> Router<S> {
    Router::new()
        .route(PATH, post(sign_in))
        .route("/sign-out", post(sign_out))
        .with_state(access)
}

/// What to tell a person for the word `refused` in the form's address.
pub fn told(word: &str) -> Option<&'static str> {
    match word {
        "wrong" => Some("No key has this id and secret."),
        "often" => Some("Too many wrong keys from your address. Wait a minute and try again."),
        "database" => Some("The server cannot reach its database just now. Try again in a moment."),
        _ => None,
    }
}

async fn sign_in(
    State(access): State<Arc<Access>>,
    address: Option<Extension<ConnectInfo<SocketAddr>>>,
    axum::Form(fields): axum::Form<Fields>,
) -> Response {
    // Whoever pastes ID:SECRET as it was printed is understood.
    let shown = bearer::split(fields.secret.reveal())
        .filter(|_| fields.id.trim().is_empty())
        .unwrap_or_else(|| bearer::Shown {
            key_id: fields.id.trim().to_owned(),
            secret: Hidden::new(fields.secret.reveal().trim().to_owned()),
        });
    let address = address.map(|Extension(ConnectInfo(address))| address.ip());
    match access.limited(address, access.sign_in(&shown)).await {
        Ok(cookie) => {
            ([(SET_COOKIE, cookie)], Redirect::to(own_path(&fields.back))).into_response()
        }
        Err(refusal) => {
            let word = match refusal {
                Refusal::TooManyFailures { .. } => "often",
                Refusal::Unavailable => "database",
                _ => "wrong",
            };
            let back = utf8_percent_encode(own_path(&fields.back), NON_ALPHANUMERIC);
            Redirect::to(&format!("{PATH}?refused={word}&back={back}")).into_response()
        }
    }
}

async fn sign_out(
    State(access): State<Arc<Access>>,
    headers: HeaderMap,
    _form: Form<Nothing>,
) -> Response {
    match access.sign_out(&headers).await {
        Ok(cookie) => ([(SET_COOKIE, cookie)], Redirect::to(PATH)).into_response(),
        Err(refusal) => refusal.respond(Surface::Page, None),
    }
}
