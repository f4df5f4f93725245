//! The description of the native API, and the routes that it describes: one list makes both.

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;

use super::{Registrar, executions, machines, registered};
use crate::app::Shared;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stepwright",
        description = "The native API. What AWS Step Functions has an operation for is at POST / as well.",
    ),
    tags(
        (name = "machines", description = "State machines and their definitions"),
        (name = "executions", description = "Runs of state machines"),
        (name = "functions", description = "HTTP endpoints that workflows call as functions"),
        (name = "connections", description = "Credentials of HTTP tasks"),
    ),
)]
struct Description;

/// Everything under `/api/v1`, its description at `/api/v1/openapi.json` included.
pub(crate) fn routes(registrar: &Arc<Registrar>) -> Router<Shared> {
    let (routes, document) = described(registrar).split_for_parts();
    routes.route(
        "/api/v1/openapi.json",
        get(move || std::future::ready(Json(document.clone()))),
    )
}

fn described(registrar: &Arc<Registrar>) -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(document())
        .merge(machines::routes())
        .merge(executions::routes())
        .merge(registered(registrar))
}

fn document() -> Document {
    let mut document = Description::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document
}
