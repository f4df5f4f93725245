//! ListActivities, in the order of names.

use serde::{Deserialize, Serialize};

use super::date::Date;
use super::error::ApiError;
use crate::app::App;

const LISTING: &str = "ListActivities";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    max_results: Option<u32>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    activities: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    activity_arn: String,
    name: String,
    creation_date: Date,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let now = app.now();
    let tokens = &app.page_tokens;
    let page =
        tokens.page::<String>(LISTING, input.max_results, input.next_token.as_deref(), now)?;
    let mut activities =
        store::activity::list(&app.db, page.after.as_deref(), page.fetch()).await?;
    let next_token = page
        .cut(&mut activities)
        .map(|last| tokens.make(LISTING, &last.name, now));
    let activities = activities
        .into_iter()
        .map(|activity| Item {
            activity_arn: app.arns.activity(&activity.name),
            name: activity.name,
            creation_date: activity.created_at.into(),
        })
        .collect();
    Ok(Output {
        activities,
        next_token,
    })
}
