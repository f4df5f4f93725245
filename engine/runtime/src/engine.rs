//! What the layers above ask of the engine: start, stop, look at executions, end tasks.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use asl::{Payload, StateError, diagnose::MachineType, machine::token::Token};
use store::{commit::Parent, db::Db, event_log::Line, ids::ExecutionId, token::Ended};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Fault,
    arrival::Message,
    drive::token_hash,
    express::{Finished, Lasting, view_within},
    facts::View,
    map_run::Change as MapRunChange,
    metrics::Metrics,
    node::{Node, Settings},
    patience::Patience,
    redrive::{NotRedrivable, RedriveError},
};

/// A running engine. Clones are one engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    /// The present life of the node.
    node: RwLock<Arc<Node>>,
    db: Db,
    settings: Arc<Settings>,
    metrics: Metrics,
    lasting: Lasting,
    is_stopped: CancellationToken,
}

/// What StartExecution asks for.
#[derive(Debug)]
pub struct StartRequest {
    /// Plain, of a version or of an alias.
    pub machine_arn: String,
    /// Checked by the caller; made up where absent.
    pub name: Option<String>,
    pub input: Payload,
    pub parent: Option<Parent>,
    pub trace_header: Option<String>,
    /// Names a child whose parent gave no name, the same at every try.
    pub child_id: Option<u128>,
}

/// Why an execution did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0}")]
    InvalidArn(String),
    #[error("the state machine does not exist")]
    MachineDoesNotExist,
    /// The ARN ends with a test case that the mock configuration does not have.
    #[error("{0}")]
    NoTestCase(String),
    #[error("the state machine is being deleted")]
    MachineDeleting,
    #[error("this operation is not supported by this type of state machine")]
    MachineTypeNotSupported,
    #[error("the name belongs to another execution")]
    NameTaken {
        by: ExecutionId,
        is_same_input: bool,
    },
    /// As many are open as may be. AWS's text.
    #[error(
        "The maximum number of running executions has been reached. Running executions must end or be \
         stopped before a new execution can be started."
    )]
    LimitExceeded,
    /// Too much waits for its commit: try again later.
    #[error("the server has as much work as it can hold")]
    Throttled,
    /// The node lost its lease, or is stopping: try again, maybe elsewhere.
    #[error("this node cannot start executions now")]
    Unavailable,
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What became of a task that somebody tried to end by its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEnd {
    Done,
    /// The task is over: TaskTimedOut.
    TimedOut,
    DoesNotExist,
    /// The token is none of this server's: InvalidToken.
    InvalidToken,
}

/// How the node stands, for whoever watches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// It owns shards, its lease holds, and it is not stopping.
    pub is_ready: bool,
    /// Days from today on that have a partition of the journal. At 0 nothing can start.
    pub journal_days_ahead: i64,
    /// How long ago the oldest execution closed that searches of this node's shards do not know yet.
    pub search_lag: Duration,
}

/// Why a worker got no answer to its question for a task.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// As many workers wait for a task of the activity as may. AWS's text.
    #[error(
        "The maximum number of workers concurrently polling for activity tasks has been reached."
    )]
    TooManyWorkers,
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// An Express execution as its log tells of it.
#[derive(Clone, Debug)]
pub struct Logged {
    pub row: store::express_log::Row,
    pub arn: String,
}

/// A task that an activity worker has taken.
#[derive(Clone, Debug)]
pub struct ActivityTask {
    pub token: String,
    pub input: String,
}

impl Engine {
    /// Registers a node of this process, takes what shards are free, and starts to work.
    pub async fn open(db: Db, settings: Settings) -> Result<Self, Fault> {
        let (settings, metrics) = (Arc::new(settings), Metrics::default());
        let lasting = Lasting::default();
        let begun = Node::begin(
            db.clone(),
            Arc::clone(&settings),
            metrics.clone(),
            lasting.clone(),
        );
        let node = begun.await?;
        let tracker = node.tracker.clone();
        let is_stopped = CancellationToken::new();
        let node = RwLock::new(node);
        let engine = Self(Arc::new(Inner {
            node,
            db,
            settings,
            metrics,
            lasting,
            is_stopped,
        }));
        tracker.spawn(engine.clone().live_on());
        Ok(engine)
    }

    /// Begins a new life of the node whenever its lease is lost.
    async fn live_on(self) {
        const PAUSE: Duration = Duration::from_secs(1);
        loop {
            let node = self.node();
            tokio::select! {
                biased;
                () = self.0.is_stopped.cancelled() => return,
                () = node.lost() => {}
            }
            loop {
                let inner = &self.0;
                let (settings, metrics) = (Arc::clone(&inner.settings), inner.metrics.clone());
                let lasting = inner.lasting.clone();
                match Node::begin(inner.db.clone(), settings, metrics, lasting).await {
                    Ok(node) => {
                        tracing::info!("this node has begun a new life");
                        let begun = Arc::clone(&node);
                        *inner.node.write().unwrap_or_else(PoisonError::into_inner) = node;
                        if inner.is_stopped.is_cancelled() {
                            // Who stopped the engine may have seen the life before.
                            begun.stop_node().await;
                            return;
                        }
                        break;
                    }
                    Err(fault) => tracing::warn!(%fault, "beginning anew is tried again"),
                }
                tokio::select! {
                    () = inner.is_stopped.cancelled() => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
    }

    pub(crate) fn node(&self) -> Arc<Node> {
        Arc::clone(&self.0.node.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Starts an execution and answers when that is durable.
    pub async fn start(&self, request: StartRequest) -> Result<View, StartError> {
        self.node().start(request).await
    }

    /// Runs an execution of an Express machine in this node's memory and answers when it has closed. It goes
    /// on when the caller goes away.
    pub async fn start_sync(&self, request: StartRequest) -> Result<Finished, StartError> {
        self.node().launch_sync(request).await?.finished().await
    }

    /// Of which type the machine is that an ARN names.
    pub async fn machine_type(&self, machine_arn: &str) -> Result<MachineType, StartError> {
        Ok(self.node().target(machine_arn).await?.revision.machine_type)
    }

    /// Starts an execution and waits at most `patience` for it to close. One of an Express machine runs as
    /// with [`Self::start_sync`]: what it says after that time, nobody hears.
    pub async fn start_and_wait(
        &self,
        request: StartRequest,
        patience: Duration,
    ) -> Result<View, StartError> {
        if self.machine_type(&request.machine_arn).await? == MachineType::Express {
            return view_within(self.node().launch_sync(request).await?, patience).await;
        }
        let (view, closing) = self.node().start_watched(request, true).await?;
        if view.closed.is_some() {
            return Ok(view);
        }
        let Some(closing) = closing else {
            // Another node has it.
            let waited = self.node().wait(view.facts.id, patience).await?;
            return Ok(waited.unwrap_or(view));
        };
        let patience = Patience::new(patience);
        match tokio::time::timeout(patience.left(), closing).await {
            Ok(Ok(closed)) => Ok(View {
                closed: Some(closed),
                ..view
            }),
            // This node let go of it: it goes on elsewhere, or here in a new life.
            Ok(Err(_)) => {
                let ended = self.wait(view.facts.id, patience.left()).await?;
                Ok(ended.unwrap_or(view))
            }
            Err(_) => Ok(view),
        }
    }

    /// The execution of that machine and name.
    pub async fn find(&self, machine: &str, name: &str) -> Result<Option<View>, Fault> {
        match self.find_id(machine, name).await? {
            Some(id) => {
                let view = self.node().view_of(id).await?;
                // An id names an execution only together with its own machine and name.
                Ok(view.filter(|view| {
                    *view.facts.identity.name == *name
                        && *view.facts.revision.machine_name == *machine
                }))
            }
            None => Ok(None),
        }
    }

    async fn find_id(&self, machine: &str, name: &str) -> Result<Option<ExecutionId>, Fault> {
        // A name that was made up is the id itself.
        if let Ok(id) = Uuid::try_parse(name)
            && id.get_version_num() == 7
        {
            let id = ExecutionId(id);
            if self.node().view_of(id).await?.is_some() {
                return Ok(Some(id));
            }
        }
        Ok(store::execution::by_name(&self.0.db, machine, name).await?)
    }

    /// An Express execution that has lines in the log.
    pub async fn logged(&self, id: ExecutionId) -> Result<Option<Logged>, Fault> {
        let Some(row) = store::express_log::get(&self.0.db, id).await? else {
            return Ok(None);
        };
        let names = &self.0.settings.names;
        let arn = names.express(&row.machine_name, &row.name, &id.to_string());
        Ok(Some(Logged { row, arn }))
    }

    pub async fn view(&self, id: ExecutionId) -> Result<Option<View>, Fault> {
        self.node().view_of(id).await
    }

    /// Waits at most `patience` for an execution to close; gives what it is then.
    pub async fn wait(&self, id: ExecutionId, patience: Duration) -> Result<Option<View>, Fault> {
        self.node().wait(id, patience).await
    }

    /// StopExecution. Gives the execution as it is once it has closed; one that had closed before
    /// is left as it is.
    pub async fn stop(&self, id: ExecutionId, error: StateError) -> Result<Option<View>, Fault> {
        self.node().stop(id, error).await
    }

    /// RedriveExecution: an execution that closed without success goes on from there. Answers with the
    /// time when that is durable. A request with the token of one that was done is not done again.
    pub async fn redrive(
        &self,
        id: ExecutionId,
        client_token: Option<&str>,
    ) -> Result<asl::Timestamp, RedriveError> {
        self.node().redrive(id, client_token).await
    }

    /// Why an execution cannot be redriven; nothing where it can.
    pub async fn not_redrivable(&self, view: &View) -> Result<Option<NotRedrivable>, Fault> {
        self.node().not_redrivable(view).await
    }

    /// At most `limit` lines of an execution's log after event `after`, in order.
    pub async fn logs(
        &self,
        id: ExecutionId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Line>, Fault> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let after = crate::drive::signed(after);
        Ok(store::event_log::page(&self.0.db, id, after, limit).await?)
    }

    /// The last line of an execution's log, and how many there are.
    pub async fn last_log(&self, id: ExecutionId) -> Result<Option<(Line, u64)>, Fault> {
        Ok(store::event_log::last(&self.0.db, id).await?)
    }

    /// SendTaskSuccess and SendTaskFailure.
    pub async fn end_task(
        &self,
        token: &str,
        result: Result<Payload, StateError>,
    ) -> Result<TaskEnd, Fault> {
        let Some(named) = Token::decode(token) else {
            return Ok(TaskEnd::InvalidToken);
        };
        let execution = ExecutionId(Uuid::from_bytes(named.execution));
        let attempt = named.attempt;
        let text = |text: Option<Arc<str>>| text.map(|text| text.to_string());
        let message = match result {
            Ok(output) => Message::TaskSucceeded {
                attempt,
                output: output.text().to_owned(),
            },
            Err(StateError { error, cause }) => Message::TaskFailed {
                attempt,
                error: text(error),
                cause: text(cause),
            },
        };
        let shard = self.node().shard_id_of(execution);
        let hash = token_hash(token);
        let ended =
            store::token::end(&self.0.db, execution, &hash, shard, &message.to_text()).await?;
        self.node().hint(shard);
        Ok(match ended {
            Ended::Done => TaskEnd::Done,
            Ended::TimedOut => TaskEnd::TimedOut,
            Ended::DoesNotExist => TaskEnd::DoesNotExist,
        })
    }

    /// SendTaskHeartbeat.
    pub async fn heartbeat(&self, token: &str) -> Result<TaskEnd, Fault> {
        let Some(named) = Token::decode(token) else {
            return Ok(TaskEnd::InvalidToken);
        };
        let execution = ExecutionId(Uuid::from_bytes(named.execution));
        let now = self.node().clock.now();
        let ended = store::token::heartbeat(&self.0.db, execution, &token_hash(token), now).await?;
        Ok(match ended {
            Ended::Done => TaskEnd::Done,
            Ended::TimedOut => TaskEnd::TimedOut,
            Ended::DoesNotExist => TaskEnd::DoesNotExist,
        })
    }

    /// GetActivityTask: a task of the activity, waiting at most `patience` for one.
    pub async fn activity_task(
        &self,
        activity: &str,
        worker: Option<&str>,
        patience: Duration,
    ) -> Result<Option<ActivityTask>, PollError> {
        self.node().activity_task(activity, worker, patience).await
    }

    /// How many workers wait for a task of the activity on this node.
    pub fn pollers(&self, activity: &str) -> u64 {
        self.node().activities.workers(activity)
    }

    /// DescribeMapRun: what its last committed step left.
    pub async fn map_run(&self, id: ExecutionId) -> Result<Option<store::map_run::MapRun>, Fault> {
        Ok(store::map_run::get(&self.0.db, id).await?)
    }

    /// How many of its items and children stand where, now.
    pub async fn map_run_counts(
        &self,
        run: &store::map_run::MapRun,
    ) -> Result<crate::counts::Both, Fault> {
        self.node().map_run_counts(run).await
    }

    /// How many items each child of a Map Run has, by its index.
    pub async fn map_run_batches(&self, run: ExecutionId) -> Result<Vec<u32>, Fault> {
        self.node().batch_sizes(run).await
    }

    /// The document that a Map Run's children execute.
    pub async fn child_document(&self, run: ExecutionId) -> Result<String, Fault> {
        let row = store::map_run::get(&self.0.db, run).await?;
        let row = row.ok_or_else(|| Fault::new(format!("there is no Map Run {}", run.0)))?;
        let origin = (row.machine_id, row.revision_id);
        let document = self.node().document_of(run, origin, &row.place).await?;
        Ok(document.to_text())
    }

    /// UpdateMapRun. Takes hold when the Map Run's node has read it; one that is closed stays as it is.
    pub async fn update_map_run(&self, id: ExecutionId, change: MapRunChange) -> Result<(), Fault> {
        let node = self.node();
        let message = Message::UpdateMapRun {
            concurrency: change.concurrency,
            tolerated_count: change.tolerated_count,
            tolerated_percentage: change.tolerated_percentage,
        };
        let shard = node.shard_id_of(id);
        store::inbox::put(&self.0.db, shard, id, &message.to_text()).await?;
        node.hint(shard);
        Ok(())
    }

    /// A machine was created, changed or deleted on this node.
    pub fn forget_machine(&self, name: &str) {
        self.node().targets.forget(name);
    }

    /// The time that this node goes by.
    pub fn now(&self) -> asl::Timestamp {
        self.node().clock.now()
    }

    /// Whether ARNs of starts may end with `#` and a test case.
    pub fn has_mocks(&self) -> bool {
        self.0.settings.mocks.is_some()
    }

    /// How many bytes an input or output may have.
    pub fn payload_bytes_max(&self) -> usize {
        self.0.settings.limits.payload_bytes_max
    }

    /// The buckets that Map Runs read from and write to.
    pub fn objects(&self) -> &objects::Objects {
        &self.0.settings.objects
    }

    /// Names the services that this server is itself, once it can answer for them.
    pub fn set_own_services(&self, own: std::collections::HashMap<String, Arc<dyn services::Own>>) {
        self.0.settings.services.set_own(own);
    }

    pub fn metrics(&self) -> &crate::metrics::Metrics {
        &self.0.metrics
    }

    /// Whether this node owns shards and its lease holds.
    pub fn is_ready(&self) -> bool {
        self.node().is_ready()
    }

    /// How it stands, asked of the database now.
    pub async fn health(&self) -> Result<Health, Fault> {
        let now = self.now();
        Ok(Health {
            is_ready: self.is_ready(),
            journal_days_ahead: store::partition::days_ahead(&self.0.db, now).await?,
            search_lag: self.node().search_lag(),
        })
    }

    /// Stops: no new work, what is in the commit queue is written, shards are handed over.
    pub async fn stop_node(&self) {
        self.0.is_stopped.cancel();
        self.node().stop_node().await;
    }

    /// Dies as a killed process does: nothing is written, handed over or answered any more.
    #[cfg(feature = "fault-points")]
    pub fn vanish(&self) {
        self.0.is_stopped.cancel();
        let node = self.node();
        node.lease_lost();
        node.express.halt.cancel();
        node.drained.cancel();
    }
}
