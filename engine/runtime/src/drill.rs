//! What tests of crashes need of a node: steps that are held back so that one commit takes them all,
//! whether anything is still going on, and time that passes at once. No part of a server.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use asl::Timestamp;
use store::{
    fault::{Action, Point},
    ids::ExecutionId,
};

use crate::{Fault, engine::Engine, node::Node, patience::Patience, queue::Pending};

/// Between two looks at whether all is quiet.
const LOOK: Duration = Duration::from_millis(2);

/// After so long without rest something is wrong, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// Nothing that lies further ahead is waited for.
const FAR: Duration = Duration::from_hours(24);

/// Holds back steps of executions that are known by name, until each has come to its step.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    /// The step of each execution that is held. A child's name is its parent's and `/child`.
    targets: HashMap<String, u64>,
    names: HashMap<ExecutionId, String>,
    steps: Vec<Pending>,
    /// What came after them.
    later: Vec<Pending>,
    executions: HashSet<ExecutionId>,
}

impl Gate {
    /// The step, where it need not be held. What follows a held one is held as well.
    pub(crate) fn pass(&self, pending: Pending) -> Option<Pending> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.targets.is_empty() {
            return Some(pending);
        }
        let id = pending.facts.id;
        if held.executions.contains(&id) {
            held.later.push(pending);
            return None;
        }
        let Some(target) = held.target(&pending) else {
            return Some(pending);
        };
        if pending.step != target {
            return Some(pending);
        }
        held.executions.insert(id);
        held.steps.push(pending);
        None
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn target(&mut self, pending: &Pending) -> Option<u64> {
        let facts = &pending.facts;
        let name = if let Some(name) = self.names.get(&facts.id) {
            name.clone()
        } else {
            let parent = facts.parent.and_then(|it| self.names.get(&it.execution));
            let name = parent.map_or_else(
                || facts.identity.name.to_string(),
                |parent| format!("{parent}/child"),
            );
            // A second child of the same parent is not the one that is meant.
            if parent.is_some() && self.names.values().any(|known| *known == name) {
                return None;
            }
            self.names.insert(facts.id, name.clone());
            name
        };
        self.targets.get(&name).copied()
    }

    /// Calls that cannot end while steps are held: those that start a child.
    fn waiting_calls(&self) -> usize {
        let held = self.steps.iter();
        held.filter(|step| step.starter.is_some() && step.facts.parent.is_some())
            .count()
    }
}

impl Node {
    /// Whether nothing moves any more but for time, messages in the database, and `calls_asleep`
    /// calls that do not answer.
    fn is_quiet(&self, calls_asleep: usize) -> bool {
        let (held, waiting_calls) = {
            let held = self.queue.gate.lock();
            (held.executions.clone(), held.waiting_calls())
        };
        let mut calls = 0;
        let owned = self.owned_shards();
        let all_rest = owned.iter().filter_map(|id| self.shard(*id)).all(|shard| {
            shard.slots().iter().all(|(id, slot)| {
                calls += slot.calls.len();
                held.contains(id)
                    || slot.uncommitted == 0
                        && slot.arrivals.is_empty()
                        && slot
                            .execution
                            .as_ref()
                            .is_some_and(|execution| execution.runnable.is_empty())
            })
        });
        all_rest
            && calls <= calls_asleep + waiting_calls
            && self.queue.load().1 == 0
            && !self.timers.is_firing()
            && self
                .timers
                .first_of(|id| self.is_resident(id))
                .is_none_or(|first| first > self.clock.now())
    }

    /// What moves, for the message of a test that fails.
    fn unrest(&self) -> String {
        let mut lines = vec![format!("{} steps wait", self.queue.load().1)];
        for shard in self.owned_shards().iter().filter_map(|id| self.shard(*id)) {
            for (id, slot) in shard.slots().iter() {
                let name = slot.facts.as_ref().map(|facts| &facts.identity.name);
                let runnable = slot.execution.as_ref().map(|it| it.runnable.len());
                let (calls, steps) = (slot.calls.len(), slot.uncommitted);
                let (arrivals, is_stale) = (slot.arrivals.len(), slot.is_stale);
                lines.push(format!(
                    "{id} {name:?}: {calls} calls, {steps} uncommitted, {arrivals} arrivals, \
                     {runnable:?} runnable, stale: {is_stale}"
                ));
            }
        }
        lines.join("; ")
    }

    fn is_resident(&self, id: ExecutionId) -> bool {
        let is_held = self.queue.gate.lock().executions.contains(&id);
        !is_held
            && self
                .shard_of(id)
                .is_some_and(|shard| shard.slots().contains_key(&id))
    }
}

impl Engine {
    /// Holds back those steps, by the names of their executions.
    pub fn hold(&self, targets: HashMap<String, u64>) {
        self.node().queue.gate.lock().targets = targets;
    }

    /// The executions that have come to the step at which they are held.
    pub fn held(&self) -> Vec<ExecutionId> {
        let held = &self.node().queue.gate;
        held.lock().executions.iter().copied().collect()
    }

    /// Lets the steps that are held go into one commit, where this happens to all of them. They
    /// must be no more than one commit takes. Gives the steps; none where none is held.
    pub fn release(&self, point: Point, action: Action) -> Vec<(ExecutionId, u64)> {
        let node = self.node();
        let (steps, later) = {
            let mut held = node.queue.gate.lock();
            held.executions.clear();
            (
                std::mem::take(&mut held.steps),
                std::mem::take(&mut held.later),
            )
        };
        let released: Vec<_> = steps.iter().map(|it| (it.facts.id, it.step)).collect();
        if let Some((id, step)) = released.first() {
            let step = crate::drive::signed(*step);
            node.db.faults().arm_step(point, *id, step, action);
        }
        node.queue.push_all(steps);
        for pending in later {
            node.queue.push(pending);
        }
        released
    }

    /// Waits until nothing moves any more on this node; `calls_asleep` says how many calls do not
    /// answer, and is asked again each time.
    pub async fn until_quiet(&self, calls_asleep: impl Fn() -> usize) -> Result<(), Fault> {
        let node = self.node();
        let patience = Patience::new(PATIENCE);
        let mut looks = 0;
        while looks < 2 {
            if patience.is_over() {
                return Err(Fault::new(format!(
                    "no rest within {PATIENCE:?}: {}",
                    node.unrest()
                )));
            }
            tokio::time::sleep(LOOK).await;
            let is_quiet = node.is_quiet(calls_asleep());
            let messages = if is_quiet {
                let held = self.held();
                store::inbox::list(&node.db, &node.owned_shards(), 0, i64::from(u16::MAX))
                    .await?
                    .iter()
                    .filter(|row| !held.contains(&row.execution))
                    .count()
            } else {
                0
            };
            looks = if is_quiet && messages == 0 {
                looks + 1
            } else {
                0
            };
        }
        Ok(())
    }

    /// Lets time pass up to the next moment that an execution waits for; false where there is none.
    pub async fn skip_ahead(&self) -> Result<bool, Fault> {
        let node = self.node();
        let timer = node.timers.first_of(|id| node.is_resident(id));
        let sleeper = store::fault::next_wakeup(&node.db, &self.held()).await?;
        let now = node.clock.now();
        let next = timer.into_iter().chain(sleeper).min();
        let until = |next: Timestamp| next.as_micros() - now.as_micros();
        match next.map(until) {
            Some(micros) if micros < crate::node::micros(FAR) => {
                let micros = micros.max(0);
                node.lease_until
                    .fetch_add(micros, std::sync::atomic::Ordering::Relaxed);
                node.clock.skip(micros);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}
