//! CreateStateMachine.

use serde::{Deserialize, Serialize};
use store::machine::{Created, Machine, New, create};
use store::revision::Revision;

use super::configuration::{Encryption, Logging, Tracing};
use super::date::Date;
use super::error::{ApiError, Code};
use super::machine::{self, Type};
use super::tags::Tag;
use super::{definition, name, tags};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    name: String,
    definition: String,
    role_arn: String,
    #[serde(default)]
    r#type: Type,
    #[serde(default)]
    logging_configuration: Logging,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tracing_configuration: Tracing,
    publish: Option<bool>,
    version_description: Option<String>,
    #[serde(default)]
    encryption_configuration: Encryption,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    state_machine_arn: String,
    creation_date: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_version_arn: Option<String>,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let version_description =
        machine::version_description(input.publish, input.version_description)?;
    name::check(&input.name)?;
    machine::check_role(&input.role_arn)?;
    let logging = input.logging_configuration.into_text()?;
    let encryption = input.encryption_configuration.into_text()?;
    let arn = app.arns.machine(&input.name);
    let tags = tags::check(app, &arn, input.tags)?;
    definition::check(app, &input.definition, input.r#type.into()).await?;

    let now = app.now();
    let id = app.new_id();
    let new = New {
        machine: Machine {
            id,
            name: input.name,
            machine_type: input.r#type.into(),
            is_deleting: false,
            publish_on_create: version_description.is_some(),
            created_at: now,
            revision: Revision {
                id: app.new_id(),
                machine_id: id,
                number: 1,
                definition: input.definition,
                source: None,
                source_format: "JSON".to_owned(),
                role_arn: input.role_arn,
                logging,
                tracing: input.tracing_configuration.into_text(),
                encryption,
                created_at: now,
            },
        },
        tags,
        version_description,
        machines_max: i64::try_from(app.settings.limits.state_machines_max).unwrap_or(i64::MAX),
    };
    match create(&app.db, &new, now).await? {
        Created::New => Ok(Output {
            state_machine_version_arn: new
                .version_description
                .is_some()
                .then(|| app.arns.version(&new.machine.name, 1)),
            state_machine_arn: arn,
            creation_date: now.into(),
        }),
        Created::Exists(existing) => repeat(app, arn, &new, &existing).await,
        Created::LimitReached => Err(ApiError::new(
            Code::StateMachineLimitExceeded,
            format!(
                "State Machine Limit Exceeded: there are {} state machines, as many as are allowed",
                new.machines_max
            ),
        )),
    }
}

/// The answer where the name is taken: as at first, if the request is the same. A role or tags that
/// differ are ignored, as the service's documentation has it.
async fn repeat(app: &App, arn: String, new: &New, existing: &Machine) -> Result<Output, ApiError> {
    if existing.is_deleting {
        return Err(ApiError::machine_deleting(&arn));
    }
    let asked = &new.machine;
    let is_same = asked.machine_type == existing.machine_type
        && asked.publish_on_create == existing.publish_on_create
        && asked.revision.definition == existing.revision.definition
        && asked.revision.logging == existing.revision.logging
        && asked.revision.tracing == existing.revision.tracing
        && asked.revision.encryption == existing.revision.encryption;
    let refused = || {
        ApiError::new(
            Code::StateMachineAlreadyExists,
            format!("State Machine Already Exists: '{arn}'"),
        )
    };
    if !is_same {
        return Err(refused());
    }
    let mut version_arn = None;
    if let Some(description) = &new.version_description {
        let version =
            store::version::of_revision(&app.db, existing.id, existing.revision.id).await?;
        let version = version
            .filter(|it| it.description == *description)
            .ok_or_else(refused)?;
        version_arn = Some(app.arns.version(&existing.name, version.number));
    }
    Ok(Output {
        state_machine_arn: arn,
        creation_date: existing.created_at.into(),
        state_machine_version_arn: version_arn,
    })
}
