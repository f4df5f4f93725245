//! Starting executions: which revision, which shard, and the first step.

use std::sync::Arc;

use asl::{
    diagnose::MachineType,
    machine::{Execution, Identity, Input, Step, rerun::Rerun},
    query::Random,
};
use store::ids::{ExecutionId, ShardId};
use tokio::sync::oneshot;

use crate::{
    Fault,
    catalog::Revision,
    engine::{StartError, StartRequest},
    facts::{Closed, Facts, View},
    limits::{ADMITTED_BYTES_MAX, ADMITTED_STARTS_MAX},
    node::{Node, Place},
    queue::Pending,
    random::SystemRandom,
    shard::Shard,
    target::Target,
};

/// Who asked for an execution.
pub(crate) enum Origin {
    Caller(oneshot::Sender<Result<View, StartError>>),
    /// A message of another node.
    Inbox(i64),
}

impl Node {
    pub(crate) async fn start(self: &Arc<Self>, request: StartRequest) -> Result<View, StartError> {
        self.start_watched(request, false)
            .await
            .map(|(view, _)| view)
    }

    pub(crate) async fn start_watched(
        self: &Arc<Self>,
        request: StartRequest,
        is_watched: bool,
    ) -> Result<(View, Option<oneshot::Receiver<Arc<Closed>>>), StartError> {
        let target = self.target(&request.machine_arn).await?;
        self.start_target(request, target, None, is_watched).await
    }

    /// Starts an execution of `target`; one that goes on from another one with `rerun`.
    pub(crate) async fn start_target(
        self: &Arc<Self>,
        request: StartRequest,
        target: Target,
        rerun: Option<Arc<Rerun>>,
        is_watched: bool,
    ) -> Result<(View, Option<oneshot::Receiver<Arc<Closed>>>), StartError> {
        if target.revision.machine_type == MachineType::Express {
            return Ok((self.start_express(request, target).await?, None));
        }
        let Target {
            revision,
            version,
            alias,
        } = target;
        let (bytes, steps) = self.queue.load();
        if bytes > ADMITTED_BYTES_MAX || steps > ADMITTED_STARTS_MAX {
            self.metrics.throttled.inc();
            return Err(StartError::Throttled);
        }
        let admitted = self.admit().await?;
        let (waiter, closing) = oneshot::channel();
        let mut waiter = is_watched.then_some(waiter);
        let (shard, facts, is_name_given, first) = loop {
            let place = self.place_for_start().await?;
            let place = place.ok_or(StartError::Unavailable)?;
            let shard = match &place {
                Place::Here(shard) => shard.id,
                Place::Elsewhere(shard) => *shard,
            };
            let target = (Arc::clone(&revision), version, alias.clone());
            let (facts, is_name_given) = self.new_facts(shard, &request, target);
            let facts = Arc::new(facts);
            if let Some(rerun) = &rerun {
                self.link(facts.id, rerun).await?;
            }
            let Place::Here(shard) = place else {
                // It counts where it begins.
                drop(admitted);
                return Ok((
                    self.send_start(&facts, is_name_given, rerun.as_deref())
                        .await?,
                    None,
                ));
            };
            // Before it is admitted: from then on nothing may wait until its step is submitted.
            let first = self.first_step(&facts, rerun.clone()).await?;
            let is_admitted = shard.admit(facts.id, |slot| {
                slot.facts = Some(Arc::clone(&facts));
                slot.waiters.extend(waiter.take());
            });
            // Else it is on its way to another node.
            if is_admitted {
                break (shard, facts, is_name_given, first);
            }
        };
        let (starter, started) = oneshot::channel();
        self.launch(&shard, facts, is_name_given, first, Origin::Caller(starter));
        admitted.stays();
        let view = started.await.map_err(|_| StartError::Unavailable)??;
        Ok((view, is_watched.then_some(closing)))
    }

    /// A new execution after its first step.
    pub(crate) async fn first_step(
        self: &Arc<Self>,
        facts: &Facts,
        rerun: Option<Arc<Rerun>>,
    ) -> Result<(Box<Execution>, Step), Fault> {
        let execution = Box::new(Execution::new(
            Arc::clone(&facts.identity),
            Arc::clone(&facts.revision.definition),
        ));
        let input = facts.input.clone();
        let input = match rerun {
            Some(rerun) => Input::Rerun { input, rerun },
            None => Input::Start { input },
        };
        self.advance_first(execution, input).await
    }

    /// Puts the first step of a new execution, which has its slot, into the commit queue.
    pub(crate) fn launch(
        self: &Arc<Self>,
        shard: &Arc<Shard>,
        facts: Arc<Facts>,
        is_name_given: bool,
        (execution, step): (Box<Execution>, Step),
        origin: Origin,
    ) {
        let id = facts.id;
        let number = step.number;
        let (mut item, commands) = self.first_item(&facts, &execution, step, is_name_given);
        let starter = match origin {
            Origin::Caller(starter) => Some(starter),
            Origin::Inbox(row) => {
                item.inbox.push(row);
                None
            }
        };
        self.metrics.started.inc();
        self.submit(
            &execution,
            Pending {
                starter,
                ..Pending::new(shard, facts, item, number, commands)
            },
        );
        self.drive_where_it_fits(Arc::clone(shard), id, execution);
    }

    fn new_facts(
        &self,
        shard: ShardId,
        request: &StartRequest,
        (revision, version, alias): (Arc<Revision>, Option<i64>, Option<String>),
    ) -> (Facts, bool) {
        let started_at = self.clock.now();
        let millis = u64::try_from(started_at.as_millis()).unwrap_or(0);
        let slot = self.slot_in(shard);
        let id = ExecutionId::new(millis, slot, SystemRandom.next_u64());
        let child = request.child_id.map(|child| {
            uuid::Builder::from_random_bytes(child.to_be_bytes())
                .into_uuid()
                .to_string()
        });
        let given = request.name.clone().or(child);
        let is_name_given = given.is_some();
        let name = given.unwrap_or_else(|| id.to_string());
        let machine = &revision.machine_name;
        let identity = Arc::new(Identity {
            id: *id.0.as_bytes(),
            arn: Arc::from(self.settings.names.execution(machine, &name)),
            name: Arc::from(name),
            machine_arn: Arc::clone(&revision.machine_arn),
            machine_name: Arc::clone(machine),
            role_arn: Arc::clone(&revision.role_arn),
            started_at,
        });
        let facts = Facts {
            id,
            shard,
            identity,
            revision,
            version,
            alias,
            input: request.input.clone(),
            parent: request.parent,
            trace_header: request.trace_header.clone(),
            redriven: None,
        };
        (facts, is_name_given)
    }
}
