//! What one node at a time does for all: partitions made ahead, closed executions forgotten after their
//! retention, the journal's old partitions given back.
//!
//! A turn does a bounded amount and the next goes on from there. Whatever is broken off, by a lost
//! lease or by a kill, is found and ended by whoever holds the lease next: every part looks at the
//! tables and remembers nothing that matters. Time comes from the caller.

use std::time::Duration;

use asl::Timestamp;
use store::{
    db::Db,
    ids::{ExecutionId, NodeId},
    retention::Place,
};

use crate::{metrics::Metrics, writer::chain};

/// The lease under which it is done. Longer than three turns, so that its holder keeps it.
const LEASE_NAME: &str = "maintenance";
const LEASE: Duration = Duration::from_mins(3);

/// Executions that one batch of a sweep looks at, and batches of a turn.
const SWEEP_ROWS: i64 = 1_000;
const SWEEP_BATCHES: usize = 20;

/// Exchanges and drops of partitions in a turn: each waits for the journal a few seconds at most.
const EXCHANGES_MAX: usize = 4;

/// Where the journal could not be had, the next try is so many minutes later, doubled each time.
const RETIRE_PAUSE_MIN: i64 = 1;
const RETIRE_PAUSE_MAX: i64 = 60;

/// Names of commits of dead nodes that a turn deletes.
const COMMITS_ROWS: i64 = 10_000;

/// With fewer days of partitions than this something has kept them from being made for a week.
const DAYS_AHEAD_MIN: i64 = 7;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// What a turn did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tended {
    /// Whether this node holds the lease; if not, nothing was done.
    pub is_holder: bool,
    /// Partitions of the journal that were made ahead.
    pub partitions_made: usize,
    /// Executions that were forgotten.
    pub forgotten: u64,
    /// Express executions whose log was forgotten.
    pub logs_forgotten: u64,
    /// Partitions of the journal that are gone.
    pub retired: Vec<String>,
    /// Partitions that were in use all the time; tried again later.
    pub busy: Vec<String>,
    /// Whether everything up to the retention is done.
    pub is_done: bool,
}

/// Looks after the tables whenever it is given a turn and holds the lease.
pub struct Caretaker {
    db: Db,
    node: NodeId,
    retention_days: u64,
    metrics: Metrics,
    sweep: Sweep,
    retirement: Retirement,
}

/// A walk over all that has started before the cutoff.
#[derive(Default)]
struct Sweep {
    /// The cutoff of the walk that is under way, and where it goes on.
    cutoff: Option<Timestamp>,
    after: Option<ExecutionId>,
    /// Everything that closed before this is forgotten.
    done_to: Option<Timestamp>,
}

/// The partitions change once a day, when a day of starts is older than the retention.
#[derive(Default)]
struct Retirement {
    from: Option<Place>,
    /// The day, counted from 1970, up to which partitions are retired.
    done_to_day: Option<i64>,
    is_any_busy: bool,
    not_before: Option<Timestamp>,
    pause_minutes: i64,
}

impl Retirement {
    /// Takes in how far a call came. A pass that found the journal in use all the time is repeated, but
    /// not soon.
    fn settle(&mut self, now: Timestamp, day: i64, next: Option<Place>, is_busy: bool) {
        self.from = next;
        self.is_any_busy |= is_busy;
        if next.is_some() {
            return;
        }
        if self.is_any_busy {
            let doubled = self.pause_minutes.saturating_mul(2);
            self.pause_minutes = doubled.clamp(RETIRE_PAUSE_MIN, RETIRE_PAUSE_MAX);
            self.not_before = Some(now.plus_seconds(self.pause_minutes * 60));
            self.is_any_busy = false;
        } else {
            *self = Self {
                done_to_day: Some(day),
                ..Self::default()
            };
        }
    }
}

impl Caretaker {
    pub fn new(db: Db, node: NodeId, retention_days: u64, metrics: Metrics) -> Self {
        Self {
            db,
            node,
            retention_days,
            metrics,
            sweep: Sweep::default(),
            retirement: Retirement::default(),
        }
    }

    /// One turn at the time `now`. What fails is logged and tried again at the next.
    pub async fn turn(&mut self, now: Timestamp) -> Tended {
        let mut tended = Tended::default();
        match store::lease::hold(&self.db, LEASE_NAME, self.node, LEASE).await {
            Ok(true) => tended.is_holder = true,
            Ok(false) => {
                // Another node does it; if this one is asked again it begins anew.
                self.sweep = Sweep::default();
                self.retirement = Retirement::default();
                return tended;
            }
            Err(error) => {
                tracing::warn!(error = %chain(&error), "taking the lease of the maintenance");
                return tended;
            }
        }
        match store::partition::make_ahead(&self.db, now).await {
            Ok(made) => tended.partitions_made = made,
            Err(error) => tracing::error!(error = %chain(&error), "making partitions ahead"),
        }
        if let Err(error) = store::machine::finish_deletions(&self.db, now.to_chrono()).await {
            tracing::warn!(error = %chain(&error), "finishing deletions of machines");
        }
        let dead_before = now.plus_seconds(-DAY_SECONDS);
        let forgetting = store::commit::forget_dead(&self.db, dead_before, COMMITS_ROWS);
        if let Err(error) = forgetting.await {
            tracing::warn!(error = %chain(&error), "forgetting commits of nodes that are gone");
        }
        if let Err(error) = self.sweep(now, &mut tended).await {
            tracing::warn!(error = %chain(&error), "forgetting executions is tried again");
            return tended;
        }
        if let Err(error) = self.retire(now, &mut tended).await {
            tracing::warn!(error = %chain(&error), "retiring partitions is tried again");
        }
        tended
    }

    /// Days from today on that have a partition, as everybody sees them; tells where they are few.
    pub async fn look_ahead(&self, now: Timestamp) {
        match store::partition::days_ahead(&self.db, now).await {
            Ok(days) => {
                self.metrics.journal_days_ahead.set(days);
                if days < DAYS_AHEAD_MIN {
                    tracing::error!(
                        days,
                        "partitions of the journal are missing; without today's nothing can start"
                    );
                }
            }
            Err(error) => tracing::warn!(error = %chain(&error), "looking at the partitions"),
        }
    }

    fn cutoff(&self, now: Timestamp) -> Timestamp {
        let days = i64::try_from(self.retention_days).unwrap_or(i64::MAX);
        now.plus_seconds(days.saturating_mul(-DAY_SECONDS))
    }

    async fn sweep(&mut self, now: Timestamp, tended: &mut Tended) -> Result<(), store::Error> {
        let cutoff = match self.sweep.cutoff {
            Some(cutoff) => cutoff,
            None => self.cutoff(now),
        };
        self.sweep.cutoff = Some(cutoff);
        for _ in 0..SWEEP_BATCHES {
            let gone = store::express_log::sweep(&self.db, cutoff, SWEEP_ROWS).await?;
            tended.logs_forgotten += gone;
            if gone < SWEEP_ROWS.unsigned_abs() {
                break;
            }
        }
        for _ in 0..SWEEP_BATCHES {
            let after = self.sweep.after;
            let swept = store::retention::sweep(&self.db, cutoff, after, SWEEP_ROWS).await?;
            tended.forgotten += swept.executions;
            self.metrics.forgotten.inc_by(swept.executions);
            self.sweep.after = swept.next;
            if swept.next.is_none() {
                // After their children, which are read through them.
                store::retention::sweep_map_runs(&self.db, cutoff, SWEEP_ROWS).await?;
                self.sweep.cutoff = None;
                self.sweep.done_to = Some(cutoff);
                break;
            }
        }
        Ok(())
    }

    async fn retire(&mut self, now: Timestamp, tended: &mut Tended) -> Result<(), store::Error> {
        let Some(cutoff) = self.sweep.done_to else {
            return Ok(());
        };
        let state = &mut self.retirement;
        let day = cutoff.as_millis().div_euclid(DAY_SECONDS * 1000);
        if state.done_to_day >= Some(day) {
            tended.is_done = self.sweep.cutoff.is_none();
            return Ok(());
        }
        if state.not_before.is_some_and(|time| now < time) {
            return Ok(());
        }
        let retiring = store::retention::retire(&self.db, cutoff, state.from, EXCHANGES_MAX);
        let Some(retired) = retiring.await? else {
            // A session that was broken off is not yet gone.
            return Ok(());
        };
        state.settle(now, day, retired.next, !retired.busy.is_empty());
        tended.is_done = state.done_to_day >= Some(day) && self.sweep.cutoff.is_none();
        self.metrics
            .partitions_retired
            .inc_by(u64::try_from(retired.tables.len()).unwrap_or(0));
        if !retired.tables.is_empty() || !retired.busy.is_empty() {
            tracing::info!(
                retired = retired.tables.len(),
                rows_kept = retired.rows_kept,
                busy = retired.busy.len(),
                "partitions of the journal were retired"
            );
        }
        tended.retired = retired.tables;
        tended.busy = retired.busy;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_that_is_in_use_is_tried_less_and_less_often() {
        let start = Timestamp::from_millis(1_700_000_000_000);
        let mut state = Retirement::default();
        let mut pauses = Vec::new();
        for _ in 0..8 {
            state.settle(start, 5, None, true);
            let until = state.not_before.map_or(0, Timestamp::as_millis);
            pauses.push((until - start.as_millis()) / 60_000);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(state.done_to_day, None);
        state.settle(start, 5, None, false);
        assert_eq!((state.done_to_day, state.not_before), (Some(5), None));
        state.settle(start, 6, None, true);
        assert_eq!(state.not_before, Some(start.plus_seconds(60)));
    }
}
