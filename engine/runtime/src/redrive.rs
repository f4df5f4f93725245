//! Redriving executions: which can be, how their owner is asked, and the step with which one goes on.
//!
//! A request is a message in the owner's inbox, on whichever node it came: it is consumed by the commit
//! that redrives, and whoever asked finds the redrive by its token. Where a thread goes on is decided in
//! [`asl::machine::redrive`].

use std::{sync::Arc, time::Duration};

use asl::{
    Timestamp,
    machine::{
        Execution, Input, Surroundings,
        redrive::{Remains, Salvage, has_room},
    },
    query::Random,
};
use store::{commit::Status, ids::ExecutionId, map_run::Redrivable};

use crate::{
    Fault,
    arrival::Message,
    engine::StartError,
    facts::{Closed, Facts, Redriven, View, status},
    limits::{LIFE_MAX, REDRIVE_TOKEN_FOR},
    load::Loaded,
    map_run::job::end_of,
    node::{Node, micros},
    patience::Patience,
    queue::Pending,
    random::SystemRandom,
    shard::Shard,
};

/// Why an execution cannot be redriven.
///
/// Source of the texts: the service model, `redriveStatusReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRedrivable {
    #[error("Child workflow execution can only be redriven by redriving the Map Run")]
    Child,
    #[error("State machine is in DELETING status")]
    MachineDeleting,
    #[error("Execution is RUNNING and cannot be redriven")]
    Running,
    #[error("Execution is SUCCEEDED and cannot be redriven")]
    Succeeded,
    #[error("Execution history event limit exceeded")]
    HistoryFull,
    #[error("Execution has exceeded the max execution time")]
    TooOld,
    #[error("Execution redrivable period exceeded")]
    ClosedLongAgo,
}

/// Why an execution was not redriven.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    #[error("the execution does not exist")]
    DoesNotExist,
    #[error(transparent)]
    NotRedrivable(#[from] NotRedrivable),
    /// As many are open as may be.
    #[error("too many executions are open")]
    LimitExceeded,
    /// Its owner did not answer: the request may yet be done.
    #[error("the execution's node does not answer now")]
    Unavailable,
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<store::Error> for RedriveError {
    fn from(error: store::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Whether somebody has asked to redrive an execution that is being loaded.
pub(crate) fn is_asked(shard: &Shard, id: ExecutionId) -> bool {
    let slots = shard.slots();
    slots.get(&id).is_some_and(|slot| {
        let mut inputs = slot.arrivals.iter().map(|arrival| &arrival.input);
        inputs.any(|input| matches!(input, Input::Redrive { .. }))
    })
}

impl Node {
    pub(crate) async fn redrive(
        self: &Arc<Self>,
        id: ExecutionId,
        client_token: Option<&str>,
    ) -> Result<Timestamp, RedriveError> {
        const PATIENCE: Duration = Duration::from_secs(10);
        let since = self.clock.now().plus_micros(-micros(REDRIVE_TOKEN_FOR));
        let given = client_token.map(str::to_owned);
        let token = given.unwrap_or_else(|| format!("{:032x}", random_token()));
        let patience = Patience::new(PATIENCE);
        let shard = self.shard_id_of(id);
        let mut message_id = None;
        let mut pause = Duration::from_millis(2);
        loop {
            // In this order: what a consumed message has done is there when it is gone.
            let is_waiting = match message_id {
                None => false,
                Some(message) => !store::inbox::remaining(&self.db, &[message])
                    .await?
                    .is_empty(),
            };
            let done = store::redrive::by_token(&self.db, id, &token, since).await?;
            if let Some(at) = done {
                // Whoever asks next sees it open, though its commit has not been followed up here yet.
                self.recent.forget(id);
                return Ok(at);
            }
            if !is_waiting {
                // Not asked yet, or the message came when it was about to close.
                let view = self.view_of(id).await?.ok_or(RedriveError::DoesNotExist)?;
                if view.facts.map_run().is_some() {
                    return Err(NotRedrivable::Child.into());
                }
                if let Some(reason) = self.not_redrivable(&view).await? {
                    // An earlier request with this token may have been done in between.
                    let done = store::redrive::by_token(&self.db, id, &token, since).await?;
                    return done.ok_or(RedriveError::NotRedrivable(reason));
                }
                match self.admit().await {
                    // Only looked at: the owner counts it.
                    Ok(admitted) => drop(admitted),
                    Err(StartError::LimitExceeded) => return Err(RedriveError::LimitExceeded),
                    Err(StartError::Fault(fault)) => return Err(fault.into()),
                    Err(_) => return Err(RedriveError::Unavailable),
                }
                let client_token = token.clone();
                let message = Message::Redrive { client_token }.to_text();
                message_id = Some(store::inbox::put(&self.db, shard, id, &message).await?);
                self.hint(shard);
            }
            if patience.is_over() {
                return Err(RedriveError::Unavailable);
            }
            tokio::time::sleep(pause.min(patience.left())).await;
            pause = (pause * 2).min(Duration::from_millis(250));
        }
    }

    pub(crate) async fn not_redrivable(&self, view: &View) -> Result<Option<NotRedrivable>, Fault> {
        let Some(closed) = &view.closed else {
            return Ok(Some(NotRedrivable::Running));
        };
        if view.status() == Status::Succeeded {
            return Ok(Some(NotRedrivable::Succeeded));
        }
        let (facts, now) = (&view.facts, self.clock.now());
        if !self.is_machine_live(facts).await? {
            return Ok(Some(NotRedrivable::MachineDeleting));
        }
        let last_event = store::journal::last_event(&self.db, facts.id).await?;
        let last_event = u64::try_from(last_event.unwrap_or(0)).unwrap_or(0);
        if !has_room(last_event, &self.settings.limits) {
            return Ok(Some(NotRedrivable::HistoryFull));
        }
        if now > facts.identity.started_at.plus_micros(micros(LIFE_MAX)) {
            return Ok(Some(NotRedrivable::TooOld));
        }
        if now > closed.at.plus_seconds(self.redrivable_seconds()) {
            return Ok(Some(NotRedrivable::ClosedLongAgo));
        }
        Ok(None)
    }

    /// What a child of an execution's Map Run must not have passed to be redriven with it; none where none
    /// can be.
    pub(crate) async fn redrivable_of_map_run(
        &self,
        execution: ExecutionId,
    ) -> Result<Option<Redrivable>, Fault> {
        let Some(view) = self.view_of(execution).await? else {
            return Ok(None);
        };
        if !self.is_machine_live(&view.facts).await? {
            return Ok(None);
        }
        let now = self.clock.now();
        Ok(Some(Redrivable {
            started_since: now.plus_micros(-micros(LIFE_MAX)),
            closed_since: now.plus_seconds(-self.redrivable_seconds()),
            events_max: i64::try_from(self.settings.limits.events_max).unwrap_or(i64::MAX),
        }))
    }

    fn redrivable_seconds(&self) -> i64 {
        let days = i64::try_from(self.settings.redrivable_days).unwrap_or(i64::MAX);
        // No clock goes back further than that.
        days.min(36_500) * 24 * 3600
    }

    async fn is_machine_live(&self, facts: &Facts) -> Result<bool, Fault> {
        // A child's machine has its Map Run's label behind its name, and is not in the table.
        let name = facts.revision.machine_name.split('/').next();
        let machine = store::machine::get(&self.db, name.unwrap_or_default()).await?;
        let is_child = facts.map_run().is_some();
        Ok(machine.is_some_and(|machine| {
            (is_child || machine.id == facts.revision.machine_id) && !machine.is_deleting
        }))
    }

    /// Redrives an execution that was loaded and has closed, where that can be; else what asked for it
    /// goes away.
    pub(crate) async fn revive(
        self: &Arc<Self>,
        shard: &Arc<Shard>,
        loaded: Loaded,
    ) -> Result<(), Fault> {
        let id = loaded.facts.id;
        let outcome = loaded.execution.outcome.clone();
        let at = loaded.execution.last_at;
        let view = View {
            facts: Arc::clone(&loaded.facts),
            closed: outcome.map(|outcome| Arc::new(Closed { outcome, at })),
        };
        let salvaged = match self.not_redrivable(&view).await? {
            Some(_) => None,
            None => self.salvage(&loaded).await?,
        };
        let Some((mut execution, remains)) = salvaged else {
            return self.leave_closed(shard, loaded).await;
        };
        let mut random = SystemRandom;
        let around = Surroundings {
            now: self.clock.now(),
            random: &mut random,
            limits: &self.settings.limits,
        };
        let step = asl::machine::redrive(&mut execution, around, remains)
            .map_err(|fault| Fault::new(format!("redriving execution {id}: {fault}")))?;
        if step.is_empty() {
            return self.leave_closed(shard, loaded).await;
        }
        let count = u32::try_from(execution.redrive_count).unwrap_or(u32::MAX);
        let at = execution.redriven_at.unwrap_or(execution.last_at);
        let facts = Arc::new(Facts {
            redriven: Some(Redriven { count, at }),
            ..Facts::clone(&loaded.facts)
        });
        let Ok(admitted) = self.admit().await else {
            return self.leave_closed(shard, loaded).await;
        };
        let Some((client_token, inbox)) = take_requests(shard, &facts) else {
            return Ok(());
        };
        let number = step.number;
        let (mut item, commands) = self.item(&facts, &execution, step);
        item.redrive = Some(store::commit::Redrive {
            machine_id: facts.revision.machine_id,
            shard: shard.id,
            number: i32::try_from(count).unwrap_or(i32::MAX),
            at,
            client_token: client_token.to_string(),
        });
        item.inbox = inbox;
        self.metrics.open_executions.inc();
        self.submit(
            &execution,
            Pending::new(shard, facts, item, number, commands),
        );
        admitted.stays();
        self.drive_where_it_fits(Arc::clone(shard), id, Box::new(execution));
        Ok(())
    }

    /// It cannot be redriven. Its Map Run, where it has one, waits for its end and is told it once more.
    async fn leave_closed(&self, shard: &Shard, loaded: Loaded) -> Result<(), Fault> {
        let facts = &loaded.facts;
        let outcome = loaded.execution.outcome.as_ref();
        let end = outcome.and_then(|outcome| end_of(status(outcome)));
        if let (Some((run, index)), Some(end)) = (facts.map_run(), end) {
            let report = self.report(run, index, end);
            let body = format!("[{}]", report.body);
            store::inbox::put(&self.db, report.shard, report.execution, &body).await?;
            self.hint(report.shard);
        }
        let id = facts.id;
        self.discard(shard, id, Some(loaded)).await;
        Ok(())
    }

    /// Folds the journal once more, for what the fold lets go.
    async fn salvage(&self, loaded: &Loaded) -> Result<Option<(Execution, Remains)>, Fault> {
        let facts = &loaded.facts;
        let definition = Arc::clone(&facts.revision.definition);
        let mut salvage = Salvage::new(Arc::clone(&facts.identity), definition);
        self.each_row(facts.id, |number, entries| salvage.fold(number, entries))
            .await?;
        Ok(salvage.finish())
    }
}

/// Makes the slot that of an execution that goes on, unseen until that is committed. Gives the token of
/// the first request, and the messages of all.
fn take_requests(shard: &Shard, facts: &Arc<Facts>) -> Option<(Arc<str>, Vec<i64>)> {
    let mut slots = shard.slots();
    let slot = slots.get_mut(&facts.id)?;
    let mut first = None;
    let mut inbox = Vec::new();
    slot.arrivals.retain(|arrival| {
        let Input::Redrive { client_token } = &arrival.input else {
            return true;
        };
        first.get_or_insert_with(|| Arc::clone(client_token));
        inbox.extend(arrival.inbox);
        false
    });
    slot.facts = Some(Arc::clone(facts));
    slot.is_stale = false;
    slot.is_visible = false;
    slot.has_wakeup = false;
    slot.sleeps_at_step = None;
    slot.uncommitted = 0;
    Some((first?, inbox))
}

fn random_token() -> u128 {
    let mut random = SystemRandom;
    u128::from(random.next_u64()) << 64 | u128::from(random.next_u64())
}
