//! Writes the records of invocations behind them, as many at once as have gathered. A record that finds no
//! room, because the database is away for long, is counted and told, not waited for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use asl::Timestamp;
use store::db::Db;
use store::invocation::{self, Invocation};
use supervisor::{Ledger, Record};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Records that wait for the database.
const WAITING_MAX: usize = 10_000;
/// Records of one statement. Each may carry 256 KiB of log.
const BATCH_MAX: usize = 64;
/// How long the database is left alone after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// Tries of one batch before it is given up.
const TRIES_MAX: u32 = 60;

/// Where the supervisor's records go.
pub(crate) struct Books {
    writing: mpsc::Sender<Invocation>,
    lost: AtomicU64,
}

impl Books {
    /// Begins to write. It ends with the last record after this is dropped.
    pub(crate) fn open(db: Db, node: Uuid, tracker: &TaskTracker) -> Self {
        let (writing, waiting) = mpsc::channel(WAITING_MAX);
        tracker.spawn(write(db, node, waiting));
        Self {
            writing,
            lost: AtomicU64::new(0),
        }
    }
}

impl Ledger for Books {
    fn write(&self, record: Record) {
        if self.writing.try_send(row(record)).is_err() {
            let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::error!(lost, "a record of an invocation found no room");
        }
    }
}

async fn write(db: Db, node: Uuid, mut waiting: mpsc::Receiver<Invocation>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, BATCH_MAX).await > 0 {
        for number in 1..=TRIES_MAX {
            match invocation::write(&db, node, &batch).await {
                Ok(()) => break,
                Err(error) if number == TRIES_MAX => {
                    tracing::error!(%error, lost = batch.len(), "records of invocations could not be written");
                }
                Err(error) => {
                    tracing::warn!(%error, "records of invocations wait for the database");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        batch.clear();
    }
}

fn row(record: Record) -> Invocation {
    let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    let bytes = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Invocation {
        request_id: record.request_id.to_string(),
        name: record.name.to_string(),
        version: record.version.to_string(),
        execution_arn: record.execution_arn.map(|arn| arn.to_string()),
        queued_at: Timestamp(record.queued_at_us),
        init_us: record.init.map(micros),
        duration_us: micros(record.duration),
        memory_mb: i32::try_from(record.memory_mb).unwrap_or(i32::MAX),
        peak_memory_bytes: bytes(record.peak_memory_bytes),
        event_bytes: bytes(record.event_bytes),
        answer_bytes: bytes(record.answer_bytes),
        tries: i32::try_from(record.tries).unwrap_or(i32::MAX),
        outcome: record.outcome.to_owned(),
        level: record.level.name().to_owned(),
        log: record.log,
    }
}
