//! Which shards this node owns: its lease, what it takes over, what it gives away.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use store::{
    ids::{NodeId, ShardId},
    lease::Takeover,
};

use crate::{
    Fault,
    limits::{HEARTBEAT, OPEN_BATCH},
    node::{Node, micros},
    patience::Patience,
    shard::Shard,
};

impl Node {
    pub(crate) async fn keep_lease(self: Arc<Self>) {
        let mut beat = tokio::time::interval(HEARTBEAT.min(self.settings.lease / 4));
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.drained.cancelled() => return,
                () = self.lost.cancelled() => return,
                _ = beat.tick() => {}
            }
            let before = self.clock.now();
            let answer = tokio::time::timeout(
                self.settings.lease,
                store::lease::heartbeat(&self.lease_db, self.settings.node, self.incarnation),
            );
            match answer.await {
                Ok(Ok(Some(now))) => {
                    let after = self.clock.now();
                    if !self.clock.measure(before, now, after) {
                        tracing::error!("the clocks of node and database differ by over a second");
                        self.lease_lost();
                        return;
                    }
                    // Counted from before the question was asked: others count from the answer.
                    let until = before.plus_micros(micros(self.settings.lease)).as_micros();
                    self.lease_until.store(until, Ordering::Relaxed);
                }
                // It has given them back itself.
                Ok(Ok(None)) if self.drained.is_cancelled() => return,
                Ok(Ok(None)) => {
                    tracing::error!("another node has taken over the shards of this one");
                    self.lease_lost();
                    return;
                }
                Ok(Err(error)) => {
                    tracing::warn!(error = %crate::writer::chain(&error), "renewing the lease");
                }
                Err(_) => tracing::warn!("the database takes longer than a lease to answer"),
            }
            if self.is_lease_over() {
                continue;
            }
            if let Err(fault) = self.balance().await {
                tracing::warn!(%fault, "looking after the shards is tried again");
            }
        }
    }

    /// Takes over from nodes that are gone, takes what is free, and gives to those that have less.
    async fn balance(self: &Arc<Self>) -> Result<(), Fault> {
        let nodes = store::lease::nodes(&self.lease_db).await?;
        let me = (self.settings.node, self.incarnation);
        for node in nodes.iter().filter(|node| node.is_expired()) {
            let (dead, incarnation) = (node.node, node.incarnation);
            if (dead, incarnation) == me {
                continue;
            }
            let taken =
                store::lease::take_over(&self.lease_db, dead, incarnation, me.0, me.1).await?;
            if let Takeover::Taken(shards) = taken {
                tracing::info!(node.id = %dead.0, shards = shards.len(), "took over from a node that is gone");
                self.express.look.notify_one();
                self.adopt(shards).await?;
            }
        }
        let living: Vec<_> = nodes.iter().filter(|node| !node.is_expired()).collect();
        let total = self.map.owners.len();
        let fair = total.div_ceil(living.len().max(1));
        let owned = self.owned_shards().len();
        if owned < fair {
            self.adopt_free().await?;
        }
        // One shard a beat to the neediest, so that no move is a storm.
        let poorest = living
            .iter()
            .filter(|node| node.node != me.0)
            .min_by_key(|node| node.shards);
        if let Some(poorest) = poorest {
            let theirs = usize::try_from(poorest.shards).unwrap_or(0);
            let surplus = self.owned_shards().len().saturating_sub(fair);
            let need = (total / living.len().max(1)).saturating_sub(theirs);
            for _ in 0..surplus.min(need) {
                self.give(poorest.node).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn adopt_free(self: &Arc<Self>) -> Result<(), Fault> {
        let nodes = store::lease::nodes(&self.lease_db).await?;
        let living = nodes
            .iter()
            .filter(|node| !node.is_expired())
            .count()
            .max(1);
        let fair = self.map.owners.len().div_ceil(living);
        let at_most = fair.saturating_sub(self.owned_shards().len());
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        let shards = store::lease::claim_free(
            &self.lease_db,
            self.settings.node,
            self.incarnation,
            at_most,
        );
        let shards = shards.await?;
        self.adopt(shards).await
    }

    /// Begins to own shards: what is open in them and awake is loaded and resumed.
    pub(crate) async fn adopt(self: &Arc<Self>, shards: Vec<ShardId>) -> Result<(), Fault> {
        if shards.is_empty() {
            return Ok(());
        }
        {
            let mut owned = self.shards.write().unwrap_or_else(PoisonError::into_inner);
            if self.lost.is_cancelled() {
                // What was asked for before comes too late: they are free for the next life.
                return Ok(());
            }
            for id in &shards {
                self.inbox.forget_shard(*id);
                owned
                    .entry(*id)
                    .or_insert_with(|| Arc::new(Shard::new(*id)));
            }
        }
        self.changed.notify_waiters();
        for id in shards {
            let mut after = None;
            loop {
                let open = store::execution::awake_of_shard(&self.db, id, after, OPEN_BATCH.into())
                    .await?;
                let Some(shard) = self.shard(id) else { break };
                for execution in &open {
                    if shard.admit_new(*execution) {
                        self.load_later(Arc::clone(&shard), *execution);
                    }
                }
                after = open.last().copied();
                if open.len() < usize::from(OPEN_BATCH) {
                    break;
                }
            }
            let mut after = None;
            loop {
                let open = store::map_run::open_of_shard(&self.db, id, after, OPEN_BATCH.into());
                let open = open.await?;
                for run in &open {
                    self.ensure_map_run(*run, None, None);
                }
                after = open.last().copied();
                if open.len() < usize::from(OPEN_BATCH) {
                    break;
                }
            }
            self.hint(id);
        }
        Ok(())
    }

    /// Hands one shard over, once nothing of it is under way here.
    async fn give(self: &Arc<Self>, to: NodeId) -> Result<(), Fault> {
        const PATIENCE: Duration = Duration::from_secs(2);
        let quietest = {
            let shards = self.shards.read().unwrap_or_else(PoisonError::into_inner);
            shards
                .values()
                .min_by_key(|shard| shard.slots().len())
                .cloned()
        };
        let Some(shard) = quietest else { return Ok(()) };
        // From here on nothing new begins in it on this node.
        self.shards
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&shard.id);
        shard.close();
        let patience = Patience::new(PATIENCE);
        while shard.is_busy() && !patience.is_over() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let is_busy = shard.is_busy();
        shard.abandon();
        self.recent.clear();
        if is_busy {
            // Still writing: keep it after all. What came meanwhile is lost, so it is folded anew.
            return self.adopt(vec![shard.id]).await;
        }
        let me = (self.settings.node, self.incarnation);
        let given = store::lease::hand_over(&self.lease_db, shard.id, me.0, me.1, to).await?;
        if !given {
            self.adopt(vec![shard.id]).await?;
        }
        Ok(())
    }
}
