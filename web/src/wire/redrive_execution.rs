//! RedriveExecution: an execution that closed without success goes on from there.

use runtime::RedriveError;
use serde::{Deserialize, Serialize};

use super::date::Date;
use super::error::{ApiError, Code};
use super::{execution, validate};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    execution_arn: String,
    client_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    redrive_date: Date,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    validate::storable("clientToken", input.client_token.as_deref())?;
    let view = execution::find(app, &input.execution_arn).await?;
    let redriven = app
        .engine
        .redrive(view.facts.id, input.client_token.as_deref());
    match redriven.await {
        Ok(at) => Ok(Output {
            redrive_date: at.to_chrono().into(),
        }),
        Err(RedriveError::DoesNotExist) => Err(execution::does_not_exist(&input.execution_arn)),
        Err(RedriveError::NotRedrivable(reason)) => Err(ApiError::new(
            Code::ExecutionNotRedrivable,
            reason.to_string(),
        )),
        Err(RedriveError::LimitExceeded) => Err(ApiError::new(
            Code::ExecutionLimitExceeded,
            runtime::StartError::LimitExceeded.to_string(),
        )),
        Err(RedriveError::Unavailable) => Err(ApiError::new(
            Code::ServiceUnavailableException,
            "The execution's node does not answer now. Try again.",
        )),
        Err(RedriveError::Fault(fault)) => Err(fault.into()),
    }
}
