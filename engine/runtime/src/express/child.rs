//! Express children of Map Runs: run as any other, but nobody is refused. One waits until there is room.

use std::sync::Arc;

use asl::{
    Timestamp,
    machine::{Input, Outcome},
};
use tokio::sync::mpsc;

use super::{
    Finished,
    run::{Begun, RunError},
};
use crate::{Fault, facts::Facts, limits::EXPRESS_RUN_BYTES, node::Node};

/// How a child ended.
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) at: Timestamp,
}

pub(crate) enum ChildRun {
    Ended(Ended),
    /// The node stops or has lost its lease: it did not end.
    Halted,
    Broken(Fault),
}

impl Node {
    /// Runs a child to its end; `can_be_stopped` is given what stops it, where it does not end at once.
    pub(crate) async fn run_child(
        self: &Arc<Self>,
        facts: &Arc<Facts>,
        can_be_stopped: impl FnOnce(mpsc::UnboundedSender<Input>),
    ) -> ChildRun {
        let bytes = facts.input.text().len() + EXPRESS_RUN_BYTES;
        let place = loop {
            let freed = self.express.room.freed();
            if let Some(place) = self.express.room.enter(bytes) {
                break place;
            }
            tokio::select! {
                () = freed => {}
                () = self.stopping.cancelled() => return ChildRun::Halted,
            }
        };
        if !self.may_act().await {
            return ChildRun::Halted;
        }
        self.metrics.started.inc();
        let ended = match self.begin_where_it_fits(facts, place, true).await {
            Ok(Begun::Closed(finished)) => Ok(finished),
            Ok(Begun::GoesOn(run)) => {
                can_be_stopped(run.outside());
                run.to_end().await
            }
            Err(error) => Err(error),
        };
        match ended {
            Ok(Finished { closed, .. }) => ChildRun::Ended(Ended {
                outcome: closed.outcome.clone(),
                at: closed.at,
            }),
            Err(RunError::Halted) => ChildRun::Halted,
            Err(RunError::Fault(fault)) => ChildRun::Broken(fault),
        }
    }
}
