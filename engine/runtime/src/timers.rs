//! Points in time that resident executions wait for. Those of sleepers are rows, not entries here.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Arc, Mutex, PoisonError},
};

use asl::{Timestamp, machine::Timer};
use store::ids::ExecutionId;
use tokio::sync::Notify;

/// What falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due {
    pub(crate) at: Timestamp,
    pub(crate) execution: ExecutionId,
    pub(crate) timer: Timer,
}

/// A heap of them. A timer that nobody wants any more is not removed: the core ignores it.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: Mutex<BinaryHeap<Reverse<Due>>>,
    earlier: Arc<Notify>,
}

impl Timers {
    pub(crate) fn set(&self, due: Due) {
        let is_first = {
            let mut heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
            let is_first = heap.peek().is_none_or(|Reverse(first)| due.at < first.at);
            heap.push(Reverse(due));
            is_first
        };
        if is_first {
            self.earlier.notify_one();
        }
    }

    /// Takes out what is due at `now`, at most `limit`.
    pub(crate) fn take(&self, now: Timestamp, limit: usize) -> Vec<Due> {
        let mut heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        while due.len() < limit && heap.peek().is_some_and(|Reverse(first)| first.at <= now) {
            due.extend(heap.pop().map(|Reverse(first)| first));
        }
        due
    }

    pub(crate) fn first(&self) -> Option<Timestamp> {
        let heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
        heap.peek().map(|Reverse(first)| first.at)
    }

    /// Comes when an earlier timer than all others was set.
    pub(crate) async fn earlier(&self) {
        self.earlier.notified().await;
    }

    pub(crate) fn clear(&self) {
        self.heap
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
