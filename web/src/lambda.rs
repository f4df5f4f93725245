//! Lambda's own API, for functions with code: what boto3's `lambda` client and `aws lambda` speak.
//!
//! REST with JSON under `/2015-03-31`, signed for the service `lambda`. Shapes, statuses and names of errors
//! are those of Lambda's service model. What the model has and this server does not is refused by name, never
//! ignored. Running functions is the supervisor's, keeping them the store's.

mod change;
mod error;
mod invoke;
mod read;
mod shape;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};
use supervisor::limits;

use crate::app::Shared;

/// What the paths of this API begin with.
pub(crate) const PREFIX: &str = "/2015-03-31/";
/// The largest request: a package in base64, and some room for the rest.
pub(crate) const REQUEST_BYTES_MAX: usize = limits::PACKAGE_BYTES_MAX / 3 * 4 + (1 << 20);
/// An event of the largest size: one byte more is told as Lambda does.
const INVOKE_BYTES_MAX: usize = limits::EVENT_BYTES_MAX + 1;

pub(crate) fn routes() -> Router<Shared> {
    let all = || get(read::list).post(change::create);
    Router::new()
        .route("/2015-03-31/functions", all())
        .route("/2015-03-31/functions/", all())
        .route(
            "/2015-03-31/functions/{name}",
            get(read::get).delete(change::delete),
        )
        .route(
            "/2015-03-31/functions/{name}/code",
            put(change::update_code),
        )
        .route(
            "/2015-03-31/functions/{name}/configuration",
            get(read::get_configuration).put(change::update_configuration),
        )
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .route(
            "/2015-03-31/functions/{name}/invocations",
            post(invoke::invoke).layer(DefaultBodyLimit::max(INVOKE_BYTES_MAX)),
        )
}
