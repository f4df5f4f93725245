//! `stepwright serve`: starts everything in order, prints one address, and ends everything in order.

mod engine;
mod functions;
mod node_id;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use runtime::NodeId;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::database::Database;
use super::exit::{Exit, Failure};
use super::log;
use super::screen::{BOLD, Screen, paint};
use crate::app::{App, Parts, Shared};
use crate::clock;
use crate::live::Registrar;
use crate::router::router;
use crate::samples;
use crate::settings::{self, Flags, Settings};

/// How long calls that are under way may take to end by themselves before the engine stops.
const DRAIN: Duration = Duration::from_secs(3);
/// How long they then have to notice that it did.
const FAREWELL: Duration = Duration::from_secs(3);
/// How often the work beside requests is done.
const MAINTAIN: Duration = Duration::from_secs(5);

/// The stack of a thread. JSON nests up to 1,000 levels, as AWS's, and is read, written and compared
/// level by level; a level takes up to 5 KB in a debug build. Only what is used becomes memory.
const STACK_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    flags: Box<Flags>,
}

impl Serve {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let settings =
            settings::load(&self.flags).map_err(|error| Failure::of(Exit::Invalid, &error))?;
        log::begin(&settings.log)?;
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_stack_size(STACK_BYTES)
            .build()
            .map_err(|error| Failure::new(Exit::Broken, format!("starting: {error}")))?
            .block_on(serve(settings, screen))
    }
}

async fn serve(settings: Settings, screen: &mut Screen) -> Result<Exit, Failure> {
    let stop = Stop::listen()?;
    // Before the database, so that a taken address is told at once. Nobody is answered yet.
    let listener = bind(settings.listen).await?;
    let database = Database::open(&settings).await?;
    let result = run(&settings, &database, listener, stop, screen).await;
    database.close().await;
    result
}

async fn run(
    settings: &Settings,
    database: &Database,
    listener: TcpListener,
    stop: Stop,
    screen: &mut Screen,
) -> Result<Exit, Failure> {
    let listen = listener
        .local_addr()
        .map_err(|error| Failure::new(Exit::Broken, format!("listening: {error}")))?;
    let mut settings = settings.clone();
    settings.listen = listen;
    let node = node_id::of(&settings)?;
    let running = functions::open(&settings, database, node)?;
    let app = assemble(settings, database, node, &running).await?;
    let outcome = match app.access.check_listener().await {
        Ok(()) => answer(&app, listener, listen, stop, screen).await,
        Err(text) => Err(Failure::new(Exit::Invalid, text)),
    };
    app.engine.stop_node().await;
    running.stop().await;
    outcome
}

/// Everything that handlers share, on this database.
async fn assemble(
    settings: Settings,
    database: &Database,
    node: NodeId,
    running: &functions::Running,
) -> Result<Shared, Failure> {
    let (secrets, clock) = (Arc::clone(&running.secrets), clock::system());
    let db = database.db.clone();
    secrets
        .agree(&db, clock().to_chrono())
        .await
        .map_err(|error| broken(&error))?;
    let account = account(&settings);
    let (kept, time) = (Arc::clone(&secrets), Arc::clone(&clock));
    let registrar = Registrar::new(db.clone(), kept, time, &account);
    let supervisor = Arc::clone(&running.supervisor);
    registrar.run_code_with(Arc::clone(&supervisor));
    let parts = Parts {
        engine: engine::open(&settings, &db, &registrar, account, supervisor, node).await?,
        settings,
        db,
        registrar,
        secrets,
        clock,
    };
    App::open(parts).await.map_err(|error| broken(&error))
}

/// What this server's ARNs carry.
fn account(settings: &Settings) -> ::functions::Account {
    ::functions::Account {
        region: settings.region.as_str().into(),
        id: settings.account_id.as_str().into(),
    }
}

fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::of(Exit::Broken, error)
}

async fn answer(
    app: &Shared,
    listener: TcpListener,
    listen: SocketAddr,
    stop: Stop,
    screen: &mut Screen,
) -> Result<Exit, Failure> {
    let jobs = TaskTracker::new();
    jobs.spawn(maintain(Arc::clone(app)));
    let closing = CancellationToken::new();
    let service = router(Arc::clone(app)).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service)
        .with_graceful_shutdown(closing.clone().cancelled_owned())
        .into_future();
    let serving = jobs.spawn(serving);
    if app.settings.samples {
        let stop = closing.clone();
        samples::load(app, &jobs, stop)
            .await
            .map_err(|error| broken(&error))?;
    }
    announce(app, listen, screen)?;

    stop.wait().await;
    tracing::info!("stopping: no new calls are taken");
    closing.cancel();
    app.stopping.cancel();
    let ended = async {
        if let Ok(Err(error)) = serving.await {
            tracing::error!(%error, "serving ended");
        }
    };
    tokio::pin!(ended);
    if tokio::time::timeout(DRAIN, &mut ended).await.is_err() {
        app.engine.stop_node().await;
        if tokio::time::timeout(FAREWELL, &mut ended).await.is_err() {
            tracing::info!("calls that were still waiting are cut off");
        }
    }
    Ok(Exit::Done)
}

/// The one line that people and scripts look for.
fn announce(app: &App, listen: SocketAddr, screen: &mut Screen) -> Result<(), Failure> {
    let url = match &app.settings.base_url {
        Some(url) => url.as_str().to_owned(),
        // A browser can open this one, unlike 0.0.0.0.
        None if listen.ip().is_unspecified() => format!("http://localhost:{}", listen.port()),
        None => format!("http://{listen}"),
    };
    if screen.is_json() {
        screen.json(&serde_json::json!({ "url": url }))
    } else {
        screen.line(&format!("Stepwright is ready at {}", paint(BOLD, &url)))
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let failure = Failure::new(Exit::Broken, format!("cannot listen on {address}: {error}"));
        match error.kind() {
            std::io::ErrorKind::AddrInUse => failure.hint(
                "another program listens there; stop it, or choose another address with --listen",
            ),
            std::io::ErrorKind::AddrNotAvailable => failure
                .hint("this machine does not have that address; choose another with --listen"),
            _ => failure,
        }
    })
}

/// What is done beside requests, until the server stops.
async fn maintain(app: Shared) {
    let mut ticks = tokio::time::interval(MAINTAIN);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = app.access.maintain().await {
            tracing::warn!(%error, "noting the use of keys and removing old sessions");
        }
    }
}

/// The signals that end a server.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn listen() -> Result<Self, Failure> {
        let on = |kind| {
            signal(kind)
                .map_err(|error| Failure::new(Exit::Broken, format!("taking signals: {error}")))
        };
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
        })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
