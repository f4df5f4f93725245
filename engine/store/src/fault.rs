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
pub use armed::{Action, Faults, next_wakeup, silence};
#[cfg(not(feature = "fault-points"))]
pub use harmless::Faults;

#[cfg(not(feature = "fault-points"))]
mod harmless {
    use super::Point;
    use crate::commit::Item;

    /// No faults.
    #[derive(Clone, Debug)]
    pub struct Faults;

    impl Faults {
        pub(crate) fn none() -> Self {
            Self
        }

        #[expect(clippy::unused_async, clippy::unused_self, reason = "as the armed one")]
        pub(crate) async fn reach(&self, _: Point, _: &[Item]) -> Result<(), sqlx::Error> {
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

    use asl::Timestamp;
    use sqlx::PgExecutor;
    use tokio::sync::watch;
    use uuid::Uuid;

    use super::Point;
    use crate::commit::Item;
    use crate::ids::{ExecutionId, NodeId};

    /// What happens at a point.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Action {
        /// The connection is lost: the commit ends in doubt.
        Disconnect,
        /// The writer hangs for good, as if the process had died: nothing follows.
        Hang,
        /// The writer waits until the test lets it go on.
        Hold,
        /// The process ends at once.
        Abort,
    }

    /// What is armed, and how often each point was reached.
    #[derive(Clone, Debug)]
    pub struct Faults {
        state: Arc<Mutex<State>>,
        hung: Arc<watch::Sender<u64>>,
        /// How often something was done.
        done: Arc<watch::Sender<u64>>,
        may_go_on: Arc<watch::Sender<bool>>,
    }

    #[derive(Debug, Default)]
    struct State {
        reached: HashMap<Point, u64>,
        armed: HashMap<Point, (Trigger, Action)>,
        cut: Vec<(ExecutionId, i64)>,
    }

    /// Which commit an action is for.
    #[derive(Clone, Copy, Debug)]
    enum Trigger {
        /// By its number at the point.
        Number(u64),
        /// The one with that step of that execution.
        Step(ExecutionId, i64),
    }

    impl Faults {
        pub(crate) fn none() -> Self {
            Self {
                state: Arc::default(),
                hung: Arc::new(watch::channel(0).0),
                done: Arc::new(watch::channel(0).0),
                may_go_on: Arc::new(watch::channel(false).0),
            }
        }

        /// Lets `skip` commits pass that point, and does `action` at the next, once.
        pub fn arm(&self, point: Point, skip: u64, action: Action) {
            let mut state = self.lock();
            let at = state.reached.get(&point).copied().unwrap_or(0) + skip + 1;
            state.armed.insert(point, (Trigger::Number(at), action));
        }

        /// Does `action` at the commit with that step of the execution, once.
        pub fn arm_step(&self, point: Point, execution: ExecutionId, step: i64, action: Action) {
            let trigger = Trigger::Step(execution, step);
            self.lock().armed.insert(point, (trigger, action));
        }

        /// The steps of the commits at which something was done.
        pub fn cut(&self) -> Vec<(ExecutionId, i64)> {
            self.lock().cut.clone()
        }

        /// How many commits have reached the point.
        pub fn reached(&self, point: Point) -> u64 {
            self.lock().reached.get(&point).copied().unwrap_or(0)
        }

        /// Waits until something was done at a point so many times.
        pub async fn until_cut(&self, times: u64) {
            let mut done = self.done.subscribe();
            // The sender is in self, so waiting cannot fail.
            drop(done.wait_for(|count| *count >= times).await);
        }

        /// Lets writers go on that are held.
        pub fn let_go(&self) {
            self.may_go_on.send_replace(true);
        }

        /// Waits until that many writers hang.
        pub async fn until_hung(&self, writers: u64) {
            let mut hung = self.hung.subscribe();
            // The sender is in self, so waiting cannot fail.
            drop(hung.wait_for(|count| *count >= writers).await);
        }

        pub(crate) async fn reach(&self, point: Point, items: &[Item]) -> Result<(), sqlx::Error> {
            let action = {
                let mut state = self.lock();
                let reached = state.reached.entry(point).or_insert(0);
                *reached += 1;
                let reached = *reached;
                match state.armed.get(&point) {
                    Some((trigger, action)) if trigger.is_pulled(reached, items) => {
                        let action = *action;
                        state.armed.remove(&point);
                        state.cut.extend(steps_of(items));
                        Some(action)
                    }
                    _ => None,
                }
            };
            if action.is_some() {
                self.done.send_modify(|count| *count += 1);
            }
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
                Some(Action::Hold) => {
                    let mut may_go_on = self.may_go_on.subscribe();
                    // The sender is in self, so waiting cannot fail.
                    drop(may_go_on.wait_for(|may| *may).await);
                    Ok(())
                }
                Some(Action::Abort) => std::process::abort(),
            }
        }

        fn lock(&self) -> MutexGuard<'_, State> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
    /// When the next sleeper is due, but for those of `except`.
    pub async fn next_wakeup(
        db: impl PgExecutor<'_>,
        except: &[ExecutionId],
    ) -> Result<Option<Timestamp>, sqlx::Error> {
        let except: Vec<Uuid> = except.iter().map(|id| id.0).collect();
        let text = "SELECT (extract(epoch FROM min(due)) * 1000000)::int8 FROM wakeup
            WHERE execution_id <> ALL ($1)";
        let due: Option<i64> = sqlx::query_scalar(text).bind(&except).fetch_one(db).await?;
        Ok(due.map(Timestamp))
    }

    /// Makes the last heartbeat of a node an hour older than it is.
    pub async fn silence(db: impl PgExecutor<'_>, node: NodeId) -> Result<(), sqlx::Error> {
        let text = "UPDATE node_heartbeat SET at = at - interval '1 hour' WHERE node_id = $1";
        sqlx::query(text).bind(node.0).execute(db).await?;
        Ok(())
    }

    impl Trigger {
        fn is_pulled(&self, reached: u64, items: &[Item]) -> bool {
            match self {
                Self::Number(number) => *number == reached,
                Self::Step(execution, step) => {
                    steps_of(items).any(|found| found == (*execution, *step))
                }
            }
        }
    }

    fn steps_of(items: &[Item]) -> impl Iterator<Item = (ExecutionId, i64)> + '_ {
        items.iter().flat_map(|item| {
            let steps = item.steps.iter();
            steps.map(|step| (item.execution, step.number))
        })
    }
}
