//! What reaches an execution from outside, and how the inbox spells it.

use std::sync::Arc;

use asl::{Payload, StateError, machine::Input};
use serde::{Deserialize, Serialize};

/// An input on its way to an execution.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) input: Input,
    /// The inbox row that it came by, which goes away in the commit of what it causes.
    pub(crate) inbox: Option<i64>,
}

impl Arrival {
    pub(crate) const fn local(input: Input) -> Self {
        Self { input, inbox: None }
    }
}

/// An input as an inbox row holds it. Public, since the API's own transactions write such rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    /// Start the execution of this row, for a node that owns no shard.
    Start(Box<Start>),
    /// The execution has closed; what searches look at is to be filled in.
    Closed(Closed),
    /// What a step did is to be logged, as the machine asks for.
    Log {
        step: i64,
    },
    /// An activity worker took the task.
    TaskStarted {
        attempt: u64,
        worker: Option<String>,
    },
    TaskSubmitted {
        attempt: u64,
        output: String,
    },
    TaskSucceeded {
        attempt: u64,
        output: String,
    },
    TaskFailed {
        attempt: u64,
        error: Option<String>,
        cause: Option<String>,
    },
    Stop {
        error: Option<String>,
        cause: Option<String>,
    },
    /// Redrive it, where it has closed without success.
    Redrive {
        client_token: String,
    },
    /// Start this child of a Map Run, whose node does not own the child's shard.
    StartChild {
        map_run: uuid::Uuid,
        index: u64,
        input: String,
    },
    /// To a Map Run: its execution wants it no more.
    StopMapRun,
    UpdateMapRun {
        concurrency: Option<u64>,
        tolerated_count: Option<u64>,
        tolerated_percentage: Option<f64>,
    },
}

/// What a node that owns no shard has found out about an execution that it was asked to start.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Start {
    pub(crate) revision_id: String,
    pub(crate) version: Option<i64>,
    pub(crate) alias: Option<String>,
    pub(crate) name: String,
    pub(crate) is_name_given: bool,
    pub(crate) input: String,
    /// Microseconds since the epoch; the execution's id has the same time.
    pub(crate) started_at: i64,
    pub(crate) parent: Option<Parent>,
    pub(crate) trace_header: Option<String>,
    /// What it goes on with, where it is a rerun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rerun: Option<String>,
}

/// The task of another execution that waits for this one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parent {
    pub(crate) execution: String,
    pub(crate) attempt: i64,
    pub(crate) is_parsed: bool,
}

/// How an execution closed, for searches.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Closed {
    pub(crate) machine_id: String,
    /// Microseconds since the epoch.
    pub(crate) closed_at: i64,
    pub(crate) duration_ms: i64,
    /// As the tables have it.
    pub(crate) status: i16,
    pub(crate) failed_state: Option<String>,
    pub(crate) error: Option<String>,
}

impl Message {
    pub fn to_text(&self) -> String {
        // A message is strings and numbers: writing it cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The input that it stands for; nothing where it is not for the execution itself.
    pub(crate) fn into_input(self) -> Option<Input> {
        let text = |text: Option<String>| text.map(Arc::from);
        Some(match self {
            Self::Start(_)
            | Self::Closed(_)
            | Self::Log { .. }
            | Self::StartChild { .. }
            | Self::StopMapRun
            | Self::UpdateMapRun { .. } => return None,
            Self::TaskStarted { attempt, worker } => Input::TaskStarted {
                attempt,
                worker: text(worker),
            },
            Self::TaskSubmitted { attempt, output } => Input::TaskSubmitted {
                attempt,
                output: Payload::from_trusted_text(output),
            },
            Self::TaskSucceeded { attempt, output } => Input::TaskSucceeded {
                attempt,
                output: Payload::from_trusted_text(output),
            },
            Self::TaskFailed {
                attempt,
                error,
                cause,
            } => Input::TaskFailed {
                attempt,
                error: StateError {
                    error: text(error),
                    cause: text(cause),
                },
            },
            Self::Stop { error, cause } => Input::Stop(StateError {
                error: text(error),
                cause: text(cause),
            }),
            Self::Redrive { client_token } => Input::Redrive {
                client_token: Arc::from(client_token),
            },
        })
    }
}
