//! Reads what an instance writes to its outputs.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::unix::pipe;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use crate::report::Log;

/// What was read at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// A reader in the background, and what it has read.
pub(crate) struct Reader {
    arrived: Arc<Mutex<Vec<u8>>>,
    catch_up: mpsc::Sender<oneshot::Sender<()>>,
    log: Log,
}

/// The most that waits to be looked at, in bytes.
const WAITING_BYTES_MAX: usize = 4 << 20;

impl Reader {
    pub(crate) fn start(output: pipe::Receiver, tracker: &TaskTracker) -> Self {
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let (catch_up, asked) = mpsc::channel(1);
        tracker.spawn(read(output, Arc::clone(&arrived), asked));
        Self {
            arrived,
            catch_up,
            log: Log::default(),
        }
    }

    /// The log with everything that was written before this call.
    pub(crate) async fn read(&mut self) -> &mut Log {
        let (done, told) = oneshot::channel();
        if self.catch_up.send(done).await.is_ok() {
            // Where the reader has ended it has read everything.
            drop(told.await);
        }
        let bytes = std::mem::take(&mut *lock(&self.arrived));
        self.log.add(&bytes);
        &mut self.log
    }
}

async fn read(
    output: pipe::Receiver,
    arrived: Arc<Mutex<Vec<u8>>>,
    mut asked: mpsc::Receiver<oneshot::Sender<()>>,
) {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let asked = tokio::select! {
            ready = output.readable() => {
                if ready.is_err() {
                    return;
                }
                None
            }
            asked = asked.recv() => match asked {
                Some(asked) => Some(asked),
                // Nobody will look at it any more; the pipe is closed with this.
                None => return,
            }
        };
        let is_open = take(&output, &arrived, &mut chunk);
        if let Some(asked) = asked {
            asked.send(()).unwrap_or_default();
        }
        if !is_open {
            return;
        }
    }
}

/// Takes what is there; false at the end of the pipe.
fn take(output: &pipe::Receiver, arrived: &Mutex<Vec<u8>>, chunk: &mut [u8]) -> bool {
    loop {
        match output.try_read(chunk) {
            Ok(0) => return false,
            Ok(length) => {
                let mut arrived = lock(arrived);
                let bytes = chunk.get(..length).unwrap_or_default();
                // The log keeps less than this of one invocation, so the middle may go.
                if arrived.len() + length > WAITING_BYTES_MAX {
                    arrived.drain(WAITING_BYTES_MAX / 4..WAITING_BYTES_MAX / 2);
                }
                arrived.extend_from_slice(bytes);
            }
            Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }
}

fn lock(arrived: &Mutex<Vec<u8>>) -> std::sync::MutexGuard<'_, Vec<u8>> {
    arrived.lock().unwrap_or_else(PoisonError::into_inner)
}
