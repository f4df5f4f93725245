//! DescribeStateMachineForExecution: the definition as the execution runs it.

use asl::diagnose::MachineType;
use runtime::Facts;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::configuration::stored;
use super::date::Date;
use super::definition::{self, References};
use super::error::ApiError;
use super::execution::{self, IncludedData};
use super::map_run;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    execution_arn: String,
    #[serde(default)]
    included_data: IncludedData,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    state_machine_arn: String,
    name: String,
    definition: String,
    role_arn: String,
    update_date: Date,
    logging_configuration: Box<RawValue>,
    tracing_configuration: Box<RawValue>,
    encryption_configuration: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    map_run_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_id: Option<String>,
    #[serde(skip_serializing_if = "References::is_empty")]
    variable_references: References,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let view = execution::find(app, &input.execution_arn).await?;
    let facts = &view.facts;
    let revision = store::revision::get(&app.db, facts.revision.id).await?;
    let revision = revision.ok_or_else(|| execution::does_not_exist(&input.execution_arn))?;
    let (definition, variable_references) = match input.included_data {
        IncludedData::AllData => {
            // Only executions of Standard machines come here.
            let text = definition_of(app, facts, &revision).await?;
            let read = definition::references(&text, MachineType::Standard).await?;
            (text, read)
        }
        // Without the definition nothing of it is said.
        IncludedData::MetadataOnly => ("{}".to_owned(), References::new()),
    };
    Ok(Output {
        state_machine_arn: facts.revision.machine_arn.to_string(),
        name: facts.revision.machine_name.to_string(),
        map_run_arn: map_run::arn_of(app, facts),
        label: facts
            .revision
            .machine_name
            .split_once('/')
            .map(|(_, label)| label.to_owned()),
        update_date: revision.created_at.into(),
        logging_configuration: stored(&revision.logging)?,
        tracing_configuration: stored(&revision.tracing)?,
        encryption_configuration: stored(&revision.encryption)?,
        revision_id: (!revision.is_initial()).then(|| revision.id.to_string()),
        role_arn: revision.role_arn,
        definition,
        variable_references,
    })
}

/// The machine's definition; of a Map Run's child, that of its Map's processor.
async fn definition_of(
    app: &App,
    facts: &Facts,
    revision: &store::revision::Revision,
) -> Result<String, ApiError> {
    match facts.map_run() {
        None => Ok(revision.definition.clone()),
        Some((run, _)) => Ok(app.engine.child_document(run).await?),
    }
}
