//! Rerunning: a new execution that goes on from a state visit of another one. What goes on is decided in
//! [`asl::machine::rerun`]; here the other journal is read and the start is made.

use std::sync::Arc;

use asl::{
    diagnose::MachineType,
    machine::rerun::{Cut, Edits, Refusal, Rerun},
};
use store::ids::ExecutionId;

pub use asl::machine::rerun::Preview;

use crate::{
    Engine, Fault,
    engine::{StartError, StartRequest},
    facts::View,
    node::Node,
    target::Target,
};

/// Which definition a rerun runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Definition {
    /// That of the other execution.
    #[default]
    Same,
    /// That of the machine as it is now.
    Newest,
    Version(i64),
    Alias(String),
}

/// What a rerun is asked for with.
#[derive(Debug)]
pub struct Request {
    /// The execution to go on from.
    pub origin: ExecutionId,
    /// The event by which the chosen state was entered there.
    pub event: u64,
    pub edits: Edits,
    pub definition: Definition,
    /// Checked by the caller; made up where absent.
    pub name: Option<String>,
}

/// Why an execution was not rerun.
#[derive(Debug, thiserror::Error)]
pub enum RerunError {
    #[error("the execution does not exist")]
    DoesNotExist,
    #[error(
        "a child of a Map Run cannot be rerun by itself: its definition is part of its parent's, \
         which can be rerun"
    )]
    Child,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Start(#[from] StartError),
}

impl From<Fault> for RerunError {
    fn from(fault: Fault) -> Self {
        Self::Start(StartError::Fault(fault))
    }
}

impl Engine {
    /// Starts an execution that goes on from a visit of another one; answers when that is durable.
    pub async fn rerun(&self, request: Request) -> Result<View, RerunError> {
        self.node().rerun(request).await
    }

    /// What a visit of that execution began with; nothing where that event is not one by which a state
    /// was entered.
    pub async fn rerun_preview(&self, view: &View, event: u64) -> Result<Option<Preview>, Fault> {
        let facts = &view.facts;
        let definition = Arc::clone(&facts.revision.definition);
        let mut cut = Cut::new(Arc::clone(&facts.identity), definition, event);
        let node = self.node();
        node.each_row(facts.id, |number, entries| cut.fold(number, entries))
            .await?;
        Ok(cut.preview())
    }
}

impl Node {
    async fn rerun(self: &Arc<Self>, request: Request) -> Result<View, RerunError> {
        let view = self.view_of(request.origin).await?;
        let view = view.ok_or(RerunError::DoesNotExist)?;
        let facts = &view.facts;
        if facts.map_run().is_some() {
            return Err(RerunError::Child);
        }
        let arn = &facts.revision.machine_arn;
        let arn = match &request.definition {
            Definition::Same | Definition::Newest => arn.to_string(),
            Definition::Version(number) => format!("{arn}:{number}"),
            Definition::Alias(alias) => format!("{arn}:{alias}"),
        };
        // Asked in each case: nothing is started of a machine that is being deleted.
        let asked = self.target(&arn).await?;
        let target = match &request.definition {
            Definition::Same => Target {
                revision: Arc::clone(&facts.revision),
                version: facts.version,
                alias: facts.alias.clone(),
            },
            Definition::Newest | Definition::Version(_) | Definition::Alias(_) => asked,
        };
        if target.revision.machine_type == MachineType::Express {
            return Err(StartError::MachineTypeNotSupported.into());
        }
        let old = Arc::clone(&facts.revision.definition);
        let mut cut = Cut::new(Arc::clone(&facts.identity), old, request.event);
        self.each_row(request.origin, |number, entries| cut.fold(number, entries))
            .await?;
        let rerun = cut.finish(request.edits, &target.revision.definition)?;
        let start = StartRequest {
            machine_arn: arn,
            name: request.name,
            input: facts.input.clone(),
            parent: None,
            trace_header: None,
            child_id: None,
        };
        let rerun = Arc::new(rerun);
        let (view, _) = self.start_target(start, target, Some(rerun), false).await?;
        Ok(view)
    }

    /// Notes what an execution is a rerun of, before it starts.
    pub(crate) async fn link(&self, id: ExecutionId, rerun: &Rerun) -> Result<(), Fault> {
        let origin = store::rerun::Origin {
            execution: ExecutionId(uuid::Uuid::from_bytes(rerun.origin)),
            event: i64::try_from(rerun.event).unwrap_or(i64::MAX),
        };
        store::rerun::insert(&self.db, id, origin, self.clock.now()).await?;
        Ok(())
    }
}
