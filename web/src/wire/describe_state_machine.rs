//! DescribeStateMachine: a machine as it is now, or one of its versions.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::arn::Qualifier;
use super::configuration::stored;
use super::date::Date;
use super::definition::{self, References};
use super::error::ApiError;
use super::execution::IncludedData;
use super::machine::{self, Type};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    state_machine_arn: String,
    #[serde(default)]
    included_data: IncludedData,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    state_machine_arn: String,
    name: String,
    status: &'static str,
    definition: String,
    role_arn: String,
    r#type: Type,
    creation_date: Date,
    logging_configuration: Box<RawValue>,
    tracing_configuration: Box<RawValue>,
    encryption_configuration: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "References::is_empty")]
    variable_references: References,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let arn = app.arns.read_machine(&input.state_machine_arn)?;
    let machine = machine::find(app, &arn).await?;
    let (revision, version) = match &arn.qualifier {
        None => (machine.revision, None),
        Some(Qualifier::Version(number)) => {
            let version = store::version::get(&app.db, machine.id, *number).await?;
            let version = version.ok_or_else(|| ApiError::no_machine(&arn.text))?;
            let revision = store::revision::get(&app.db, version.revision_id).await?;
            // A version cannot be without its revision; if it went meanwhile, so did the version.
            let revision = revision.ok_or_else(|| ApiError::no_machine(&arn.text))?;
            (revision, Some(version))
        }
        Some(Qualifier::Alias(_)) => return Err(ApiError::no_machine(&arn.text)),
    };
    let revision_id = (!revision.is_initial()).then(|| revision.id.to_string());
    let (definition, variable_references) = match input.included_data {
        IncludedData::AllData => {
            let read = definition::references(&revision.definition, machine.machine_type).await?;
            (revision.definition, read)
        }
        // Without the definition nothing of it is said.
        IncludedData::MetadataOnly => ("{}".to_owned(), References::new()),
    };
    Ok(Output {
        state_machine_arn: arn.text,
        name: machine.name,
        status: if machine.is_deleting {
            "DELETING"
        } else {
            "ACTIVE"
        },
        definition,
        variable_references,
        r#type: machine.machine_type.into(),
        creation_date: version
            .as_ref()
            .map_or(machine.created_at, |version| version.created_at)
            .into(),
        logging_configuration: stored(&revision.logging)?,
        tracing_configuration: stored(&revision.tracing)?,
        encryption_configuration: stored(&revision.encryption)?,
        revision_id,
        role_arn: revision.role_arn,
        description: version
            .map(|version| version.description)
            .filter(|description| !description.is_empty()),
    })
}
