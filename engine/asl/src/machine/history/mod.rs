//! What an execution has been through: the events of the Step Functions API, with what only the
//! fold needs beside them, and private notes between them.
//!
//! [`journal`] writes entries as rows, [`wire`] shows events as the API answers them.

pub(in crate::machine) mod fields;
pub mod journal;
pub mod wire;

use std::sync::Arc;

use crate::{
    definition::{StateType, resource::Pattern},
    error::{StateError, names},
    machine::{ThreadId, redrive::Remains, rerun::Rerun},
    payload::Payload,
    time::Timestamp,
};

/// One entry of a journal row.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A history event, numbered 1, 2, 3 … without a gap.
    Event(Event),
    /// Something that the fold needs and the API does not show.
    Note(Note),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: u64,
    /// The event that caused this one; 0 where there is none.
    pub previous: u64,
    pub at: Timestamp,
    /// The flow of control that it belongs to.
    pub thread: ThreadId,
    pub detail: Detail,
}

/// Private entries.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// A retrier took a failure: the state is tried again when `due` comes.
    Backoff {
        thread: ThreadId,
        retrier: u32,
        due: Timestamp,
    },
    /// A Wait state has worked out until when it waits.
    Waiting { thread: ThreadId, until: Timestamp },
    /// After ExecutionStarted: the execution goes on from a visit of another one.
    Rerun(Arc<Rerun>),
}

/// What happened. Fields marked private are not shown by the API.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    ExecutionStarted {
        input: Payload,
        role_arn: Arc<str>,
    },
    ExecutionSucceeded {
        output: Payload,
    },
    ExecutionFailed(StateError),
    ExecutionAborted(StateError),
    ExecutionTimedOut(StateError),
    /// `remains` is private: where the threads go on. It is absent where a page of the history was
    /// read without the rows that hold its payloads.
    ExecutionRedriven {
        count: u64,
        remains: Option<Arc<Remains>>,
    },

    StateEntered {
        kind: StateType,
        name: Arc<str>,
        input: Payload,
    },
    /// `to` is private: the next state, or none where the scope ends here.
    StateExited {
        kind: StateType,
        name: Arc<str>,
        output: Payload,
        assigned: Vec<(Arc<str>, Payload)>,
        to: Option<Arc<str>>,
    },
    /// Of a Wait, Task, Parallel or Map state only.
    StateAborted {
        kind: StateType,
    },

    Scheduled(Box<Scheduled>),
    /// `worker` is an activity worker's name.
    Started {
        call: Arc<Callee>,
        worker: Option<Arc<str>>,
    },
    Submitted {
        call: Arc<Callee>,
        output: Payload,
    },
    Succeeded {
        call: Arc<Callee>,
        output: Payload,
    },
    Failed {
        call: Arc<Callee>,
        error: StateError,
    },
    TimedOut {
        call: Arc<Callee>,
        error: StateError,
    },

    /// `arguments` is private: what every branch gets as its input.
    ParallelStarted {
        arguments: Payload,
    },
    ParallelSucceeded,
    /// `error` is private.
    ParallelFailed {
        error: StateError,
    },

    /// All but the length is private.
    MapStarted {
        length: u64,
        items: Payload,
        arguments: Payload,
        policy: MapPolicy,
    },
    MapSucceeded,
    /// `error` is private.
    MapFailed {
        error: StateError,
    },
    /// A distributed Map begins: shown as MapStateStarted.
    DistributedStarted {
        length: u64,
    },
    /// `id` and `spec` are private.
    MapRunStarted {
        arn: Arc<str>,
        id: [u8; 16],
        spec: Payload,
    },
    /// `output` is private.
    MapRunSucceeded {
        output: Payload,
    },
    MapRunFailed {
        error: StateError,
    },
    MapRunAborted,
    /// A Map Run of before goes on.
    MapRunRedriven {
        arn: Arc<str>,
        count: u64,
    },
    /// `input` is private; the iteration's own thread is the event's.
    IterationStarted {
        name: Arc<str>,
        index: u64,
        input: Payload,
    },
    IterationSucceeded {
        name: Arc<str>,
        index: u64,
    },
    /// `error` is private.
    IterationFailed {
        name: Arc<str>,
        index: u64,
        error: StateError,
    },
    IterationAborted {
        name: Arc<str>,
        index: u64,
    },

    EvaluationFailed {
        error: StateError,
        location: Option<Arc<str>>,
        state: Arc<str>,
    },
}

/// How a Map runs its items, computed once when it starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapPolicy {
    /// Iterations at once; at least 1.
    pub concurrency: u64,
    /// As written in the definition or computed; none where it is not set.
    pub tolerated_count: Option<u64>,
    /// In per cent; none where it is not set.
    pub tolerated_percentage: Option<f64>,
}

/// A task that was handed to the outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheduled {
    pub call: Arc<Callee>,
    /// The input of a function or activity, the parameters of a service.
    pub arguments: Payload,
    pub timeout_seconds: Option<u64>,
    pub heartbeat_seconds: Option<u64>,
    /// The role named in `Credentials`.
    pub role_arn: Option<Arc<str>>,
    /// Private: what makes the task token unguessable and names a child execution.
    pub nonce: u128,
}

/// Whom a task calls; decides which family of events tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    Lambda {
        arn: Arc<str>,
    },
    Activity {
        arn: Arc<str>,
    },
    /// `resource` is the action with its suffix: `startExecution.sync:2`.
    Service {
        resource_type: Arc<str>,
        resource: Arc<str>,
    },
}

impl Callee {
    /// When a call counts as done.
    pub fn pattern(&self) -> Pattern {
        let Self::Service { resource, .. } = self else {
            return Pattern::RequestResponse;
        };
        [Pattern::TaskToken, Pattern::Sync2, Pattern::Sync]
            .into_iter()
            .find(|pattern| resource.ends_with(pattern.suffix()))
            .unwrap_or(Pattern::RequestResponse)
    }
}

impl Detail {
    /// The event's type, as the API names it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::ExecutionStarted { .. } => "ExecutionStarted",
            Self::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            Self::ExecutionFailed(_) => "ExecutionFailed",
            Self::ExecutionAborted(_) => "ExecutionAborted",
            Self::ExecutionTimedOut(_) => "ExecutionTimedOut",
            Self::ExecutionRedriven { .. } => "ExecutionRedriven",
            Self::StateEntered { kind, .. } => match kind {
                StateType::Task => "TaskStateEntered",
                StateType::Pass => "PassStateEntered",
                StateType::Choice => "ChoiceStateEntered",
                StateType::Wait => "WaitStateEntered",
                StateType::Succeed => "SucceedStateEntered",
                StateType::Fail => "FailStateEntered",
                StateType::Parallel => "ParallelStateEntered",
                StateType::Map => "MapStateEntered",
            },
            Self::StateExited { kind, .. } => match kind {
                StateType::Task => "TaskStateExited",
                StateType::Pass => "PassStateExited",
                StateType::Choice => "ChoiceStateExited",
                StateType::Wait => "WaitStateExited",
                // A Fail state has no exit; the machine never makes one.
                StateType::Succeed | StateType::Fail => "SucceedStateExited",
                StateType::Parallel => "ParallelStateExited",
                StateType::Map => "MapStateExited",
            },
            Self::StateAborted { kind } => match kind {
                StateType::Wait => "WaitStateAborted",
                StateType::Parallel => "ParallelStateAborted",
                StateType::Map => "MapStateAborted",
                StateType::Task
                | StateType::Pass
                | StateType::Choice
                | StateType::Succeed
                | StateType::Fail => "TaskStateAborted",
            },
            Self::Scheduled(scheduled) => match *scheduled.call {
                Callee::Lambda { .. } => "LambdaFunctionScheduled",
                Callee::Activity { .. } => "ActivityScheduled",
                Callee::Service { .. } => "TaskScheduled",
            },
            Self::Started { call, .. } => match **call {
                Callee::Lambda { .. } => "LambdaFunctionStarted",
                Callee::Activity { .. } => "ActivityStarted",
                Callee::Service { .. } => "TaskStarted",
            },
            Self::Submitted { .. } => "TaskSubmitted",
            Self::Succeeded { call, .. } => match **call {
                Callee::Lambda { .. } => "LambdaFunctionSucceeded",
                Callee::Activity { .. } => "ActivitySucceeded",
                Callee::Service { .. } => "TaskSucceeded",
            },
            Self::Failed { call, error } => match **call {
                Callee::Lambda { .. } => "LambdaFunctionFailed",
                Callee::Activity { .. } if is_no_activity(error) => "ActivityScheduleFailed",
                Callee::Activity { .. } => "ActivityFailed",
                Callee::Service { .. } => "TaskFailed",
            },
            Self::TimedOut { call, .. } => match **call {
                Callee::Lambda { .. } => "LambdaFunctionTimedOut",
                Callee::Activity { .. } => "ActivityTimedOut",
                Callee::Service { .. } => "TaskTimedOut",
            },
            Self::ParallelStarted { .. } => "ParallelStateStarted",
            Self::ParallelSucceeded => "ParallelStateSucceeded",
            Self::ParallelFailed { .. } => "ParallelStateFailed",
            Self::MapStarted { .. } | Self::DistributedStarted { .. } => "MapStateStarted",
            Self::MapRunStarted { .. } => "MapRunStarted",
            Self::MapRunSucceeded { .. } => "MapRunSucceeded",
            Self::MapRunFailed { .. } => "MapRunFailed",
            Self::MapRunAborted => "MapRunAborted",
            Self::MapRunRedriven { .. } => "MapRunRedriven",
            Self::MapSucceeded => "MapStateSucceeded",
            Self::MapFailed { .. } => "MapStateFailed",
            Self::IterationStarted { .. } => "MapIterationStarted",
            Self::IterationSucceeded { .. } => "MapIterationSucceeded",
            Self::IterationFailed { .. } => "MapIterationFailed",
            Self::IterationAborted { .. } => "MapIterationAborted",
            Self::EvaluationFailed { .. } => "EvaluationFailed",
        }
    }

    /// Whether this is an execution's last event (until a redrive).
    pub const fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::ExecutionSucceeded { .. }
                | Self::ExecutionFailed(_)
                | Self::ExecutionAborted(_)
                | Self::ExecutionTimedOut(_)
        )
    }
}

/// Whether a task failed because there was nobody who could ever take it.
fn is_no_activity(error: &StateError) -> bool {
    error.error.as_deref() == Some(names::RUNTIME)
        && error
            .cause
            .as_deref()
            .is_some_and(|cause| cause.ends_with(super::NO_ACTIVITY))
}
