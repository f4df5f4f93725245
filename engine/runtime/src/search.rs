//! Filling in, behind the closes, what searches look at.
//!
//! The commit that closes an execution without success puts a message into its shard's own inbox, so
//! that nothing is lost when this node dies; whoever owns the shard fills the row in and takes the
//! message away. An execution that succeeded has nothing there to be searched by, and costs nothing.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use asl::Timestamp;
use store::{
    commit::{Close, Message, Status},
    ids::ShardId,
    inbox,
    search::Row,
};
use uuid::Uuid;

use crate::{
    Fault,
    arrival::{Closed, Message as Body},
    facts::Facts,
    node::Node,
};

/// How far behind the searches of this node's shards are.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    /// Microseconds since the epoch at which the oldest execution closed that was read and is not
    /// filled in; 0 where there is none.
    since: AtomicI64,
}

/// A message that is to be filled in.
#[derive(Debug)]
pub(crate) struct Filling {
    shard: ShardId,
    message: i64,
    row: Row,
}

impl Filling {
    pub(crate) fn new(shard: ShardId, message: &inbox::Row, closed: &Closed) -> Self {
        Self {
            shard,
            message: message.id,
            row: Row {
                execution: message.execution,
                // As it was written here; another text finds no machine.
                machine_id: closed.machine_id.parse().unwrap_or(Uuid::nil()),
                closed_at: Timestamp(closed.closed_at),
                duration_ms: closed.duration_ms,
                status: Status::from_number(closed.status).unwrap_or(Status::Failed),
                failed_state: closed.failed_state.clone(),
                error: closed.error.clone(),
            },
        }
    }
}

impl Node {
    /// What the commit that closes an execution leaves to be filled in.
    pub(crate) fn report_to_search(
        &self,
        facts: &Facts,
        close: Option<&Close>,
        failed_state: Option<Arc<str>>,
    ) -> Option<Message> {
        // One that failed before it was redriven has a row, which must not stay.
        let is_searched =
            |close: &&Close| close.status != Status::Succeeded || facts.redriven.is_some();
        let close = close.filter(is_searched)?;
        let taken = close.at.as_micros() - facts.identity.started_at.as_micros();
        let body = Body::Closed(Closed {
            machine_id: facts.revision.machine_id.to_string(),
            closed_at: close.at.as_micros(),
            duration_ms: taken / 1000,
            status: close.status as i16,
            failed_state: failed_state.map(|state| state.to_string()),
            error: close.error.clone(),
        });
        Some(Message {
            shard: self.shard_id_of(facts.id),
            execution: facts.id,
            body: body.to_text(),
        })
    }

    pub(crate) async fn fill_search(&self, filled: Vec<Filling>) -> Result<(), Fault> {
        let Some(oldest) = filled.iter().map(|one| one.row.closed_at).min() else {
            return Ok(());
        };
        let since = &self.search.since;
        since.store(oldest.as_micros(), Ordering::Relaxed);
        let (rows, messages): (Vec<_>, Vec<_>) = filled
            .into_iter()
            .map(|one| (one.row, (one.shard, one.message)))
            .unzip();
        let ids: Vec<i64> = messages.iter().map(|(_, id)| *id).collect();
        let done = store::search::fill(&self.db, &rows, &ids).await;
        // Gone, or to be read again.
        for (shard, id) in messages {
            self.forget_inbox(shard, &[id]);
        }
        done?;
        since.store(0, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn search_lag(&self) -> std::time::Duration {
        let since = self.search.since.load(Ordering::Relaxed);
        if since == 0 {
            return std::time::Duration::ZERO;
        }
        let micros = self.clock.now().as_micros().saturating_sub(since);
        std::time::Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    pub(crate) fn note_search_lag(&self) {
        let seconds = i64::try_from(self.search_lag().as_secs()).unwrap_or(i64::MAX);
        self.metrics.search_lag_seconds.set(seconds);
    }
}
