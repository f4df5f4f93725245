//! The background jobs of a node: timers, sleepers, notices, upkeep.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use asl::machine::{Input, Timer};
use store::{
    commit::Fence,
    ids::{ExecutionId, ShardId},
};

use crate::{
    Fault,
    arrival::Arrival,
    limits::{MAINTENANCE, OVERDUE_BATCH, WAKEUP_BATCH, WAKEUP_POLL},
    maintenance::Caretaker,
    node::{Node, micros},
};

impl Node {
    pub(crate) async fn run_timers(self: Arc<Self>) {
        const BATCH: usize = 256;
        loop {
            let due = self.timers.take(self.clock.now(), BATCH);
            for due in due {
                self.fire(due).await;
                self.timers.fired();
            }
            let next = self.timers.first().map(|at| self.clock.instant(at));
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = self.timers.earlier() => {}
                () = self.clock.turned() => {}
                () = async {
                    match next {
                        Some(at) => tokio::time::sleep_until(at.into()).await,
                        None => std::future::pending().await,
                    }
                } => {}
            }
        }
    }

    /// Loads sleepers whose time has come.
    pub(crate) async fn wake_sleepers(self: Arc<Self>) {
        let mut poll = tokio::time::interval(WAKEUP_POLL);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = self.clock.turned() => {}
                _ = poll.tick() => {}
            }
            let shards = self.owned_shards();
            if shards.is_empty() {
                continue;
            }
            // A little ahead, so that a sleeper is in memory when its time comes.
            let until = self.clock.now().plus_micros(micros(WAKEUP_POLL));
            match store::timer::due(&self.db, &shards, until, WAKEUP_BATCH).await {
                Ok(due) => {
                    for id in due {
                        self.wake(id);
                    }
                }
                Err(error) => {
                    tracing::warn!(error = %crate::writer::chain(&error), "looking for sleepers");
                }
            }
        }
    }

    fn wake(self: &Arc<Self>, id: ExecutionId) {
        let Some(shard) = self.shard_of(id) else {
            return;
        };
        if shard.admit_new(id) {
            self.load_later(shard, id);
        }
    }

    /// Hears notices: messages in inboxes, shards that change hands.
    pub(crate) async fn listen(self: Arc<Self>) {
        while !self.stopping.is_cancelled() {
            if let Err(error) = self.listen_once().await {
                tracing::warn!(error = %crate::writer::chain(&error), "listening is tried again");
            }
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    async fn listen_once(self: &Arc<Self>) -> Result<(), store::Error> {
        let mut listener = self.db.listen().await?;
        listener
            .listen_all([store::inbox::CHANNEL, store::lease::CHANNEL])
            .await?;
        loop {
            let notice = tokio::select! {
                () = self.stopping.cancelled() => return Ok(()),
                notice = listener.recv() => notice?,
            };
            if notice.channel() == store::inbox::CHANNEL {
                if let Ok(shard) = notice.payload().parse() {
                    self.hint(ShardId(shard));
                }
            } else if let Err(fault) = self.look_at_shards().await {
                tracing::warn!(%fault, "looking at the shards");
            }
        }
    }

    /// Takes on the shards that others have handed to this node.
    async fn look_at_shards(self: &Arc<Self>) -> Result<(), Fault> {
        let map = store::lease::shard_map(&self.db).await?;
        let me = (self.settings.node, self.incarnation);
        let mine = map
            .owners
            .iter()
            .filter(|(_, owner)| *owner == Some(me))
            .map(|(id, _)| *id);
        let new: Vec<ShardId> = mine.filter(|id| self.shard(*id).is_none()).collect();
        self.adopt(new).await
    }

    /// Upkeep: of this node's own things, and of everybody's where it is its turn.
    pub(crate) async fn maintain(self: Arc<Self>) {
        let mut turn = tokio::time::interval(MAINTENANCE);
        turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (db, metrics) = (self.db.clone(), self.metrics.clone());
        let days = self.settings.retention_days;
        let mut overdue = None;
        let mut caretaker = Caretaker::new(db, self.settings.node, days, metrics);
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                _ = turn.tick() => {}
            }
            self.activities.tidy();
            if let Err(fault) = self.count_open().await {
                tracing::warn!(%fault, "counting open executions");
            }
            match self.end_overdue(overdue).await {
                Ok(next) => overdue = next,
                Err(fault) => tracing::warn!(%fault, "looking for executions over their time"),
            }
            if let Err(error) = store::commit::trim(&self.db, &self.last_fence()).await {
                tracing::warn!(error = %crate::writer::chain(&error), "trimming the commit log");
            }
            let now = self.clock.now();
            tokio::select! {
                () = self.stopping.cancelled() => return,
                _ = caretaker.turn(now) => {}
            }
            caretaker.look_ahead(now).await;
        }
    }

    /// Ends executions that are over the time that any may take, from the one after `after` on; where
    /// the next turn goes on. They have no timer for it, since that would be kept for a year.
    async fn end_overdue(
        self: &Arc<Self>,
        after: Option<ExecutionId>,
    ) -> Result<Option<ExecutionId>, Fault> {
        let shards = self.owned_shards();
        let allowed = self.settings.limits.execution_seconds_max;
        let allowed = i64::try_from(allowed).unwrap_or(i64::MAX);
        let before = self.clock.now().plus_seconds(-allowed);
        let (db, limit) = (&self.db, OVERDUE_BATCH);
        let old = store::execution::open_since_before(db, &shards, before, after, limit).await?;
        for id in &old {
            self.feed(*id, Arrival::local(Input::TimerFired(Timer::Execution)));
        }
        let is_last = i64::try_from(old.len()).unwrap_or(i64::MAX) < limit;
        Ok(old.last().copied().filter(|_| !is_last))
    }

    fn last_fence(&self) -> Fence {
        Fence {
            node: self.settings.node,
            incarnation: self.incarnation,
            seq: self.seq.load(Ordering::Relaxed),
        }
    }
}
