//! The description of the native API, and the routes that it describes: one list makes both.

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, ResponseBuilder};
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use super::{
    ProblemBody, Registrar, drafts, evaluate, executions, logs, machines, map_runs, registered,
    rerun, stream, test_state, versions, visits,
};
use crate::access::Principal;
use crate::app::Shared;

/// The name of the one way to say who calls.
const KEY: &str = "key";

/// What every operation may answer besides its own: the guard says the first four.
const COMMON_ANSWERS: [(&str, &str); 5] = [
    (
        "401",
        "The server has keys, and the request shows none of them",
    ),
    (
        "403",
        "A page of another site asks, or a page that does not send its form token",
    ),
    ("421", "The Host is not one of the server's names"),
    (
        "429",
        "Too many wrong keys, or too much work; try again later",
    ),
    ("503", "The server cannot do it now; try again later"),
];

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
    let (routes, mut document) = described(registrar).split_for_parts();
    add_common(&mut document);
    let document = Arc::new(document);
    routes.route(
        "/api/v1/openapi.json",
        get(move |_: Principal| std::future::ready(Json(Arc::clone(&document)))),
    )
}

fn described(registrar: &Arc<Registrar>) -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(document())
        .merge(machines::routes())
        .merge(test_state::routes())
        .merge(evaluate::routes())
        .merge(drafts::routes())
        .merge(versions::routes())
        .merge(visits::routes())
        .merge(executions::routes())
        .merge(logs::routes())
        .merge(rerun::routes())
        .merge(stream::routes())
        .merge(map_runs::routes())
        .merge(registered(registrar))
}

fn document() -> Document {
    let mut document = Description::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document
}

/// Adds what holds for every operation: how callers say who they are, and what then may go wrong.
fn add_common(document: &mut Document) {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("ID:SECRET")
        .description(Some(
            "A key, as 'stepwright keys create' prints it. Not needed while there are none.",
        ));
    let components = document.components.get_or_insert_default();
    let scheme = SecurityScheme::Http(scheme.build());
    components
        .security_schemes
        .insert(KEY.to_owned(), scheme.into());
    document.security = Some(vec![SecurityRequirement::new(KEY, [""; 0])]);
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        for (status, description) in COMMON_ANSWERS {
            let content = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(ProblemBody::name())))
                .build();
            let answer = ResponseBuilder::new()
                .description(description)
                .content("application/json", content)
                .build();
            let answers = &mut operation.responses.responses;
            answers
                .entry(status.to_owned())
                .or_insert_with(|| answer.into());
        }
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let methods = [
        &mut path.get,
        &mut path.put,
        &mut path.post,
        &mut path.delete,
        &mut path.patch,
    ];
    methods.into_iter().filter_map(Option::as_mut)
}
