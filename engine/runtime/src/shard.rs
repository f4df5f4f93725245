//! The executions that a node holds in memory, and how inputs reach them.
//!
//! An execution is moved on by one caller at a time: whoever brings an input while nobody works on
//! it takes it out of its slot, works off all arrivals, and puts it back. So a step is computed
//! where its input arrived, no lock is held while an expression is evaluated, and the steps of an
//! execution reach the commit queue in order.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use asl::machine::{Execution, Input};
use store::ids::{ExecutionId, ShardId};
use tokio::{sync::oneshot, task::AbortHandle};

use crate::{
    arrival::Arrival,
    facts::{Closed, Facts},
    map_run::{Handle, Mail},
};

/// The resident executions of one shard.
#[derive(Debug)]
pub(crate) struct Shard {
    pub(crate) id: ShardId,
    slots: Mutex<HashMap<ExecutionId, Slot>>,
    map_runs: Mutex<HashMap<ExecutionId, Arc<Handle>>>,
    /// On its way to another node: nothing new begins in it. Changes with the slots locked.
    is_closed: AtomicBool,
}

/// A place for one execution.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// Absent until it is loaded.
    pub(crate) facts: Option<Arc<Facts>>,
    /// Absent while it is loaded or worked on.
    pub(crate) execution: Option<Box<Execution>>,
    pub(crate) arrivals: VecDeque<Arrival>,
    /// Results of nested executions whose start has not been told yet: they come after it.
    pub(crate) held: Vec<Arrival>,
    /// Steps in the commit queue.
    pub(crate) uncommitted: usize,
    /// Its start is committed, so it may be shown.
    pub(crate) is_visible: bool,
    /// A commit of it failed: what is in memory is not true and must be loaded anew.
    pub(crate) is_stale: bool,
    /// It has a wakeup row.
    pub(crate) has_wakeup: bool,
    /// The step with which it went to sleep: once that is committed it may leave memory.
    pub(crate) sleeps_at_step: Option<u64>,
    /// The last event that its snapshot holds; 0 where it has none.
    pub(crate) snapshot_event: u64,
    pub(crate) waiters: Vec<oneshot::Sender<Arc<Closed>>>,
    /// Calls that run for it, by attempt.
    pub(crate) calls: HashMap<u64, AbortHandle>,
}

/// What a caller that brought an input is to do.
pub(crate) enum Turn {
    /// Work on this execution.
    Work(Box<Execution>),
    /// Somebody else works on it and will take the input.
    Queued,
    /// It is not in memory: load it.
    Load,
}

impl Shard {
    pub(crate) fn new(id: ShardId) -> Self {
        Self {
            id,
            slots: Mutex::new(HashMap::new()),
            map_runs: Mutex::new(HashMap::new()),
            is_closed: AtomicBool::new(false),
        }
    }

    /// A place for an execution that is not in memory; false where it is, or the shard is closed.
    pub(crate) fn admit_new(&self, id: ExecutionId) -> bool {
        let mut slots = self.slots();
        if self.is_closed.load(Ordering::Relaxed) || slots.contains_key(&id) {
            return false;
        }
        slots.insert(id, Slot::default());
        true
    }

    /// Lets what is under way end and nothing new begin.
    pub(crate) fn close(&self) {
        let _slots = self.slots();
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// Fills the place of an execution that begins or comes into memory; not once the shard is closed.
    pub(crate) fn admit(&self, id: ExecutionId, fill: impl FnOnce(&mut Slot)) -> bool {
        let mut slots = self.slots();
        if self.is_closed.load(Ordering::Relaxed) {
            return false;
        }
        fill(slots.entry(id).or_default());
        true
    }

    /// The slots. A panic while they were locked leaves them usable: each change is whole.
    pub(crate) fn slots(&self) -> MutexGuard<'_, HashMap<ExecutionId, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The Map Runs that have their jobs here.
    pub(crate) fn map_runs(&self) -> MutexGuard<'_, HashMap<ExecutionId, Arc<Handle>>> {
        self.map_runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// Brings an input.
    pub(crate) fn bring(&self, id: ExecutionId, arrival: Arrival) -> Turn {
        self.bring_and(id, arrival, |_| ())
    }

    /// Brings what a call has come to. The call ends in the same moment: whoever looks sees one or the other.
    pub(crate) fn bring_reply(&self, id: ExecutionId, attempt: u64, arrival: Arrival) -> Turn {
        self.bring_and(id, arrival, |slot| {
            slot.calls.remove(&attempt);
        })
    }

    fn bring_and(&self, id: ExecutionId, arrival: Arrival, also: impl FnOnce(&mut Slot)) -> Turn {
        let mut slots = self.slots();
        if self.is_closed.load(Ordering::Relaxed) {
            // Its next owner folds and resumes for itself.
            return Turn::Queued;
        }
        let is_new = !slots.contains_key(&id);
        let slot = slots.entry(id).or_default();
        also(slot);
        slot.arrivals.push_back(arrival);
        if is_new {
            return Turn::Load;
        }
        if slot.is_stale {
            return Turn::Queued;
        }
        slot.execution.take().map_or(Turn::Queued, Turn::Work)
    }

    /// The next input for an execution that is being worked on; with none left, it goes back.
    pub(crate) fn next(
        &self,
        id: ExecutionId,
        execution: Box<Execution>,
    ) -> Option<(Box<Execution>, Arrival)> {
        let mut slots = self.slots();
        let slot = slots.get_mut(&id)?;
        if slot.is_stale {
            return None;
        }
        if let Some(arrival) = slot.arrivals.pop_front() {
            return Some((execution, arrival));
        }
        slot.execution = Some(execution);
        None
    }

    /// Something of it is in the commit queue or being worked on.
    pub(crate) fn is_busy(&self) -> bool {
        let is_run_busy = self.map_runs().values().any(|run| run.is_busy());
        let slots = self.slots();
        is_run_busy
            || slots.values().any(|slot| {
                slot.uncommitted > 0 || slot.facts.is_some() && slot.execution.is_none()
            })
    }

    /// Forgets all of it: another node goes on with it.
    pub(crate) fn abandon(&self) {
        for (_, run) in self.map_runs().drain() {
            run.send(Mail::Abandon);
        }
        let mut slots = self.slots();
        self.is_closed.store(true, Ordering::Relaxed);
        for (_, slot) in slots.drain() {
            for (_, call) in slot.calls {
                call.abort();
            }
        }
    }

    /// Inputs of steps that were not committed come first again.
    pub(crate) fn return_inputs(slot: &mut Slot, inputs: Vec<Input>) {
        for input in inputs.into_iter().rev() {
            slot.arrivals.push_front(Arrival::local(input));
        }
    }
}
