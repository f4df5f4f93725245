//! Which address leads to which handler, and the guard before all of them.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, Uri};

use crate::access::{Principal, guard, sign_in};
use crate::app::Shared;
use crate::live::{self, health};
use crate::{lambda, pages, wire};

#[cfg(test)]
mod tests;

/// The whole server as a service.
pub fn router(app: Shared) -> Router {
    let access = Arc::clone(&app.access);
    unguarded(app).layer(from_fn_with_state(access, guard))
}

/// Every route, without the guard: what needs a principal answers nobody.
fn unguarded(app: Shared) -> Router {
    let access = Arc::clone(&app.access);
    let live = live::routes(&app.registrar);
    Router::new()
        .merge(wire::routes())
        .merge(lambda::routes())
        .merge(health::routes())
        .merge(live)
        .merge(pages::routes())
        .merge(sign_in::routes(access))
        .fallback(pages::missing())
        .method_not_allowed_fallback(another_method)
        .with_state(app)
}

/// What answers at an address that is there, but not for this method; axum adds which ones are.
async fn another_method(_: Principal, method: Method, uri: Uri) -> Response {
    let path = uri.path();
    if path.starts_with("/api/") {
        return live::another_method(&method, path);
    }
    let text = format!("{path} does not take {method}\n");
    (StatusCode::METHOD_NOT_ALLOWED, text).into_response()
}
