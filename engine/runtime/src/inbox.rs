//! Reading the inbox of the shards that this node owns. A notice only says where to look: rows are
//! found by reading, and each goes away in the commit of what it causes.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use store::ids::{ExecutionId, ShardId};
use tokio::sync::Notify;

use crate::{
    Fault,
    arrival::{Arrival, Message},
    limits::{INBOX_BATCH, INBOX_POLL},
    logs::ToLog,
    map_run::{self, Mail},
    node::Node,
    search::Filling,
};

/// Which rows are on their way, and which shards are to be read.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    taken: Mutex<HashMap<ShardId, HashSet<i64>>>,
    hinted: Mutex<HashSet<ShardId>>,
    hint: Notify,
}

impl Inbox {
    pub(crate) fn hint(&self, shard: ShardId) {
        self.hinted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(shard);
        self.hint.notify_one();
    }

    fn take_hinted(&self) -> Vec<ShardId> {
        self.hinted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain()
            .collect()
    }

    /// True the first time, until the row is forgotten.
    fn take(&self, shard: ShardId, id: i64) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.entry(shard).or_default().insert(id)
    }

    pub(crate) fn forget(&self, shard: ShardId, ids: &[i64]) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = taken.get_mut(&shard) {
            for id in ids {
                taken.remove(id);
            }
        }
    }

    /// Reads a shard's rows from the beginning again: what was taken has gone with its executions.
    pub(crate) fn forget_shard(&self, shard: ShardId) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.remove(&shard);
    }

    pub(crate) fn clear(&self) {
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Node {
    pub(crate) fn hint(&self, shard: ShardId) {
        self.inbox.hint(shard);
    }

    pub(crate) fn forget_inbox(&self, shard: ShardId, ids: &[i64]) {
        if !ids.is_empty() {
            self.inbox.forget(shard, ids);
        }
    }

    /// Reads the shards that were hinted at, and all of them each second.
    pub(crate) async fn read_inbox(self: Arc<Self>) {
        let mut poll = tokio::time::interval(INBOX_POLL);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let shards = tokio::select! {
                () = self.stopping.cancelled() => return,
                () = self.inbox.hint.notified() => self.inbox.take_hinted(),
                _ = poll.tick() => self.owned_shards(),
            };
            if let Err(fault) = self.read_shards(&shards).await {
                tracing::warn!(%fault, "reading the inbox is tried again");
            }
            self.note_search_lag();
        }
    }

    async fn read_shards(self: &Arc<Self>, shards: &[ShardId]) -> Result<(), Fault> {
        let owned: Vec<ShardId> = shards
            .iter()
            .copied()
            .filter(|shard| self.shard(*shard).is_some())
            .collect();
        if owned.is_empty() {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let rows = store::inbox::list(&self.db, &owned, after, INBOX_BATCH.into()).await?;
            let mut closed = Vec::new();
            let is_last = rows.len() < usize::from(INBOX_BATCH);
            for row in rows {
                after = row.id;
                let shard = self.shard_id_of(row.execution);
                if !self.inbox.take(shard, row.id) {
                    continue;
                }
                if self.bring_to_map_run(&row) {
                    continue;
                }
                let Some(message) = Message::from_text(&row.body) else {
                    tracing::error!(
                        execution.id = %row.execution,
                        inbox.id = row.id,
                        "a message in the table inbox cannot be read"
                    );
                    continue;
                };
                match message {
                    Message::Closed(message) => {
                        closed.push(Filling::new(shard, &row, &message));
                    }
                    Message::Log { step } => self.log_later(ToLog {
                        shard,
                        message: row.id,
                        execution: row.execution,
                        step,
                    }),
                    Message::Start(start) => self.start_for_another(shard, &row, *start),
                    message => self.bring(&row, message),
                }
            }
            self.fill_search(closed).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// Brings the reports of a batch to the Map Run that they are for; false where the row is no such.
    fn bring_to_map_run(self: &Arc<Self>, row: &store::inbox::Row) -> bool {
        if !row.body.starts_with('[') {
            return false;
        }
        let inbox = row.id;
        if let Some(reports) = map_run::read_reports(&row.body) {
            self.deliver(row.execution, Mail::Reports { inbox, reports });
        } else {
            tracing::error!(
                map_run.id = %row.execution.0,
                inbox.id = inbox,
                "reports in the table inbox cannot be read"
            );
        }
        true
    }

    /// Brings a message to whom it is for.
    fn bring(self: &Arc<Self>, row: &store::inbox::Row, message: Message) {
        let (to, inbox) = (row.execution, row.id);
        match message {
            Message::StopMapRun => self.deliver(to, Mail::Stop { inbox }),
            Message::UpdateMapRun {
                concurrency,
                tolerated_count,
                tolerated_percentage,
            } => {
                let change = map_run::Change {
                    concurrency,
                    tolerated_count,
                    tolerated_percentage,
                };
                self.deliver(to, Mail::Update { inbox, change });
            }
            Message::StartChild {
                map_run,
                index,
                input,
            } => {
                let node = Arc::clone(self);
                let run = ExecutionId(map_run);
                let start = node.start_child_from_inbox(inbox, to, run, index, input);
                self.tracker.spawn(start);
            }
            // An Express child is in no shard's memory.
            Message::Stop { .. } if self.express_children.stop(to, inbox) => {}
            message => {
                if let Some(input) = message.into_input() {
                    let inbox = Some(inbox);
                    self.feed(to, Arrival { input, inbox });
                }
            }
        }
    }
}
