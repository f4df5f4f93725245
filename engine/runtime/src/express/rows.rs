//! The rows of Express executions that somebody started without waiting: written together, many starts and
//! ends in one statement, by one writer. Nothing is held back to gather more.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use store::{
    express::{Start, WriteError, write},
    ids::ExecutionId,
};
use tokio::sync::{Notify, oneshot};

use crate::{
    Fault,
    engine::StartError,
    limits::{EXPRESS_BATCH_BYTES_MAX, EXPRESS_BATCH_MAX},
    node::Node,
};

/// Between two tries of a statement that the database did not take.
const RETRY_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// What waits to be written. The room for executions bounds it.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    waiting: Mutex<Batch>,
    filled: Notify,
    is_writing: AtomicBool,
}

#[derive(Debug, Default)]
struct Batch {
    starts: Vec<Waiting>,
    done: Vec<ExecutionId>,
}

/// A start, and who waits to hear that it is written.
#[derive(Debug)]
struct Waiting {
    start: Start,
    told: oneshot::Sender<Result<(), StartError>>,
}

impl Rows {
    fn waiting(&self) -> MutexGuard<'_, Batch> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The execution has closed: its row goes away behind.
    pub(super) fn done(&self, id: ExecutionId) {
        self.waiting().done.push(id);
        self.filled.notify_one();
    }

    /// Nothing waits and nothing is being written.
    pub(crate) fn is_idle(&self) -> bool {
        let waiting = self.waiting();
        waiting.starts.is_empty()
            && waiting.done.is_empty()
            && !self.is_writing.load(Ordering::Acquire)
    }

    async fn take(&self) -> Batch {
        loop {
            {
                let mut waiting = self.waiting();
                let batch = waiting.take();
                if !batch.is_empty() {
                    // Under the lock, so that nobody finds the rows idle in between.
                    self.is_writing.store(true, Ordering::Release);
                    return batch;
                }
            }
            self.filled.notified().await;
        }
    }
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.starts.is_empty() && self.done.is_empty()
    }

    /// What one statement takes of it.
    fn take(&mut self) -> Self {
        let mut bytes = 0;
        let fitting = self.starts.iter().take(EXPRESS_BATCH_MAX);
        let count = fitting
            .take_while(|waiting| {
                let fits = bytes < EXPRESS_BATCH_BYTES_MAX;
                bytes += waiting.start.input.len();
                fits
            })
            .count();
        let ends = self.done.len().min(EXPRESS_BATCH_MAX);
        Self {
            starts: self.starts.drain(..count).collect(),
            done: self.done.drain(..ends).collect(),
        }
    }
}

impl Node {
    /// Writes the row of a start and waits until it is durable.
    pub(super) async fn keep_start(&self, start: Start) -> Result<(), StartError> {
        let (told, written) = oneshot::channel();
        self.express
            .rows
            .waiting()
            .starts
            .push(Waiting { start, told });
        self.express.rows.filled.notify_one();
        tokio::select! {
            written = written => written.map_err(|_| StartError::Unavailable)?,
            () = self.lost.cancelled() => Err(StartError::Unavailable),
            () = self.drained.cancelled() => Err(StartError::Unavailable),
        }
    }

    /// Writes until the node stops or loses its lease.
    pub(crate) async fn write_express(self: Arc<Self>) {
        loop {
            let batch = tokio::select! {
                biased;
                () = self.lost.cancelled() => return,
                batch = self.express.rows.take() => batch,
                () = self.drained.cancelled() => return,
            };
            let written = self.write_batch(batch).await;
            self.express.rows.is_writing.store(false, Ordering::Release);
            if written.is_err() {
                tracing::error!(
                    "the lease of this node is lost: its Express executions begin anew elsewhere"
                );
                self.lease_lost();
                return;
            }
        }
    }

    /// Err where the lease is lost: who waits is told that by silence.
    async fn write_batch(&self, batch: Batch) -> Result<(), ()> {
        let (starts, told): (Vec<Start>, Vec<_>) = batch
            .starts
            .into_iter()
            .map(|waiting| (waiting.start, waiting.told))
            .unzip();
        match self.write_rows(&starts, &batch.done).await {
            Ok(()) => {
                for told in told {
                    // A caller that went away does not mind.
                    drop(told.send(Ok(())));
                }
                return Ok(());
            }
            Err(WriteError::LeaseLost) => return Err(()),
            Err(WriteError::Rejected(_) | WriteError::Database(_)) => {}
        }
        // One of them cannot be held: each by itself, so that the others are.
        self.write_rows(&[], &batch.done).await.map_err(|_| ())?;
        for (start, told) in starts.into_iter().zip(told) {
            let id = start.id;
            let answer = match self.write_rows(&[start], &[]).await {
                Ok(()) => Ok(()),
                Err(WriteError::LeaseLost) => return Err(()),
                Err(error @ (WriteError::Rejected(_) | WriteError::Database(_))) => {
                    let error = crate::writer::chain(&error);
                    Err(Fault::new(format!("keeping Express execution {id}: {error}")).into())
                }
            };
            drop(told.send(answer));
        }
        Ok(())
    }

    /// One statement, repeated until it is known to have happened: doing it again changes nothing.
    async fn write_rows(&self, starts: &[Start], done: &[ExecutionId]) -> Result<(), WriteError> {
        let life = (self.settings.node, self.incarnation);
        loop {
            match write(&self.db, life, starts, done).await {
                Err(error @ WriteError::Database(_)) => {
                    let error = crate::writer::chain(&error);
                    tracing::warn!(%error, "writing Express executions is tried again");
                }
                other => return other,
            }
            if self.is_lease_over() {
                return Err(WriteError::LeaseLost);
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
}
