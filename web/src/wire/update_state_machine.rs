//! UpdateStateMachine.

use serde::{Deserialize, Serialize};
use store::machine::{Change, Updated, update};
use uuid::Uuid;

use super::configuration::{Encryption, Logging, Tracing};
use super::date::Date;
use super::error::{ApiError, Code};
use super::publish_state_machine_version::{VERSIONS_MAX, too_many};
use super::{definition, machine};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    state_machine_arn: String,
    definition: Option<String>,
    role_arn: Option<String>,
    logging_configuration: Option<Logging>,
    tracing_configuration: Option<Tracing>,
    publish: Option<bool>,
    version_description: Option<String>,
    encryption_configuration: Option<Encryption>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    update_date: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_version_arn: Option<String>,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let version_description =
        machine::version_description(input.publish, input.version_description)?;
    let arn = app.arns.read_machine(&input.state_machine_arn)?;
    let has_change = input.definition.is_some()
        || input.role_arn.is_some()
        || input.logging_configuration.is_some()
        || input.tracing_configuration.is_some()
        || input.encryption_configuration.is_some();
    if !has_change {
        return Err(ApiError::new(
            Code::MissingRequiredParameter,
            "Either the definition, the role ARN, the LoggingConfiguration, or the \
             TracingConfiguration must be specified",
        ));
    }
    let machine = machine::find_changeable(app, &arn).await?;
    if let Some(role_arn) = &input.role_arn {
        machine::check_role(role_arn)?;
    }
    if let Some(text) = &input.definition {
        definition::check(app, text, machine.machine_type).await?;
    }
    let change = Change {
        definition: input.definition,
        role_arn: input.role_arn,
        logging: input
            .logging_configuration
            .map(Logging::into_text)
            .transpose()?,
        tracing: input.tracing_configuration.map(Tracing::into_text),
        encryption: input
            .encryption_configuration
            .map(Encryption::into_text)
            .transpose()?,
        version_description,
        versions_max: VERSIONS_MAX,
        expected_revision: None,
    };
    let updated = update(&app.db, machine.id, &change, app.new_id(), app.now()).await?;
    app.engine.forget_machine(&machine.name);
    match updated {
        Updated::Done { revision, version } => Ok(Output {
            update_date: revision.created_at.into(),
            revision_id: (!revision.is_initial()).then(|| revision.id.to_string()),
            state_machine_version_arn: version
                .map(|version| app.arns.version(&machine.name, version.number)),
        }),
        Updated::Gone => Err(ApiError::machine_deleting(&arn.text)),
        Updated::TooManyVersions => Err(too_many(&machine.name)),
        Updated::Moved(_) => Err(moved(&machine.name)),
    }
}

/// Puts a definition in the place of the revision that it was made from, for the native API. Gives the
/// id of the revision that is then current.
pub(crate) async fn replace(
    app: &App,
    name: &str,
    definition: &str,
    expected: Uuid,
) -> Result<Uuid, ApiError> {
    let arn = app.arns.read_machine(&app.arns.machine(name))?;
    let machine = machine::find_changeable(app, &arn).await?;
    definition::check(app, definition, machine.machine_type).await?;
    let change = Change {
        definition: Some(definition.to_owned()),
        versions_max: VERSIONS_MAX,
        expected_revision: Some(expected),
        ..Change::default()
    };
    match update(&app.db, machine.id, &change, app.new_id(), app.now()).await? {
        Updated::Done { revision, .. } => Ok(revision.id),
        Updated::Gone => Err(ApiError::machine_deleting(&arn.text)),
        Updated::TooManyVersions => Err(too_many(&machine.name)),
        Updated::Moved(_) => Err(moved(&machine.name)),
    }
}

fn moved(name: &str) -> ApiError {
    ApiError::new(
        Code::ConflictException,
        format!("State machine '{name}' was changed by somebody else since it was opened"),
    )
}
