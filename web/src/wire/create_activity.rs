//! CreateActivity.

use serde::{Deserialize, Serialize};
use store::activity::{Activity, Created, create};

use super::configuration::Encryption;
use super::date::Date;
use super::error::{ApiError, Code};
use super::tags::Tag;
use super::{name, tags};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    name: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    encryption_configuration: Encryption,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    activity_arn: String,
    creation_date: Date,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    name::check(&input.name)?;
    let arn = app.arns.activity(&input.name);
    let tags = tags::check(app, &arn, input.tags)?;
    let activity = Activity {
        id: app.new_id(),
        name: input.name,
        encryption: input.encryption_configuration.into_text()?,
        created_at: app.now(),
    };
    let max = i64::try_from(app.settings.limits.activities_max).unwrap_or(i64::MAX);
    match create(&app.db, &activity, &tags, max).await? {
        Created::New => Ok(Output {
            activity_arn: arn,
            creation_date: activity.created_at.into(),
        }),
        // Other tags than at first are ignored, as the service's documentation has it.
        Created::Exists(existing) if existing.encryption == activity.encryption => Ok(Output {
            activity_arn: arn,
            creation_date: existing.created_at.into(),
        }),
        Created::Exists(_) => Err(ApiError::new(
            Code::ActivityAlreadyExists,
            format!(
                "Activity Already Exists: '{arn}'. EncryptionConfiguration may not be updated."
            ),
        )),
        Created::LimitReached => Err(ApiError::new(
            Code::ActivityLimitExceeded,
            format!("Activity Limit Exceeded: there are {max} activities, as many as are allowed"),
        )),
    }
}
