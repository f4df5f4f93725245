//! Express executions whose node is gone: whichever node finds their rows runs them again from the start. So
//! each runs at least once, as AWS says of asynchronous Express Workflows.

use std::sync::Arc;

use store::{
    express::{Left, take_over},
    ids::ExecutionId,
};

use crate::{
    Fault,
    limits::{EXPRESS_LOOK, EXPRESS_RUN_BYTES, EXPRESS_TAKEN_MAX, EXPRESS_TAKEOVERS_MAX},
    node::Node,
};

/// Between two tries of reading what the database did not give.
const RETRY_PAUSE: std::time::Duration = std::time::Duration::from_millis(500);

impl Node {
    /// Looks when this life of the node begins, when it has taken over another's shards, and now and then.
    pub(crate) async fn run_left_express(self: Arc<Self>) {
        let mut look = tokio::time::interval(EXPRESS_LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = self.express.look.notified() => {}
                _ = look.tick() => {}
            }
            if let Err(fault) = self.take_left().await {
                tracing::warn!(%fault, "looking for Express executions that were left behind");
            }
        }
    }

    async fn take_left(self: &Arc<Self>) -> Result<(), Fault> {
        let life = (self.settings.node, self.incarnation);
        while !self.stopping.is_cancelled() {
            let left = take_over(&self.db, life, EXPRESS_TAKEN_MAX.into()).await?;
            let is_last = left.len() < usize::from(EXPRESS_TAKEN_MAX);
            for left in left {
                self.run_left(left).await;
            }
            if is_last {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What an earlier run has logged would stand between the lines of this one.
    async fn forget_log_of(&self, id: ExecutionId) {
        if let Err(error) = store::express_log::forget(&self.db, id).await {
            let error = crate::writer::chain(&error);
            tracing::warn!(execution.id = %id, %error, "the log of an earlier run stays");
        }
    }

    async fn run_left(self: &Arc<Self>, left: Left) {
        let Left { start, takeovers } = left;
        let id = start.id;
        if takeovers > EXPRESS_TAKEOVERS_MAX {
            tracing::error!(
                execution.id = %id,
                takeovers,
                "an Express execution is given up: it was running each time that a node went down"
            );
            self.express.rows.done(id);
            return;
        }
        let facts = loop {
            match self.facts_of_left(start.clone()).await {
                Ok(facts) => {
                    self.forget_log_of(id).await;
                    break facts;
                }
                // The row is this life's now: nobody else will run it.
                Err(Fault::Database(error)) if !self.stopping.is_cancelled() => {
                    tracing::warn!(execution.id = %id, %error, "reading a revision is tried again");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                Err(fault) => {
                    tracing::error!(execution.id = %id, %fault, "an Express execution is parked");
                    return;
                }
            }
        };
        let bytes = facts.input.text().len() + EXPRESS_RUN_BYTES;
        loop {
            let freed = self.express.room.freed();
            if let Some(place) = self.express.room.enter(bytes) {
                tracing::info!(execution.id = %id, takeovers, "an Express execution runs again from its start");
                self.metrics.started.inc();
                self.run_kept(facts, place);
                return;
            }
            tokio::select! {
                () = freed => {}
                () = self.stopping.cancelled() => return,
            }
        }
    }
}
