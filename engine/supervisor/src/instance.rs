//! One running instance: its launcher's process, its Runtime API, its log. It is told an event and says
//! what came of it; when, and whether at all, is the supervisor's business.

mod launch;
mod log;
mod runtime_api;

use std::sync::Arc;
use std::time::Duration;

use launcher::{Ended, Level, Plan};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::report::Log;
pub(crate) use launch::{LaunchFault, Launcher};
pub(crate) use runtime_api::{Event, Told};

/// A started instance, owned by whoever lets it work. Dropping it ends its whole process tree.
pub(crate) struct Instance {
    api: Arc<runtime_api::State>,
    told: mpsc::UnboundedReceiver<Told>,
    log: log::Reader,
    ended: watch::Receiver<Option<Ended>>,
    guardian: u32,
    pub(crate) level: Level,
    stop: CancellationToken,
}

/// What happened next.
#[derive(Debug)]
pub(crate) enum Happened {
    Told(Told),
    Ended(Ended),
}

impl Instance {
    pub(crate) async fn start(
        launcher: &Launcher,
        plan: &Plan,
        tracker: &TaskTracker,
    ) -> Result<Self, LaunchFault> {
        let started = launcher.start(plan).await?;
        let (telling, told) = mpsc::unbounded_channel();
        let api = Arc::new(runtime_api::State::new(telling));
        let stop = CancellationToken::new();
        tracker.spawn(runtime_api::serve(
            started.listener,
            Arc::clone(&api),
            stop.clone(),
        ));
        let log = log::Reader::start(started.output, tracker);
        let (ending, ended) = watch::channel(None);
        tracker.spawn(launch::follow(
            started.control,
            started.child,
            ending,
            stop.clone(),
        ));
        Ok(Self {
            api,
            told,
            log,
            ended,
            guardian: started.guardian,
            level: plan.level,
            stop,
        })
    }

    /// Gives it an event; it is fetched as soon as the function's runtime asks.
    pub(crate) fn offer(&self, event: Event) {
        self.api.offer(event);
    }

    /// Refuses an answer to that event from now on.
    pub(crate) fn withdraw(&self) {
        self.api.withdraw();
    }

    /// The next thing that it says, or its end. What was said before the end comes first.
    pub(crate) async fn next(&mut self) -> Happened {
        tokio::select! {
            biased;
            Some(told) = self.told.recv() => Happened::Told(told),
            ended = self.ended.wait_for(Option::is_some) => {
                Happened::Ended(ended.ok().and_then(|ended| *ended).unwrap_or(Ended::Signal(9)))
            }
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// What has been written to its log, up to now.
    pub(crate) async fn log(&mut self) -> &mut Log {
        self.log.read().await
    }

    /// The most memory that its processes have held, in bytes. Sums what each held at most.
    pub(crate) fn peak_memory_bytes(&self) -> u64 {
        launch::peak_memory_bytes(self.guardian)
    }

    /// Ends it and waits until nothing of it is left.
    pub(crate) async fn end(mut self, patience: Duration) {
        self.stop.cancel();
        let gone = self.ended.wait_for(Option::is_some);
        if tokio::time::timeout(patience, gone).await.is_err() {
            tracing::error!("an instance of a function did not end in time");
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
