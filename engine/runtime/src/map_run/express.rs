//! Express children of Map Runs: each runs in the memory of the node that has its shard, and what came of
//! it is written when it has closed, as a closed execution of two events, with its report to the Map Run.
//!
//! So a child whose result is not there when its node goes down runs again, and one whose result is there
//! does not: at least once, as AWS says of Express children. A second result meets the first one's key.

use std::{
    collections::{HashMap, hash_map::Entry as Place},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use asl::{
    Payload, StateError,
    error::names,
    machine::{
        Entry, Identity, Input, Outcome, ThreadId,
        history::{Detail, Event, journal},
    },
};
use store::{
    commit::{Close, Item, Parent, Start, Step},
    ids::ExecutionId,
};
use tokio::sync::mpsc;

use super::job::end_of;
use crate::{
    catalog::Revision,
    drive::{input_hash, signed},
    express::{ChildRun, Ended},
    facts::{Facts, status},
    limits::BATCH_BYTES_MAX,
    node::Node,
    queue::Pending,
    shard::Shard,
};

/// The Express children that run on a node, or wait for their result's commit.
#[derive(Debug, Default)]
pub(crate) struct Children(Mutex<HashMap<ExecutionId, Running>>);

#[derive(Debug, Default)]
struct Running {
    /// Messages that brought it or told it to stop: they go away with its result.
    inbox: Vec<i64>,
    stop: Option<mpsc::UnboundedSender<Input>>,
    is_stopped: bool,
}

/// Which child it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Which {
    pub(crate) id: ExecutionId,
    pub(crate) index: u64,
}

impl Children {
    fn lock(&self) -> MutexGuard<'_, HashMap<ExecutionId, Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_here(&self, id: ExecutionId) -> bool {
        self.lock().contains_key(&id)
    }

    /// False where it runs already; then the message goes away with it.
    fn admit(&self, id: ExecutionId, inbox: Option<i64>) -> bool {
        match self.lock().entry(id) {
            Place::Occupied(mut running) => {
                running.get_mut().inbox.extend(inbox);
                false
            }
            Place::Vacant(place) => {
                place.insert(Running::default()).inbox.extend(inbox);
                true
            }
        }
    }

    /// From now on it can be stopped; it is, where somebody asked before.
    fn can_be_stopped(&self, id: ExecutionId, stop: mpsc::UnboundedSender<Input>) {
        if let Some(running) = self.lock().get_mut(&id) {
            if running.is_stopped {
                tell(&stop);
            }
            running.stop = Some(stop);
        }
    }

    /// Stops one that is here; false where it is not.
    pub(crate) fn stop(&self, id: ExecutionId, inbox: i64) -> bool {
        let mut children = self.lock();
        let Some(running) = children.get_mut(&id) else {
            return false;
        };
        running.inbox.push(inbox);
        running.is_stopped = true;
        if let Some(stop) = &running.stop {
            tell(stop);
        }
        true
    }

    fn inbox_of(&self, id: ExecutionId) -> Vec<i64> {
        let children = self.lock();
        children
            .get(&id)
            .map(|running| running.inbox.clone())
            .unwrap_or_default()
    }

    /// Forgets it, and gives the messages that are still for it.
    pub(crate) fn leave(&self, id: ExecutionId) -> Vec<i64> {
        self.lock()
            .remove(&id)
            .map(|running| running.inbox)
            .unwrap_or_default()
    }
}

fn tell(stop: &mpsc::UnboundedSender<Input>) {
    let (error, cause) = (None, None);
    // One that has ended does not mind.
    drop(stop.send(Input::Stop(StateError { error, cause })));
}

impl Node {
    /// Starts an Express child on this node, unless it runs here already.
    pub(crate) fn run_express_child(
        self: &Arc<Self>,
        shard: &Arc<Shard>,
        revision: &Arc<Revision>,
        which: Which,
        input: Payload,
        inbox: Option<i64>,
    ) {
        let id = which.id;
        if !self.express_children.admit(id, inbox) {
            return;
        }
        let facts = self.express_child_facts(shard, revision, which, input);
        let (node, shard) = (Arc::clone(self), Arc::clone(shard));
        self.tracker.spawn(async move {
            let registered = Arc::clone(&node);
            let can_be_stopped = move |stop| registered.express_children.can_be_stopped(id, stop);
            match node.run_child(&facts, can_be_stopped).await {
                ChildRun::Ended(ended) => node.keep_result(&shard, facts, &ended),
                // Another life of a node finds no result.
                ChildRun::Halted => {
                    let inbox = node.express_children.leave(id);
                    node.forget_inbox(shard.id, &inbox);
                }
                ChildRun::Broken(fault) => {
                    tracing::error!(execution.id = %id, %fault, "an Express child of a Map Run is given up");
                    let error = StateError::named(names::RUNTIME);
                    let at = node.clock.now();
                    let outcome = Outcome::Failed(error);
                    node.keep_result(&shard, facts, &Ended { outcome, at });
                }
            }
        });
    }

    fn express_child_facts(
        &self,
        shard: &Shard,
        revision: &Arc<Revision>,
        which: Which,
        input: Payload,
    ) -> Arc<Facts> {
        let (run, id) = (ExecutionId(revision.machine_id), which.id);
        let name: Arc<str> = Arc::from(id.to_string());
        let names = &self.settings.names;
        let machine = &revision.machine_name;
        let identity = Arc::new(Identity {
            id: *id.0.as_bytes(),
            arn: Arc::from(names.express(machine, &name, &name)),
            name,
            machine_arn: Arc::clone(&revision.machine_arn),
            machine_name: Arc::clone(machine),
            role_arn: Arc::clone(&revision.role_arn),
            started_at: self.clock.now(),
        });
        Arc::new(Facts {
            id,
            shard: shard.id,
            identity,
            revision: Arc::clone(revision),
            version: None,
            alias: None,
            input,
            parent: Some(Parent {
                execution: run,
                attempt: signed(which.index),
                is_parsed: false,
            }),
            trace_header: None,
            redriven: None,
        })
    }

    /// Writes what came of a child, and tells its Map Run, in one commit.
    fn keep_result(self: &Arc<Self>, shard: &Arc<Shard>, facts: Arc<Facts>, ended: &Ended) {
        let mut item = Item::new(facts.id);
        let (identity, revision) = (&facts.identity, &facts.revision);
        item.start = Some(Start {
            machine_id: revision.machine_id,
            revision_id: revision.id,
            version: None,
            alias: None,
            shard: facts.shard,
            name: identity.name.to_string(),
            is_name_given: false,
            input_sha256: input_hash(&facts.input),
            started_at: identity.started_at,
            parent: facts.parent,
            trace_header: None,
        });
        let body = journal::encode(1, &two_events(&facts, ended));
        let bytes = (body.len() + 256).min(BATCH_BYTES_MAX);
        item.steps.push(Step {
            number: 1,
            first_event: 1,
            event_count: 2,
            format: journal::FORMAT,
            body,
        });
        let error = match &ended.outcome {
            Outcome::Succeeded(_) => None,
            Outcome::Failed(error) | Outcome::Aborted(error) | Outcome::TimedOut(error) => {
                error.error.as_deref()
            }
        };
        item.close = Some(Close {
            status: status(&ended.outcome),
            at: ended.at,
            // As for a Standard execution.
            error: error.map(|name| name.replace('\0', "\u{fffd}")),
        });
        if let (Some((run, index)), Some(end)) = (facts.map_run(), end_of(status(&ended.outcome))) {
            item.reports.push(self.report(run, index, end));
        }
        item.messages
            .extend(self.report_to_search(&facts, item.close.as_ref(), None));
        item.inbox = self.express_children.inbox_of(facts.id);
        self.queue.push(Pending {
            is_result: true,
            bytes,
            ..Pending::new(shard, facts, item, 1, Vec::new())
        });
    }

    /// The result of an Express child is committed, or another one was before it.
    pub(crate) fn result_settled(self: &Arc<Self>, pending: &Pending, is_committed: bool) {
        let id = pending.facts.id;
        let mut inbox = self.express_children.leave(id);
        inbox.retain(|row| !pending.item.inbox.contains(row));
        // What came meanwhile is read again, and then has nobody left to tell.
        self.forget_inbox(pending.shard.id, &inbox);
        self.forget_inbox(pending.shard.id, &pending.item.inbox);
        if !is_committed && pending.item.inbox.is_empty() {
            self.start_child_again(&pending.facts);
        }
    }
}

/// The child's history: what it was given and how it ended.
fn two_events(facts: &Facts, ended: &Ended) -> Vec<Entry> {
    let event = |id, at, detail| {
        Entry::Event(Event {
            id,
            previous: id - 1,
            at,
            thread: ThreadId::ROOT,
            detail,
        })
    };
    let started = Detail::ExecutionStarted {
        input: facts.input.clone(),
        role_arn: Arc::clone(&facts.identity.role_arn),
    };
    let closed = match ended.outcome.clone() {
        Outcome::Succeeded(output) => Detail::ExecutionSucceeded { output },
        Outcome::Failed(error) => Detail::ExecutionFailed(error),
        Outcome::Aborted(error) => Detail::ExecutionAborted(error),
        Outcome::TimedOut(error) => Detail::ExecutionTimedOut(error),
    };
    vec![
        event(1, facts.identity.started_at, started),
        event(2, ended.at, closed),
    ]
}
