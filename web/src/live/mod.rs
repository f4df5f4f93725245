//! The native API under `/api/v1`: JSON for the designer, for scripts and for what the wire API has
//! no operation for. Each handler carries its description; the routes of a module come as a router
//! that knows them.

pub(crate) mod answer;
mod body;
mod code;
pub mod connections;
pub(crate) mod drafts;
mod evaluate;
mod executions;
pub mod functions;
pub mod health;
mod logged;
mod logs;
mod machines;
mod map_runs;
mod openapi;
mod registrar;
pub(crate) mod rerun;
pub(crate) mod stream;
mod test_state;
mod versions;
mod visits;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::Method;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use answer::Problem;
pub use answer::ProblemBody;
pub(crate) use code::{checked, runtime};
pub(crate) use openapi::routes;
pub use registrar::Registrar;

/// The routes of what is registered, with their descriptions.
pub fn registered<S>(registrar: &Arc<Registrar>) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .merge(functions::routes(Arc::clone(registrar)))
        .merge(code::routes(Arc::clone(registrar)))
        .merge(connections::routes(Arc::clone(registrar)))
}

/// What answers under `/api/` where there is nothing.
pub(crate) fn missing(path: &str) -> Response {
    let path: String = path.chars().take(200).collect();
    let text = format!("there is no '{path}'; /api/v1/openapi.json tells what there is");
    answer::Problem::NotFound(text).into_response()
}

/// What answers under `/api/` where there is something for other methods.
pub(crate) fn another_method(method: &Method, path: &str) -> Response {
    let path: String = path.chars().take(200).collect();
    answer::Problem::Method(format!("'{path}' does not take {method}")).into_response()
}
