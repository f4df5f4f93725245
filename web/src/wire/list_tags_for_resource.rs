//! ListTagsForResource.

use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::tags::{self, Tag};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    resource_arn: String,
}

#[derive(Serialize)]
pub(super) struct Output {
    tags: Vec<Tag>,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let id = tags::find_resource(app, &input.resource_arn).await?;
    let tags = store::tag::list(&app.db, id).await?;
    Ok(Output {
        tags: tags.into_iter().map(Tag::from).collect(),
    })
}
