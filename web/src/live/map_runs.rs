//! Map Runs: those of an execution, and one with its counts.

use axum::Json;
use axum::extract::{Path, State};
use runtime::counts::Shown;
use runtime::facts::status_name;
use runtime::{ExecutionId, map_run_id};
use serde::{Deserialize, Serialize};
use store::map_run::MapRun as Row;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::answer::{Problem, ProblemBody};
use super::body::Query;
use super::executions::{fault, find};
use crate::access::Principal;
use crate::app::{App, Shared};

/// Map Runs of one page, by default and at most.
const RUNS_DEFAULT: u16 = 100;
const RUNS_MAX: u16 = 1_000;

/// The routes of this module, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(describe))
}

/// A Map Run as it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct MapRun {
    id: Uuid,
    /// The execution whose Map state began it.
    execution: Uuid,
    label: String,
    /// RUNNING, SUCCEEDED, FAILED or ABORTED.
    status: &'static str,
    /// STANDARD or EXPRESS.
    children_type: &'static str,
    started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
    /// 0 is as many as the server allows.
    max_concurrency: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerated_failure_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerated_failure_percentage: Option<f64>,
    redrive_count: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    redriven_at: Option<String>,
    items: Counts,
    children: Counts,
}

/// How many stand where.
#[derive(Serialize, ToSchema)]
pub(crate) struct Counts {
    pending: u64,
    pending_redrive: u64,
    running: u64,
    succeeded: u64,
    failed: u64,
    timed_out: u64,
    aborted: u64,
    total: u64,
    results_written: u64,
    /// Of those that did not succeed, what cannot be redriven any more.
    failures_not_redrivable: u64,
}

impl Counts {
    fn of(shown: Shown) -> Self {
        Self {
            pending: shown.pending,
            pending_redrive: shown.pending_redrive,
            running: shown.running,
            succeeded: shown.succeeded,
            failed: shown.failed,
            timed_out: shown.timed_out,
            aborted: shown.aborted,
            total: shown.total,
            results_written: shown.results_written,
            failures_not_redrivable: shown.failures_not_redrivable,
        }
    }
}

impl MapRun {
    async fn of(app: &App, row: Row) -> Result<Self, Problem> {
        let counts = app.engine.map_run_counts(&row).await.map_err(fault)?;
        Ok(Self {
            id: row.id.0,
            execution: row.execution.0,
            status: status_name(row.status),
            children_type: if row.is_express {
                "EXPRESS"
            } else {
                "STANDARD"
            },
            started_at: row.started_at.to_iso(),
            closed_at: row.closed_at.map(asl::Timestamp::to_iso),
            max_concurrency: row.concurrency,
            tolerated_failure_count: row.tolerated_count,
            tolerated_failure_percentage: row.tolerated_percentage,
            redrive_count: row.redrive_count,
            redriven_at: row.redriven_at.map(asl::Timestamp::to_iso),
            items: Counts::of(counts.items),
            children: Counts::of(counts.executions),
            label: row.label,
        })
    }
}

/// A page of Map Runs, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct MapRuns {
    map_runs: Vec<MapRun>,
    /// Where there may be more: what to ask for as `before`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// The id of a Map Run: those before it.
    before: Option<Uuid>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u16>,
}

/// Lists the Map Runs of an execution
#[utoipa::path(
    get,
    path = "/api/v1/executions/{id}/map-runs",
    tag = "executions",
    params(("id" = String, Path, description = "The execution's id or its ARN"), Page),
    responses(
        (status = 200, body = MapRuns),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn list(
    _: Principal,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<MapRuns>, Problem> {
    let limit = page.limit.unwrap_or(RUNS_DEFAULT);
    if !(1..=RUNS_MAX).contains(&limit) {
        return Err(Problem::Invalid(format!(
            "limit {limit} is not allowed: 1 to {RUNS_MAX} are"
        )));
    }
    let view = find(&app, &id).await?;
    let before = page.before.map(ExecutionId);
    let runs = store::map_run::of_execution(&app.db, view.facts.id, before, limit.into()).await;
    let runs = runs.map_err(|error| fault(error.into()))?;
    let is_full = runs.len() == usize::from(limit);
    let next = runs.last().filter(|_| is_full).map(|run| run.id.0);
    let mut map_runs = Vec::new();
    for run in runs {
        map_runs.push(MapRun::of(&app, run).await?);
    }
    Ok(Json(MapRuns { map_runs, next }))
}

/// Tells of a Map Run
#[utoipa::path(
    get,
    path = "/api/v1/map-runs/{id}",
    tag = "executions",
    params(("id" = String, Path, description = "The Map Run's id")),
    responses(
        (status = 200, body = MapRun),
        (status = 404, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn describe(
    _: Principal,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<MapRun>, Problem> {
    let run = match map_run_id(&id) {
        Some(id) => app.engine.map_run(id).await.map_err(fault)?,
        None => None,
    };
    let run = run.ok_or_else(|| {
        let shown: String = id.chars().take(200).collect();
        Problem::NotFound(format!("there is no Map Run '{shown}'"))
    })?;
    MapRun::of(&app, run).await.map(Json)
}
