//! UpdateStateMachineAlias.

use serde::{Deserialize, Serialize};
use store::alias::{Updated, update};

use super::date::Date;
use super::describe_state_machine_alias::find;
use super::error::ApiError;
use super::{routing, validate};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    state_machine_alias_arn: String,
    description: Option<String>,
    routing_configuration: Option<Vec<routing::Item>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    update_date: Date,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    if input.description.is_none() && input.routing_configuration.is_none() {
        return Err(ApiError {
            reason: Some("MISSING_REQUIRED_PARAMETER"),
            ..ApiError::validation(
                "Either the description or the routingConfiguration must be specified",
            )
        });
    }
    let routing = input
        .routing_configuration
        .map(|items| routing::check(app, &items))
        .transpose()?;
    validate::storable("description", input.description.as_deref())?;
    let arn = &input.state_machine_alias_arn;
    let (machine, mut alias) = find(app, arn)
        .await?
        .ok_or_else(|| ApiError::no_resource(arn))?;
    if machine.is_deleting {
        return Err(ApiError::machine_deleting(&app.arns.machine(&machine.name)));
    }
    if let Some(routing) = routing {
        if routing.machine.name != machine.name || !routing.machine.is_ours {
            return Err(ApiError::no_resource(&routing.machine.text));
        }
        alias.routes = routing.routes;
    }
    if let Some(description) = input.description {
        alias.description = description;
    }
    alias.updated_at = app.now();
    let updated = update(&app.db, &alias).await?;
    app.engine.forget_machine(&machine.name);
    match updated {
        Updated::Done => Ok(Output {
            update_date: alias.updated_at.into(),
        }),
        Updated::NotThere => Err(ApiError::no_resource(arn)),
        Updated::NoVersion(number) => Err(ApiError::no_resource(
            &app.arns.version(&machine.name, number),
        )),
    }
}
