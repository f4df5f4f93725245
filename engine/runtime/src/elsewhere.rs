//! Starting an execution in a shard of another node, by a message in its inbox.
//!
//! The node that was asked chooses the id and finds out all that a start needs; the owner takes the
//! first step, in the commit that takes the message away. So the start happens once, by whoever owns the
//! shard when it comes to it. One that nobody takes up in time is taken back, and then never happens.

use std::{sync::Arc, time::Duration};

use asl::{
    Payload, Timestamp,
    machine::{Identity, rerun::Rerun},
    query::Random as _,
};
use store::{
    commit,
    ids::{ExecutionId, ShardId},
    inbox,
};
use uuid::Uuid;

use crate::{
    Fault,
    arrival::{Message, Parent, Start},
    drive::input_hash,
    engine::StartError,
    facts::{Facts, View},
    limits::{ADMITTED_BYTES_MAX, ADMITTED_STARTS_MAX, START_PATIENCE},
    node::Node,
    patience::Patience,
    random::SystemRandom,
    start::Origin,
    writer::chain,
};

impl Node {
    /// Any shard that a node owns.
    pub(crate) async fn shard_elsewhere(&self) -> Result<Option<ShardId>, Fault> {
        let map = store::lease::shard_map(&self.db).await?;
        let owned: Vec<ShardId> = map
            .owners
            .iter()
            .filter(|(_, owner)| owner.is_some())
            .map(|(shard, _)| *shard)
            .collect();
        let at = usize::try_from(SystemRandom.below(owned.len().max(1) as u64)).unwrap_or(0);
        Ok(owned.get(at).copied())
    }

    /// Asks the owner of the shard to start this execution, and answers when it is durable.
    pub(crate) async fn send_start(
        &self,
        facts: &Facts,
        is_name_given: bool,
        rerun: Option<&Rerun>,
    ) -> Result<View, StartError> {
        const PAUSE_MAX: Duration = Duration::from_millis(100);
        let message = Message::Start(Box::new(Start {
            revision_id: facts.revision.id.to_string(),
            version: facts.version,
            alias: facts.alias.clone(),
            name: facts.identity.name.to_string(),
            is_name_given,
            input: facts.input.text().to_owned(),
            started_at: facts.identity.started_at.as_micros(),
            parent: facts.parent.map(|parent| Parent {
                execution: parent.execution.to_string(),
                attempt: parent.attempt,
                is_parsed: parent.is_parsed,
            }),
            trace_header: facts.trace_header.clone(),
            rerun: rerun.map(Rerun::to_text),
        }));
        let body = message.to_text();
        let put = inbox::put(&self.db, facts.shard, facts.id, &body);
        let row = put.await.map_err(Fault::from)?;
        self.metrics.starts_sent.inc();
        let patience = Patience::new(START_PATIENCE);
        let mut pause = Duration::from_millis(2);
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
            let remaining = inbox::remaining(&self.db, &[row]).await;
            if remaining.map_err(Fault::from)?.is_empty() {
                return self.started_elsewhere(facts, is_name_given).await;
            }
            if patience.is_over() || self.stopping.is_cancelled() {
                let withdrawn = inbox::withdraw(&self.db, row).await;
                if withdrawn.map_err(Fault::from)? {
                    return Err(StartError::Unavailable);
                }
            }
        }
    }

    /// What became of a start whose message was consumed.
    async fn started_elsewhere(
        &self,
        facts: &Facts,
        is_name_given: bool,
    ) -> Result<View, StartError> {
        if let Some(view) = self.view_of(facts.id).await? {
            return Ok(view);
        }
        if !is_name_given {
            return Err(StartError::Unavailable);
        }
        let machine = facts.revision.machine_id;
        let holder = store::execution::holder_of_name(&self.db, machine, &facts.identity.name);
        match holder.await.map_err(Fault::from)? {
            Some((by, hash)) => Err(StartError::NameTaken {
                by,
                is_same_input: hash == input_hash(&facts.input),
            }),
            None => Err(StartError::Unavailable),
        }
    }

    /// Starts an execution for a node that owns no shard.
    pub(crate) fn start_for_another(
        self: &Arc<Self>,
        shard: ShardId,
        row: &inbox::Row,
        start: Start,
    ) {
        let (node, message, id) = (Arc::clone(self), row.id, row.execution);
        self.tracker.spawn(async move {
            let Ok(_place) = node.loads.acquire().await else {
                return;
            };
            match node.begin_for_another(shard, message, id, start).await {
                Ok(true) => {}
                // Read again when there is room, or by whoever owns the shard now.
                Ok(false) => node.forget_inbox(shard, &[message]),
                Err(Fault::Database(error)) => {
                    tracing::warn!(execution.id = %id, error = %chain(&error), "a start is tried again");
                    node.forget_inbox(shard, &[message]);
                }
                Err(fault) => {
                    tracing::error!(execution.id = %id, %fault, "a start of another node cannot be done");
                    node.drop_messages(shard, vec![message]).await;
                }
            }
        });
    }

    /// False where this is not the time or the place.
    async fn begin_for_another(
        self: &Arc<Self>,
        shard: ShardId,
        message: i64,
        id: ExecutionId,
        start: Start,
    ) -> Result<bool, Fault> {
        let (bytes, steps) = self.queue.load();
        if bytes > ADMITTED_BYTES_MAX || steps > ADMITTED_STARTS_MAX || !self.may_act().await {
            return Ok(false);
        }
        let broken = |what: &str| Fault::new(format!("the start of {id} has no good {what}"));
        let revision_id: Uuid = start.revision_id.parse().map_err(|_| broken("revision"))?;
        let names = &self.settings.names;
        let revision = self.catalog.revision(&self.db, names, revision_id).await?;
        let parent = match start.parent {
            None => None,
            Some(parent) => Some(commit::Parent {
                execution: ExecutionId(parent.execution.parse().map_err(|_| broken("parent"))?),
                attempt: parent.attempt,
                is_parsed: parent.is_parsed,
            }),
        };
        let machine = &revision.machine_name;
        let identity = Arc::new(Identity {
            id: *id.0.as_bytes(),
            arn: Arc::from(names.execution(machine, &start.name)),
            name: Arc::from(start.name),
            machine_arn: Arc::clone(&revision.machine_arn),
            machine_name: Arc::clone(machine),
            role_arn: Arc::clone(&revision.role_arn),
            started_at: Timestamp(start.started_at),
        });
        let facts = Arc::new(Facts {
            id,
            shard,
            identity,
            revision,
            version: start.version,
            alias: start.alias,
            input: Payload::from_trusted_text(start.input),
            parent,
            trace_header: start.trace_header,
            redriven: None,
        });
        let Some(shard) = self.shard(shard) else {
            return Ok(false);
        };
        let rerun = start.rerun.as_deref().map(Rerun::from_text).transpose();
        let rerun = rerun.map_err(|_| broken("rerun"))?.map(Arc::new);
        let first = self.first_step(&facts, rerun).await?;
        let mut is_here = false;
        let is_admitted = shard.admit(id, |slot| {
            is_here = slot.facts.is_some();
            slot.facts.get_or_insert_with(|| Arc::clone(&facts));
        });
        if !is_admitted || is_here {
            return Ok(is_admitted);
        }
        let origin = Origin::Inbox(message);
        self.launch(&shard, facts, start.is_name_given, first, origin);
        self.metrics.open_executions.inc();
        Ok(true)
    }

    /// The first step of such a start was not committed. Where that is final its message goes, and by
    /// that the node that waits for it learns of it; else it is read again.
    pub(crate) fn refused_elsewhere(
        self: &Arc<Self>,
        shard: ShardId,
        outcome: &commit::Outcome,
        messages: Vec<i64>,
    ) {
        match outcome {
            commit::Outcome::NameTaken { .. } | commit::Outcome::Rejected => {
                let node = Arc::clone(self);
                self.tracker
                    .spawn(async move { node.drop_messages(shard, messages).await });
            }
            // Taken back, or to be tried again.
            commit::Outcome::GuardLost | commit::Outcome::Conflict | commit::Outcome::Committed => {
            }
        }
    }

    async fn drop_messages(&self, shard: ShardId, messages: Vec<i64>) {
        if let Err(error) = inbox::delete(&self.db, &messages).await {
            tracing::warn!(error = %chain(&error), "taking messages out of the inbox");
        }
        self.forget_inbox(shard, &messages);
    }
}
