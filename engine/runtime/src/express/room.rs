//! How many Express executions a node holds, and how much memory their data takes: beyond either bound a
//! start is refused, so that a burst costs its callers a second try and the node no memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, futures::Notified};

use crate::limits::{EXPRESS_BYTES_MAX, EXPRESS_RUNS_MAX};

#[derive(Debug, Default)]
pub(crate) struct Room {
    taken: Mutex<Taken>,
    /// Something was freed.
    freed: Notify,
}

#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    runs: usize,
    bytes: usize,
}

/// The room that one execution takes, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    room: Arc<Room>,
    bytes: usize,
    /// The most that it ever took.
    pub(super) bytes_max: usize,
}

impl Room {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for one more that begins with so many bytes; none where all is taken.
    pub(super) fn enter(self: &Arc<Self>, bytes: usize) -> Option<Place> {
        let mut taken = self.taken();
        if taken.runs >= EXPRESS_RUNS_MAX || taken.bytes.saturating_add(bytes) > EXPRESS_BYTES_MAX {
            return None;
        }
        taken.runs += 1;
        taken.bytes += bytes;
        Some(Place {
            room: Arc::clone(self),
            bytes,
            bytes_max: bytes,
        })
    }

    /// How many run.
    pub(crate) fn runs(&self) -> usize {
        self.taken().runs
    }

    /// Comes when something was freed after this was called.
    pub(super) fn freed(&self) -> Notified<'_> {
        self.freed.notified()
    }
}

impl Place {
    /// The execution's data has grown or shrunk. One that was let in may grow beyond what is left, up to
    /// its own limits: then nothing new is let in.
    pub(super) fn resize(&mut self, bytes: usize) {
        let mut taken = self.room.taken();
        taken.bytes = taken.bytes.saturating_sub(self.bytes).saturating_add(bytes);
        self.bytes = bytes;
        self.bytes_max = self.bytes_max.max(bytes);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        {
            let mut taken = self.room.taken();
            taken.runs = taken.runs.saturating_sub(1);
            taken.bytes = taken.bytes.saturating_sub(self.bytes);
        }
        self.room.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_in_number_and_in_bytes_and_given_back() {
        let room = Arc::new(Room::default());
        let mut first = room.enter(EXPRESS_BYTES_MAX - 10).unwrap();
        assert!(room.enter(11).is_none());
        let second = room.enter(10).unwrap();
        assert!(room.enter(1).is_none());
        first.resize(5);
        assert_eq!(first.bytes_max, EXPRESS_BYTES_MAX - 10);
        drop(second);
        assert_eq!(room.runs(), 1);
        let all: Vec<_> = std::iter::from_fn(|| room.enter(1)).collect();
        assert_eq!(all.len(), EXPRESS_RUNS_MAX - 1);
        drop((first, all));
        assert_eq!(room.runs(), 0);
        assert_eq!(room.taken().bytes, 0);
    }
}
