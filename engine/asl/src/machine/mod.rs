//! The state machine core: an execution is a value, and one function moves it on.
//!
//! [`advance`] takes an input (something that happened outside) and gives a [`Step`]: the entries
//! that the journal must keep and the commands that the outside must then carry out. [`fold()`]
//! rebuilds an execution from its entries. Neither reads a clock or draws a random number.

mod computed;
mod context;
mod data;
mod distributed;
pub mod execution;
mod failure;
mod fold;
pub mod history;
mod leave;
mod map;
mod parallel;
pub mod redrive;
pub mod rerun;
mod simple;
pub mod snapshot;
mod standing;
mod step;
mod task;
pub mod test_state;
pub mod token;
mod wait;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use execution::{Execution, Identity, Outcome, ThreadId};
pub use history::{Entry, Event};
pub use redrive::redrive;
pub use step::{Limits, Surroundings, advance};

use crate::{
    error::{StateError, names},
    payload::Payload,
    time::Timestamp,
};

/// Something that happened outside an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The first input of an execution.
    Start {
        input: Payload,
    },
    /// The first input of an execution that goes on from a visit of another one. `input` is what that
    /// one was started with.
    Rerun {
        input: Payload,
        rerun: Arc<rerun::Rerun>,
    },
    /// Go on with what the last step left undone.
    Continue,
    TimerFired(Timer),
    /// An activity worker took the task.
    TaskStarted {
        attempt: u64,
        worker: Option<Arc<str>>,
    },
    /// The service took the request; its end comes later.
    TaskSubmitted {
        attempt: u64,
        output: Payload,
    },
    TaskSucceeded {
        attempt: u64,
        output: Payload,
    },
    TaskFailed {
        attempt: u64,
        error: StateError,
    },
    /// StopExecution.
    Stop(StateError),
    /// RedriveExecution. An execution that is open goes on as it was; [`redrive()`] is for one that
    /// has closed, which takes its whole journal.
    Redrive {
        client_token: Arc<str>,
    },
}

/// A point in time that an execution waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// `TimeoutSeconds` of the machine.
    Execution,
    /// A Wait state, by its StateEntered event.
    Wait(u64),
    /// A retry, by the StateEntered event of its state.
    Retry(u64),
    /// `TimeoutSeconds` of a task, by its Scheduled event.
    Task(u64),
    /// `HeartbeatSeconds` of a task, by its Scheduled event. Fired only when no heartbeat came.
    Heartbeat(u64),
}

/// What the outside must do once a step is committed.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Invoke(Box<Invocation>),
    /// A worker of the activity takes this. Where there is no such activity it is
    /// [`Input::TaskFailed`], with [`NO_ACTIVITY`].
    Offer(Box<Invocation>),
    /// Nobody waits for this attempt any more.
    Cancel {
        attempt: u64,
    },
    SetTimer {
        timer: Timer,
        due: Timestamp,
    },
    /// Begin this Map Run, or redrive it, unless that is done already.
    StartMapRun(Box<MapRunStart>),
    /// Nobody waits for that Map Run any more. Told in the step's own commit.
    StopMapRun {
        id: [u8; 16],
    },
    /// Feed [`Input::Continue`], behind the others of the shard.
    Continue,
    Closed(Outcome),
}

/// The cause of `States.Runtime` where a task's activity is not there. Recorded.
pub const NO_ACTIVITY: &str = "The activity ARN does not exist.";

/// A Map Run to begin. It ends as a task does: with [`Input::TaskSucceeded`] or
/// [`Input::TaskFailed`] of that attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRunStart {
    /// Chosen in the step, so that a start that is repeated meets the one that is there.
    pub id: [u8; 16],
    /// The number of its MapRunStarted event.
    pub attempt: u64,
    /// [`crate::map_run::Spec`] as JSON.
    pub spec: Payload,
    /// With which redrive it goes on; 0 where it begins.
    pub redrives: u64,
}

/// A call to make for a task. Every run of it carries the same token.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    pub attempt: u64,
    pub state: Arc<str>,
    /// The event by which the state was entered.
    pub entered: u64,
    /// How often the state was tried before.
    pub retry_count: u64,
    pub callee: Arc<history::Callee>,
    pub arguments: Payload,
    pub timeout_at: Option<Timestamp>,
    pub heartbeat_seconds: Option<u64>,
    pub role_arn: Option<Arc<str>>,
    pub nonce: u128,
    /// The service has taken the request already: only its end is awaited.
    pub is_submitted: bool,
}

impl Invocation {
    /// An error that kept the call from being made, with the frame that States.Runtime has.
    #[must_use]
    pub fn framed(&self, error: StateError) -> StateError {
        if error.error.as_deref() != Some(names::RUNTIME) {
            return error;
        }
        let detail = error.cause.as_deref().unwrap_or_default();
        StateError::new(names::RUNTIME, frame(&self.state, self.entered, detail))
    }
}

/// The cause of an error of the interpreter itself: which state it met and when that was entered.
/// Source: recorded executions. Errors of functions and services have no such frame.
fn frame(state: &str, entered: u64, detail: &str) -> String {
    format!(
        "An error occurred while executing the state '{state}' (entered at the event id \
         #{entered}). {detail}"
    )
}

/// A task that the outside can end by its token; recorded in the step's own commit.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenTask {
    pub attempt: u64,
    pub token: String,
    /// The activity whose workers may take it; none for a task token handed to a service.
    pub activity_arn: Option<Arc<str>>,
    pub heartbeat_seconds: Option<u64>,
    pub input: Payload,
}

/// An open task that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseTask {
    pub attempt: u64,
    /// The step holds only if the task was still open: a time-out must not overtake a result.
    pub is_guard: bool,
}

/// What one input led to.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Counts from 1 within the execution; 0 where nothing happened.
    pub number: u64,
    pub entries: Vec<Entry>,
    pub commands: Vec<Command>,
    pub opened: Vec<OpenTask>,
    pub closed: Vec<CloseTask>,
    /// The innermost state whose failure nobody took, where the execution failed by it.
    pub failed_state: Option<Arc<str>>,
}

impl Step {
    /// The input changed nothing: a timer for something that is over, a result that came twice.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Event(event) => Some(event),
            Entry::Note(_) => None,
        })
    }
}

/// An impossible state of affairs: our mistake or a damaged journal, never a user's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(Arc<str>);

impl Fault {
    pub fn new(message: impl AsRef<str>) -> Self {
        Self(Arc::from(message.as_ref()))
    }
}

/// Moves `execution` on by the entries of one row, which was its step `number`.
pub fn fold(execution: &mut Execution, number: u64, entries: &[Entry]) -> Result<(), Fault> {
    if number != execution.last_step + 1 {
        return Err(Fault::new(format!(
            "step {number} follows step {}",
            execution.last_step
        )));
    }
    entries
        .iter()
        .try_for_each(|entry| fold::apply(execution, entry))?;
    execution.last_step = number;
    Ok(())
}

/// What the outside must do for an execution that was folded: everything that it waits for. Tasks
/// with heartbeats are granted one full interval from `now`.
pub fn resume(execution: &Execution, now: Timestamp) -> Vec<Command> {
    standing::commands(execution, now)
}
