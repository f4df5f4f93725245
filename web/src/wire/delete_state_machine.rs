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
        && store::machine::begin_delete(&app.db, &arn.name)
            .await?
            .is_some()
    {
        app.engine.forget_machine(&arn.name);
        // Executions that still run keep it in DELETING; upkeep looks again.
        store::machine::finish_deletions(&app.db, app.now()).await?;
    }
    Ok(Output {})
}
