//! ListStateMachines, in the order of names.

use serde::{Deserialize, Serialize};

use super::date::Date;
use super::error::ApiError;
use super::machine::Type;
use crate::app::App;

const LISTING: &str = "ListStateMachines";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    max_results: Option<u32>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    state_machines: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    state_machine_arn: String,
    name: String,
    r#type: Type,
    creation_date: Date,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let now = app.now();
    let tokens = &app.page_tokens;
    let page =
        tokens.page::<String>(LISTING, input.max_results, input.next_token.as_deref(), now)?;
    let mut machines = store::machine::list(&app.db, page.after.as_deref(), page.fetch()).await?;
    let next_token = page
        .cut(&mut machines)
        .map(|last| tokens.make(LISTING, &last.name, now));
    let state_machines = machines
        .into_iter()
        .map(|machine| Item {
            state_machine_arn: app.arns.machine(&machine.name),
            name: machine.name,
            r#type: machine.machine_type.into(),
            creation_date: machine.created_at.into(),
        })
        .collect();
    Ok(Output {
        state_machines,
        next_token,
    })
}
