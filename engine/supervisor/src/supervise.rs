//! The node's supervisor: finds or starts an instance for each invocation, holds it to its time, and
//! writes down what it was.

mod plan;
mod run;
mod trial;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use asl::Timestamp;
use bytes::Bytes;
use launcher::Level;
use tokio::sync::{OnceCell, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::code::Packages;
use crate::function::Deployed;
use crate::instance::{Instance, Launcher};
use crate::interpreters::{Interpreters, Search};
use crate::pool::{InstanceId, Pool, Throttle};
use crate::source::{Catalog, Ledger, Source, SourceError};
use crate::{age, limits};

/// What a supervisor is made with.
pub struct Settings {
    /// A folder of the node's own, for packages and the runtimes' files.
    pub folder: PathBuf,
    /// The program whose mode the launcher is: the server's own.
    pub launcher: PathBuf,
    /// The level to run functions at. Absent: the strongest one that holds on this machine, which is never
    /// [`Level::Process`].
    pub isolation: Option<Level>,
    /// Invocations at once on this node.
    pub concurrency_max: usize,
    pub idle_time_max: Duration,
    /// Where runtimes are looked for, once, in the background.
    pub search: Search,
    /// Where functions reach this server, for `AWS_ENDPOINT_URL`.
    pub endpoint: Option<String>,
    pub region: String,
    pub source: Arc<dyn Source>,
    pub ledger: Arc<dyn Ledger>,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// Runs functions on this node.
pub struct Supervisor {
    catalog: Catalog,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    launcher: Launcher,
    isolation: Option<Level>,
    /// The level that holds here, once it was tried.
    level: OnceCell<Result<Level, NoIsolation>>,
    interpreters: OnceLock<Interpreters>,
    search: Search,
    packages: Arc<Packages>,
    endpoint: Option<String>,
    region: String,
    bootstrap: PathBuf,
    /// An empty folder, where each instance mounts its root.
    root: PathBuf,
    /// The users that functions run as, by the functions' names.
    users: Mutex<HashMap<Arc<str>, u32>>,
    began: Instant,
    instances: Mutex<Instances>,
    tracker: TaskTracker,
    stopping: CancellationToken,
}

struct Instances {
    pool: Pool,
    idle: HashMap<InstanceId, Instance>,
}

/// One event for a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub function: Arc<Deployed>,
    /// JSON text.
    pub payload: Bytes,
    pub request_id: Arc<str>,
    /// JSON text of an object.
    pub client_context: Option<String>,
    pub execution_arn: Option<Arc<str>>,
    pub trace: Option<Arc<str>>,
    /// Which try it is, from 1.
    pub tries: u32,
}

/// How an invocation that took place ended.
#[derive(Clone, Debug)]
pub struct Done {
    /// The result, or the error as Lambda shows it.
    pub payload: Bytes,
    /// Whether it is an error, which Lambda's header calls `Unhandled`.
    pub is_error: bool,
    pub version: Arc<str>,
    /// The end of its log.
    pub log_tail: Vec<u8>,
    pub is_cold: bool,
    pub level: Level,
}

impl Done {
    /// The log's end in base64, as `LogType=Tail` returns it.
    pub fn log_result(&self) -> String {
        crate::invoker::tail(&self.log_tail)
    }
}

/// Why an invocation did not take place.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    #[error("Rate Exceeded.")]
    Throttled(Throttle),
    #[error("Request must be smaller than {max} bytes for the InvokeFunction operation", max = limits::EVENT_BYTES_MAX)]
    TooLarge,
    /// This node lacks what the function needs.
    #[error("{0}")]
    NotHere(String),
    #[error("the function's code is gone")]
    NoCode,
    #[error("{0}")]
    Unavailable(String),
}

/// No level that keeps functions apart holds here, and none that does not was asked for.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "this server cannot keep functions apart from its own files, so it runs no code ({0}); for code that you \
     trust, set functions.isolation = \"process\""
)]
pub struct NoIsolation(
    /// Which level was tried, and the layer of it that does not hold.
    pub String,
);

impl From<NoIsolation> for Refused {
    fn from(why: NoIsolation) -> Self {
        Self::NotHere(why.to_string())
    }
}

/// An invocation under way. It goes on when this is dropped.
pub struct Running(oneshot::Receiver<Result<Done, Refused>>);

impl Running {
    /// How it ended.
    pub async fn done(self) -> Result<Done, Refused> {
        self.0
            .await
            .unwrap_or_else(|_| Err(Refused::Unavailable("the server is stopping".to_owned())))
    }
}

/// A number that this process has not given before: names of unpacking folders, log streams and control groups
/// differ by it.
fn unique() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

impl Supervisor {
    /// Prepares the node's folder. Nothing runs until the first invocation. Blocks: files are written.
    pub fn open(settings: Settings) -> std::io::Result<Arc<Self>> {
        let bootstrap = settings.folder.join("runtimes").join("bootstrap.mjs");
        let code = settings.folder.join("code");
        std::fs::create_dir_all(&code)?;
        let root = settings.folder.join("root");
        std::fs::create_dir_all(&root)?;
        std::fs::create_dir_all(settings.folder.join("runtimes"))?;
        launcher::group::sweep();
        std::fs::write(&bootstrap, include_str!("node/bootstrap.mjs"))?;
        Ok(Arc::new(Self {
            catalog: Catalog::new(settings.source),
            ledger: settings.ledger,
            clock: settings.clock,
            launcher: Launcher {
                program: settings.launcher,
            },
            isolation: settings.isolation,
            level: OnceCell::new(),
            interpreters: OnceLock::new(),
            search: settings.search,
            packages: Arc::new(Packages::new(code)),
            endpoint: settings.endpoint,
            region: settings.region,
            bootstrap,
            root,
            users: Mutex::default(),
            began: age::now(),
            instances: Mutex::new(Instances {
                pool: Pool::new(settings.concurrency_max, settings.idle_time_max),
                idle: HashMap::new(),
            }),
            tracker: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }))
    }

    /// A function with code, as it is now or was up to a second ago.
    pub async fn find(
        &self,
        name: &Arc<str>,
        qualifier: Option<&Arc<str>>,
    ) -> Result<Option<Arc<Deployed>>, SourceError> {
        self.catalog.function(name, qualifier).await
    }

    /// What this node can run. The first to ask waits for some tenths of a second.
    pub async fn interpreters(self: &Arc<Self>) -> Interpreters {
        if let Some(found) = self.interpreters.get() {
            return found.clone();
        }
        let this = Arc::clone(self);
        let looking = tokio::task::spawn_blocking(move || {
            let found = || Interpreters::find(&this.search);
            this.interpreters.get_or_init(found).clone()
        });
        looking.await.unwrap_or_default()
    }

    /// How strongly this node keeps functions apart, or why it runs none. The first to ask waits until that was
    /// tried.
    pub async fn level(self: &Arc<Self>) -> Result<Level, NoIsolation> {
        let trying = self.level.get_or_init(|| trial::strongest(self));
        trying.await.clone()
    }

    /// The user of a function. With more functions than users some share one, each still in namespaces and a
    /// root of its own.
    fn user_of(&self, name: &Arc<str>) -> u32 {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = u32::try_from(users.len()).unwrap_or(u32::MAX);
        let count = limits::USERS.end - limits::USERS.start;
        *users
            .entry(Arc::clone(name))
            .or_insert_with(|| limits::USERS.start + taken % count)
    }

    /// Starts an invocation, which goes on whatever becomes of the caller.
    pub fn invoke(self: &Arc<Self>, invocation: Invocation) -> Running {
        let (ended, running) = oneshot::channel();
        let this = Arc::clone(self);
        self.tracker.spawn(async move {
            let result = run::run(&this, invocation).await;
            // A caller that has left does not hear it; it is in the records.
            drop(ended.send(result));
        });
        Running(running)
    }

    /// Forgets what is known of a function that was changed, and ends its idle instances.
    pub fn forget(&self, name: &str) {
        self.catalog.forget(name);
        let mut instances = self.lock();
        let retired = instances.pool.retire(name, None);
        self.let_go(&mut instances, &retired);
    }

    /// Ends what has been idle for too long; to be called now and then.
    pub fn sweep(&self) {
        let now = age::now() - self.began;
        let mut instances = self.lock();
        let dead = instances.idle.iter().filter(|(_, each)| each.has_ended());
        let dead: Vec<_> = dead.map(|(id, _)| *id).collect();
        for id in &dead {
            instances.pool.remove(*id);
        }
        let old = instances.pool.expired(now);
        self.let_go(&mut instances, &dead);
        self.let_go(&mut instances, &old);
    }

    /// Instances that work, and all of them.
    pub fn counts(&self) -> (usize, usize) {
        self.lock().pool.counts()
    }

    /// Ends every instance and waits until nothing is left. Invocations under way are cut off.
    pub async fn stop(&self) {
        self.stopping.cancel();
        {
            let mut instances = self.lock();
            let all = instances.pool.retire_all();
            self.let_go(&mut instances, &all);
        }
        self.tracker.close();
        let patience = limits::END_TIME_MAX * 2;
        if tokio::time::timeout(patience, self.tracker.wait())
            .await
            .is_err()
        {
            tracing::error!("instances of functions did not end in time");
        }
    }

    /// Ends idle instances in the background; the pool has forgotten them already.
    fn let_go(&self, instances: &mut Instances, ids: &[InstanceId]) {
        for id in ids {
            if let Some(instance) = instances.idle.remove(id) {
                self.tracker.spawn(instance.end(limits::END_TIME_MAX * 2));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Instances> {
        self.instances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
