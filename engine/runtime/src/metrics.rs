//! What the engine counts, under AWS's metric names in the words of Prometheus.

use asl::machine::Outcome;
use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};

#[derive(Clone, Debug, Default)]
pub struct Metrics {
    pub started: Counter,
    pub succeeded: Counter,
    pub failed: Counter,
    pub aborted: Counter,
    pub timed_out: Counter,
    pub throttled: Counter,
    /// Steps that were committed.
    pub steps: Counter,
    /// Commits, each of one batch.
    pub commits: Counter,
    /// Rows of the journal that were read to bring executions into memory.
    pub steps_loaded: Counter,
    pub snapshots_written: Counter,
    /// Snapshots that could not be read, so that the whole journal was.
    pub snapshots_refused: Counter,
    /// Steps whose events were not logged: too much waited, or the database did not take them.
    pub logs_dropped: Counter,
    /// Lines that log groups took.
    pub log_lines_sent: Counter,
    /// Lines that no log group took in time.
    pub log_lines_lost: Counter,
    /// Executions whose retention was over.
    pub forgotten: Counter,
    /// Partitions of the journal that were given back or replaced by smaller ones.
    pub partitions_retired: Counter,
    /// Starts that were put into another node's inbox.
    pub starts_sent: Counter,
    /// Open executions of the whole database, as this node knows them.
    pub open_executions: Gauge,
    /// Seconds since the oldest close that searches do not know yet.
    pub search_lag_seconds: Gauge,
    /// Days from today on that have a partition.
    pub journal_days_ahead: Gauge,
}

impl Metrics {
    pub fn register(&self, registry: &mut Registry) {
        let rows = [
            (
                "executions_started",
                "Executions that started (ExecutionsStarted)",
                &self.started,
            ),
            (
                "executions_succeeded",
                "Executions that succeeded (ExecutionsSucceeded)",
                &self.succeeded,
            ),
            (
                "executions_failed",
                "Executions that failed (ExecutionsFailed)",
                &self.failed,
            ),
            (
                "executions_aborted",
                "Executions that were stopped (ExecutionsAborted)",
                &self.aborted,
            ),
            (
                "executions_timed_out",
                "Executions that timed out (ExecutionsTimedOut)",
                &self.timed_out,
            ),
            (
                "executions_throttled",
                "Starts refused for load (ExecutionThrottled)",
                &self.throttled,
            ),
            (
                "steps_committed",
                "Steps that were made durable",
                &self.steps,
            ),
            ("commits", "Batches that were made durable", &self.commits),
            (
                "steps_loaded",
                "Steps that were read to bring executions into memory",
                &self.steps_loaded,
            ),
            (
                "logs_dropped",
                "Steps whose events were not logged: too much waited, or they could not be written",
                &self.logs_dropped,
            ),
            (
                "log_lines_sent",
                "Lines that log groups took, by this node",
                &self.log_lines_sent,
            ),
            (
                "log_lines_lost",
                "Lines that a log group refused, or did not take for a day",
                &self.log_lines_lost,
            ),
            (
                "snapshots_written",
                "Folded executions that were kept as they fell asleep",
                &self.snapshots_written,
            ),
            (
                "snapshots_refused",
                "Snapshots that could not be read and were left out",
                &self.snapshots_refused,
            ),
            (
                "executions_forgotten",
                "Executions removed after their retention, by this node",
                &self.forgotten,
            ),
            (
                "partitions_retired",
                "Partitions of the journal given back, by this node",
                &self.partitions_retired,
            ),
            (
                "executions_sent",
                "Executions that another node started for this one, which owns no shard",
                &self.starts_sent,
            ),
        ];
        for (name, help, counter) in rows {
            registry.register(format!("stepwright_{name}"), help, counter.clone());
        }
        let gauges = [
            (
                "open_executions",
                "Open executions of the whole database, by the last count (OpenExecutionCount)",
                &self.open_executions,
            ),
            (
                "search_lag_seconds",
                "Seconds since the oldest close that searches do not know yet",
                &self.search_lag_seconds,
            ),
            (
                "journal_days_ahead",
                "Days from today on that have a partition of the journal; at 0 nothing can start",
                &self.journal_days_ahead,
            ),
        ];
        for (name, help, gauge) in gauges {
            registry.register(format!("stepwright_{name}"), help, gauge.clone());
        }
    }

    pub(crate) fn closed(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Succeeded(_) => self.succeeded.inc(),
            Outcome::Failed(_) => self.failed.inc(),
            Outcome::Aborted(_) => self.aborted.inc(),
            Outcome::TimedOut(_) => self.timed_out.inc(),
        };
    }
}
