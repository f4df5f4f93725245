//! The AWS-compatible API: what the official Step Functions clients speak.
//!
//! `protocol` reads requests and writes answers, `validate` checks inputs against the service's model,
//! and each operation is a file of its own with a `handle`. Adding one is a line in [`dispatch`].
//! Rules of workflows are not here, and neither is the project's own REST API.

pub(crate) mod arn;
pub(crate) mod buckets;
mod configuration;
mod date;
mod definition;
pub(crate) mod error;
mod machine;
mod map_run;
#[rustfmt::skip]
mod model;
mod name;
pub(crate) mod own;
pub(crate) mod page;
mod protocol;
mod tags;
mod validate;

mod create_activity;
mod create_state_machine;
mod create_state_machine_alias;
mod delete_activity;
mod delete_state_machine;
mod delete_state_machine_alias;
mod delete_state_machine_version;
mod describe_activity;
mod describe_execution;
mod describe_map_run;
mod describe_state_machine;
mod describe_state_machine_alias;
mod describe_state_machine_for_execution;
mod execution;
mod get_activity_task;
mod get_execution_history;
mod list_activities;
mod list_executions;
mod list_map_runs;
mod list_state_machine_aliases;
mod list_state_machine_versions;
mod list_state_machines;
mod list_tags_for_resource;
mod publish_state_machine_version;
mod redrive_execution;
mod routing;
mod send_task;
mod send_task_failure;
mod send_task_heartbeat;
mod send_task_success;
mod start_execution;
mod start_sync_execution;
mod stop_execution;
mod tag_resource;
mod test_state;
mod untag_resource;
mod update_map_run;
mod update_state_machine;
mod update_state_machine_alias;
mod validate_state_machine_definition;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::routing::post;
use serde_json::Value;

use crate::app::{App, Shared};
use error::{ApiError, Code};
pub(crate) use name::is_valid as is_name;
use protocol::{Answer, answer, read};

pub(crate) use protocol::perform;
pub(crate) use test_state::natively as test_state_natively;
pub(crate) use update_state_machine::replace as replace_definition;

/// `POST /`, the API's one address.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route("/", post(protocol::call))
}

/// Does an operation, whose input was checked against its shape.
async fn dispatch(app: &App, operation: &str, input: Value) -> Result<Answer, ApiError> {
    macro_rules! operations {
        ($($name:literal => $module:ident,)+) => {
            match operation {
                // Boxed, so that the largest operation doesn't set the size of every call.
                $($name => answer(&Box::pin($module::handle(app, read(input)?)).await?),)+
                _ => Err(unknown(operation)),
            }
        };
    }
    operations! {
        "CreateActivity" => create_activity,
        "CreateStateMachine" => create_state_machine,
        "CreateStateMachineAlias" => create_state_machine_alias,
        "DeleteActivity" => delete_activity,
        "DeleteStateMachine" => delete_state_machine,
        "DeleteStateMachineAlias" => delete_state_machine_alias,
        "DeleteStateMachineVersion" => delete_state_machine_version,
        "DescribeActivity" => describe_activity,
        "DescribeExecution" => describe_execution,
        "DescribeMapRun" => describe_map_run,
        "DescribeStateMachine" => describe_state_machine,
        "DescribeStateMachineAlias" => describe_state_machine_alias,
        "DescribeStateMachineForExecution" => describe_state_machine_for_execution,
        "GetActivityTask" => get_activity_task,
        "GetExecutionHistory" => get_execution_history,
        "ListActivities" => list_activities,
        "ListExecutions" => list_executions,
        "ListMapRuns" => list_map_runs,
        "ListStateMachineAliases" => list_state_machine_aliases,
        "ListStateMachineVersions" => list_state_machine_versions,
        "ListStateMachines" => list_state_machines,
        "ListTagsForResource" => list_tags_for_resource,
        "PublishStateMachineVersion" => publish_state_machine_version,
        "RedriveExecution" => redrive_execution,
        "SendTaskFailure" => send_task_failure,
        "SendTaskHeartbeat" => send_task_heartbeat,
        "SendTaskSuccess" => send_task_success,
        "StartExecution" => start_execution,
        "StartSyncExecution" => start_sync_execution,
        "StopExecution" => stop_execution,
        "TagResource" => tag_resource,
        "TestState" => test_state,
        "UntagResource" => untag_resource,
        "UpdateMapRun" => update_map_run,
        "UpdateStateMachine" => update_state_machine,
        "UpdateStateMachineAlias" => update_state_machine_alias,
        "ValidateStateMachineDefinition" => validate_state_machine_definition,
    }
}

/// Whether an operation has a bucket of tokens.
pub(crate) fn is_throttled(operation: &str) -> bool {
    buckets::QUOTAS.iter().any(|(name, ..)| *name == operation)
}

/// The answer to an operation that does not exist, here or at all.
fn unknown(operation: &str) -> ApiError {
    let shown: String = operation.chars().take(128).collect();
    ApiError::new(
        Code::UnknownOperationException,
        format!("The operation '{shown}' is not one that this server has."),
    )
}
