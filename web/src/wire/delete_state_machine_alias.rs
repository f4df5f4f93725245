//! DeleteStateMachineAlias. Deleting what is not there is no error.

use serde::{Deserialize, Serialize};

use super::describe_state_machine_alias::find;
use super::error::ApiError;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    state_machine_alias_arn: String,
}

#[derive(Serialize)]
pub(super) struct Output {}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    if let Some((machine, alias)) = find(app, &input.state_machine_alias_arn).await? {
        store::alias::delete(&app.db, machine.id, &alias.name, app.now()).await?;
        app.engine.forget_machine(&machine.name);
    }
    Ok(Output {})
}
