//! Snapshots: written when an execution leaves memory, read when it comes back, so that waking one
//! reads the rows since then and not its whole journal.
//!
//! A cache: one that is missing, damaged or of another format costs the reading of the journal and
//! nothing else.

use asl::machine::{Execution, history::journal::Reader, snapshot};
use store::{ids::ExecutionId, snapshot::Snapshot};

use crate::{
    Fault, drive::signed, limits::SNAPSHOT_EVENTS, node::Node, shard::Slot, writer::chain,
};

/// The format as its column holds it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "formats are counted from 1"
)]
const FORMAT: i16 = snapshot::FORMAT as i16;

impl Node {
    /// Writes behind what a slot held, where enough is new since the last time.
    pub(crate) fn keep_snapshot(&self, slot: Slot) {
        let Slot {
            execution: Some(execution),
            facts: Some(facts),
            snapshot_event,
            ..
        } = slot
        else {
            return;
        };
        if execution.last_event.saturating_sub(snapshot_event) <= SNAPSHOT_EVENTS {
            return;
        }
        let Ok(place) = std::sync::Arc::clone(&self.snapshot_writes).try_acquire_owned() else {
            return;
        };
        let (db, metrics) = (self.db.clone(), self.metrics.clone());
        self.tracker.spawn(async move {
            let encoding = tokio::task::spawn_blocking(move || Snapshot {
                step: signed(execution.last_step),
                format: FORMAT,
                body: snapshot::encode(&execution),
            });
            let Ok(snapshot) = encoding.await else { return };
            match store::snapshot::put(&db, facts.id, &snapshot).await {
                Ok(()) => {
                    metrics.snapshots_written.inc();
                }
                Err(error) => {
                    tracing::warn!(execution.id = %facts.id, error = %chain(&error), "keeping a snapshot");
                }
            }
            drop(place);
        });
    }

    /// Deletes behind what nobody will read again. One that is missed goes with its execution.
    pub(crate) fn drop_snapshot(&self, id: ExecutionId) {
        let db = self.db.clone();
        self.tracker.spawn(async move {
            if let Err(error) = store::snapshot::delete(&db, &[id]).await {
                tracing::debug!(execution.id = %id, error = %chain(&error), "deleting a snapshot");
            }
        });
    }

    /// The execution by its snapshot and the rows after it, with the last event of the snapshot;
    /// nothing where there is no snapshot that fits its journal.
    pub(crate) async fn by_snapshot(
        &self,
        id: ExecutionId,
        begin: &(impl Fn() -> Execution + Sync),
    ) -> Result<Option<(Execution, u64)>, Fault> {
        let Some(kept) = store::snapshot::get(&self.db, id).await? else {
            return Ok(None);
        };
        let fault = match self.unfold(id, &kept, begin()).await {
            Ok(unfolded) => return Ok(Some(unfolded)),
            Err(Fault::Broken(fault)) => fault,
            Err(fault) => return Err(fault),
        };
        self.metrics.snapshots_refused.inc();
        tracing::warn!(
            execution.id = %id,
            %fault,
            "a snapshot is left out and deleted, the whole journal is read instead"
        );
        store::snapshot::delete(&self.db, &[id]).await?;
        Ok(None)
    }

    async fn unfold(
        &self,
        id: ExecutionId,
        kept: &Snapshot,
        empty: Execution,
    ) -> Result<(Execution, u64), Fault> {
        if kept.format != FORMAT {
            return Err(Fault::new(format!("it is in format {}", kept.format)));
        }
        let mut reader = Reader::default();
        let Execution {
            identity,
            definition,
            ..
        } = empty;
        let execution = snapshot::decode(&kept.body, identity, definition, &mut reader)
            .map_err(|fault| Fault::new(fault.to_string()))?;
        // The row that it ends with must be there and end where it does.
        let last = store::journal::of_numbers(&self.db, id, &[kept.step]).await?;
        let ends_alike = last.first().is_some_and(|row| {
            row.number == signed(execution.last_step)
                && row.first_event + i64::from(row.event_count) - 1 == signed(execution.last_event)
        });
        self.metrics.steps_loaded.inc();
        if !ends_alike || execution.is_closed() {
            return Err(Fault::new("it does not fit the journal"));
        }
        let event = execution.last_event;
        let execution = self.fold_rows(id, execution, reader).await?;
        Ok((execution, event))
    }
}
