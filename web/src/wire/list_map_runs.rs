//! ListMapRuns of an execution, the newest first.

use serde::{Deserialize, Serialize};
use store::ids::ExecutionId;
use uuid::Uuid;

use super::date::Date;
use super::error::ApiError;
use super::{execution, map_run};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    execution_arn: String,
    max_results: Option<u32>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    map_runs: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    execution_arn: String,
    map_run_arn: String,
    state_machine_arn: String,
    start_date: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_date: Option<Date>,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let view = execution::find(app, &input.execution_arn).await?;
    let (id, now) = (view.facts.id, app.now());
    let listing = format!("ListMapRuns {id}");
    let token = input.next_token.as_deref();
    let page = app
        .page_tokens
        .page::<Uuid>(&listing, input.max_results, token, now)?;
    let before = page.after.map(ExecutionId);
    let mut runs = store::map_run::of_execution(&app.db, id, before, page.fetch().into()).await?;
    let next_token = page
        .cut(&mut runs)
        .map(|last| app.page_tokens.make(&listing, last.id.0, now));
    let machine = map_run::base(&view.facts.revision.machine_name);
    let map_runs = runs
        .into_iter()
        .map(|run| Item {
            execution_arn: view.facts.identity.arn.to_string(),
            map_run_arn: app.arns.map_run(machine, &run.label, &run.id.to_string()),
            state_machine_arn: app.arns.machine(&format!("{machine}/{}", run.label)),
            start_date: run.started_at.to_chrono().into(),
            stop_date: run.closed_at.map(|at| at.to_chrono().into()),
        })
        .collect();
    Ok(Output {
        map_runs,
        next_token,
    })
}
