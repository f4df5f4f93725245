//! Whether an execution may leave memory, and until when.

use asl::{
    Timestamp,
    definition::resource::Pattern,
    machine::{
        Execution,
        execution::{Call, Position},
    },
};

use crate::limits::SLEEP_AFTER;

/// The end of time, for sleepers that only a message wakes.
pub(crate) const NEVER: Timestamp = Timestamp(i64::MAX / 4);

/// Until when the execution has nothing to do, where that is long enough to forget it: it only
/// waits for times that are far away, and for messages that come by the inbox.
pub(crate) fn asleep_until(execution: &Execution, now: Timestamp) -> Option<Timestamp> {
    if execution.is_closed() || !execution.runnable.is_empty() {
        return None;
    }
    let mut first = execution
        .definition
        .timeout_seconds
        .map_or(NEVER, |seconds| {
            execution
                .identity
                .started_at
                .plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
        });
    for thread in execution.threads.values() {
        let due = match &thread.position {
            Position::Waiting { until, .. } => *until,
            Position::Backoff { due, .. } => *due,
            Position::Called { call, .. } if is_left_to_others(call) => {
                call.timeout_at.unwrap_or(NEVER)
            }
            // Waits for the threads below it, which say for themselves.
            Position::Branches { .. } | Position::Items { .. } => NEVER,
            // Its Map Run may not have begun yet: a takeover must find it and begin it.
            Position::MapRun { .. }
            | Position::Called { .. }
            | Position::Ready { .. }
            | Position::Entered(_)
            | Position::Returned { .. }
            | Position::Failing { .. }
            | Position::Finished(_) => return None,
        };
        first = first.min(due);
    }
    let soon = now.plus_micros(i64::try_from(SLEEP_AFTER.as_micros()).unwrap_or(i64::MAX));
    (first > soon).then_some(first)
}

/// Nothing of this call runs here, and no heartbeat must be watched.
fn is_left_to_others(call: &Call) -> bool {
    call.heartbeat_seconds.is_none()
        && match call.pattern() {
            Pattern::RequestResponse => call.is_open(),
            Pattern::Sync | Pattern::Sync2 | Pattern::TaskToken => call.is_submitted,
        }
}
