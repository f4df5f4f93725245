//! Waking the workers that wait for a task of an activity on this node. Others poll the table.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(crate) struct Activities(Mutex<HashMap<String, Arc<Notify>>>);

impl Activities {
    /// Comes when a task of the activity is opened here after this call.
    pub(crate) fn opened(&self, activity: &str) -> impl Future<Output = ()> + Send + use<> {
        let notify = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(waiting.entry(activity.to_owned()).or_default())
        };
        async move { notify.notified().await }
    }

    /// Tells one waiting worker; with none waiting, the next one comes through at once.
    pub(crate) fn tell(&self, activity: &str) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(notify) = waiting.get(activity) {
            notify.notify_one();
        }
    }

    /// Forgets activities for which nobody waits.
    pub(crate) fn tidy(&self) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, notify| Arc::strong_count(notify) > 1);
    }
}
