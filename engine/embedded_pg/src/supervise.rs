//! A server that runs: its address, its restart when it dies under us, its stop.
//!
//! One thread per server looks whether the postmaster lives. When it was killed, the thread waits
//! until its helpers are gone, starts it again, and PostgreSQL replays its log; clients see lost
//! connections in between, and nothing else is promised to them.

use std::path::Path;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cluster::Cluster;
use crate::find::Installation;
use crate::{occupants, socket};

/// How often the postmaster is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long to wait after a restart that failed before the next.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a stopping server is looked at.
const STEP: Duration = Duration::from_millis(5);

/// A private server, stopped when dropped.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    watcher: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    cluster: Cluster,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// Nothing while it is down. It is reaped only with the state locked, so that a number which is
    /// read from it under the lock is still its own.
    child: Option<Child>,
    is_stopping: bool,
    restarts: u32,
}

impl Running {
    pub(crate) fn supervise(cluster: Cluster, child: Child) -> Self {
        let state = State {
            child: Some(child),
            is_stopping: false,
            restarts: 0,
        };
        let shared = Arc::new(Shared {
            cluster,
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        let watched = Arc::clone(&shared);
        let watcher = std::thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || watched.watch())
            .inspect_err(|error| tracing::error!("PostgreSQL runs unwatched: {error}"))
            .ok();
        Running { shared, watcher }
    }

    /// The address of one database, as sqlx and libpq read it. The database may not exist yet, but
    /// for [`DATABASE`](crate::DATABASE).
    pub fn url(&self, database: &str) -> String {
        socket::url(self.shared.cluster.socket_dir(), database)
    }

    /// The folder of the socket, for clients that want host and port apart (the port is 5432).
    pub fn socket_dir(&self) -> &Path {
        self.shared.cluster.socket_dir()
    }

    /// The installation that runs it.
    pub fn installation(&self) -> &Installation {
        self.shared.cluster.installation()
    }

    /// The postmaster's process number, or nothing while it is being restarted.
    pub fn pid(&self) -> Option<u32> {
        self.shared.lock().child.as_ref().map(Child::id)
    }

    /// How often the server had to be started again since it was opened.
    pub fn restarts(&self) -> u32 {
        self.shared.lock().restarts
    }

    /// Waits until the server has been started again `count` times since it was opened; false if that
    /// does not happen within `patience`.
    pub fn wait_for_restart(&self, count: u32, patience: Duration) -> bool {
        let state = self.shared.lock();
        let waiting = |state: &mut State| state.restarts < count;
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, patience, waiting);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Ends sessions, writes what is in memory, ends the server and lets go of the folder.
    ///
    /// Dropping does the same.
    pub fn stop(self) {}
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.lock().is_stopping = true;
        self.shared.changed.notify_all();
        if let Some(watcher) = self.watcher.take() {
            // A panic over there was printed there, and the server is to be stopped all the same.
            drop(watcher.join());
        }
        self.shared.end();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole after every statement, so a panicking holder leaves nothing broken.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause<'s>(&self, state: MutexGuard<'s, State>, time: Duration) -> MutexGuard<'s, State> {
        self.changed
            .wait_timeout(state, time)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    /// Until the stop: look, and start again what has died.
    fn watch(&self) {
        let mut state = self.lock();
        while !state.is_stopping {
            match state.child.as_mut().map(Child::try_wait) {
                Some(Ok(None)) => {
                    state = self.pause(state, LOOK);
                    continue;
                }
                Some(Ok(Some(status))) => {
                    tracing::warn!("PostgreSQL ended under us ({status}); starting it again");
                }
                Some(Err(error)) => tracing::warn!("PostgreSQL cannot be watched: {error}"),
                None => {}
            }
            state.child = None;
            drop(state);
            let started = self.cluster.start();
            state = self.lock();
            match started {
                Ok(child) => {
                    state.child = Some(child);
                    state.restarts = state.restarts.saturating_add(1);
                    self.changed.notify_all();
                    tracing::info!("PostgreSQL is up again");
                }
                Err(error) => {
                    tracing::error!("PostgreSQL did not start again: {error}");
                    state = self.pause(state, PAUSE);
                }
            }
        }
    }

    /// Asks for a fast shutdown, and less politely when that takes too long.
    fn end(&self) {
        let mut state = self.lock();
        if let Some(mut child) = state.child.take() {
            let ways = [
                (Signal::SIGINT, self.cluster.options().stop_within),
                (Signal::SIGQUIT, Duration::from_secs(5)),
                (Signal::SIGKILL, Duration::from_secs(5)),
            ];
            for (signal, patience) in ways {
                if ended_within(&mut child, signal, patience) {
                    break;
                }
                tracing::warn!("PostgreSQL did not end within {patience:?} of {signal}");
            }
        }
        // After a clean end this finds nothing; after a hard one it waits for the helpers.
        if let Err(error) = occupants::evict(&self.cluster.data()) {
            tracing::error!(
                "stopping PostgreSQL in {}: {error}",
                self.cluster.dir().display()
            );
        }
        socket::remove_outside(self.cluster.socket_dir(), self.cluster.dir());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "waiting with a limit has no signal to wait for"
)]
fn ended_within(child: &mut Child, signal: Signal, patience: Duration) -> bool {
    if let Ok(pid) = i32::try_from(child.id()) {
        // It can only have ended already, which the loop finds out.
        let _ = kill(Pid::from_raw(pid), signal);
    }
    let mut left = patience;
    loop {
        // An error means that there is no such child: as good as ended.
        if !matches!(child.try_wait(), Ok(None)) {
            return true;
        }
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(STEP);
        left = left.saturating_sub(STEP);
    }
}
