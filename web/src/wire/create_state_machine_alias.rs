//! CreateStateMachineAlias.

use serde::{Deserialize, Serialize};
use store::alias::{Alias, Created, create};

use super::date::Date;
use super::error::{ApiError, Code};
use super::{routing, validate};
use crate::app::App;

/// How many aliases a machine may have, as the service's documentation has it.
const ALIASES_MAX: i64 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    name: String,
    description: Option<String>,
    routing_configuration: Vec<routing::Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    state_machine_alias_arn: String,
    creation_date: Date,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let routing = routing::check(app, &input.routing_configuration)?;
    validate::storable("description", input.description.as_deref())?;
    let description = input.description.unwrap_or_default();
    let found = if routing.machine.is_ours {
        store::machine::get(&app.db, &routing.machine.name).await?
    } else {
        None
    };
    let machine = found.ok_or_else(|| ApiError::no_resource(&routing.machine.text))?;
    if machine.is_deleting {
        return Err(ApiError::machine_deleting(&app.arns.machine(&machine.name)));
    }
    let now = app.now();
    let alias = Alias {
        id: app.new_id(),
        machine_id: machine.id,
        name: input.name,
        description,
        routes: routing.routes,
        created_at: now,
        updated_at: now,
    };
    let arn = app.arns.alias(&machine.name, &alias.name);
    match create(&app.db, &alias, ALIASES_MAX).await? {
        Created::New => Ok(Output {
            state_machine_alias_arn: arn,
            creation_date: now.into(),
        }),
        Created::Exists(existing)
            if existing.description == alias.description && existing.routes == alias.routes =>
        {
            Ok(Output {
                state_machine_alias_arn: arn,
                creation_date: existing.created_at.into(),
            })
        }
        Created::Exists(_) => Err(ApiError::new(
            Code::ConflictException,
            "Failed to create alias because an alias with the same name and a different routing \
             configuration already exists.",
        )),
        Created::NoVersion(number) => Err(ApiError::no_resource(
            &app.arns.version(&machine.name, number),
        )),
        Created::TooMany => Err(ApiError::new(
            Code::ServiceQuotaExceededException,
            format!(
                "The state machine '{}' has {ALIASES_MAX} aliases, as many as are allowed.",
                machine.name
            ),
        )),
        Created::Gone => Err(ApiError::machine_deleting(&app.arns.machine(&machine.name))),
    }
}
