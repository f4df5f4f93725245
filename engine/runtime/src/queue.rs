//! Steps on their way to the database. One writer takes all that waits; nothing is held back to
//! gather more, so a batch is one step when idle and grows with the load.

use std::sync::{Arc, Mutex, PoisonError};

use asl::machine::{Command, Input};
use store::commit::Item;
use tokio::sync::{Notify, oneshot};

use crate::{
    engine::StartError,
    facts::{Facts, View},
    limits::{BATCH_BYTES_MAX, BATCH_STEPS_MAX},
    shard::Shard,
};

/// A step that waits for its commit, and what then follows.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) shard: Arc<Shard>,
    pub(crate) facts: Arc<Facts>,
    pub(crate) item: Item,
    /// The number of its step; 0 for an item that only takes messages away.
    pub(crate) step: u64,
    pub(crate) commands: Vec<Command>,
    /// The inputs that led to it and that no inbox row keeps.
    pub(crate) inputs: Vec<Input>,
    /// Who waits to hear that the execution has started.
    pub(crate) starter: Option<oneshot::Sender<Result<View, StartError>>>,
    pub(crate) bytes: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    steps: Vec<Pending>,
    bytes: usize,
}

impl Queue {
    pub(crate) fn push(&self, pending: Pending) {
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.bytes += pending.bytes;
            waiting.steps.push(pending);
        }
        self.filled.notify_one();
    }

    /// Bytes and steps that wait.
    pub(crate) fn load(&self) -> (usize, usize) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        (waiting.bytes, waiting.steps.len())
    }

    /// The next batch, in order; comes as soon as there is anything.
    pub(crate) async fn take(&self) -> Vec<Pending> {
        loop {
            let batch = self.take_now();
            if !batch.is_empty() {
                return batch;
            }
            self.filled.notified().await;
        }
    }

    pub(crate) fn take_now(&self) -> Vec<Pending> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = 0;
        let count = waiting
            .steps
            .iter()
            .take(BATCH_STEPS_MAX)
            .take_while(|pending| {
                let fits = bytes < BATCH_BYTES_MAX;
                bytes += pending.bytes;
                fits
            })
            .count();
        let rest = waiting.steps.split_off(count);
        let batch = std::mem::replace(&mut waiting.steps, rest);
        waiting.bytes -= batch.iter().map(|pending| pending.bytes).sum::<usize>();
        batch
    }
}
