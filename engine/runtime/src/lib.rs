//! The engine: executions in memory, the commit pipeline, timers, tasks, nodes. The only place
//! where an effect follows a commit.
//!
//! It evaluates nothing (that is `asl`) and writes no SQL (that is `store`). An input reaches an
//! execution in [`drive`], its step goes through [`queue`] to the [`writer`], and what follows is in
//! [`effects`]. [`engine`] is the face for the layers above; [`node`] keeps the lease.

mod activities;
mod admission;
pub mod arrival;
pub mod catalog;
mod children;
pub mod clock;
mod dispatch;
#[cfg(feature = "fault-points")]
pub mod drill;
mod drive;
mod effects;
mod elsewhere;
pub mod engine;
mod express;
pub mod facts;
pub mod history;
mod inbox;
mod jobs;
pub mod limits;
mod load;
pub mod logs;
pub mod maintenance;
mod map_run;
pub mod metrics;
pub mod mocks;
pub mod names;
pub mod node;
mod ownership;
mod patience;
mod queue;
pub mod random;
mod recent;
pub mod redrive;
pub mod rerun;
mod search;
mod shard;
mod sleep;
mod snapshots;
mod start;
mod target;
pub mod test_state;
mod timers;
mod wait;
mod writer;

pub use engine::{
    ActivityTask, Engine, Health, Logged, PollError, StartError, StartRequest, TaskEnd,
};
pub use express::{Billing, Finished};
pub use facts::{Closed, Facts, View};
pub use map_run::{Change as MapRunChange, child::run_id as map_run_id, counts};
pub use names::Names;
pub use node::Settings;
pub use redrive::{NotRedrivable, RedriveError};
pub use rerun::RerunError;
pub use store::ids::{ExecutionId, NodeId};

/// The world is broken, or we are: never the caller's mistake.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("asking the database")]
    Database(#[from] store::Error),
    /// An invariant of ours that does not hold; names the execution or row.
    #[error("{0}")]
    Broken(String),
}

impl Fault {
    pub fn new(message: impl Into<String>) -> Self {
        Self::Broken(message.into())
    }
}
