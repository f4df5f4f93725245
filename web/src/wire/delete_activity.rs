//! DeleteActivity. Deleting what is not there is no error.

use serde::{Deserialize, Serialize};

use super::error::ApiError;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    activity_arn: String,
}

#[derive(Serialize)]
pub(super) struct Output {}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    if let Some(name) = app.arns.read_activity(&input.activity_arn)? {
        store::activity::delete(&app.db, &name).await?;
    }
    Ok(Output {})
}
