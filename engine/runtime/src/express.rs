//! Express executions: they live in the memory of the node that was asked to start them.
//!
//! The same core moves them on and their tasks take the same way as those of Standard executions, but no step
//! is written: [`run`] works one off from its start to its close. A synchronous one exists nowhere else. One
//! that is started without waiting has a row from before its answer until it has closed ([`rows`]); when its
//! node is gone another runs it from its start ([`left`]). How many there may be at once is [`room`]'s.

mod child;
mod left;
mod room;
mod rows;
mod run;
mod start;
mod weight;

use std::sync::Arc;

use asl::machine::{Limits, Outcome};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    facts::{Closed, Facts, View},
    logs::ExpressBehind,
    patience::Patience,
};

pub(crate) use child::{ChildRun, Ended};
use room::Room;
pub(crate) use rows::Rows;
pub(crate) use start::view_within;

/// What all lives of a node share: what runs synchronously outlives a lost lease.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lasting {
    room: Arc<Room>,
    logs: Arc<ExpressBehind>,
}

/// What a node has for its Express executions.
#[derive(Debug)]
pub(crate) struct Express {
    room: Arc<Room>,
    /// What is yet to be logged.
    pub(crate) logs: Arc<ExpressBehind>,
    pub(crate) rows: Rows,
    /// As for Standard executions, but that a history which is not kept may be as long as it likes.
    limits: Limits,
    /// Another node is gone and may have left something.
    pub(crate) look: Notify,
    /// What still runs is let go of.
    pub(crate) halt: CancellationToken,
}

impl Express {
    pub(crate) fn new(limits: &Limits, lasting: Lasting) -> Self {
        Self {
            room: lasting.room,
            logs: lasting.logs,
            rows: Rows::default(),
            limits: Limits {
                events_max: u64::MAX,
                ..limits.clone()
            },
            look: Notify::new(),
            halt: CancellationToken::new(),
        }
    }

    /// Comes when nothing runs and nothing waits to be written, at the latest after `patience`.
    pub(crate) async fn drained(&self, patience: Patience) {
        const POLL: std::time::Duration = std::time::Duration::from_millis(5);
        while !patience.is_over() && (self.room.runs() > 0 || !self.rows.is_idle()) {
            tokio::time::sleep(POLL).await;
        }
    }
}

/// How an Express execution ended, and what AWS would charge for.
#[derive(Clone, Debug)]
pub struct Finished {
    pub facts: Arc<Facts>,
    pub closed: Arc<Closed>,
    pub billing: Billing,
}

/// In the units that AWS charges in. Source: Step Functions pricing, «Express Workflows».
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billing {
    /// Milliseconds, rounded up to a hundred.
    pub duration_ms: u64,
    /// Mebibytes, rounded up to 64: the most that the execution's data took.
    pub memory_mb: u64,
}

impl Billing {
    fn of(duration_ms: u64, bytes_max: usize) -> Self {
        const CHUNK_MS: u64 = 100;
        const CHUNK_MB: u64 = 64;
        let mebibytes = bytes_max.div_ceil(1 << 20);
        let mebibytes = u64::try_from(mebibytes).unwrap_or(u64::MAX - CHUNK_MB);
        Self {
            duration_ms: duration_ms.max(1).next_multiple_of(CHUNK_MS),
            memory_mb: mebibytes.max(1).next_multiple_of(CHUNK_MB),
        }
    }
}

impl Finished {
    pub fn view(&self) -> View {
        View {
            facts: Arc::clone(&self.facts),
            closed: Some(Arc::clone(&self.closed)),
        }
    }

    pub fn outcome(&self) -> &Outcome {
        &self.closed.outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_memory_are_charged_in_whole_chunks() {
        for (ms, bytes, expected) in [
            (0, 0, (100, 64)),
            (100, 64 << 20, (100, 64)),
            (101, (64 << 20) + 1, (200, 128)),
            (7_542, 300_000, (7_600, 64)),
        ] {
            let billing = Billing::of(ms, bytes);
            assert_eq!((billing.duration_ms, billing.memory_mb), expected);
        }
    }
}
