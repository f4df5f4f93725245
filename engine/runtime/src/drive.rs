//! Moving executions on: inputs in, steps into the commit queue.

use std::sync::Arc;

use asl::{
    Definition, Payload,
    definition::resource::Pattern,
    machine::{
        Command, Execution, Input, Step, Surroundings, advance, execution::Position,
        history::journal,
    },
};
use sha2::{Digest, Sha256};
use store::{
    commit::{ActivityTask, Close, CloseTask, Item, OpenTask, Start, Wakeup},
    ids::ExecutionId,
};

use crate::{
    Fault,
    arrival::Arrival,
    facts::{Facts, status},
    limits::COMPUTE_BYTES,
    map_run::job,
    node::Node,
    queue::Pending,
    random::SystemRandom,
    shard::{Shard, Turn},
    sleep::asleep_until,
};

/// Whether a step of `execution` may hold a thread for longer than a request should wait.
pub(crate) fn may_take_long(definition: &Definition, payload: &Payload) -> bool {
    definition.may_run_long || payload.text().len() >= COMPUTE_BYTES
}

impl Node {
    /// Brings an input to an execution and works it off, unless somebody else does.
    pub(crate) fn feed(self: &Arc<Self>, id: ExecutionId, arrival: Arrival) {
        self.feed_by(id, |shard| shard.bring(id, arrival));
    }

    /// Gives an execution what one of its calls has come to.
    pub(crate) fn feed_reply(self: &Arc<Self>, id: ExecutionId, attempt: u64, arrival: Arrival) {
        self.feed_by(id, |shard| shard.bring_reply(id, attempt, arrival));
    }

    fn feed_by(self: &Arc<Self>, id: ExecutionId, bring: impl FnOnce(&Shard) -> Turn) {
        let Some(shard) = self.shard_of(id) else {
            // The shard went to another node, which folds and resumes for itself.
            tracing::debug!(execution.id = %id, "an input came for a shard that is not owned");
            return;
        };
        match bring(&shard) {
            Turn::Work(execution) => self.drive_where_it_fits(shard, id, execution),
            Turn::Queued => {}
            Turn::Load => self.load_later(shard, id),
        }
    }

    /// Large payloads, and expressions that may run for long on small ones, are worked on apart from
    /// the threads that serve requests.
    pub(crate) fn drive_where_it_fits(
        self: &Arc<Self>,
        shard: Arc<Shard>,
        id: ExecutionId,
        execution: Box<Execution>,
    ) {
        if may_take_long(&execution.definition, &execution.input) {
            let node = Arc::clone(self);
            self.tracker.spawn(async move {
                let worked = Arc::clone(&node);
                let work = move || worked.drive(&shard, id, execution);
                if node.compute(work).await.is_err() {
                    tracing::error!(execution.id = %id, "a compute thread stopped");
                }
            });
        } else {
            self.drive(&shard, id, execution);
        }
    }

    /// Works off everything that has arrived for an execution.
    pub(crate) fn drive(
        self: &Arc<Self>,
        shard: &Arc<Shard>,
        id: ExecutionId,
        mut execution: Box<Execution>,
    ) {
        while let Some((mut taken, arrival)) = shard.next(id, execution) {
            let facts = shard.slots().get(&id).and_then(|slot| slot.facts.clone());
            let Some(facts) = facts else { return };
            if comes_too_early(&taken, &arrival) {
                if let Some(slot) = shard.slots().get_mut(&id) {
                    slot.held.push(arrival);
                }
                execution = taken;
                continue;
            }
            let Arrival { input, inbox } = arrival;
            if let (Input::TaskSubmitted { .. }, Some(slot)) = (&input, shard.slots().get_mut(&id))
            {
                let held = std::mem::take(&mut slot.held);
                slot.arrivals.extend(held);
            }
            let kept = inbox.is_none().then(|| input.clone());
            match self.advance(&mut taken, input) {
                Ok(step) => self.enqueue(shard, &facts, &taken, step, inbox, kept),
                Err(fault) => {
                    // Parked: what is in memory goes, the journal stays for a maintainer.
                    tracing::error!(execution.id = %id, %fault, "an execution is parked");
                    shard.slots().remove(&id);
                    return;
                }
            }
            execution = taken;
        }
    }

    /// Runs `work` on a compute thread, as soon as one of them is free.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, tokio::task::JoinError> {
        // It is never closed; without a permit the work is done all the same.
        let _permit = self.computes.acquire().await.ok();
        self.tracker.spawn_blocking(work).await
    }

    /// The first input of an execution, worked on where it fits.
    pub(crate) async fn advance_first(
        self: &Arc<Self>,
        mut execution: Box<Execution>,
        input: Input,
    ) -> Result<(Box<Execution>, Step), Fault> {
        let is_long = match &input {
            Input::Start { input } => may_take_long(&execution.definition, input),
            _ => true,
        };
        let (execution, step) = if is_long {
            let node = Arc::clone(self);
            let worked = self.compute(move || {
                let step = node.advance(&mut execution, input);
                (execution, step)
            });
            let stopped = |_| Fault::new("a compute thread stopped");
            worked.await.map_err(stopped)?
        } else {
            let step = self.advance(&mut execution, input);
            (execution, step)
        };
        let arn = &execution.identity.arn;
        let step = step.map_err(|fault| Fault::new(format!("starting {arn}: {fault}")))?;
        Ok((execution, step))
    }

    #[expect(clippy::disallowed_methods, reason = "the shard owns its executions")]
    pub(crate) fn advance(
        &self,
        execution: &mut Execution,
        input: Input,
    ) -> Result<Step, asl::machine::Fault> {
        let mut random = SystemRandom;
        let around = Surroundings {
            now: self.clock.now(),
            random: &mut random,
            limits: &self.settings.limits,
        };
        advance(execution, around, input)
    }

    /// Puts a step into the commit queue.
    fn enqueue(
        &self,
        shard: &Arc<Shard>,
        facts: &Arc<Facts>,
        execution: &Execution,
        step: Step,
        inbox: Option<i64>,
        input: Option<Input>,
    ) {
        if step.is_empty() && inbox.is_none() {
            return;
        }
        let number = step.number;
        let (mut item, commands) = self.item(facts, execution, step);
        item.inbox.extend(inbox);
        self.submit(
            execution,
            Pending {
                inputs: input.into_iter().collect(),
                ..Pending::new(shard, Arc::clone(facts), item, number, commands)
            },
        );
    }

    /// Puts a step into the commit queue; says in it where the execution goes to sleep or wakes.
    pub(crate) fn submit(&self, execution: &Execution, mut pending: Pending) {
        {
            let mut slots = pending.shard.slots();
            let Some(slot) = slots.get_mut(&pending.facts.id) else {
                return;
            };
            slot.uncommitted += 1;
            if pending.step > 0 {
                let is_last = slot.arrivals.is_empty();
                let asleep = asleep_until(execution, self.clock.now()).filter(|_| is_last);
                if let Some(due) = asleep {
                    pending.item.wakeup = Wakeup::Put {
                        shard: pending.shard.id,
                        due,
                    };
                    slot.has_wakeup = true;
                    slot.sleeps_at_step = Some(pending.step);
                } else if slot.has_wakeup {
                    pending.item.wakeup = Wakeup::Delete;
                    slot.has_wakeup = false;
                    slot.sleeps_at_step = None;
                }
            }
        }
        pending.bytes = pending
            .item
            .steps
            .iter()
            .map(|step| step.body.len())
            .sum::<usize>()
            + 256;
        self.admission.submitted();
        self.queue.push(pending);
    }

    /// What a step writes.
    pub(crate) fn item(
        &self,
        facts: &Facts,
        execution: &Execution,
        step: Step,
    ) -> (Item, Vec<Command>) {
        let mut item = Item::new(facts.id);
        let failed_state = step.failed_state.clone();
        if !step.is_empty() {
            let first = step
                .events()
                .next()
                .map_or(execution.last_event + 1, |event| event.id);
            let count = step.events().count();
            item.steps.push(store::commit::Step {
                number: signed(step.number),
                first_event: signed(first),
                event_count: i32::try_from(count).unwrap_or(i32::MAX),
                format: journal::FORMAT,
                body: journal::encode(step.number, &step.entries),
            });
            item.messages
                .extend(self.report_to_log(facts, signed(step.number)));
        }
        let now = execution.last_at;
        for task in step.opened {
            let activity = task.activity_arn.map(|arn| ActivityTask {
                activity: arn.rsplit(':').next().unwrap_or_default().to_owned(),
                token: task.token.clone(),
                input: task.input.text().to_owned(),
            });
            item.opened.push(OpenTask {
                attempt: signed(task.attempt),
                token_sha256: token_hash(&task.token),
                activity,
                heartbeat_seconds: task.heartbeat_seconds.map(signed),
                opened_at: now,
            });
        }
        item.closed.extend(step.closed.iter().map(|task| CloseTask {
            attempt: signed(task.attempt),
            is_guard: task.is_guard,
        }));
        // What comes after its end only takes its message away.
        if let (Some(outcome), false) = (&execution.outcome, item.steps.is_empty()) {
            let error = match outcome {
                asl::machine::Outcome::Succeeded(_) => None,
                asl::machine::Outcome::Failed(error)
                | asl::machine::Outcome::Aborted(error)
                | asl::machine::Outcome::TimedOut(error) => error.error.as_deref(),
            };
            item.close = Some(Close {
                status: status(outcome),
                at: execution.last_at,
                // PostgreSQL's text holds no NUL; the whole name is in the journal, escaped.
                error: error.map(|name| name.replace('\0', "\u{fffd}")),
            });
            match (facts.map_run(), job::end_of(status(outcome))) {
                (Some((run, index)), Some(end)) => item.reports.push(self.report(run, index, end)),
                _ => item
                    .messages
                    .extend(self.report_to_parent(facts, execution, outcome)),
            }
            item.messages
                .extend(self.report_to_search(facts, item.close.as_ref(), failed_state));
        }
        for command in &step.commands {
            if let Command::StopMapRun { id } = command {
                item.messages.push(self.stop_message(*id));
            }
        }
        (item, step.commands)
    }

    /// The first step of a new execution, with the row that says that it exists.
    pub(crate) fn first_item(
        &self,
        facts: &Facts,
        execution: &Execution,
        step: Step,
        is_name_given: bool,
    ) -> (Item, Vec<Command>) {
        let (mut item, commands) = self.item(facts, execution, step);
        item.start = Some(Start {
            machine_id: facts.revision.machine_id,
            revision_id: facts.revision.id,
            version: facts.version,
            alias: facts.alias.clone(),
            shard: facts.shard,
            name: facts.identity.name.to_string(),
            is_name_given,
            input_sha256: input_hash(&facts.input),
            started_at: facts.identity.started_at,
            parent: facts.parent,
            trace_header: facts.trace_header.clone(),
        });
        (item, commands)
    }
}

/// Whether this is the result of a nested execution whose start the parent has not recorded: a
/// child can be quicker than the answer to its start. Its message stays in the inbox meanwhile.
fn comes_too_early(execution: &Execution, arrival: &Arrival) -> bool {
    let (Input::TaskSucceeded { attempt, .. } | Input::TaskFailed { attempt, .. }) = &arrival.input
    else {
        return false;
    };
    arrival.inbox.is_some()
        && execution
            .threads
            .values()
            .any(|thread| match &thread.position {
                Position::Called { call, .. } => {
                    call.attempt == *attempt
                        && !call.is_submitted
                        && matches!(call.pattern(), Pattern::Sync | Pattern::Sync2)
                }
                _ => false,
            })
}

pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

pub(crate) fn input_hash(input: &Payload) -> [u8; 32] {
    Sha256::digest(input.text().as_bytes()).into()
}

/// Numbers of steps, events and attempts as the database holds them.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
