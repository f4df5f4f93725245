//! How many executions may be open at once, over all nodes.
//!
//! Each node counts from the last look at the table: what it starts and closes itself it knows at
//! once, what others do with the next look. So with several nodes the limit may be passed by what the
//! others start in between.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::{
    Fault,
    engine::StartError,
    limits::OPEN_COUNT_TTL,
    metrics::Metrics,
    node::{Node, micros},
};

#[derive(Debug, Default)]
pub(crate) struct Admission {
    /// Microseconds of the node's clock at the last look.
    counted_at: AtomicI64,
    counting: tokio::sync::Mutex<()>,
    /// Executions that are counted and whose first step is not yet in the commit queue.
    entering: AtomicI64,
    /// Steps that ever came into the commit queue, and those of them whose outcome is known. While they
    /// differ, a look at the table and what this node knows may differ by as much.
    submitted: AtomicI64,
    settled: AtomicI64,
}

impl Admission {
    pub(crate) fn submitted(&self) {
        self.submitted.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn settled(&self) {
        self.settled.fetch_add(1, Ordering::Relaxed);
    }
}

/// An execution that is counted. Dropped, it is counted no longer: it did not begin.
pub(crate) struct Admitted<'a> {
    metrics: &'a Metrics,
    entering: &'a AtomicI64,
    has_begun: bool,
}

impl Admitted<'_> {
    /// It has begun: its close, or its refusal, takes it out again.
    pub(crate) fn stays(mut self) {
        self.has_begun = true;
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.entering.fetch_sub(1, Ordering::Relaxed);
        if !self.has_begun {
            self.metrics.open_executions.dec();
        }
    }
}

impl Node {
    /// Counts one execution more, where there may be one more.
    pub(crate) async fn admit(&self) -> Result<Admitted<'_>, StartError> {
        if self.is_full() {
            self.look_again().await?;
        }
        if self.is_full() {
            return Err(StartError::LimitExceeded);
        }
        let (metrics, entering) = (&self.metrics, &self.admission.entering);
        entering.fetch_add(1, Ordering::Relaxed);
        metrics.open_executions.inc();
        Ok(Admitted {
            metrics,
            entering,
            has_begun: false,
        })
    }

    fn is_full(&self) -> bool {
        let max = self.settings.open_executions_max;
        self.metrics.open_executions.get() >= i64::try_from(max).unwrap_or(i64::MAX)
    }

    /// Others may have closed some: looks at the table, but not for every caller.
    async fn look_again(&self) -> Result<(), Fault> {
        let _turn = self.admission.counting.lock().await;
        let last = self.admission.counted_at.load(Ordering::Relaxed);
        if self.clock.now().as_micros() - last < micros(OPEN_COUNT_TTL) {
            return Ok(());
        }
        self.count_open().await
    }

    /// Counts the open executions in the table. What this node knows is believed where the two differ
    /// by no more than what is on its way to the table.
    pub(crate) async fn count_open(&self) -> Result<(), Fault> {
        let Admission {
            counted_at,
            entering,
            submitted,
            settled,
            ..
        } = &self.admission;
        let settled = settled.load(Ordering::Relaxed);
        let entering = entering.load(Ordering::Relaxed);
        let max = self.settings.open_executions_max;
        let at_most = i64::try_from(max).unwrap_or(i64::MAX);
        let count = store::execution::open(&self.db, at_most).await?;
        let on_the_way = entering + submitted.load(Ordering::Relaxed) - settled;
        let known = self.metrics.open_executions.get();
        if (known - count).abs() > on_the_way {
            self.metrics.open_executions.set(count);
        }
        counted_at.store(self.clock.now().as_micros(), Ordering::Relaxed);
        Ok(())
    }
}
