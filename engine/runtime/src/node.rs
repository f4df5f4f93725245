//! A node: the shards that it owns, its lease on them, and the background jobs that keep both.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use asl::query::Random;
use functions::{HttpTasks, IdempotencyToken, Invoker};
use services::Services;
use store::{
    commit::Fence,
    db::Db,
    ids::{ExecutionId, Incarnation, NodeId, ShardId},
    lease::ShardMap,
};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Fault,
    activities::Activities,
    admission::Admission,
    catalog::Catalog,
    clock::Clock,
    express::{Express, Lasting},
    inbox::Inbox,
    limits::{
        ACTIVITY_POLLERS_MAX, CALLS_MAX, EXPRESS_DRAIN, LEASE, LEASE_MARGIN, LOADS_MAX,
        OPEN_EXECUTIONS_MAX, REDRIVABLE_DAYS, RETENTION_DAYS, SNAPSHOT_WRITES_MAX, START_PATIENCE,
        computes_max,
    },
    logs,
    map_run::express::Children,
    metrics::Metrics,
    mocks::Mocks,
    names::Names,
    patience::Patience,
    queue::Queue,
    random::SystemRandom,
    recent::Recent,
    search::Behind,
    shard::Shard,
    target::Targets,
    timers::Timers,
};

/// What an engine is made of.
pub struct Settings {
    pub names: Names,
    pub limits: asl::machine::Limits,
    pub invoker: Arc<dyn Invoker>,
    pub http: HttpTasks,
    /// What service integrations call; without endpoints until it is replaced.
    pub services: Arc<Services>,
    /// Stands in for a token that could not be spelled; never used with ids of ours.
    pub(crate) nameless_token: IdempotencyToken,
    /// A node that keeps its id takes its own shards back at once when it comes again.
    pub node: NodeId,
    /// Where others reach this node; shown to operators.
    pub address: String,
    /// How long the node may be silent before its shards go to others.
    pub lease: Duration,
    /// Executions that may be open at once, on all nodes together.
    pub open_executions_max: u64,
    /// Workers that may wait for a task of one activity at once, on this node.
    pub activity_pollers_max: u64,
    /// The buckets that Map Runs read from and write to.
    pub objects: objects::Objects,
    /// What stands in for calls of executions that are started with a test case.
    pub mocks: Option<Arc<Mocks>>,
    /// How many days closed executions are kept, counted from their close.
    pub retention_days: u64,
    /// How many days after its close an execution can be redriven.
    pub redrivable_days: u64,
}

impl Settings {
    pub fn new(
        names: Names,
        invoker: Arc<dyn Invoker>,
        http: HttpTasks,
        node: NodeId,
    ) -> Result<Self, Fault> {
        let nameless_token = IdempotencyToken::new("none")
            .map_err(|error| Fault::new(format!("making a token: {error}")))?;
        let services = Services::new(services::Settings::default())
            .map_err(|error| Fault::new(format!("setting up the HTTP client: {error}")))?;
        let limits = asl::machine::Limits::default();
        let (address, lease) = (String::new(), LEASE);
        Ok(Self {
            names,
            limits,
            invoker,
            http,
            services: Arc::new(services),
            nameless_token,
            node,
            address,
            lease,
            open_executions_max: OPEN_EXECUTIONS_MAX,
            activity_pollers_max: ACTIVITY_POLLERS_MAX,
            objects: objects::Objects::folder("buckets"),
            mocks: None,
            retention_days: RETENTION_DAYS,
            redrivable_days: REDRIVABLE_DAYS,
        })
    }
}

/// Where a new execution may begin.
pub(crate) enum Place {
    Here(Arc<Shard>),
    /// In the shard of another node.
    Elsewhere(ShardId),
}

pub(crate) struct Node {
    pub(crate) settings: Arc<Settings>,
    pub(crate) db: Db,
    /// For the lease alone, so that its renewal waits behind nobody.
    pub(crate) lease_db: Db,
    pub(crate) clock: Clock,
    pub(crate) map: ShardMap,
    pub(crate) slots: HashMap<ShardId, Vec<u16>>,
    pub(crate) catalog: Catalog,
    pub(crate) targets: Targets,
    pub(crate) express: Express,
    /// Express children of Map Runs that are here.
    pub(crate) express_children: Children,
    pub(crate) queue: Queue,
    pub(crate) timers: Timers,
    pub(crate) recent: Recent,
    pub(crate) activities: Activities,
    pub(crate) inbox: Inbox,
    pub(crate) search: Behind,
    pub(crate) admission: Admission,
    pub(crate) logs: logs::Behind,
    pub(crate) metrics: Metrics,
    pub(crate) calls: Semaphore,
    pub(crate) loads: Semaphore,
    pub(crate) computes: Semaphore,
    pub(crate) snapshot_writes: Arc<Semaphore>,
    pub(crate) tracker: TaskTracker,
    /// No new work.
    pub(crate) stopping: CancellationToken,
    /// Nothing left to write.
    pub(crate) drained: CancellationToken,
    /// The lease is lost.
    pub(crate) lost: CancellationToken,
    pub(crate) shards: RwLock<HashMap<ShardId, Arc<Shard>>>,
    /// The set of owned shards has changed.
    pub(crate) changed: Notify,
    pub(crate) turn: AtomicUsize,
    pub(crate) incarnation: Incarnation,
    pub(crate) seq: AtomicI64,
    /// Microseconds of this node's clock until which its lease holds.
    pub(crate) lease_until: AtomicI64,
}

impl Node {
    /// Begins a life of the node: registers it, takes what shards are free, and starts to work.
    pub(crate) async fn begin(
        db: Db,
        settings: Arc<Settings>,
        metrics: Metrics,
        lasting: Lasting,
    ) -> Result<Arc<Self>, Fault> {
        let clock = Clock::new();
        let (node_id, lease) = (settings.node, settings.lease);
        let registered = store::lease::register(&db, node_id, &settings.address, lease).await?;
        clock.set(registered.now);
        store::partition::make_ahead(&db, registered.now).await?;
        let map = store::lease::shard_map(&db).await?;
        let slots = map
            .owners
            .iter()
            .map(|(shard, _)| (*shard, map.slots_of(*shard)))
            .collect();
        let (effects, followed) = mpsc::unbounded_channel();
        let node = Arc::new(Node {
            turn: AtomicUsize::new(0),
            lost: CancellationToken::new(),
            map,
            slots,
            catalog: Catalog::default(),
            targets: Targets::default(),
            express: Express::new(&settings.limits, lasting),
            express_children: Children::default(),
            settings,
            queue: Queue::default(),
            timers: Timers::default(),
            recent: Recent::default(),
            activities: Activities::default(),
            inbox: Inbox::default(),
            search: Behind::default(),
            admission: Admission::default(),
            logs: logs::Behind::default(),
            metrics,
            calls: Semaphore::new(CALLS_MAX),
            loads: Semaphore::new(LOADS_MAX),
            computes: Semaphore::new(computes_max()),
            snapshot_writes: Arc::new(Semaphore::new(SNAPSHOT_WRITES_MAX)),
            tracker: TaskTracker::new(),
            stopping: CancellationToken::new(),
            drained: CancellationToken::new(),
            shards: RwLock::new(HashMap::new()),
            changed: Notify::new(),
            incarnation: registered.incarnation,
            seq: AtomicI64::new(0),
            lease_until: AtomicI64::new(clock.now().plus_micros(micros(lease)).as_micros()),
            clock,
            lease_db: db.reserved(),
            db: db.clone(),
        });
        node.count_open().await?;
        node.adopt_free().await?;
        let tracker = node.tracker.clone();
        let writer = store::commit::Writer::new(db);
        tracker.spawn(Arc::clone(&node).write(writer, effects));
        tracker.spawn(Arc::clone(&node).follow(followed));
        tracker.spawn(Arc::clone(&node).keep_lease());
        tracker.spawn(Arc::clone(&node).run_timers());
        tracker.spawn(Arc::clone(&node).wake_sleepers());
        tracker.spawn(Arc::clone(&node).read_inbox());
        tracker.spawn(Arc::clone(&node).listen());
        tracker.spawn(Arc::clone(&node).maintain());
        tracker.spawn(Arc::clone(&node).write_logs());
        tracker.spawn(Arc::clone(&node).write_express());
        tracker.spawn(Arc::clone(&node).write_express_logs());
        tracker.spawn(Arc::clone(&node).run_left_express());
        if node.settings.services.is_configured(logs::groups::SERVICE) {
            tracker.spawn(Arc::clone(&node).send_logs());
        }
        Ok(node)
    }

    pub(crate) fn shard(&self, id: ShardId) -> Option<Arc<Shard>> {
        self.shards
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned()
    }

    /// The shard of an execution, where this node owns it.
    pub(crate) fn shard_of(&self, id: ExecutionId) -> Option<Arc<Shard>> {
        self.shard(self.shard_id_of(id))
    }

    pub(crate) fn shard_id_of(&self, id: ExecutionId) -> ShardId {
        self.map.shard_of(id.slot())
    }

    /// A slot of the shard for a new execution.
    pub(crate) fn slot_in(&self, shard: ShardId) -> u16 {
        let slots = self.slots.get(&shard).map_or(&[][..], Vec::as_slice);
        let at = usize::try_from(SystemRandom.below(slots.len() as u64)).unwrap_or(0);
        slots.get(at).copied().unwrap_or(0)
    }

    /// Whether this is the shard as this node owns it now, not one that it gave away.
    pub(crate) fn owns(&self, shard: &Arc<Shard>) -> bool {
        self.shard(shard.id)
            .is_some_and(|owned| Arc::ptr_eq(&owned, shard))
    }

    pub(crate) fn owned_shards(&self) -> Vec<ShardId> {
        self.shards
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .keys()
            .copied()
            .collect()
    }

    /// A shard for a new execution: one of this node's, else any that a node owns. Where there is
    /// none it waits a moment.
    pub(crate) async fn place_for_start(&self) -> Result<Option<Place>, Fault> {
        const POLL: Duration = Duration::from_millis(200);
        let patience = Patience::new(START_PATIENCE);
        loop {
            let changed = self.changed.notified();
            if self.stopping.is_cancelled() || !self.may_act().await {
                return Ok(None);
            }
            let shard = {
                let shards = self.shards.read().unwrap_or_else(PoisonError::into_inner);
                let count = shards.len().max(1);
                let at = self.turn.fetch_add(1, Ordering::Relaxed) % count;
                shards.values().nth(at).cloned()
            };
            if let Some(shard) = shard {
                return Ok(Some(Place::Here(shard)));
            }
            if let Some(shard) = self.shard_elsewhere().await? {
                return Ok(Some(Place::Elsewhere(shard)));
            }
            if patience.is_over() {
                return Ok(None);
            }
            // Nobody owns any: the answer may change with or without this node.
            drop(tokio::time::timeout(POLL, changed).await);
        }
    }

    /// The name of the next commit.
    pub(crate) fn next_fence(&self) -> Fence {
        Fence {
            node: self.settings.node,
            incarnation: self.incarnation,
            seq: self.seq.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }

    /// Whether this node may no longer act: its lease has nearly run out by its own clock.
    pub(crate) fn is_lease_over(&self) -> bool {
        let left = self.lease_until.load(Ordering::Relaxed) - self.clock.now().as_micros();
        left < micros(LEASE_MARGIN)
    }

    /// Waits until the lease is sure enough to act on it; false where it is lost for good.
    pub(crate) async fn may_act(&self) -> bool {
        const POLL: Duration = Duration::from_millis(20);
        while self.is_lease_over() {
            tokio::select! {
                () = self.lost.cancelled() => return false,
                () = tokio::time::sleep(POLL) => {}
            }
        }
        true
    }

    pub(crate) fn is_ready(&self) -> bool {
        !self.stopping.is_cancelled() && !self.is_lease_over() && !self.owned_shards().is_empty()
    }

    /// The lease is lost: nothing of what is in memory is true any more.
    pub(crate) fn lease_lost(&self) {
        self.lease_until.store(0, Ordering::Relaxed);
        self.lost.cancel();
        self.stopping.cancel();
        self.shards
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.timers.clear();
        self.inbox.clear();
        self.queue.close();
    }

    /// Comes when the lease is lost: the node then begins a new life.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    pub(crate) async fn stop_node(&self) {
        const PATIENCE: Duration = Duration::from_secs(10);
        self.stopping.cancel();
        // While the lease is kept, so that what has a row is not run elsewhere as well.
        self.express.drained(Patience::new(EXPRESS_DRAIN)).await;
        self.express.halt.cancel();
        let patience = Patience::new(PATIENCE);
        let is_busy = || {
            let shards = self.shards.read().unwrap_or_else(PoisonError::into_inner);
            shards.values().any(|shard| shard.is_busy())
        };
        while is_busy() && !patience.is_over() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for id in self.owned_shards() {
            if let Some(shard) = self.shard(id) {
                shard.abandon();
            }
        }
        self.drained.cancel();
        self.queue.close();
        if !self.lost.is_cancelled() {
            let stopped = store::lease::stop(&self.db, self.settings.node, self.incarnation).await;
            if let Err(error) = stopped {
                tracing::warn!(error = %crate::writer::chain(&error), "giving the shards back");
            }
        }
    }
}

pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
