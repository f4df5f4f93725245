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
    map_run::Handle,
    shard::Shard,
};

/// A step that waits for its commit, and what then follows.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) shard: Arc<Shard>,
    pub(crate) facts: Arc<Facts>,
    /// Present where the step is a Map Run's, which `facts` then stand for.
    pub(crate) run: Option<RunStep>,
    /// It is the result of an Express child, which has no slot.
    pub(crate) is_result: bool,
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

impl Pending {
    /// A step of an execution that nobody waits for, not yet measured.
    pub(crate) fn new(
        shard: &Arc<Shard>,
        facts: Arc<Facts>,
        item: Item,
        step: u64,
        commands: Vec<Command>,
    ) -> Self {
        Self {
            shard: Arc::clone(shard),
            facts,
            run: None,
            is_result: false,
            item,
            step,
            commands,
            inputs: Vec::new(),
            starter: None,
            bytes: 0,
        }
    }
}

/// Whose step it is, and since when.
#[derive(Clone, Debug)]
pub(crate) struct RunStep {
    pub(crate) handle: Arc<Handle>,
    pub(crate) generation: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    filled: Notify,
    #[cfg(feature = "fault-points")]
    pub(crate) gate: crate::drill::Gate,
}

#[derive(Debug, Default)]
struct Waiting {
    steps: Vec<Pending>,
    bytes: usize,
    /// Nothing will be taken any more.
    is_closed: bool,
}

impl Queue {
    pub(crate) fn push(&self, pending: Pending) {
        #[cfg(feature = "fault-points")]
        let Some(pending) = self.gate.pass(pending) else {
            return;
        };
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.is_closed {
                // Dropped, so that whoever waits for its commit hears that it will not come.
                return;
            }
            waiting.bytes += pending.bytes;
            waiting.steps.push(pending);
        }
        self.filled.notify_one();
    }

    /// Puts steps before all others, together.
    #[cfg(feature = "fault-points")]
    pub(crate) fn push_all(&self, steps: Vec<Pending>) {
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.bytes += steps.iter().map(|pending| pending.bytes).sum::<usize>();
            waiting.steps.splice(0..0, steps);
        }
        self.filled.notify_one();
    }

    /// Gives up what waits and all that comes: callers hear that their starts were not committed.
    pub(crate) fn close(&self) {
        let given_up = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.is_closed = true;
            waiting.bytes = 0;
            std::mem::take(&mut waiting.steps)
        };
        drop(given_up);
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
