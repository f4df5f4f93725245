//! StartSyncExecution: an execution of an Express machine, answered when it has closed. The answer is a success
//! also where the execution is not: its status says so.

use asl::machine::Outcome;
use runtime::StartRequest;
use runtime::facts::status_name;
use serde::{Deserialize, Serialize};

use super::date::Date;
use super::error::ApiError;
use super::execution::{INCLUDED, Included, IncludedData};
use super::start_execution::{plain, read_input, refusal};
use super::{name, validate};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    state_machine_arn: String,
    name: Option<String>,
    input: Option<String>,
    trace_header: Option<String>,
    #[serde(default)]
    included_data: IncludedData,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    execution_arn: String,
    state_machine_arn: String,
    name: String,
    start_date: Date,
    stop_date: Date,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
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
    billing_details: Billing,
}

#[derive(Serialize)]
struct Billing {
    #[serde(rename = "billedMemoryUsedInMB")]
    memory_mb: u64,
    #[serde(rename = "billedDurationInMilliseconds")]
    duration_ms: u64,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let arn = app
        .arns
        .read_machine(plain(app, &input.state_machine_arn))?;
    validate::storable("traceHeader", input.trace_header.as_deref())?;
    if let Some(name) = &input.name {
        name::check(name)?;
    }
    let payload = read_input(app, input.input.as_deref())?;
    if !arn.is_ours {
        return Err(ApiError::no_machine(&arn.text));
    }
    let with_data = input.included_data == IncludedData::AllData;
    let request = StartRequest {
        machine_arn: input.state_machine_arn,
        name: input.name,
        input: payload,
        parent: None,
        trace_header: input.trace_header,
        child_id: None,
    };
    let finished = app.engine.start_sync(request).await;
    let finished = finished.map_err(|error| refusal(app, &arn.text, &arn.name, None, error))?;
    let (facts, identity) = (&finished.facts, &finished.facts.identity);
    let (output, failure) = match finished.outcome() {
        Outcome::Succeeded(output) => (with_data.then(|| output.text().to_owned()), None),
        Outcome::Failed(error) | Outcome::Aborted(error) | Outcome::TimedOut(error) => {
            (None, Some(error))
        }
    };
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
    Ok(Output {
        execution_arn: identity.arn.to_string(),
        state_machine_arn: identity.machine_arn.to_string(),
        name: identity.name.to_string(),
        start_date: identity.started_at.to_chrono().into(),
        stop_date: finished.closed.at.to_chrono().into(),
        status: status_name(finished.view().status()),
        error: failure.and_then(|error| text(&error.error)),
        cause: failure.and_then(|error| text(&error.cause)),
        input: with_data.then(|| facts.input.text().to_owned()),
        input_details: with_data.then_some(INCLUDED),
        output_details: output.is_some().then_some(INCLUDED),
        output,
        trace_header: facts.trace_header.clone(),
        billing_details: Billing {
            memory_mb: finished.billing.memory_mb,
            duration_ms: finished.billing.duration_ms,
        },
    })
}
