//! What runs functions from their code on this node, made from the server's settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use runtime::NodeId;
use store::db::Db;
use supervisor::Supervisor;
use supervisor::interpreters::Search;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{account, broken};
use crate::access::Secrets;
use crate::cli::database::Database;
use crate::cli::exit::Failure;
use crate::cli::keys;
use crate::clock;
use crate::code::{Books, Shelf};
use crate::settings::Settings;

/// The folder, beside the sources, that `make runtimes` fills.
const PROJECT_CLIENTS: &str = ".tools/lambda-clients";

/// How often instances are looked at that have nothing to do.
const SWEEP: Duration = Duration::from_secs(1);
/// How often packages are looked at that no function has any more, and how long they stay.
const PACKAGES_SWEEP: Duration = Duration::from_hours(1);
const PACKAGES_KEPT: chrono::TimeDelta = chrono::TimeDelta::days(1);
/// How long records may take to reach the database at the end.
const RECORDS_TIME_MAX: Duration = Duration::from_secs(5);

/// The supervisor, and what has to end with it.
pub(super) struct Running {
    pub(super) supervisor: Arc<Supervisor>,
    pub(super) secrets: Arc<Secrets>,
    jobs: TaskTracker,
    stopping: CancellationToken,
    /// Let go at the end, so that the writing of records ends.
    books: Arc<Closing>,
}

pub(super) fn open(
    settings: &Settings,
    database: &Database,
    node: NodeId,
) -> Result<Running, Failure> {
    let secrets = keys::secrets(settings)?;
    let jobs = TaskTracker::new();
    let source = Shelf {
        db: database.db.clone(),
        secrets: Arc::clone(&secrets),
        account: account(settings),
    };
    let books = Arc::new(Closing::new(Books::open(
        database.db.clone(),
        node.0,
        &jobs,
    )));
    let program = program()?;
    let search = search(settings, &program);
    let limits = &settings.functions;
    let supervisor = Supervisor::open(supervisor::Settings {
        folder: settings.data.join("functions"),
        launcher: program,
        isolation: limits.isolation,
        concurrency_max: usize::try_from(limits.concurrency_max).unwrap_or(usize::MAX),
        idle_time_max: Duration::from_secs(limits.idle_seconds_max),
        search,
        endpoint: Some(format!("http://{}", settings.listen)),
        region: settings.region.as_str().to_owned(),
        source: Arc::new(source),
        ledger: Arc::clone(&books) as Arc<dyn supervisor::Ledger>,
        clock: clock::system(),
    })
    .map_err(|error| broken(&error))?;
    let looking = Arc::clone(&supervisor);
    jobs.spawn(async move {
        match looking.level().await {
            Ok(level) => {
                let interpreters = looking.interpreters().await;
                tracing::info!(
                    runtimes = interpreters.names().join(", "),
                    level = level.name(),
                    "functions run here"
                );
            }
            Err(why) => tracing::warn!("{why}"),
        }
    });
    let stopping = CancellationToken::new();
    jobs.spawn(sweep(Arc::clone(&supervisor), stopping.clone()));
    jobs.spawn(sweep_packages(database.db.clone(), stopping.clone()));
    Ok(Running {
        supervisor,
        secrets,
        jobs,
        stopping,
        books,
    })
}

impl Running {
    /// Ends every instance, and waits for the last record.
    pub(super) async fn stop(self) {
        self.supervisor.stop().await;
        self.stopping.cancel();
        self.books.close();
        self.jobs.close();
        if tokio::time::timeout(RECORDS_TIME_MAX, self.jobs.wait())
            .await
            .is_err()
        {
            tracing::error!("the last records of invocations could not be written in time");
        }
    }
}

async fn sweep(supervisor: Arc<Supervisor>, stopping: CancellationToken) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = ticks.tick() => supervisor.sweep(),
        }
    }
}

/// Removes packages that no function has had for a day. Every node does, since a second one finds nothing.
async fn sweep_packages(db: Db, stopping: CancellationToken) {
    let clock = clock::system();
    let mut ticks = tokio::time::interval(PACKAGES_SWEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let before = clock().to_chrono() - PACKAGES_KEPT;
        match store::deployed::sweep_packages(&db, before).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "packages that no function has were removed"),
            Err(error) => tracing::warn!(%error, "packages that no function has stay for now"),
        }
    }
}

/// This program, whose mode the launcher is. The path, since another build may replace the file.
fn program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| broken(&error))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the command line is where the environment is read"
)]
fn search(settings: &Settings, program: &Path) -> Search {
    let beside = program
        .ancestors()
        .map(|folder| folder.join(PROJECT_CLIENTS));
    let given = settings.functions.clients.clone();
    Search {
        path: std::env::var_os("PATH"),
        clients: match given {
            Some(folder) => vec![folder],
            None => beside.filter(|folder| folder.is_dir()).collect(),
        },
    }
}

/// Records go through until the server ends.
struct Closing(std::sync::Mutex<Option<Books>>);

impl Closing {
    fn new(books: Books) -> Self {
        Self(std::sync::Mutex::new(Some(books)))
    }

    fn close(&self) {
        drop(self.books().take());
    }

    fn books(&self) -> std::sync::MutexGuard<'_, Option<Books>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl supervisor::Ledger for Closing {
    fn write(&self, record: supervisor::Record) {
        if let Some(books) = &*self.books() {
            supervisor::Ledger::write(books, record);
        }
    }
}
