//! What SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat share: how a task can fail to be there.

use runtime::TaskEnd;
use serde::Serialize;

use super::error::{ApiError, Code};

#[derive(Serialize)]
pub(super) struct Output {}

pub(super) fn answer(end: TaskEnd) -> Result<Output, ApiError> {
    match end {
        TaskEnd::Done => Ok(Output {}),
        TaskEnd::TimedOut => Err(ApiError::new(
            Code::TaskTimedOut,
            "Task Timed Out: 'Provided task does not exist anymore'",
        )),
        TaskEnd::DoesNotExist => Err(ApiError::new(
            Code::TaskDoesNotExist,
            "Task Does Not Exist: 'Provided task does not exist'",
        )),
        TaskEnd::InvalidToken => Err(ApiError::invalid_token()),
    }
}
