//! DescribeActivity.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::configuration::stored;
use super::date::Date;
use super::error::ApiError;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    activity_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    activity_arn: String,
    name: String,
    creation_date: Date,
    encryption_configuration: Box<RawValue>,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let found = match app.arns.read_activity(&input.activity_arn)? {
        Some(name) => store::activity::get(&app.db, &name).await?,
        None => None,
    };
    let activity = found.ok_or_else(|| ApiError::no_activity(&input.activity_arn))?;
    Ok(Output {
        activity_arn: input.activity_arn,
        name: activity.name,
        creation_date: activity.created_at.into(),
        encryption_configuration: stored(&activity.encryption)?,
    })
}
