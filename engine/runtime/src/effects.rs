//! What follows a commit: commands run, callers are answered. Nothing of a step happens before.

use std::sync::Arc;

use asl::machine::{Command, Input, Outcome, Timer};
use store::{commit, ids::ExecutionId};

use crate::{
    arrival::Arrival,
    engine::StartError,
    facts::{Closed, Facts, View},
    load::Loaded,
    map_run::Mail,
    node::Node,
    queue::Pending,
    shard::Shard,
    timers::Due,
};

impl Node {
    /// A step was committed.
    pub(crate) fn committed(self: &Arc<Self>, pending: Pending) {
        if pending.is_result {
            for message in pending.item.messages.iter().chain(&pending.item.reports) {
                self.hint(message.shard);
            }
            self.result_settled(&pending, true);
            return;
        }
        let Pending {
            shard,
            facts,
            run,
            commands,
            starter,
            step,
            item,
            ..
        } = pending;
        let id = facts.id;
        self.forget_inbox(shard.id, &item.inbox);
        if item.redrive.is_some() {
            self.recent.forget(id);
        }
        for message in item.messages.iter().chain(&item.reports) {
            self.hint(message.shard);
        }
        if let Some(run) = run {
            run.handle.settled(Mail::Committed);
            return;
        }
        for task in item
            .opened
            .iter()
            .filter_map(|opened| opened.activity.as_ref())
        {
            self.activities.tell(&task.activity);
        }
        let closed = commands.iter().find_map(|command| match command {
            Command::Closed(outcome) => Some(outcome.clone()),
            _ => None,
        });
        let view = if let Some(outcome) = closed {
            self.closed(&shard, &facts, outcome, item.close.as_ref())
        } else {
            self.went_on(&shard, &facts, step)
        };
        if let Some(starter) = starter {
            // A caller that went away does not mind.
            drop(starter.send(Ok(view)));
        }
        for command in commands {
            self.carry_out(&shard, &facts, id, command);
        }
        self.metrics.steps.inc();
        self.admission.settled();
    }

    fn closed(
        &self,
        shard: &Shard,
        facts: &Arc<Facts>,
        outcome: Outcome,
        close: Option<&commit::Close>,
    ) -> View {
        let at = close.map_or_else(|| self.clock.now(), |close| close.at);
        self.metrics.closed(&outcome);
        self.metrics.open_executions.dec();
        let closed = Arc::new(Closed { outcome, at });
        let view = View {
            facts: Arc::clone(facts),
            closed: Some(Arc::clone(&closed)),
        };
        self.recent.put(view.clone());
        let slot = shard.slots().remove(&facts.id);
        if let Some(slot) = slot {
            if slot.snapshot_event > 0 {
                self.drop_snapshot(facts.id);
            }
            for waiter in slot.waiters {
                drop(waiter.send(Arc::clone(&closed)));
            }
        }
        view
    }

    pub(crate) fn carry_out(
        self: &Arc<Self>,
        shard: &Arc<Shard>,
        facts: &Arc<Facts>,
        id: ExecutionId,
        command: Command,
    ) {
        match command {
            Command::Invoke(invocation) => self.dispatch(shard, facts, *invocation),
            Command::Offer(invocation) => self.offer(id, *invocation),
            Command::Cancel { attempt } => {
                let call = shard
                    .slots()
                    .get_mut(&id)
                    .and_then(|slot| slot.calls.remove(&attempt));
                if let Some(call) = call {
                    call.abort();
                }
            }
            Command::SetTimer { timer, due } => {
                // A sleeper's timers are its wakeup row.
                if shard.slots().contains_key(&id) {
                    self.timers.set(Due {
                        at: due,
                        execution: id,
                        timer,
                    });
                }
            }
            Command::Continue => {
                let node = Arc::clone(self);
                // On a job of its own, so that others of the shard come first.
                self.tracker.spawn(async move {
                    node.feed(id, Arrival::local(Input::Continue));
                });
            }
            Command::StartMapRun(start) => self.begin_map_run(facts, &start),
            // Told in the step's own commit.
            Command::StopMapRun { .. } | Command::Closed(_) => {}
        }
    }

    /// A step was not committed, but others of its batch were: what is in memory is not true.
    pub(crate) fn refused(self: &Arc<Self>, pending: Pending, outcome: &commit::Outcome) {
        if pending.is_result {
            self.result_settled(&pending, false);
            return;
        }
        let Pending {
            shard,
            facts,
            run,
            starter,
            inputs,
            item,
            ..
        } = pending;
        self.forget_inbox(shard.id, &item.inbox);
        if let Some(run) = run {
            run.handle.settled(Mail::Refused);
            return;
        }
        self.admission.settled();
        if item.redrive.is_some() {
            self.metrics.open_executions.dec();
        }
        if item.start.is_some() && facts.map_run().is_some() {
            shard.slots().remove(&facts.id);
            self.metrics.open_executions.dec();
            if item.inbox.is_empty() && *outcome != commit::Outcome::Rejected {
                self.start_child_again(&facts);
            }
            return;
        }
        if item.start.is_some() {
            shard.slots().remove(&facts.id);
            self.metrics.open_executions.dec();
            let Some(starter) = starter else {
                self.refused_elsewhere(shard.id, outcome, item.inbox);
                return;
            };
            let error = match *outcome {
                commit::Outcome::NameTaken { by, is_same_input } => {
                    StartError::NameTaken { by, is_same_input }
                }
                commit::Outcome::Committed
                | commit::Outcome::GuardLost
                | commit::Outcome::Conflict
                | commit::Outcome::Rejected => StartError::Unavailable,
            };
            drop(starter.send(Err(error)));
            return;
        }
        if *outcome == commit::Outcome::Rejected {
            // Folding it again would make the same step again.
            tracing::error!(execution.id = %facts.id, "an execution is parked: its step cannot be kept");
            if let Some(slot) = shard.slots().remove(&facts.id) {
                slot.calls
                    .values()
                    .for_each(tokio::task::AbortHandle::abort);
            }
            return;
        }
        tracing::debug!(execution.id = %facts.id, ?outcome, "a step lost its guard");
        self.reload(&shard, facts.id, inputs);
    }

    /// Drops what is in memory of an execution and folds it again, then applies `inputs`.
    pub(crate) fn reload(
        self: &Arc<Self>,
        shard: &Arc<Shard>,
        id: ExecutionId,
        inputs: Vec<Input>,
    ) {
        if !self.owns(shard) {
            // Given away meanwhile: its next owner folds it.
            return;
        }
        let is_last = {
            let mut slots = shard.slots();
            let slot = slots.entry(id).or_default();
            slot.is_stale = true;
            slot.execution = None;
            slot.uncommitted = slot.uncommitted.saturating_sub(1);
            for (_, call) in slot.calls.drain() {
                call.abort();
            }
            Shard::return_inputs(slot, inputs);
            slot.uncommitted == 0
        };
        if is_last {
            self.load_later(Arc::clone(shard), id);
        }
    }

    /// Feeds a timer that fell due.
    pub(crate) async fn fire(self: &Arc<Self>, due: Due) {
        if let Timer::Heartbeat(attempt) = due.timer {
            match self.next_heartbeat(due.execution, attempt).await {
                Ok(Some(at)) if at > self.clock.now() => {
                    self.timers.set(Due { at, ..due });
                    return;
                }
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(fault) => {
                    tracing::warn!(execution.id = %due.execution, %fault, "reading a heartbeat");
                    self.timers.set(Due {
                        at: self.clock.now().plus_seconds(1),
                        ..due
                    });
                    return;
                }
            }
        }
        // Only what is in memory has timers here; a sleeper is woken by its row.
        let is_resident = self
            .shard_of(due.execution)
            .is_some_and(|shard| shard.slots().contains_key(&due.execution));
        if is_resident {
            self.feed(due.execution, Arrival::local(Input::TimerFired(due.timer)));
        }
    }

    /// When the next heartbeat of a task is due by the last one that came; none where the task is
    /// no longer open.
    async fn next_heartbeat(
        &self,
        id: ExecutionId,
        attempt: u64,
    ) -> Result<Option<asl::Timestamp>, crate::Fault> {
        let attempt = crate::drive::signed(attempt);
        let beat = store::token::last_heartbeat(&self.db, id, attempt).await?;
        Ok(beat.map(|beat| beat.at.unwrap_or(beat.opened_at).plus_seconds(beat.seconds)))
    }

    /// Puts a folded execution into its slot, resumes what it stands for, and works off what came.
    pub(crate) fn install(self: &Arc<Self>, shard: &Arc<Shard>, loaded: Loaded) {
        let Loaded {
            facts,
            execution,
            has_wakeup,
            snapshot_event,
        } = loaded;
        let id = facts.id;
        let commands = asl::machine::resume(&execution, self.clock.now());
        let is_admitted = shard.admit(id, |slot| {
            slot.facts = Some(Arc::clone(&facts));
            slot.is_stale = false;
            slot.is_visible = true;
            slot.has_wakeup = has_wakeup;
            slot.snapshot_event = snapshot_event;
            slot.sleeps_at_step = None;
            slot.uncommitted = 0;
        });
        if !is_admitted || !self.owns(shard) {
            return;
        }
        for command in commands {
            self.carry_out(shard, &facts, id, command);
        }
        self.drive_where_it_fits(Arc::clone(shard), id, Box::new(execution));
    }

    /// Marks a step as committed, and lets an execution that went to sleep leave memory.
    fn went_on(&self, shard: &Shard, facts: &Arc<Facts>, step: u64) -> View {
        let mut slots = shard.slots();
        if let Some(slot) = slots.get_mut(&facts.id) {
            slot.uncommitted = slot.uncommitted.saturating_sub(1);
            slot.is_visible = true;
            let may_leave = slot.sleeps_at_step == Some(step)
                && slot.uncommitted == 0
                && slot.arrivals.is_empty()
                && slot.waiters.is_empty()
                && slot.execution.is_some();
            if may_leave && let Some(slot) = slots.remove(&facts.id) {
                drop(slots);
                self.keep_snapshot(slot);
            }
        }
        View {
            facts: Arc::clone(facts),
            closed: None,
        }
    }
}
