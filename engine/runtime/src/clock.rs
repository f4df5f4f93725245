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

/// Microseconds within which an answer of the database is taken to be as old as half of them.
const PROMPT: i64 = 100_000;

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

    /// Takes in the database's time, as it was at some moment between two of this clock. False where it
    /// is more than a second outside of what this clock says: then the node must not go on. An answer
    /// that took long, as on a busy machine, says little and moves little.
    pub fn measure(&self, before: Timestamp, database: Timestamp, after: Timestamp) -> bool {
        let database = database.as_micros() + self.skipped.load(Ordering::Relaxed);
        let (before, after) = (before.as_micros(), after.as_micros());
        let outside = database - database.clamp(before, after.max(before));
        if outside.abs() > JUMP_MAX {
            return false;
        }
        let error = if after - before > PROMPT {
            outside
        } else {
            database - (before + (after - before) / 2)
        };
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

#[cfg(test)]
mod tests {
    use super::{Clock, Timestamp};

    /// Whether a clock believes a database that says `database` milliseconds, asked and answered then.
    #[track_caller]
    fn check((before, database, after): (i64, i64, i64), believed: bool, moved_millis: i64) {
        let at = |millis: i64| Timestamp(1_700_000_000_000_000 + millis * 1000);
        let clock = Clock::new();
        clock.set(at(0));
        let was = clock.start();
        let answer = clock.measure(at(before), at(database), at(after));
        assert_eq!(answer, believed, "{before} {database} {after}");
        assert_eq!(
            (clock.start() - was) / 1000,
            moved_millis,
            "{before} {database} {after}"
        );
    }

    #[test]
    fn an_answer_that_took_long_is_no_jump_of_the_database() {
        // Asked, answered at once or late, with the reading early or late in between.
        check((0, 1, 2), true, 0);
        check((0, 501, 2), true, 50);
        check((0, -499, 2), true, -50);
        check((0, 10, 9_000), true, 0);
        check((0, 8_990, 9_000), true, 0);
        check((0, 9_500, 9_000), true, 50);
    }

    #[test]
    fn a_jump_of_over_a_second_is_not_believed() {
        check((0, 1_003, 2), false, 0);
        check((0, -1_001, 2), false, 0);
        check((0, 10_001, 9_000), false, 0);
        check((0, -1_001, 9_000), false, 0);
    }
}
