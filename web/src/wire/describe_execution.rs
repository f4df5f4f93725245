//! DescribeExecution.

use asl::machine::Outcome;
use runtime::facts::{alias_name, status_name};
use serde::{Deserialize, Serialize};

use super::date::Date;
use super::error::ApiError;
use super::execution::{self, INCLUDED, Included, IncludedData};
use super::map_run;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    execution_arn: String,
    #[serde(default)]
    included_data: IncludedData,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    execution_arn: String,
    state_machine_arn: String,
    name: String,
    status: &'static str,
    start_date: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_details: Option<Included>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_details: Option<Included>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    map_run_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_version_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_alias_arn: Option<String>,
    redrive_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    redrive_date: Option<Date>,
    redrive_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    redrive_status_reason: Option<String>,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let view = execution::find(app, &input.execution_arn).await?;
    let facts = &view.facts;
    let with_data = input.included_data == IncludedData::AllData;
    let status = view.status();
    let (redrive_status, redrive_status_reason) = execution::redrive_status(app, &view).await?;
    let outcome = view.closed.as_ref().map(|closed| &closed.outcome);
    let output = match outcome {
        Some(Outcome::Succeeded(output)) if with_data => Some(output.text().to_owned()),
        _ => None,
    };
    let failure = match outcome {
        Some(Outcome::Failed(error) | Outcome::Aborted(error) | Outcome::TimedOut(error)) => {
            Some(error)
        }
        Some(Outcome::Succeeded(_)) | None => None,
    };
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
    let machine = &facts.revision.machine_name;
    Ok(Output {
        execution_arn: facts.identity.arn.to_string(),
        state_machine_arn: facts.revision.machine_arn.to_string(),
        name: facts.identity.name.to_string(),
        status: status_name(status),
        start_date: facts.identity.started_at.to_chrono().into(),
        stop_date: view
            .closed
            .as_ref()
            .map(|closed| closed.at.to_chrono().into()),
        input: with_data.then(|| facts.input.text().to_owned()),
        input_details: with_data.then_some(INCLUDED),
        output_details: output.is_some().then_some(INCLUDED),
        output,
        trace_header: facts.trace_header.clone(),
        error: failure.and_then(|error| text(&error.error)),
        cause: failure.and_then(|error| text(&error.cause)),
        map_run_arn: map_run::arn_of(app, facts),
        state_machine_version_arn: facts
            .version
            .map(|number| app.arns.version(machine, number)),
        state_machine_alias_arn: facts
            .alias
            .as_deref()
            .and_then(alias_name)
            .map(|alias| app.arns.alias(machine, alias)),
        redrive_count: facts.redriven.map_or(0, |redriven| redriven.count),
        redrive_date: facts
            .redriven
            .map(|redriven| redriven.at.to_chrono().into()),
        redrive_status,
        redrive_status_reason,
    })
}
