//! DescribeMapRun: what its last step left.

use runtime::counts::Shown;
use runtime::facts::status_name;
use serde::{Deserialize, Serialize};

use super::date::Date;
use super::error::ApiError;
use super::map_run;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    map_run_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    map_run_arn: String,
    execution_arn: String,
    status: &'static str,
    start_date: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_date: Option<Date>,
    max_concurrency: i64,
    tolerated_failure_percentage: f64,
    tolerated_failure_count: i64,
    item_counts: Shown,
    execution_counts: Shown,
    redrive_count: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    redrive_date: Option<Date>,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let map_run::Found { run, machine } = map_run::find(app, &input.map_run_arn).await?;
    let missing = || ApiError::no_resource(&input.map_run_arn);
    let execution = app.engine.view(run.execution).await?.ok_or_else(missing)?;
    let counts = app.engine.map_run_counts(&run).await?;
    let id = run.id.to_string();
    Ok(Output {
        map_run_arn: app.arns.map_run(&machine, &run.label, &id),
        execution_arn: execution.facts.identity.arn.to_string(),
        status: status_name(run.status),
        start_date: run.started_at.to_chrono().into(),
        stop_date: run.closed_at.map(|at| at.to_chrono().into()),
        max_concurrency: run.concurrency,
        tolerated_failure_percentage: run.tolerated_percentage.unwrap_or(0.0),
        tolerated_failure_count: run.tolerated_count.unwrap_or(0),
        item_counts: counts.items,
        execution_counts: counts.executions,
        redrive_count: run.redrive_count,
        redrive_date: run.redriven_at.map(|at| at.to_chrono().into()),
    })
}
