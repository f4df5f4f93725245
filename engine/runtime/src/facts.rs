//! What a node knows of an execution beside its state: whose it is and where it belongs.

use std::sync::Arc;

use asl::{
    Payload, Timestamp,
    machine::{Identity, Outcome},
};
use store::{
    commit::{Parent, Status},
    ids::{ExecutionId, ShardId},
};

use crate::catalog::Revision;

/// The facts of an execution that never change, but for a redrive.
#[derive(Clone, Debug)]
pub struct Facts {
    pub id: ExecutionId,
    pub shard: ShardId,
    pub identity: Arc<Identity>,
    pub revision: Arc<Revision>,
    pub version: Option<i64>,
    /// The alias that it was started by, and after `#` the test case of its mocks.
    pub alias: Option<String>,
    pub input: Payload,
    pub parent: Option<Parent>,
    pub trace_header: Option<String>,
    pub redriven: Option<Redriven>,
}

/// That an execution was redriven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redriven {
    /// How often; at least 1.
    pub count: u32,
    /// The last time.
    pub at: Timestamp,
}

impl Redriven {
    /// As an execution's row tells it.
    pub(crate) fn of(row: &store::execution::Execution) -> Option<Self> {
        let count = u32::try_from(row.redrive_count).unwrap_or(0);
        row.redriven_at.map(|at| Self { count, at })
    }
}

/// The alias in what an execution keeps of the ARN that it was started by.
pub fn alias_name(kept: &str) -> Option<&str> {
    let name = kept.split('#').next();
    name.filter(|name| !name.is_empty())
}

impl Facts {
    /// The test case whose mocks stand in for its calls.
    pub(crate) fn test_case(&self) -> Option<&str> {
        Some(self.alias.as_deref()?.split_once('#')?.1)
    }

    /// The Map Run that it is a child of, and its index there.
    pub fn map_run(&self) -> Option<(ExecutionId, u64)> {
        let parent = self.parent?;
        let is_child = parent.execution.0 == self.revision.machine_id;
        is_child.then(|| (parent.execution, u64::try_from(parent.attempt).unwrap_or(0)))
    }
}

/// How an execution closed.
#[derive(Debug)]
pub struct Closed {
    pub outcome: Outcome,
    pub at: Timestamp,
}

/// An execution as DescribeExecution shows it: what is committed, and nothing else.
#[derive(Clone, Debug)]
pub struct View {
    pub facts: Arc<Facts>,
    /// Absent while it runs.
    pub closed: Option<Arc<Closed>>,
}

impl View {
    pub fn status(&self) -> Status {
        self.closed
            .as_ref()
            .map_or(Status::Running, |closed| status(&closed.outcome))
    }
}

pub(crate) const fn status(outcome: &Outcome) -> Status {
    match outcome {
        Outcome::Succeeded(_) => Status::Succeeded,
        Outcome::Failed(_) => Status::Failed,
        Outcome::Aborted(_) => Status::Aborted,
        Outcome::TimedOut(_) => Status::TimedOut,
    }
}

/// The status as the API spells it.
pub const fn status_name(status: Status) -> &'static str {
    match status {
        Status::Running => "RUNNING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::TimedOut => "TIMED_OUT",
        Status::Aborted => "ABORTED",
        Status::PendingRedrive => "PENDING_REDRIVE",
    }
}
