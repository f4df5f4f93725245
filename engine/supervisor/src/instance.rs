//! One running instance: its launcher's process, its Runtime API, its log. It is told an event and says
//! what came of it; when, and whether at all, is the supervisor's business.

mod launch;
mod log;
mod memory;
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
    ended: watch::Receiver<Option<Exit>>,
    guardian: u32,
    pub(crate) level: Level,
    /// The control group that bounds it.
    group: Option<String>,
    stop: CancellationToken,
    /// Its control group may be removed.
    released: CancellationToken,
}

/// How an instance came to its end.
#[derive(Clone, Debug)]
pub(crate) enum Exit {
    Ended(Ended),
    /// A layer of its isolation did not hold.
    NotStarted(String),
    NoProgram,
}

/// What happened next.
#[derive(Debug)]
pub(crate) enum Happened {
    Told(Told),
    Ended(Ended),
    NotStarted(String),
    NoProgram,
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
        let group = plan
            .sandbox
            .as_ref()
            .and_then(|sandbox| sandbox.group.as_ref());
        let group = group.map(|group| group.name.clone());
        let released = CancellationToken::new();
        if let Some(group) = group.clone() {
            let (ended, released) = (ended.clone(), released.clone());
            tracker.spawn(launch::clear(group, ended, released));
        }
        Ok(Self {
            api,
            told,
            log,
            ended,
            guardian: started.guardian,
            level: plan.level,
            group,
            stop,
            released,
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
                match ended.ok().and_then(|ended| ended.clone()) {
                    Some(Exit::Ended(ended)) => Happened::Ended(ended),
                    Some(Exit::NotStarted(why)) => Happened::NotStarted(why),
                    Some(Exit::NoProgram) => Happened::NoProgram,
                    None => Happened::Ended(Ended::Signal(9)),
                }
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

    /// The most memory that its processes have held together, in bytes. Without a control group, the sum of
    /// what each held at most.
    pub(crate) fn peak_memory_bytes(&self) -> u64 {
        let counted = self
            .group
            .as_deref()
            .and_then(launcher::group::peak_memory_bytes);
        counted.unwrap_or_else(|| memory::peak_bytes(self.guardian, self.level != Level::Process))
    }

    /// Where nothing but a look every now and then bounds its memory: what it holds now, in bytes.
    pub(crate) fn unbounded_memory_bytes(&self) -> Option<u64> {
        (self.level == Level::Nocgroup).then(|| memory::bytes(self.guardian))
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
        self.released.cancel();
    }
}
