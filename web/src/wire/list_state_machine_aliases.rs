//! ListStateMachineAliases: of a machine, or those that point at one of its versions. The oldest comes
//! first, as recorded, though the service's documentation says otherwise.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::arn::Qualifier;
use super::date::Date;
use super::error::ApiError;
use super::machine;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    state_machine_arn: String,
    max_results: Option<u32>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    state_machine_aliases: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    state_machine_alias_arn: String,
    creation_date: Date,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let arn = app.arns.read_machine(&input.state_machine_arn)?;
    let version = match arn.qualifier {
        None => None,
        Some(Qualifier::Version(number)) => Some(number),
        Some(Qualifier::Alias(_)) => return Err(ApiError::no_machine(&arn.text)),
    };
    let machine = machine::find(app, &arn).await?;
    let now = app.now();
    let tokens = &app.page_tokens;
    let listing = format!("ListStateMachineAliases {} {version:?}", machine.id);
    let page = tokens.page::<(DateTime<Utc>, Uuid)>(
        &listing,
        input.max_results,
        input.next_token.as_deref(),
        now,
    )?;
    let mut aliases =
        store::alias::list(&app.db, machine.id, version, page.after, page.fetch()).await?;
    let next_token = page
        .cut(&mut aliases)
        .map(|last| tokens.make(&listing, (last.created_at, last.id), now));
    let state_machine_aliases = aliases
        .into_iter()
        .map(|alias| Item {
            state_machine_alias_arn: app.arns.alias(&machine.name, &alias.name),
            creation_date: alias.created_at.into(),
        })
        .collect();
    Ok(Output {
        state_machine_aliases,
        next_token,
    })
}
