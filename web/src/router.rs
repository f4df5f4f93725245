//! Which address leads to which handler.

use axum::Router;

use crate::app::Shared;
use crate::wire;

/// The whole server as a service.
pub fn router(app: Shared) -> Router {
    Router::new().merge(wire::routes()).with_state(app)
}
