//! What one commit writes: an [`Item`] for each execution, all of it or nothing of it.

use asl::Timestamp;
use uuid::Uuid;

use crate::ids::{ExecutionId, Incarnation, NodeId, ShardId};
use crate::map_run::MapRun;

/// Who commits: joined into every part of the statement, so that a node that has lost its lease
/// writes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    pub node: NodeId,
    pub incarnation: Incarnation,
    /// Counts the commits of this incarnation: the name under which an in-doubt one is looked up.
    pub seq: i64,
}

/// One execution's part of a batch: its steps, joined, and what must hold for them.
/// Made with [`Item::new`]; what is not set is not written.
#[derive(Clone, Debug)]
pub struct Item {
    pub execution: ExecutionId,
    /// Present where the execution starts in this batch.
    pub start: Option<Start>,
    /// Present where a closed execution goes on in this batch.
    pub redrive: Option<Redrive>,
    /// In order and without gaps.
    pub steps: Vec<Step>,
    pub close: Option<Close>,
    pub opened: Vec<OpenTask>,
    pub closed: Vec<CloseTask>,
    pub wakeup: Wakeup,
    /// Inbox rows that caused these steps. The item passes only if all are still there.
    pub inbox: Vec<i64>,
    /// Messages for other executions, written in this commit.
    pub messages: Vec<Message>,
    /// Reports to a Map Run: bodies for one of them become one message of the batch, a JSON array.
    pub reports: Vec<Message>,
    /// The item is a Map Run's: its row after these steps. What belongs to executions is then not set.
    pub map_run: Option<Box<MapRun>>,
}

impl Item {
    pub fn new(execution: ExecutionId) -> Self {
        Self {
            execution,
            start: None,
            redrive: None,
            steps: Vec::new(),
            close: None,
            opened: Vec::new(),
            closed: Vec::new(),
            wakeup: Wakeup::Leave,
            inbox: Vec::new(),
            messages: Vec::new(),
            reports: Vec::new(),
            map_run: None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Start {
    pub machine_id: Uuid,
    pub revision_id: Uuid,
    /// The version or alias that it was started by.
    pub version: Option<i64>,
    pub alias: Option<String>,
    pub shard: ShardId,
    /// Given, or the id's text.
    pub name: String,
    /// A given name is claimed in `execution_name`; one that was made up is not.
    pub is_name_given: bool,
    pub input_sha256: [u8; 32],
    pub started_at: Timestamp,
    /// The task of another execution that waits for this one to close: `.sync`.
    pub parent: Option<Parent>,
    pub trace_header: Option<String>,
}

/// A closed execution that goes on: its close goes away, and it is open again.
#[derive(Clone, Debug)]
pub struct Redrive {
    pub machine_id: Uuid,
    pub shard: ShardId,
    /// How often it was redriven, this time included.
    pub number: i32,
    pub at: Timestamp,
    /// Under which a repeated request finds this one.
    pub client_token: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    pub execution: ExecutionId,
    pub attempt: i64,
    /// `.sync:2`: the output goes to the parent as JSON, not as text.
    pub is_parsed: bool,
}

/// A row of the journal.
#[derive(Clone, Debug)]
pub struct Step {
    /// 1, 2, 3 … within the execution. With the execution's id it is the row's key: a number that
    /// is taken already makes the item a [`Outcome::Conflict`].
    pub number: i64,
    pub first_event: i64,
    pub event_count: i32,
    pub format: i16,
    pub body: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i16)]
pub enum Status {
    Running = 0,
    Succeeded = 1,
    Failed = 2,
    TimedOut = 3,
    Aborted = 4,
    PendingRedrive = 5,
}

impl Status {
    /// The status of that number in the tables.
    pub fn from_number(number: i16) -> Option<Self> {
        Some(match number {
            0 => Self::Running,
            1 => Self::Succeeded,
            2 => Self::Failed,
            3 => Self::TimedOut,
            4 => Self::Aborted,
            5 => Self::PendingRedrive,
            _ => return None,
        })
    }
}

#[derive(Clone, Debug)]
pub struct Close {
    pub status: Status,
    pub at: Timestamp,
    /// The error's name, for lists and searches; the whole failure is in the journal.
    pub error: Option<String>,
}

/// A task that the outside can end by its token.
#[derive(Clone, Debug)]
pub struct OpenTask {
    /// The number of its Scheduled event.
    pub attempt: i64,
    /// SHA-256 of the token's text: the token itself is a secret.
    pub token_sha256: [u8; 32],
    /// Set for an activity's task, which waits for a worker; the token and the input then stand
    /// here until one has taken it.
    pub activity: Option<ActivityTask>,
    pub heartbeat_seconds: Option<i64>,
    pub opened_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct ActivityTask {
    /// The activity's name.
    pub activity: String,
    pub token: String,
    pub input: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseTask {
    pub attempt: i64,
    /// The item passes only if the row was still there.
    pub is_guard: bool,
}

/// What becomes of the execution's wakeup row: it has one while it sleeps outside memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wakeup {
    #[default]
    Leave,
    Delete,
    /// Sleeps until then, or (with the end of time) until something is sent to it.
    Put {
        shard: ShardId,
        due: Timestamp,
    },
}

/// A message for an execution, put into its shard's inbox.
#[derive(Clone, Debug)]
pub struct Message {
    pub shard: ShardId,
    pub execution: ExecutionId,
    pub body: String,
}

/// What became of an item. The others of its batch are not touched by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Committed,
    /// Another execution of the machine has the name.
    NameTaken {
        by: ExecutionId,
        is_same_input: bool,
    },
    /// A task was no longer open, or an inbox row no longer there.
    GuardLost,
    /// The step number is taken: somebody else moved the execution on.
    Conflict,
    /// The database cannot hold it, so trying again is of no use: a mistake of ours.
    Rejected,
}

/// Why a whole commit failed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The node is no longer the owner. Nothing was written.
    #[error("the lease of this node is lost")]
    LeaseLost,
    /// The connection broke: whether it was written is to be asked with `resolve`.
    #[error("whether the commit happened is not known")]
    InDoubt(#[source] sqlx::Error),
    /// The database refused it. Nothing was written.
    #[error("committing a batch")]
    Refused(#[source] sqlx::Error),
    /// A mistake of ours, which trying again does not mend.
    #[error("{0}")]
    Fault(String),
}
