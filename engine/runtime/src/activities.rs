//! Waking the workers that wait for a task of an activity on this node. Others poll the table.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

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
