//! Waking the workers that wait for a task of an activity on this node (others poll the table), and
//! failing tasks of activities that there are not.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use asl::{
    StateError,
    error::names,
    machine::{Input, Invocation, NO_ACTIVITY, history::Callee},
};
use store::ids::ExecutionId;
use tokio::sync::Notify;

use crate::{arrival::Arrival, node::Node};

#[derive(Debug, Default)]
pub(crate) struct Activities(Mutex<HashMap<String, Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    notify: Arc<Notify>,
    /// Workers that wait for a task of it here.
    workers: u64,
}

/// The place of a worker that waits, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    activities: &'a Activities,
    activity: &'a str,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(waiting) = self.activities.lock().get_mut(self.activity) {
            waiting.workers = waiting.workers.saturating_sub(1);
        }
    }
}

impl Activities {
    /// Comes when a task of the activity is opened here after this call.
    pub(crate) fn opened(&self, activity: &str) -> impl Future<Output = ()> + Send + use<> {
        let notify = {
            let mut waiting = self.lock();
            Arc::clone(&waiting.entry(activity.to_owned()).or_default().notify)
        };
        async move { notify.notified().await }
    }

    /// Tells one waiting worker; with none waiting, the next one comes through at once.
    pub(crate) fn tell(&self, activity: &str) {
        if let Some(waiting) = self.lock().get(activity) {
            waiting.notify.notify_one();
        }
    }

    /// A place for one more worker of the activity; nothing where `workers_max` wait.
    pub(crate) fn place<'a>(&'a self, activity: &'a str, workers_max: u64) -> Option<Place<'a>> {
        let mut all = self.lock();
        let waiting = all.entry(activity.to_owned()).or_default();
        if waiting.workers >= workers_max {
            return None;
        }
        waiting.workers += 1;
        Some(Place {
            activities: self,
            activity,
        })
    }

    pub(crate) fn workers(&self, activity: &str) -> u64 {
        self.lock()
            .get(activity)
            .map_or(0, |waiting| waiting.workers)
    }

    /// Forgets activities for which nobody waits.
    pub(crate) fn tidy(&self) {
        self.lock()
            .retain(|_, waiting| waiting.workers > 0 || Arc::strong_count(&waiting.notify) > 1);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node {
    /// Fails a task that no worker can ever take: looked at when it was opened, and when its execution is
    /// loaded while no worker has it.
    pub(crate) fn offer(self: &Arc<Self>, id: ExecutionId, invocation: Invocation) {
        let node = Arc::clone(self);
        self.tracker.spawn(async move {
            let Callee::Activity { arn } = &*invocation.callee else {
                return;
            };
            // By its name alone, as workers ask for tasks.
            let name = arn.rsplit(':').next().unwrap_or_default();
            match store::activity::get(&node.db, name).await {
                Ok(Some(_)) => {}
                Ok(None) => {
                    let error = StateError::new(names::RUNTIME, NO_ACTIVITY);
                    let (attempt, error) = (invocation.attempt, invocation.framed(error));
                    let input = Input::TaskFailed { attempt, error };
                    node.feed(id, Arrival::local(input));
                }
                // Asked again when the execution is loaded next; until then it waits for a worker.
                Err(error) => {
                    tracing::warn!(execution.id = %id, %error, "looking for a task's activity");
                }
            }
        });
    }
}
