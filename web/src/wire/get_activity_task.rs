//! GetActivityTask: waits up to a minute for a task of the activity.

use std::time::Duration;

use runtime::PollError;
use serde::{Deserialize, Serialize};

use super::error::{ApiError, Code};
use super::validate;
use crate::app::App;

/// How long a poll waits. Source: the service's documentation of GetActivityTask.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    activity_arn: String,
    worker_name: Option<String>,
}

/// Both absent where no task came.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    task_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    validate::storable("workerName", input.worker_name.as_deref())?;
    let found = match app.arns.read_activity(&input.activity_arn)? {
        Some(name) => store::activity::get(&app.db, &name).await?,
        None => None,
    };
    let activity = found.ok_or_else(|| ApiError::no_activity(&input.activity_arn))?;
    let worker = input.worker_name.as_deref();
    let task = app
        .engine
        .activity_task(&activity.name, worker, PATIENCE)
        .await
        .map_err(|error| match error {
            PollError::TooManyWorkers => {
                ApiError::new(Code::ActivityWorkerLimitExceeded, error.to_string())
            }
            PollError::Fault(fault) => fault.into(),
        })?;
    let (task_token, input) = task.map(|task| (task.token, task.input)).unzip();
    Ok(Output { task_token, input })
}
