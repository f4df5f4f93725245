//! StartExecution. One of an Express machine has no name to itself, so a start that is repeated starts again.

use asl::Payload;
use runtime::{StartError, StartRequest, View};
use serde::{Deserialize, Serialize};

use super::date::Date;
use super::error::{ApiError, Code};
use super::{name, validate};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    state_machine_arn: String,
    name: Option<String>,
    input: Option<String>,
    trace_header: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    execution_arn: String,
    start_date: Date,
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
    let given = input.name.clone();
    let request = StartRequest {
        machine_arn: input.state_machine_arn,
        name: input.name,
        input: payload,
        parent: None,
        trace_header: input.trace_header,
        child_id: None,
    };
    let view = match app.engine.start(request).await {
        Ok(view) => view,
        Err(StartError::NameTaken {
            by,
            is_same_input: true,
        }) => repeated(app, &arn.name, given.as_deref(), by).await?,
        Err(error) => return Err(refusal(app, &arn.text, &arn.name, given.as_deref(), error)),
    };
    Ok(Output {
        execution_arn: view.facts.identity.arn.to_string(),
        start_date: view.facts.identity.started_at.to_chrono().into(),
    })
}

/// The ARN of a start without the test case that mocks know it by; where nothing is mocked, as it is.
pub(crate) fn plain<'a>(app: &App, arn: &'a str) -> &'a str {
    match arn.split_once('#') {
        Some((plain, _)) if app.engine.has_mocks() => plain,
        _ => arn,
    }
}

/// The input of a start: an empty object where there is none.
pub(crate) fn read_input(app: &App, text: Option<&str>) -> Result<Payload, ApiError> {
    let text = text.unwrap_or("{}");
    validate::payload(app, "input", text)?;
    let refused = |problem: &dyn std::fmt::Display| {
        ApiError::new(
            Code::InvalidExecutionInput,
            format!("Invalid State Machine Execution Input: '{problem}'"),
        )
    };
    if text.is_empty() {
        return Err(refused(&"Invalid execution input."));
    }
    Payload::parse(text).map_err(|error| refused(&error))
}

/// A start under a name that is taken, with the same input: the same answer while that one runs.
async fn repeated(
    app: &App,
    machine: &str,
    name: Option<&str>,
    by: runtime::ExecutionId,
) -> Result<View, ApiError> {
    match app.engine.view(by).await? {
        Some(view) if view.closed.is_none() => Ok(view),
        _ => Err(already_exists(app, machine, name)),
    }
}

fn already_exists(app: &App, machine: &str, name: Option<&str>) -> ApiError {
    let arn = app.arns.execution(machine, name.unwrap_or_default());
    ApiError::new(
        Code::ExecutionAlreadyExists,
        format!("Execution Already Exists: '{arn}'"),
    )
}

pub(crate) fn refusal(
    app: &App,
    arn: &str,
    machine: &str,
    name: Option<&str>,
    error: StartError,
) -> ApiError {
    match error {
        StartError::InvalidArn(_) | StartError::MachineDoesNotExist => ApiError::no_machine(arn),
        StartError::NoTestCase(text) => ApiError::validation(text),
        StartError::MachineDeleting => ApiError::machine_deleting(arn),
        StartError::MachineTypeNotSupported => ApiError::type_not_supported(),
        StartError::NameTaken { .. } => already_exists(app, machine, name),
        StartError::LimitExceeded => ApiError::new(Code::ExecutionLimitExceeded, error.to_string()),
        StartError::Throttled => ApiError::new(
            Code::ThrottlingException,
            "The server has as much work as it can hold. Try again later.",
        ),
        StartError::Unavailable => ApiError::unavailable(&error),
        StartError::Fault(fault) => fault.into(),
    }
}
