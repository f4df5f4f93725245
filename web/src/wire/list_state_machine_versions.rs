//! ListStateMachineVersions, the newest first.

use serde::{Deserialize, Serialize};

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
    state_machine_versions: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    state_machine_version_arn: String,
    creation_date: Date,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let arn = app.arns.read_machine(&input.state_machine_arn)?;
    if arn.qualifier.is_some() {
        return Err(ApiError::no_machine(&arn.text));
    }
    let machine = machine::find(app, &arn).await?;
    let now = app.now();
    let tokens = &app.page_tokens;
    let listing = format!("ListStateMachineVersions {}", machine.id);
    let page = tokens.page::<i64>(
        &listing,
        input.max_results,
        input.next_token.as_deref(),
        now,
    )?;
    let mut versions = store::version::list(&app.db, machine.id, page.after, page.fetch()).await?;
    let next_token = page
        .cut(&mut versions)
        .map(|last| tokens.make(&listing, last.number, now));
    let state_machine_versions = versions
        .into_iter()
        .map(|version| Item {
            state_machine_version_arn: app.arns.version(&machine.name, version.number),
            creation_date: version.created_at.into(),
        })
        .collect();
    Ok(Output {
        state_machine_versions,
        next_token,
    })
}
