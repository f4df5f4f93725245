//! SendTaskFailure.

use std::sync::Arc;

use asl::StateError;
use serde::Deserialize;

use super::error::ApiError;
use super::send_task::{Output, answer};
use super::validate;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    task_token: String,
    error: Option<String>,
    cause: Option<String>,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    validate::storable("error", input.error.as_deref())?;
    validate::storable("cause", input.cause.as_deref())?;
    let error = StateError {
        error: input.error.map(Arc::from),
        cause: input.cause.map(Arc::from),
    };
    answer(app.engine.end_task(&input.task_token, Err(error)).await?)
}
