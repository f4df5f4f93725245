//! What the operations on executions share: finding one, and how its parts are shown.

use asl::diagnose::MachineType;
use runtime::View;
use serde::{Deserialize, Serialize};

use super::arn::Resource;
use super::error::{ApiError, Code};
use crate::app::App;

/// `ALL_DATA` or `METADATA_ONLY`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum IncludedData {
    #[default]
    AllData,
    MetadataOnly,
}

/// Says that data is there; DescribeExecution's way, history has another.
#[derive(Serialize)]
pub(super) struct Included {
    included: bool,
}

pub(super) const INCLUDED: Included = Included { included: true };

/// The execution that an ARN names. An Express execution's ARN is refused: those have no history here.
pub(super) async fn find(app: &App, text: &str) -> Result<View, ApiError> {
    let arn = app.arns.read(text)?;
    let missing = || does_not_exist(text);
    match arn.resource {
        Resource::Execution {
            machine,
            label,
            name,
        } if arn.is_ours => {
            let machine = match label {
                None => machine,
                Some(label) => format!("{machine}/{label}"),
            };
            let found = app.engine.find(&machine, &name).await?;
            // Of an Express child only its result is kept, for its Map Run.
            let is_express = |view: &View| view.facts.revision.machine_type == MachineType::Express;
            found.filter(|view| !is_express(view)).ok_or_else(missing)
        }
        Resource::Execution { .. } => Err(missing()),
        other => Err(other.is_out_of_place()),
    }
}

pub(super) fn does_not_exist(arn: &str) -> ApiError {
    ApiError::new(
        Code::ExecutionDoesNotExist,
        format!("Execution Does Not Exist: '{arn}'"),
    )
}

/// Whether an execution may be redriven, in the service's words, and why not.
pub(super) async fn redrive_status(
    app: &App,
    view: &View,
) -> Result<(&'static str, Option<String>), ApiError> {
    Ok(match app.engine.not_redrivable(view).await? {
        None if view.facts.map_run().is_some() => ("REDRIVABLE_BY_MAP_RUN", None),
        None => ("REDRIVABLE", None),
        Some(reason) => ("NOT_REDRIVABLE", Some(reason.to_string())),
    })
}

impl From<runtime::Fault> for ApiError {
    fn from(fault: runtime::Fault) -> Self {
        match fault {
            runtime::Fault::Database(error) => error.into(),
            runtime::Fault::Broken(_) => Self::internal(&fault),
        }
    }
}
