//! One Express execution from its start to its close: a loop over what happens to it, in one job.
//!
//! Nothing waits for a commit here, so commands are carried out as soon as a step is done.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
};

use asl::{
    Timestamp,
    machine::{Command, Execution, Input, Invocation, Outcome, Step, Surroundings, Timer, advance},
};
use tokio::{sync::mpsc, task::AbortHandle};

use super::{Billing, Finished, room::Place, weight};
use crate::{
    Fault,
    dispatch::input_of,
    drive::may_take_long,
    facts::{Closed, Facts, status},
    node::Node,
    random::SystemRandom,
};

/// An execution that waits for something from outside, or has more to do than one step may.
pub(super) struct Run {
    node: Arc<Node>,
    facts: Arc<Facts>,
    execution: Execution,
    place: Place,
    timers: BinaryHeap<Reverse<(Timestamp, Timer)>>,
    calls: HashMap<u64, AbortHandle>,
    sender: mpsc::UnboundedSender<Input>,
    arrivals: mpsc::UnboundedReceiver<Input>,
    /// The last step left something undone.
    is_unfinished: bool,
    /// Its row is kept: if this node goes down, another runs it. Then this one must not.
    is_kept: bool,
    /// Something of it was logged.
    has_lines: bool,
    /// Steps until its data is weighed again.
    until_weighed: usize,
}

/// What came of a start.
pub(super) enum Begun {
    Closed(Finished),
    GoesOn(Box<Run>),
}

/// Why a run ended before its execution closed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// The node stops, or goes on in another life.
    #[error("the node lets go of it")]
    Halted,
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Starts an execution and works it off as far as it goes without the outside.
pub(super) fn begin(
    node: &Arc<Node>,
    facts: &Arc<Facts>,
    place: Place,
    is_kept: bool,
) -> Result<Begun, Fault> {
    let definition = Arc::clone(&facts.revision.definition);
    let mut execution = Execution::new(Arc::clone(&facts.identity), definition);
    let input = facts.input.clone();
    let mut has_lines = false;
    let commands = step(
        node,
        facts,
        &mut execution,
        Input::Start { input },
        &mut has_lines,
    )?;
    if let Some(outcome) = &execution.outcome {
        let finished = finished(node, facts, &execution, outcome.clone(), &place);
        return Ok(Begun::Closed(finished));
    }
    let (sender, arrivals) = mpsc::unbounded_channel();
    let mut run = Box::new(Run {
        node: Arc::clone(node),
        facts: Arc::clone(facts),
        execution,
        place,
        timers: BinaryHeap::new(),
        calls: HashMap::new(),
        sender,
        arrivals,
        is_unfinished: false,
        is_kept,
        has_lines,
        until_weighed: 0,
    });
    run.carry_out(commands);
    run.weigh();
    Ok(Begun::GoesOn(run))
}

#[expect(clippy::disallowed_methods, reason = "the run owns its execution")]
fn step(
    node: &Node,
    facts: &Arc<Facts>,
    execution: &mut Execution,
    input: Input,
    has_lines: &mut bool,
) -> Result<Vec<Command>, Fault> {
    let around = Surroundings {
        now: node.clock.now(),
        random: &mut SystemRandom,
        limits: &node.express.limits,
    };
    let Step {
        entries, commands, ..
    } = advance(execution, around, input)
        .map_err(|fault| Fault::new(format!("Express execution {}: {fault}", facts.id)))?;
    if !entries.is_empty() {
        let closed = execution.outcome.as_ref();
        let closed = closed.map(|outcome| (status(outcome), execution.last_at));
        node.log_express(facts, entries, closed, has_lines);
    }
    Ok(commands)
}

fn finished(
    node: &Node,
    facts: &Arc<Facts>,
    execution: &Execution,
    outcome: Outcome,
    place: &Place,
) -> Finished {
    node.metrics.closed(&outcome);
    let at = execution.last_at;
    let micros = at.as_micros() - facts.identity.started_at.as_micros();
    let duration_ms = u64::try_from(micros).unwrap_or(0).div_ceil(1_000);
    Finished {
        facts: Arc::clone(facts),
        closed: Arc::new(Closed { outcome, at }),
        billing: Billing::of(duration_ms, place.bytes_max),
    }
}

impl Run {
    /// Where its inputs are brought to.
    pub(super) fn outside(&self) -> mpsc::UnboundedSender<Input> {
        self.sender.clone()
    }

    /// Works it off until it has closed.
    pub(super) async fn to_end(self: Box<Self>) -> Result<Finished, RunError> {
        let mut run = self;
        let (halt, lost) = (run.node.express.halt.clone(), run.node.lost.clone());
        let is_kept = run.is_kept;
        loop {
            let input = tokio::select! {
                biased;
                () = halt.cancelled() => return Err(RunError::Halted),
                () = lost.cancelled(), if is_kept => return Err(RunError::Halted),
                input = run.next() => input,
            };
            if may_take_long(&run.execution.definition, &run.execution.input) {
                let node = Arc::clone(&run.node);
                let worked = node.compute(move || {
                    let done = run.take(input);
                    (run, done)
                });
                let (back, done) = worked.await.map_err(|_| RunError::Halted)?;
                run = back;
                done?;
            } else {
                run.take(input)?;
            }
            if let Some(outcome) = &run.execution.outcome {
                let (facts, outcome) = (&run.facts, outcome.clone());
                return Ok(finished(
                    &run.node,
                    facts,
                    &run.execution,
                    outcome,
                    &run.place,
                ));
            }
        }
    }

    /// What happens to it next: a timer that is due, what arrived, what was left undone; else it waits.
    async fn next(&mut self) -> Input {
        loop {
            if let Some(Reverse((at, timer))) = self.timers.peek().copied()
                && at <= self.node.clock.now()
            {
                self.timers.pop();
                return Input::TimerFired(timer);
            }
            if let Ok(input) = self.arrivals.try_recv() {
                return input;
            }
            if self.is_unfinished {
                self.is_unfinished = false;
                // Others come first.
                tokio::task::yield_now().await;
                return Input::Continue;
            }
            let due = self.timers.peek().map(|Reverse((at, _))| *at);
            let clock = &self.node.clock;
            tokio::select! {
                // The run holds a sender, so this waits and does not end.
                Some(input) = self.arrivals.recv() => return input,
                () = async {
                    match due {
                        Some(at) => tokio::time::sleep_until(clock.instant(at).into()).await,
                        None => std::future::pending().await,
                    }
                } => {}
            }
        }
    }

    fn take(&mut self, input: Input) -> Result<(), Fault> {
        let commands = step(
            &self.node,
            &self.facts,
            &mut self.execution,
            input,
            &mut self.has_lines,
        )?;
        self.carry_out(commands);
        match self.until_weighed.checked_sub(1) {
            Some(left) => self.until_weighed = left,
            None => self.weigh(),
        }
        Ok(())
    }

    /// Tells the node how much it holds. So seldom that it costs each step the same, however much there is.
    fn weigh(&mut self) {
        const PAYLOADS_A_STEP: usize = 16;
        let (bytes, payloads) = weight::of(&self.execution);
        self.place.resize(bytes);
        self.until_weighed = payloads / PAYLOADS_A_STEP;
    }

    fn carry_out(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::Invoke(invocation) => self.call(*invocation),
                Command::Cancel { attempt } => {
                    if let Some(call) = self.calls.remove(&attempt) {
                        call.abort();
                    }
                }
                Command::SetTimer { timer, due } => self.timers.push(Reverse((due, timer))),
                Command::Continue => self.is_unfinished = true,
                // Express machines have no activities and no distributed Maps: such a definition is refused.
                Command::Offer(_)
                | Command::StartMapRun(_)
                | Command::StopMapRun { .. }
                | Command::Closed(_) => {}
            }
        }
    }

    fn call(&mut self, invocation: Invocation) {
        let attempt = invocation.attempt;
        // Calls that have ended leave their handles; attempts only rise, so few are looked through.
        self.calls.retain(|_, call| !call.is_finished());
        let (node, facts) = (Arc::clone(&self.node), Arc::clone(&self.facts));
        let sender = self.sender.clone();
        let job = self.node.tracker.spawn(async move {
            let Ok(_place) = node.place_for(&invocation).await else {
                return;
            };
            let reply = node.call(&facts, &invocation).await;
            // A run that has ended does not mind.
            drop(sender.send(input_of(attempt, reply)));
        });
        self.calls.insert(attempt, job.abort_handle());
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.calls.values().for_each(AbortHandle::abort);
    }
}
