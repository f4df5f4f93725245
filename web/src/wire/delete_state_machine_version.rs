//! DeleteStateMachineVersion. Deleting what is not there is no error; what an alias points at stays.

use serde::{Deserialize, Serialize};
use store::version::{Deleted, delete};

use super::arn::Qualifier;
use super::error::{ApiError, Code};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    state_machine_version_arn: String,
}

#[derive(Serialize)]
pub(super) struct Output {}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let arn = app.arns.read_machine(&input.state_machine_version_arn)?;
    let Some(Qualifier::Version(number)) = arn.qualifier else {
        return Err(ApiError::validation(format!(
            "This operation needs the ARN of a state machine version. Received: '{}'",
            arn.text
        )));
    };
    let machine = if arn.is_ours {
        store::machine::get(&app.db, &arn.name).await?
    } else {
        None
    };
    let Some(machine) = machine else {
        return Ok(Output {});
    };
    let deleted = delete(&app.db, machine.id, number).await?;
    app.engine.forget_machine(&machine.name);
    match deleted {
        Deleted::Done | Deleted::NotThere => Ok(Output {}),
        Deleted::InUse(aliases) => Err(ApiError::new(
            Code::ConflictException,
            format!(
                "Version to be deleted must not be referenced by an alias. Current list of aliases \
                 referencing this version: [{}]",
                aliases.join(", ")
            ),
        )),
    }
}
