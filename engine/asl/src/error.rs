//! Failures inside a workflow. They are data: retriers and catchers act on them, never Rust's `?`.

use std::sync::Arc;

/// An error name and, where there is one, its cause: what `Catch` and `Retry` see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateError {
    pub error: Option<Arc<str>>,
    pub cause: Option<Arc<str>>,
}

/// Error names that the language itself defines.
/// Source: Amazon States Language specification, appendix A, and the Step Functions developer guide.
pub mod names {
    pub const ALL: &str = "States.ALL";
    pub const BRANCH_FAILED: &str = "States.BranchFailed";
    pub const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";
    pub const EXCEED_TOLERATED_FAILURE_THRESHOLD: &str = "States.ExceedToleratedFailureThreshold";
    pub const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";
    pub const INTRINSIC_FAILURE: &str = "States.IntrinsicFailure";
    pub const ITEM_READER_FAILED: &str = "States.ItemReaderFailed";
    pub const NO_CHOICE_MATCHED: &str = "States.NoChoiceMatched";
    pub const PARAMETER_PATH_FAILURE: &str = "States.ParameterPathFailure";
    pub const PERMISSIONS: &str = "States.Permissions";
    pub const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";
    pub const RESULT_PATH_MATCH_FAILURE: &str = "States.ResultPathMatchFailure";
    pub const RESULT_WRITER_FAILED: &str = "States.ResultWriterFailed";
    pub const RUNTIME: &str = "States.Runtime";
    pub const TASK_FAILED: &str = "States.TaskFailed";
    pub const TIMEOUT: &str = "States.Timeout";
}

impl StateError {
    pub fn new(error: &str, cause: impl AsRef<str>) -> Self {
        Self {
            error: Some(Arc::from(error)),
            cause: Some(Arc::from(cause.as_ref())),
        }
    }

    /// A name without a cause, as time-outs have it.
    pub fn named(error: &str) -> Self {
        Self {
            error: Some(Arc::from(error)),
            cause: None,
        }
    }
}
