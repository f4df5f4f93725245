//! Waiting for executions to close, stopping them, and waiting for an activity's tasks.

use std::{sync::Arc, time::Duration};

use asl::{StateError, machine::Input};
use store::ids::{ExecutionId, ShardId};
use tokio::sync::oneshot;

use crate::{
    Fault,
    arrival::{Arrival, Message},
    engine::{ActivityTask, PollError},
    facts::{Closed, View},
    node::Node,
    patience::Patience,
};

impl Node {
    pub(crate) async fn wait(
        self: &Arc<Self>,
        id: ExecutionId,
        patience: Duration,
    ) -> Result<Option<View>, Fault> {
        let patience = Patience::new(patience);
        let mut pause = Duration::from_millis(50);
        loop {
            let closing = self.watch_closing(id);
            let view = self.view_of(id).await?;
            if view.as_ref().is_none_or(|view| view.closed.is_some()) {
                return Ok(view);
            }
            let left = patience.left();
            if left.is_zero() {
                return Ok(view);
            }
            match closing {
                Some(closing) => drop(tokio::time::timeout(left, closing).await),
                // Asleep, or on another node: the database knows.
                None => tokio::time::sleep(pause.min(left)).await,
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    fn watch_closing(&self, id: ExecutionId) -> Option<oneshot::Receiver<Arc<Closed>>> {
        let shard = self.shard_of(id)?;
        let mut slots = shard.slots();
        let slot = slots.get_mut(&id)?;
        let (waiter, closing) = oneshot::channel();
        slot.waiters.push(waiter);
        Some(closing)
    }

    pub(crate) async fn stop(
        self: &Arc<Self>,
        id: ExecutionId,
        error: StateError,
    ) -> Result<Option<View>, Fault> {
        const PATIENCE: Duration = Duration::from_secs(10);
        match self.view_of(id).await? {
            Some(view) if view.closed.is_none() => {}
            known => return Ok(known),
        }
        if self.shard_of(id).is_some() {
            self.feed(id, Arrival::local(Input::Stop(error)));
        } else {
            let text = |text: Option<Arc<str>>| text.map(|text| text.to_string());
            let message = Message::Stop {
                error: text(error.error),
                cause: text(error.cause),
            };
            let shard = self.shard_id_of(id);
            store::inbox::put(&self.db, shard, id, &message.to_text()).await?;
        }
        self.wait(id, PATIENCE).await
    }

    pub(crate) async fn activity_task(
        self: &Arc<Self>,
        activity: &str,
        worker: Option<&str>,
        patience: Duration,
    ) -> Result<Option<ActivityTask>, PollError> {
        const POLL: Duration = Duration::from_secs(1);
        let workers_max = self.settings.activity_pollers_max;
        let place = self.activities.place(activity, workers_max);
        let _place = place.ok_or(PollError::TooManyWorkers)?;
        let patience = Patience::new(patience);
        loop {
            let opened = self.activities.opened(activity);
            let now = self.clock.now();
            let body = |attempt: i64| {
                let attempt = u64::try_from(attempt).unwrap_or(0);
                let worker = worker.map(str::to_owned);
                Message::TaskStarted { attempt, worker }.to_text()
            };
            let shard_of = |id: ExecutionId| -> ShardId { self.shard_id_of(id) };
            let claimed = store::token::claim_activity(&self.db, activity, now, shard_of, body);
            let claimed = claimed.await.map_err(Fault::from)?;
            if let Some(claimed) = claimed {
                self.hint(self.shard_id_of(claimed.execution));
                return Ok(Some(ActivityTask {
                    token: claimed.token,
                    input: claimed.input,
                }));
            }
            let left = patience.left();
            if left.is_zero() || self.stopping.is_cancelled() {
                return Ok(None);
            }
            tokio::select! {
                () = opened => {}
                () = tokio::time::sleep(POLL.min(left)) => {}
                () = self.stopping.cancelled() => {}
            }
        }
    }
}
