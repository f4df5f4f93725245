//! StopExecution. An execution that has closed already is left as it is.

use std::sync::Arc;

use asl::StateError;
use serde::{Deserialize, Serialize};

use super::date::Date;
use super::error::ApiError;
use super::{execution, validate};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    execution_arn: String,
    error: Option<String>,
    cause: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    stop_date: Date,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    validate::storable("error", input.error.as_deref())?;
    validate::storable("cause", input.cause.as_deref())?;
    let view = execution::find(app, &input.execution_arn).await?;
    let error = StateError {
        error: input.error.map(Arc::from),
        cause: input.cause.map(Arc::from),
    };
    let stopped = app.engine.stop(view.facts.id, error).await?;
    let stopped = stopped.ok_or_else(|| execution::does_not_exist(&input.execution_arn))?;
    let at = stopped
        .closed
        .map_or_else(|| app.engine.now(), |closed| closed.at);
    Ok(Output {
        stop_date: at.to_chrono().into(),
    })
}
