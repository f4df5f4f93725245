//! DescribeStateMachineAlias.

use serde::{Deserialize, Serialize};
use store::alias::Alias;
use store::machine::Machine;

use super::arn::Qualifier;
use super::date::Date;
use super::error::ApiError;
use super::routing;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    state_machine_alias_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    state_machine_alias_arn: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    routing_configuration: Vec<routing::Item>,
    creation_date: Date,
    update_date: Date,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let arn = input.state_machine_alias_arn;
    let (machine, alias) = find(app, &arn)
        .await?
        .ok_or_else(|| ApiError::no_resource(&arn))?;
    Ok(Output {
        state_machine_alias_arn: arn,
        routing_configuration: routing::items(app, &machine.name, &alias.routes),
        name: alias.name,
        description: Some(alias.description).filter(|description| !description.is_empty()),
        creation_date: alias.created_at.into(),
        update_date: alias.updated_at.into(),
    })
}

/// The alias that an ARN names, with its machine.
pub(super) async fn find(app: &App, text: &str) -> Result<Option<(Machine, Alias)>, ApiError> {
    let arn = app.arns.read_machine(text)?;
    let Some(Qualifier::Alias(name)) = arn.qualifier else {
        return Err(ApiError::validation(format!(
            "This operation needs the ARN of a state machine alias. Received: '{text}'"
        )));
    };
    if !arn.is_ours {
        return Ok(None);
    }
    let Some(machine) = store::machine::get(&app.db, &arn.name).await? else {
        return Ok(None);
    };
    let alias = store::alias::get(&app.db, machine.id, &name).await?;
    Ok(alias.map(|alias| (machine, alias)))
}
