//! What the operations on executions share: finding one, and how its parts are shown.

use runtime::{View, facts::status_name};
use serde::{Deserialize, Serialize};
use store::commit::Status;

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
            label: None,
            name,
        } if arn.is_ours => {
            let found = app.engine.find(&machine, &name).await?;
            found.ok_or_else(missing)
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

/// Whether a closed execution may be redriven, in the service's words.
pub(super) fn redrive(status: Status) -> (&'static str, Option<String>) {
    match status {
        Status::Failed | Status::TimedOut | Status::Aborted => ("REDRIVABLE", None),
        Status::Running | Status::Succeeded | Status::PendingRedrive => {
            let status = status_name(status);
            let reason = format!("Execution is {status} and cannot be redriven");
            ("NOT_REDRIVABLE", Some(reason))
        }
    }
}

impl From<runtime::Fault> for ApiError {
    fn from(fault: runtime::Fault) -> Self {
        match fault {
            runtime::Fault::Database(error) => error.into(),
            runtime::Fault::Broken(_) => Self::internal(&fault),
        }
    }
}
