//! TagResource.

use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::tags::{self, Tag};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    resource_arn: String,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
pub(super) struct Output {}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let arn = &input.resource_arn;
    let id = tags::find_resource(app, arn).await?;
    let tags = tags::check(app, arn, input.tags)?;
    let max = i64::try_from(app.settings.limits.tags_max).unwrap_or(i64::MAX);
    if store::tag::set(&app.db, id, &tags, max).await? {
        Ok(Output {})
    } else {
        Err(tags::too_many(app, arn))
    }
}
