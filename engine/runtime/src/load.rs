//! Bringing an execution back into memory: its rows are folded.

use std::sync::Arc;

use asl::{
    Payload,
    diagnose::MachineType,
    machine::{
        Entry, Execution, Identity, Outcome, fold,
        history::journal::{ReadError, Reader},
    },
};
use store::{commit::Status, ids::ExecutionId};

use crate::{
    Fault,
    facts::{Closed, Facts, Redriven, View},
    limits::PAGE_BYTES,
    node::Node,
    redrive,
    shard::Shard,
};

/// An execution as the database has it.
pub(crate) struct Loaded {
    pub(crate) facts: Arc<Facts>,
    pub(crate) execution: Execution,
    pub(crate) has_wakeup: bool,
    /// The last event that its snapshot holds; 0 where it has none.
    pub(crate) snapshot_event: u64,
}

impl Node {
    /// Loads an execution for which inputs wait, on a job of its own.
    pub(crate) fn load_later(self: &Arc<Self>, shard: Arc<Shard>, id: ExecutionId) {
        let node = Arc::clone(self);
        self.tracker.spawn(async move {
            let Ok(_place) = node.loads.acquire().await else { return };
            let mut pause = std::time::Duration::from_millis(50);
            loop {
                match node.load(id).await {
                    Ok(Some(loaded)) if !loaded.execution.is_closed() => {
                        node.install(&shard, loaded);
                        return;
                    }
                    Ok(Some(loaded)) if redrive::is_asked(&shard, id) => {
                        match node.revive(&shard, loaded).await {
                            Ok(()) => return,
                            Err(fault) => {
                                tracing::error!(execution.id = %id, %fault, "a redrive is given up");
                                shard.slots().remove(&id);
                                return;
                            }
                        }
                    }
                    Ok(loaded) => {
                        node.discard(&shard, id, loaded).await;
                        return;
                    }
                    Err(Fault::Database(_)) if node.lost.is_cancelled() => return,
                    Err(Fault::Database(error)) => {
                        tracing::warn!(execution.id = %id, %error, "loading an execution is tried again");
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(std::time::Duration::from_secs(2));
                    }
                    Err(fault) => {
                        tracing::error!(execution.id = %id, %fault, "an execution is parked");
                        shard.slots().remove(&id);
                        return;
                    }
                }
            }
        });
    }

    /// Inputs came for an execution that has closed: there is nothing for them to do.
    pub(crate) async fn discard(&self, shard: &Shard, id: ExecutionId, loaded: Option<Loaded>) {
        let slot = shard.slots().remove(&id);
        let Some(slot) = slot else { return };
        let inbox: Vec<i64> = slot
            .arrivals
            .iter()
            .filter_map(|arrival| arrival.inbox)
            .collect();
        if let Err(error) = store::inbox::delete(&self.db, &inbox).await {
            tracing::warn!(execution.id = %id, %error, "taking messages out of the inbox");
        }
        self.forget_inbox(shard.id, &inbox);
        if let Some(Loaded {
            execution:
                Execution {
                    outcome: Some(outcome),
                    last_at,
                    ..
                },
            ..
        }) = loaded
        {
            let closed = Arc::new(Closed {
                outcome,
                at: last_at,
            });
            for waiter in slot.waiters {
                drop(waiter.send(Arc::clone(&closed)));
            }
        }
    }

    pub(crate) async fn load(&self, id: ExecutionId) -> Result<Option<Loaded>, Fault> {
        let Some(row) = store::execution::get(&self.db, id).await? else {
            return Ok(None);
        };
        let revision = self.revision_of(&row).await?;
        let identity = self.identity(&row, &revision);
        let begin = || Execution::new(Arc::clone(&identity), Arc::clone(&revision.definition));
        let (execution, snapshot_event) = match self.by_snapshot(id, &begin).await? {
            Some(execution) => execution,
            None => (self.fold_rows(id, begin(), Reader::default()).await?, 0),
        };
        if execution.last_step == 0 {
            return Err(Fault::new(format!(
                "execution {id} has no rows in the table journal"
            )));
        }
        let facts = Arc::new(Facts {
            id,
            shard: self.shard_id_of(id),
            identity: Arc::clone(&execution.identity),
            revision,
            redriven: Redriven::of(&row),
            version: row.version,
            alias: row.alias,
            input: execution.input.clone(),
            parent: row.parent,
            trace_header: row.trace_header,
        });
        Ok(Some(Loaded {
            facts,
            execution,
            has_wakeup: row.has_wakeup,
            snapshot_event,
        }))
    }

    /// Folds the rows that follow what `execution` is already made of.
    pub(crate) async fn fold_rows(
        &self,
        id: ExecutionId,
        mut execution: Execution,
        mut reader: Reader,
    ) -> Result<Execution, Fault> {
        loop {
            let next = crate::drive::signed(execution.last_step + 1);
            let steps = store::journal::page(&self.db, id, next, PAGE_BYTES).await?;
            if steps.is_empty() {
                return Ok(execution);
            }
            let count = u64::try_from(steps.len()).unwrap_or(0);
            self.metrics.steps_loaded.inc_by(count);
            for step in &steps {
                let number = u64::try_from(step.number).unwrap_or(0);
                let entries = self.entries(&mut reader, id, step).await?;
                fold(&mut execution, number, &entries)
                    .map_err(|fault| Fault::new(format!("folding execution {id}: {fault}")))?;
            }
        }
    }

    /// Reads the whole journal of an execution, row by row.
    pub(crate) async fn each_row(
        &self,
        id: ExecutionId,
        mut take: impl FnMut(u64, &[Entry]) -> Result<(), asl::machine::Fault>,
    ) -> Result<(), Fault> {
        let mut reader = Reader::default();
        let mut next = 1;
        loop {
            let steps = store::journal::page(&self.db, id, next, PAGE_BYTES).await?;
            if steps.is_empty() {
                return Ok(());
            }
            for step in &steps {
                let number = u64::try_from(step.number).unwrap_or(0);
                let entries = self.entries(&mut reader, id, step).await?;
                take(number, &entries)
                    .map_err(|fault| Fault::new(format!("folding execution {id}: {fault}")))?;
                next = step.number + 1;
            }
        }
    }

    fn identity(
        &self,
        row: &store::execution::Execution,
        revision: &crate::catalog::Revision,
    ) -> Arc<Identity> {
        let machine = &revision.machine_name;
        Arc::new(Identity {
            id: *row.id.0.as_bytes(),
            arn: Arc::from(if revision.machine_type == MachineType::Express {
                let id = row.id.to_string();
                self.settings.names.express(machine, &row.name, &id)
            } else {
                self.settings.names.execution(machine, &row.name)
            }),
            name: Arc::from(row.name.as_str()),
            machine_arn: Arc::clone(&revision.machine_arn),
            machine_name: Arc::clone(machine),
            role_arn: Arc::clone(&revision.role_arn),
            started_at: row.started_at,
        })
    }

    /// An execution as it may be shown: from memory where it is there, else from the database.
    pub(crate) async fn view_of(&self, id: ExecutionId) -> Result<Option<View>, Fault> {
        if let Some(view) = self.recent.get(id) {
            return Ok(Some(view));
        }
        if let Some(shard) = self.shard_of(id)
            && let Some(slot) = shard.slots().get(&id)
            && slot.is_visible
            && let Some(facts) = &slot.facts
        {
            return Ok(Some(View {
                facts: Arc::clone(facts),
                closed: None,
            }));
        }
        let Some(row) = store::execution::get(&self.db, id).await? else {
            return Ok(None);
        };
        let revision = self.revision_of(&row).await?;
        let identity = self.identity(&row, &revision);
        let mut reader = Reader::default();
        let input = self.first_input(&mut reader, id).await?;
        let closed = match row.status {
            Status::Running | Status::PendingRedrive => None,
            Status::Succeeded | Status::Failed | Status::TimedOut | Status::Aborted => {
                let step = row.closing_step.unwrap_or_default();
                let outcome = self.outcome_in(&mut reader, id, step).await?;
                let at = row.closed_at.unwrap_or(row.started_at);
                Some(Arc::new(Closed { outcome, at }))
            }
        };
        let facts = Arc::new(Facts {
            id,
            shard: self.shard_id_of(id),
            identity,
            revision,
            redriven: Redriven::of(&row),
            version: row.version,
            alias: row.alias,
            input,
            parent: row.parent,
            trace_header: row.trace_header,
        });
        Ok(Some(View { facts, closed }))
    }

    /// What an execution was given.
    pub(crate) async fn input_of(&self, id: ExecutionId) -> Result<Payload, Fault> {
        self.first_input(&mut Reader::default(), id).await
    }

    async fn first_input(&self, reader: &mut Reader, id: ExecutionId) -> Result<Payload, Fault> {
        use asl::machine::history::{Detail, Entry, Event};
        let steps = store::journal::of_numbers(&self.db, id, &[1]).await?;
        let first = steps.first();
        let missing = || {
            Fault::new(format!(
                "execution {id} has no first row in the table journal"
            ))
        };
        let first = first.ok_or_else(missing)?;
        let entries = self.entries(reader, id, first).await?;
        match entries.into_iter().next() {
            Some(Entry::Event(Event {
                detail: Detail::ExecutionStarted { input, .. },
                ..
            })) => Ok(input),
            _ => Err(missing()),
        }
    }

    async fn outcome_in(
        &self,
        reader: &mut Reader,
        id: ExecutionId,
        step: i64,
    ) -> Result<Outcome, Fault> {
        use asl::machine::history::{Detail, Entry};
        let missing = || Fault::new(format!("execution {id} is closed but has no closing event"));
        let rows = store::journal::of_numbers(&self.db, id, &[step]).await?;
        let last = rows.first().ok_or_else(missing)?;
        let entries = self.entries(reader, id, last).await?;
        let last = entries.into_iter().rev().find_map(|entry| match entry {
            Entry::Event(event) => Some(event.detail),
            Entry::Note(_) => None,
        });
        match last {
            Some(Detail::ExecutionSucceeded { output }) => Ok(Outcome::Succeeded(output)),
            Some(Detail::ExecutionFailed(error)) => Ok(Outcome::Failed(error)),
            Some(Detail::ExecutionAborted(error)) => Ok(Outcome::Aborted(error)),
            Some(Detail::ExecutionTimedOut(error)) => Ok(Outcome::TimedOut(error)),
            _ => Err(missing()),
        }
    }

    /// The entries of a row; rows that it refers back to are fetched as needed.
    pub(crate) async fn entries(
        &self,
        reader: &mut Reader,
        id: ExecutionId,
        step: &store::journal::Row,
    ) -> Result<Vec<asl::machine::Entry>, Fault> {
        let number = u64::try_from(step.number).unwrap_or(0);
        loop {
            match reader.read(number, step.format, &step.body) {
                Ok(entries) => return Ok(entries),
                Err(ReadError::NeedsStep(earlier)) => {
                    let from = crate::drive::signed(earlier);
                    let rows = store::journal::of_numbers(&self.db, id, &[from]).await?;
                    let row = rows.first();
                    let row = row.ok_or_else(|| {
                        Fault::new(format!(
                            "step {number} of {id} needs step {earlier}, which is gone"
                        ))
                    })?;
                    reader
                        .learn(earlier, &row.body)
                        .map_err(|error| read_fault(id, &error))?;
                }
                Err(error) => return Err(read_fault(id, &error)),
            }
        }
    }
}

fn read_fault(id: ExecutionId, error: &ReadError) -> Fault {
    match error {
        ReadError::NeedsStep(step) => Fault::new(format!(
            "execution {id}: a row refers to step {step}, which is not there"
        )),
        ReadError::Damaged(fault) => Fault::new(format!("execution {id}, table journal: {fault}")),
    }
}
