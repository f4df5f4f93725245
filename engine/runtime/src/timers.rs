//! Points in time that resident executions wait for. Those of sleepers are rows, not entries here.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
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
    /// Taken out, and not fired yet.
    firing: AtomicUsize,
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
        self.firing.fetch_add(due.len(), Ordering::Relaxed);
        due
    }

    /// One that was taken out has reached its execution.
    pub(crate) fn fired(&self) {
        self.firing.fetch_sub(1, Ordering::Relaxed);
    }

    /// The first of those that are wanted; none while some are on their way.
    #[cfg(feature = "fault-points")]
    pub(crate) fn first_of(&self, is_wanted: impl Fn(ExecutionId) -> bool) -> Option<Timestamp> {
        let heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = heap.iter().filter(|due| is_wanted(due.0.execution));
        wanted.map(|due| due.0.at).min()
    }

    #[cfg(feature = "fault-points")]
    pub(crate) fn is_firing(&self) -> bool {
        self.firing.load(Ordering::Relaxed) > 0
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
