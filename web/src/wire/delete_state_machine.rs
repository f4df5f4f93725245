//! DeleteStateMachine. Deleting what is not there is no error.

use serde::{Deserialize, Serialize};

use super::error::ApiError;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    state_machine_arn: String,
}

#[derive(Serialize)]
pub(super) struct Output {}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let arn = app.arns.read_machine(&input.state_machine_arn)?;
    if arn.qualifier.is_some() {
        return Err(ApiError::validation(format!(
            "This operation does not support the ARN of a version or an alias: '{}'",
            arn.text
        )));
    }
    if arn.is_ours
        && let Some(id) = store::machine::begin_delete(&app.db, &arn.name).await?
    {
        store::machine::finish_delete(&app.db, id, app.now()).await?;
    }
    Ok(Output {})
}
