//! SendTaskHeartbeat. It writes no event.

use serde::Deserialize;

use super::error::ApiError;
use super::send_task::{Output, answer};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    task_token: String,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    answer(app.engine.heartbeat(&input.task_token).await?)
}
