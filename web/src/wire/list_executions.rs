//! ListExecutions of a machine, a version or an alias: newest first.

use runtime::facts::{alias_name, status_name};
use serde::{Deserialize, Serialize};
use store::commit::Status;
use store::ids::ExecutionId;
use uuid::Uuid;

use super::arn::Qualifier;
use super::date::Date;
use super::error::ApiError;
use super::{machine, map_run};
use crate::app::App;

const LISTING: &str = "ListExecutions";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    state_machine_arn: Option<String>,
    map_run_arn: Option<String>,
    status_filter: Option<String>,
    redrive_filter: Option<String>,
    max_results: Option<u32>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    executions: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    execution_arn: String,
    state_machine_arn: String,
    name: String,
    status: &'static str,
    start_date: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    map_run_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_version_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_alias_arn: Option<String>,
    redrive_count: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    redrive_date: Option<Date>,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let target = match (&input.state_machine_arn, &input.map_run_arn) {
        (Some(arn), None) => of_machine(app, arn).await?,
        (None, Some(arn)) => of_map_run(app, arn).await?,
        (Some(_), Some(_)) | (None, None) => {
            return Err(ApiError::validation(
                "Exactly one of stateMachineArn and mapRunArn must be given",
            ));
        }
    };
    let Target {
        machine,
        mut filter,
        map_run_arn,
        batches,
    } = target;
    filter.statuses = status_filter(input.status_filter.as_deref());
    filter.is_redriven = input
        .redrive_filter
        .as_deref()
        .map(|filter| filter == "REDRIVEN");
    let now = app.now();
    let token = input.next_token.as_deref();
    let page = app
        .page_tokens
        .page::<Uuid>(LISTING, input.max_results, token, now)?;
    let before = page.after.map(ExecutionId);
    let mut found = store::list::executions(&app.db, &filter, before, page.fetch().into()).await?;
    let next_token = page
        .cut(&mut found)
        .map(|last| app.page_tokens.make(LISTING, last.id.0, now));
    let executions = found
        .into_iter()
        .map(|execution| Item {
            execution_arn: app.arns.execution(&machine, &execution.name),
            state_machine_arn: app.arns.machine(&machine),
            status: status_name(execution.status),
            start_date: execution.started_at.to_chrono().into(),
            stop_date: execution.closed_at.map(|at| at.to_chrono().into()),
            state_machine_version_arn: execution
                .version
                .map(|number| app.arns.version(&machine, number)),
            state_machine_alias_arn: execution
                .alias
                .as_deref()
                .and_then(alias_name)
                .map(|alias| app.arns.alias(&machine, alias)),
            map_run_arn: map_run_arn.clone(),
            item_count: batches.as_deref().and_then(|sizes| {
                let index = usize::try_from(execution.parent?.attempt).ok()?;
                sizes.get(index).copied()
            }),
            name: execution.name,
            redrive_count: execution.redrive_count,
            redrive_date: execution.redriven_at.map(|at| at.to_chrono().into()),
        })
        .collect();
    Ok(Output {
        executions,
        next_token,
    })
}

/// Whose executions are listed, and under which name.
struct Target {
    machine: String,
    filter: store::list::Filter,
    map_run_arn: Option<String>,
    /// How many items each of a Map Run's children has, by its index.
    batches: Option<Vec<u32>>,
}

async fn of_machine(app: &App, text: &str) -> Result<Target, ApiError> {
    let arn = app.arns.read_machine(text)?;
    let machine = machine::find(app, &arn).await?;
    if machine.machine_type == asl::diagnose::MachineType::Express {
        return Err(ApiError::type_not_supported());
    }
    let (version, alias) = match arn.qualifier {
        None => (None, None),
        Some(Qualifier::Version(number)) => (Some(number), None),
        Some(Qualifier::Alias(alias)) => (None, Some(alias)),
    };
    let filter = store::list::Filter {
        machine_id: Some(machine.id),
        version,
        alias,
        ..store::list::Filter::default()
    };
    Ok(Target {
        machine: machine.name,
        filter,
        map_run_arn: None,
        batches: None,
    })
}

/// A Map Run's children: their machine is the Map Run.
async fn of_map_run(app: &App, text: &str) -> Result<Target, ApiError> {
    let map_run::Found { run, machine } = map_run::find(app, text).await?;
    if run.is_express {
        return Err(ApiError::type_not_supported());
    }
    let filter = store::list::Filter {
        machine_id: Some(run.id.0),
        ..store::list::Filter::default()
    };
    Ok(Target {
        machine: format!("{machine}/{}", run.label),
        filter,
        map_run_arn: Some(text.to_owned()),
        batches: Some(app.engine.map_run_batches(run.id).await?),
    })
}

/// The statuses that a filter asks for; what it may say was checked with the model.
fn status_filter(filter: Option<&str>) -> Vec<Status> {
    let all = [
        Status::Running,
        Status::Succeeded,
        Status::Failed,
        Status::TimedOut,
        Status::Aborted,
        Status::PendingRedrive,
    ];
    all.into_iter()
        .filter(|status| filter == Some(status_name(*status)))
        .collect()
}
