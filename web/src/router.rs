//! Which address leads to which handler.

use axum::Router;

use crate::app::Shared;
use crate::{pages, wire};

/// The whole server as a service.
pub fn router(app: Shared) -> Router {
    Router::new()
        .merge(wire::routes())
        .merge(pages::routes())
        .fallback(pages::missing())
        .with_state(app)
}
