//! The writer: takes what waits, commits it in one statement, hands the outcomes on.

use std::{collections::HashMap, sync::Arc};

use store::{
    commit::{CommitError, Item, Outcome, Wakeup, Writer},
    ids::ExecutionId,
};
use tokio::sync::mpsc;

use crate::{node::Node, queue::Pending};

/// Between two tries of a commit that the database did not take.
const RETRY_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// A batch on its way to its effects: each step with what became of its item.
pub(crate) type Done = Vec<(Pending, Outcome)>;

/// The lease is lost: nothing was written, and nothing will be.
struct LeaseLost;

impl Node {
    /// Commits until the node stops or loses its lease; then what still waits is given back.
    pub(crate) async fn write(
        self: Arc<Self>,
        mut writer: Writer,
        effects: mpsc::UnboundedSender<Done>,
    ) {
        loop {
            let batch = tokio::select! {
                biased;
                batch = self.queue.take() => batch,
                () = self.drained.cancelled() => return,
            };
            let (batch, stale): (Vec<_>, Vec<_>) =
                batch.into_iter().partition(|pending| !is_stale(pending));
            let (items, owners) = join(&batch);
            let Ok(outcomes) = self.commit(&mut writer, &items).await else {
                tracing::error!("the lease of this node is lost: its executions go on elsewhere");
                self.lease_lost();
                return;
            };
            self.metrics.commits.inc();
            let owned = batch.into_iter().zip(owners).map(|(pending, owner)| {
                (
                    pending,
                    outcomes.get(owner).cloned().unwrap_or(Outcome::Conflict),
                )
            });
            let mut done: Done = owned.collect();
            // Before the next batch is taken: what ran ahead of a refused step is void.
            for (pending, outcome) in &done {
                if *outcome != Outcome::Committed {
                    mark_stale(pending);
                }
            }
            done.extend(
                stale
                    .into_iter()
                    .map(|pending| (pending, Outcome::Conflict)),
            );
            if effects.send(done).is_err() {
                return;
            }
        }
    }

    /// One commit, repeated until its outcome is known.
    async fn commit(&self, writer: &mut Writer, items: &[Item]) -> Result<Vec<Outcome>, LeaseLost> {
        let mut fence = self.next_fence();
        let mut is_in_doubt = false;
        loop {
            let answer = if is_in_doubt {
                writer.resolve(&fence, items).await
            } else {
                writer.commit(&fence, items).await.map(Some)
            };
            match answer {
                Ok(Some(outcomes)) => return Ok(outcomes),
                // It did not happen and never will: under a new name it may.
                Ok(None) => {
                    is_in_doubt = false;
                    fence = self.next_fence();
                    continue;
                }
                Err(CommitError::LeaseLost) => return Err(LeaseLost),
                Err(CommitError::InDoubt(error)) => {
                    is_in_doubt = true;
                    tracing::warn!(error = %chain(&error), "asking whether a commit happened");
                }
                Err(CommitError::Refused(error)) => {
                    tracing::error!(error = %chain(&error), "a commit was refused, it is tried again");
                }
                Err(CommitError::Fault(fault)) => {
                    tracing::error!(%fault, "a batch cannot be committed");
                    return Ok(vec![Outcome::Conflict; items.len()]);
                }
            }
            if self.is_lease_over() {
                return Err(LeaseLost);
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    /// Carries out what follows each batch, in order.
    pub(crate) async fn follow(self: Arc<Self>, mut effects: mpsc::UnboundedReceiver<Done>) {
        while let Some(done) = effects.recv().await {
            for (pending, outcome) in done {
                if outcome == Outcome::Committed {
                    self.committed(pending);
                } else {
                    self.refused(pending, &outcome);
                }
            }
        }
    }
}

fn is_stale(pending: &Pending) -> bool {
    if pending.is_result {
        return false;
    }
    if let Some(run) = &pending.run {
        return run.handle.is_stale(run.generation);
    }
    pending
        .shard
        .slots()
        .get(&pending.facts.id)
        .is_none_or(|slot| slot.is_stale)
}

fn mark_stale(pending: &Pending) {
    if pending.is_result {
        return;
    }
    if let Some(run) = &pending.run {
        if !run.handle.is_stale(run.generation) {
            run.handle.mark_stale();
        }
        return;
    }
    if let Some(slot) = pending.shard.slots().get_mut(&pending.facts.id) {
        slot.is_stale = true;
    }
}

/// One item for each execution of the batch, in order, and for each step the index of its item.
fn join(batch: &[Pending]) -> (Vec<Item>, Vec<usize>) {
    let mut items: Vec<Item> = Vec::with_capacity(batch.len());
    let mut places: HashMap<ExecutionId, usize> = HashMap::with_capacity(batch.len());
    let mut owners = Vec::with_capacity(batch.len());
    for pending in batch {
        let item = &pending.item;
        let place = places.get(&pending.facts.id).copied();
        let place = place.unwrap_or_else(|| {
            let place = items.len();
            places.insert(pending.facts.id, place);
            items.push(Item::new(item.execution));
            place
        });
        owners.push(place);
        let Some(joined) = items.get_mut(place) else {
            continue;
        };
        merge(joined, item);
    }
    (items, owners)
}

fn merge(joined: &mut Item, item: &Item) {
    joined.start = joined.start.take().or_else(|| item.start.clone());
    joined.redrive = joined.redrive.take().or_else(|| item.redrive.clone());
    joined.steps.extend(item.steps.iter().cloned());
    joined.close = item.close.clone().or_else(|| joined.close.take());
    for closed in &item.closed {
        // A task that opens and closes within one batch never gets a row.
        let before = joined.opened.len();
        joined
            .opened
            .retain(|opened| opened.attempt != closed.attempt);
        if joined.opened.len() == before {
            joined.closed.push(*closed);
        }
    }
    joined.opened.extend(item.opened.iter().cloned());
    if item.wakeup != Wakeup::Leave {
        joined.wakeup = item.wakeup;
    }
    joined.inbox.extend(&item.inbox);
    joined.messages.extend(item.messages.iter().cloned());
    joined.reports.extend(item.reports.iter().cloned());
    if item.map_run.is_some() {
        joined.map_run.clone_from(&item.map_run);
    }
}

/// An error with its sources, for one line of a log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
