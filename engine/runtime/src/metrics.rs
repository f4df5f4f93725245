//! What the engine counts, under AWS's metric names in the words of Prometheus.

use asl::machine::Outcome;
use prometheus_client::{metrics::counter::Counter, registry::Registry};

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
        ];
        for (name, help, counter) in rows {
            registry.register(format!("stepwright_{name}"), help, counter.clone());
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
