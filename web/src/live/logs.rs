//! The log of an execution: the events that its machine's logging configuration asks for.

use asl::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Problem, ProblemBody};
use super::body::Query;
use super::executions::{fault, json};
use super::logged::{Found, find_any};
use crate::access::Principal;
use crate::app::Shared;

/// Lines of one page, by default and at most.
const LINES_DEFAULT: usize = 100;
const LINES_MAX: usize = 1_000;

/// The routes of this module, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(logs))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogPage {
    /// The number of an event: the lines after it.
    after: Option<u64>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// A page of log lines, each as Step Functions writes it to a log group.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of what `logs` writes by hand")]
pub(crate) struct Logs {
    #[schema(value_type = Vec<Object>)]
    logs: Vec<()>,
    /// Where there may be more: what to ask for as `after`.
    next: Option<u64>,
}

/// Gives the log of an execution, written a moment after its events
#[utoipa::path(
    get,
    path = "/api/v1/executions/{id}/logs",
    tag = "executions",
    params(("id" = String, Path, description = "The execution's id or its ARN"), LogPage),
    responses(
        (status = 200, body = Logs),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn logs(
    _: Principal,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Query(page): Query<LogPage>,
) -> Result<Response, Problem> {
    let limit = page.limit.unwrap_or(LINES_DEFAULT);
    if !(1..=LINES_MAX).contains(&limit) {
        return Err(Problem::Invalid(format!(
            "limit {limit} is not allowed: 1 to {LINES_MAX} are"
        )));
    }
    let execution = match find_any(&app, &id).await? {
        Found::Kept(view) => view.facts.id,
        Found::Logged(logged) => logged.id(),
    };
    let after = page.after.unwrap_or(0);
    let lines = app.engine.logs(execution, after, limit).await;
    let lines = lines.map_err(fault)?;
    let next = lines.last().filter(|_| lines.len() == limit);
    let next = next.and_then(|line| u64::try_from(line.event).ok());
    // Lines are JSON already, so they stand here as they were written.
    let bodies: Vec<&str> = lines.iter().map(|line| line.body.as_str()).collect();
    let mut text = format!("{{\"logs\":[{}]", bodies.join(","));
    if let Some(next) = next {
        text.push_str(",\"next\":");
        text.push_str(&Json::from(next).to_text());
    }
    text.push('}');
    Ok(json(StatusCode::OK, text))
}
