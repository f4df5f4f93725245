//! Points around a commit where a test makes it fail, as a crash or a lost connection would.
//!
//! Without the feature `fault-points` there is nothing to arm and nothing is counted. The points
//! belong to one opened [`Db`](crate::db::Db), so that nodes in one process fail one by one.

/// Where a commit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// Nothing was sent.
    BeforeCommit,
    /// It was sent and it happened, but the answer is not known here.
    InDoubt,
    /// It happened and is known, and nothing was done about it yet.
    AfterCommit,
}

#[cfg(feature = "fault-points")]
pub use armed::{Action, Faults};
#[cfg(not(feature = "fault-points"))]
pub use harmless::Faults;

#[cfg(not(feature = "fault-points"))]
mod harmless {
    use super::Point;

    /// No faults.
    #[derive(Clone, Debug)]
    pub struct Faults;

    impl Faults {
        pub(crate) fn none() -> Self {
            Self
        }

        #[expect(clippy::unused_async, clippy::unused_self, reason = "as the armed one")]
        pub(crate) async fn reach(&self, _point: Point) -> Result<(), sqlx::Error> {
            Ok(())
        }
    }
}

#[cfg(feature = "fault-points")]
mod armed {
    use std::collections::HashMap;
    use std::future::pending;
    use std::io;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use tokio::sync::watch;

    use super::Point;

    /// What happens at a point.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Action {
        /// The connection is lost: the commit ends in doubt.
        Disconnect,
        /// The writer hangs for good, as if the process had died: nothing follows.
        Hang,
        /// The process ends at once.
        Abort,
    }

    /// What is armed, and how often each point was reached.
    #[derive(Clone, Debug)]
    pub struct Faults {
        state: Arc<Mutex<State>>,
        hung: Arc<watch::Sender<u64>>,
    }

    #[derive(Debug, Default)]
    struct State {
        reached: HashMap<Point, u64>,
        armed: HashMap<Point, (u64, Action)>,
    }

    impl Faults {
        pub(crate) fn none() -> Self {
            Self {
                state: Arc::default(),
                hung: Arc::new(watch::channel(0).0),
            }
        }

        /// Lets `skip` commits pass that point, and does `action` at the next, once.
        pub fn arm(&self, point: Point, skip: u64, action: Action) {
            let mut state = self.lock();
            let at = state.reached.get(&point).copied().unwrap_or(0) + skip + 1;
            state.armed.insert(point, (at, action));
        }

        /// How many commits have reached the point.
        pub fn reached(&self, point: Point) -> u64 {
            self.lock().reached.get(&point).copied().unwrap_or(0)
        }

        /// Waits until that many writers hang.
        pub async fn until_hung(&self, writers: u64) {
            let mut hung = self.hung.subscribe();
            // The sender is in self, so waiting cannot fail.
            drop(hung.wait_for(|count| *count >= writers).await);
        }

        pub(crate) async fn reach(&self, point: Point) -> Result<(), sqlx::Error> {
            let action = {
                let mut state = self.lock();
                let reached = state.reached.entry(point).or_insert(0);
                *reached += 1;
                let reached = *reached;
                match state.armed.get(&point) {
                    Some((at, action)) if *at == reached => {
                        let action = *action;
                        state.armed.remove(&point);
                        Some(action)
                    }
                    _ => None,
                }
            };
            match action {
                None => Ok(()),
                Some(Action::Disconnect) => Err(sqlx::Error::Io(io::Error::new(
                    io::ErrorKind::ConnectionReset,
                    "a test has cut the connection",
                ))),
                Some(Action::Hang) => {
                    self.hung.send_modify(|count| *count += 1);
                    pending().await
                }
                Some(Action::Abort) => std::process::abort(),
            }
        }

        fn lock(&self) -> MutexGuard<'_, State> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}
