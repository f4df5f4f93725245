//! Starting Express executions: with an answer when they have closed, or with one when their row is written.

use std::sync::Arc;

use asl::{Payload, diagnose::MachineType, machine::Identity, query::Random};
use store::ids::ExecutionId;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{
    Finished,
    room::Place,
    run::{Begun, Run, RunError, begin},
};
use crate::{
    Fault,
    drive::may_take_long,
    engine::{StartError, StartRequest},
    facts::{Closed, Facts, View},
    limits::EXPRESS_RUN_BYTES,
    node::Node,
    random::SystemRandom,
    target::Target,
};

/// A synchronous execution that was started.
pub(crate) enum Launched {
    Closed(Finished),
    /// It goes on, also when nobody waits any more.
    GoesOn {
        facts: Arc<Facts>,
        closing: oneshot::Receiver<Result<Finished, StartError>>,
    },
}

impl Launched {
    /// How it ended, whenever that is.
    pub(crate) async fn finished(self) -> Result<Finished, StartError> {
        match self {
            Self::Closed(finished) => Ok(finished),
            Self::GoesOn { closing, .. } => closing.await.map_err(|_| StartError::Unavailable)?,
        }
    }
}

impl Node {
    /// Starts an execution that lives in this node's memory alone.
    pub(crate) async fn launch_sync(
        self: &Arc<Self>,
        request: StartRequest,
    ) -> Result<Launched, StartError> {
        let target = self.target(&request.machine_arn).await?;
        if target.revision.machine_type != MachineType::Express {
            return Err(StartError::MachineTypeNotSupported);
        }
        let place = self.express_place(&request.input)?;
        let facts = self.express_facts(self.express_id(&request), request, target);
        self.metrics.started.inc();
        match self.begin_where_it_fits(&facts, place, false).await {
            Ok(Begun::Closed(finished)) => Ok(Launched::Closed(finished)),
            Ok(Begun::GoesOn(run)) => Ok(self.go_on(facts, run)),
            Err(RunError::Halted) => Err(StartError::Unavailable),
            Err(RunError::Fault(fault)) => Err(fault.into()),
        }
    }

    /// A chain of states that need nothing from outside is done here and now; what may take long, apart from
    /// the threads that serve requests.
    pub(super) async fn begin_where_it_fits(
        self: &Arc<Self>,
        facts: &Arc<Facts>,
        place: Place,
        is_kept: bool,
    ) -> Result<Begun, RunError> {
        if !may_take_long(&facts.revision.definition, &facts.input) {
            return Ok(begin(self, facts, place, is_kept)?);
        }
        let (node, facts) = (Arc::clone(self), Arc::clone(facts));
        let begun = self.compute(move || begin(&node, &facts, place, is_kept));
        // The runtime ends, or the step panicked.
        Ok(begun.await.map_err(|_| RunError::Halted)??)
    }

    fn go_on(&self, facts: Arc<Facts>, run: Box<Run>) -> Launched {
        let (told, closing) = oneshot::channel();
        let id = facts.id;
        self.tracker.spawn(async move {
            let ended = run.to_end().await.map_err(|error| {
                tracing::warn!(execution.id = %id, %error, "a synchronous execution ended early");
                match error {
                    RunError::Halted => StartError::Unavailable,
                    RunError::Fault(fault) => StartError::Fault(fault),
                }
            });
            // A caller that went away does not mind.
            drop(told.send(ended));
        });
        Launched::GoesOn { facts, closing }
    }

    /// `StartExecution` of an Express machine: answered when its row is written, which is there until the
    /// execution has closed.
    pub(crate) async fn start_express(
        self: &Arc<Self>,
        request: StartRequest,
        target: Target,
    ) -> Result<View, StartError> {
        // Recorded of `.sync`: a task cannot wait for a child that has no history to look at.
        if request.parent.is_some() {
            return Err(StartError::MachineTypeNotSupported);
        }
        let place = self.express_place(&request.input)?;
        let id = self.express_id(&request);
        let facts = self.express_facts(id, request, target);
        let start = store::express::Start {
            id,
            revision_id: facts.revision.id,
            version: facts.version,
            alias: facts.alias.clone(),
            name: facts.identity.name.to_string(),
            started_at: facts.identity.started_at,
            trace_header: facts.trace_header.clone(),
            input: facts.input.text().to_owned(),
        };
        if !self.may_act().await {
            return Err(StartError::Unavailable);
        }
        self.keep_start(start).await?;
        self.metrics.started.inc();
        let view = View {
            facts: Arc::clone(&facts),
            closed: None,
        };
        self.run_kept(facts, place);
        Ok(view)
    }

    /// Runs an execution that has a row, and deletes the row when it has closed.
    pub(super) fn run_kept(self: &Arc<Self>, facts: Arc<Facts>, place: Place) {
        let node = Arc::clone(self);
        self.tracker.spawn(async move {
            let id = facts.id;
            let ended = match node.begin_where_it_fits(&facts, place, true).await {
                Ok(Begun::Closed(_)) => Ok(()),
                Ok(Begun::GoesOn(run)) => run.to_end().await.map(drop),
                Err(error) => Err(error),
            };
            match ended {
                Ok(()) => node.express.rows.done(id),
                // Another life of a node takes the row over.
                Err(RunError::Halted) => {}
                Err(RunError::Fault(fault)) => {
                    tracing::error!(execution.id = %id, %fault, "an Express execution is parked");
                }
            }
        });
    }

    fn express_place(&self, input: &Payload) -> Result<Place, StartError> {
        if self.stopping.is_cancelled() {
            return Err(StartError::Unavailable);
        }
        let place = self
            .express
            .room
            .enter(input.text().len() + EXPRESS_RUN_BYTES);
        place.ok_or_else(|| {
            self.metrics.throttled.inc();
            StartError::Throttled
        })
    }

    /// The id that ends the execution's ARN. A child's is its parent's choice, so that a start that is
    /// repeated after a crash names the same execution.
    fn express_id(&self, request: &StartRequest) -> ExecutionId {
        if let Some(child) = request.child_id {
            return ExecutionId(uuid::Builder::from_random_bytes(child.to_be_bytes()).into_uuid());
        }
        let millis = u64::try_from(self.clock.now().as_millis()).unwrap_or(0);
        let random = SystemRandom.next_u64();
        // Its slot says nothing: no shard holds it.
        let slot = u16::try_from(SystemRandom.below(store::ids::SLOTS.into())).unwrap_or(0);
        ExecutionId::new(millis, slot, random)
    }

    fn express_facts(&self, id: ExecutionId, request: StartRequest, target: Target) -> Arc<Facts> {
        let Target {
            revision,
            version,
            alias,
        } = target;
        let machine = &revision.machine_name;
        let name = request.name.unwrap_or_else(fresh_name);
        let arn = self.settings.names.express(machine, &name, &id.to_string());
        let identity = Arc::new(Identity {
            id: *id.0.as_bytes(),
            arn: Arc::from(arn),
            name: Arc::from(name),
            machine_arn: Arc::clone(&revision.machine_arn),
            machine_name: Arc::clone(machine),
            role_arn: Arc::clone(&revision.role_arn),
            started_at: self.clock.now(),
        });
        Arc::new(Facts {
            id,
            shard: self.shard_id_of(id),
            identity,
            revision,
            version,
            alias,
            input: request.input,
            parent: None,
            trace_header: request.trace_header,
            redriven: None,
        })
    }

    /// The facts of an execution that is run again from its start, at this time.
    pub(super) async fn facts_of_left(
        &self,
        start: store::express::Start,
    ) -> Result<Arc<Facts>, Fault> {
        let names = &self.settings.names;
        let revision = self
            .catalog
            .revision(&self.db, names, start.revision_id)
            .await?;
        let target = Target {
            revision,
            version: start.version,
            alias: start.alias,
        };
        let request = StartRequest {
            machine_arn: target.revision.machine_arn.to_string(),
            name: Some(start.name),
            input: Payload::from_trusted_text(start.input),
            parent: None,
            trace_header: start.trace_header,
            child_id: None,
        };
        Ok(self.express_facts(start.id, request, target))
    }
}

/// A name for an execution that was given none: as AWS does, an id of its own.
fn fresh_name() -> String {
    let random = u128::from(SystemRandom.next_u64()) << 64 | u128::from(SystemRandom.next_u64());
    let id: Uuid = uuid::Builder::from_random_bytes(random.to_be_bytes()).into_uuid();
    id.to_string()
}

/// Says when an execution closed, to a caller that waits only so long.
pub(crate) async fn view_within(
    launched: Launched,
    patience: std::time::Duration,
) -> Result<View, StartError> {
    match launched {
        Launched::Closed(finished) => Ok(finished.view()),
        Launched::GoesOn { facts, closing } => {
            match tokio::time::timeout(patience, closing).await {
                Ok(ended) => Ok(ended.map_err(|_| StartError::Unavailable)??.view()),
                Err(_) => Ok(View {
                    facts,
                    closed: None::<Arc<Closed>>,
                }),
            }
        }
    }
}
