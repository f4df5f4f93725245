//! SendTaskSuccess.

use asl::Payload;
use serde::Deserialize;

use super::error::{ApiError, Code};
use super::send_task::{Output, answer};
use super::validate;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    task_token: String,
    output: String,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    validate::payload(app, "output", &input.output)?;
    let output = Payload::parse(&input.output).map_err(|error| {
        ApiError::new(Code::InvalidOutput, format!("Invalid Output: '{error}'"))
    })?;
    answer(app.engine.end_task(&input.task_token, Ok(output)).await?)
}
