//! Time for the whole node: monotonic, and measured against the database's clock.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use asl::Timestamp;
use tokio::sync::Notify;

/// Gives instants that never fall on this node, close to the database's clock once it was measured.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    /// Microseconds since the epoch at `started`.
    offset: AtomicI64,
    /// Microseconds that a test has skipped: this clock is ahead of the database's by so much.
    skipped: AtomicI64,
    turned: Notify,
}

/// A jump of the offset beyond this, in microseconds, is not believed: work is refused instead.
const JUMP_MAX: i64 = 1_000_000;

impl Clock {
    /// A clock that starts at the system's time.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that others are given"
    )]
    pub fn new() -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let micros = i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX);
        Self {
            started: Instant::now(),
            offset: AtomicI64::new(micros),
            skipped: AtomicI64::new(0),
            turned: Notify::new(),
        }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.start().saturating_add(self.elapsed()))
    }

    /// The time at `started`.
    fn start(&self) -> i64 {
        let offset = self.offset.load(Ordering::Relaxed);
        offset.saturating_add(self.skipped.load(Ordering::Relaxed))
    }

    /// Lets time pass at once.
    #[cfg(feature = "fault-points")]
    pub(crate) fn skip(&self, micros: i64) {
        self.skipped.fetch_add(micros, Ordering::Relaxed);
        self.turned.notify_waiters();
    }

    /// Comes when time was skipped: whoever waits for a time by another clock looks again.
    pub(crate) async fn turned(&self) {
        self.turned.notified().await;
    }

    #[expect(clippy::disallowed_methods, reason = "see `new`")]
    fn elapsed(&self) -> i64 {
        i64::try_from(Instant::now().duration_since(self.started).as_micros()).unwrap_or(i64::MAX)
    }

    /// The monotonic instant at which `at` comes, for timers.
    pub fn instant(&self, at: Timestamp) -> Instant {
        let micros = at.as_micros().saturating_sub(self.start());
        self.started + std::time::Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// Starts from the database's time, before anything was timed by this clock.
    pub fn set(&self, database: Timestamp) {
        self.offset
            .store(database.as_micros() - self.elapsed(), Ordering::Relaxed);
    }

    /// Takes in the database's time, as it was between two moments of this clock. False where it
    /// is more than a second away from what this clock says: then the node must not go on.
    pub fn measure(&self, before: Timestamp, database: Timestamp, after: Timestamp) -> bool {
        let middle = before.as_micros() + (after.as_micros() - before.as_micros()) / 2;
        let error = database.as_micros() + self.skipped.load(Ordering::Relaxed) - middle;
        if error.abs() > JUMP_MAX {
            return false;
        }
        // Moves by at most a tenth of the error, so that time never seems to stand still.
        self.offset.fetch_add(error / 10, Ordering::Relaxed);
        true
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
