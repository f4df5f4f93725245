//! PublishStateMachineVersion.

use serde::{Deserialize, Serialize};
use store::version::{Expected, Published, publish};

use super::date::Date;
use super::error::{ApiError, Code};
use super::{machine, validate};
use crate::app::App;

/// How many versions a machine may have, as the service's documentation has it.
pub(super) const VERSIONS_MAX: i64 = 1000;
/// How the API names a machine's first revision, whose id it does not show.
const INITIAL: &str = "INITIAL";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    state_machine_arn: String,
    revision_id: Option<String>,
    description: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    creation_date: Date,
    state_machine_version_arn: String,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let arn = app.arns.read_machine(&input.state_machine_arn)?;
    validate::storable("description", input.description.as_deref())?;
    let description = input.description.unwrap_or_default();
    let machine = machine::find_changeable(app, &arn).await?;
    let other_revision = || {
        ApiError::new(
            Code::ConflictException,
            format!(
                "Failed to publish the State Machine version for revision {}. The current State \
                 Machine revision is {}.",
                input.revision_id.as_deref().unwrap_or_default(),
                if machine.revision.is_initial() {
                    INITIAL.to_owned()
                } else {
                    machine.revision.id.to_string()
                },
            ),
        )
    };
    let expected = match input.revision_id.as_deref() {
        None => Expected::Any,
        Some(INITIAL) => Expected::Initial,
        Some(id) => Expected::Revision(id.parse().map_err(|_| other_revision())?),
    };
    let now = app.now();
    match publish(
        &app.db,
        machine.id,
        expected,
        &description,
        VERSIONS_MAX,
        now,
    )
    .await?
    {
        Published::Done(version) => Ok(Output {
            creation_date: version.created_at.into(),
            state_machine_version_arn: app.arns.version(&machine.name, version.number),
        }),
        Published::OtherRevision => Err(other_revision()),
        Published::Gone => Err(ApiError::machine_deleting(&arn.text)),
        Published::TooMany => Err(too_many(&machine.name)),
    }
}

/// The answer where a machine has as many versions as it may.
pub(super) fn too_many(machine: &str) -> ApiError {
    ApiError::new(
        Code::ServiceQuotaExceededException,
        format!(
            "The state machine '{machine}' has {VERSIONS_MAX} versions, as many as are allowed."
        ),
    )
}
