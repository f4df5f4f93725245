//! Pages for people: server-rendered, readable and usable without script.
//!
//! A page is a struct beside its handlers, drawn by the template of the same name. What pages know
//! is in `view`, how it is found in `queries`, what they set going in `actions`. The browser's part
//! is in `assets/app.js`. The wire API and the rules of workflows are elsewhere.

pub mod actions;
pub mod aliases;
pub mod assets;
pub mod design;
pub mod difference;
pub mod events;
pub mod execution;
pub mod executions;
pub mod frame;
pub mod headers;
pub mod json_view;
mod logged;
pub mod machine;
pub mod machine_settings;
pub mod machines;
pub mod map_run;
pub mod moment;
pub mod new_machine;
pub mod outline;
pub mod overview;
pub mod paging;
pub mod pattern;
pub mod problem;
pub mod queries;
pub mod rerun;
pub mod run;
pub mod search;
pub mod selection;
pub mod sign_in;
pub mod start;
pub mod theme;
pub mod timeline;
pub mod trail;
pub mod versions;
pub mod view;

#[cfg(test)]
mod machine_tests;
#[cfg(test)]
mod preview;
#[cfg(test)]
mod tests;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::Uri,
    middleware,
    response::Response,
    routing::{MethodRouter, any, get, post},
};

use crate::{app::Shared, live};
use frame::{Section, Visit};

/// The largest form. A definition of 1 MiB may be three times that when its signs are escaped.
const FORM_BYTES_MAX: usize = 4 << 20;

/// Every page, and what pages load.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(overview::show))
        .route("/machines", get(machines::show))
        .route(
            "/machines/new",
            get(new_machine::show).post(new_machine::create),
        )
        .route("/machines/new/check", post(new_machine::check))
        .route("/machines/{name}", get(machine::show))
        .route("/machines/new/design", get(design::new))
        .route("/machines/{name}/design", get(design::show))
        .route("/machines/{name}/definition.json", get(machine::definition))
        .route(
            "/machines/{name}/versions",
            get(versions::show).post(versions::publish),
        )
        .route(
            "/machines/{name}/versions/{number}/delete",
            post(versions::delete),
        )
        .route(
            "/machines/{name}/aliases",
            get(aliases::show).post(aliases::create),
        )
        .route("/machines/{name}/aliases/{alias}", post(aliases::update))
        .route(
            "/machines/{name}/aliases/{alias}/delete",
            post(aliases::delete),
        )
        .route(
            "/machines/{name}/settings",
            get(machine_settings::show).post(machine_settings::save),
        )
        .route(
            "/machines/{name}/settings/tags",
            post(machine_settings::set_tag),
        )
        .route(
            "/machines/{name}/settings/delete",
            post(machine_settings::delete),
        )
        .route(
            "/machines/{name}/start",
            get(start::show).post(start::start),
        )
        .route("/executions", get(executions::show))
        .route("/executions/newer", get(executions::newer))
        .route(
            "/executions/all",
            get(executions::bulk::show).post(executions::bulk::perform),
        )
        .route("/executions/{id}", get(execution::show))
        .route(
            "/executions/{id}/definition.json",
            get(execution::definition),
        )
        .route("/executions/{id}/input", get(execution::input))
        .route("/executions/{id}/output", get(execution::output))
        .route("/executions/{id}/events/{number}", get(execution::event))
        .route("/executions/{id}/stop", post(execution::stop))
        .route("/executions/{id}/redrive", post(execution::redrive))
        .route(
            "/executions/{id}/rerun",
            get(rerun::show).post(rerun::start),
        )
        .route("/map-runs/{id}", get(map_run::show))
        .route("/search", get(search::show))
        .route("/sign-in", get(sign_in::show))
        .route("/theme", post(theme::choose))
        .route("/assets/{hash}/{*name}", get(assets::serve))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(middleware::from_fn(headers::guard))
}

/// What answers where there is no page.
pub(crate) fn missing() -> MethodRouter<Shared> {
    any(nowhere).layer(middleware::from_fn(headers::guard))
}

async fn nowhere(visit: Visit, uri: Uri) -> Response {
    // A program is told in the way of what it looked for.
    if uri.path().starts_with("/api/") {
        return live::missing(uri.path());
    }
    problem::not_found(visit, Section::Elsewhere, "page", uri.path())
}
