//! UntagResource. Removing a tag that is not there is no error.

use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::tags;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    resource_arn: String,
    tag_keys: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Output {}

pub(super) async fn handle(app: &App, mut input: Input) -> Result<Output, ApiError> {
    let id = tags::find_resource(app, &input.resource_arn).await?;
    // No key has NUL, and the database would refuse to look.
    input.tag_keys.retain(|key| !key.contains('\0'));
    store::tag::remove(&app.db, id, &input.tag_keys).await?;
    Ok(Output {})
}
