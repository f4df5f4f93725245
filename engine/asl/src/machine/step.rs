//! Moving an execution on: an input is taken in, then every thread runs until it needs the outside.
//!
//! Deciding reads the execution; each decision is an entry, and applying the entry is the only
//! change. One file per state type has what that state decides.

use std::sync::Arc;

use super::{
    CloseTask, Command, Entry, Event, Execution, Fault, Input, OpenTask, Outcome, Step, Timer,
    context::Extra,
    data::Scene,
    execution::{MapRunning, Position, ThreadId, Visit},
    fold,
    history::{Detail, Note},
    standing::execution_timer,
    token::Token,
};
use crate::{
    definition::{Kind, State, StateType},
    error::{StateError, names},
    payload::Payload,
    query::Random,
    time::Timestamp,
};

/// How much an execution may do. Defaults are AWS's quotas, or what keeps a node responsive.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a state's input or output.
    pub payload_bytes_max: usize,
    /// Bytes of all variables of an execution. A state assigns no more than a payload's bytes.
    pub variables_bytes_max: usize,
    /// Events of an execution.
    pub events_max: u64,
    /// Seconds from the start until an execution times out, whatever its definition says.
    pub execution_seconds_max: u64,
    /// Iterations of an inline Map that run at once.
    pub concurrency_max: u64,
    /// Events after which a step ends, so that a loop cannot starve the others of its shard.
    pub step_events_max: usize,
    /// Bytes of payloads after which a step ends, so that a row stays small.
    pub step_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            payload_bytes_max: 262_144,
            variables_bytes_max: 10 * 1024 * 1024,
            events_max: 25_000,
            execution_seconds_max: 365 * 24 * 60 * 60,
            concurrency_max: 40,
            step_events_max: 512,
            step_bytes_max: 512 * 1024,
        }
    }
}

/// What the core is given by the world: the time, chance and the limits in force.
pub struct Surroundings<'a> {
    pub now: Timestamp,
    pub random: &'a mut dyn Random,
    pub limits: &'a Limits,
}

/// Moves `execution` on by one input. The step is empty where the input concerns nothing that is
/// still going on; it ends with [`Command::Continue`] where there was more to do than one step may.
///
/// # Errors
/// A fault is an invariant of ours that does not hold; the execution is then not to be used again.
pub fn advance<'a>(
    execution: &'a mut Execution,
    around: Surroundings<'a>,
    input: Input,
) -> Result<Step, Fault> {
    let mut stepper = Stepper::new(execution, around);
    if stepper.execution.is_closed() {
        return Ok(stepper.step);
    }
    let taken = stepper.take(input);
    stepper.run_on(taken)
}

/// Why deciding stops short.
pub(super) enum Halt {
    Fault(Fault),
    /// The history is full: the execution fails with its last event.
    EventsExhausted,
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// An execution in the middle of a step.
pub(super) struct Stepper<'a> {
    pub(super) execution: &'a mut Execution,
    pub(super) at: Timestamp,
    pub(super) random: &'a mut dyn Random,
    pub(super) limits: &'a Limits,
    step: Step,
    bytes: usize,
}

impl<'a> Stepper<'a> {
    pub(super) fn new(execution: &'a mut Execution, around: Surroundings<'a>) -> Self {
        let Surroundings {
            now,
            random,
            limits,
        } = around;
        Self {
            at: now.max(execution.last_at),
            execution,
            random,
            limits,
            step: Step::default(),
            bytes: 0,
        }
    }

    /// Runs on after something was taken in, and makes the step of it.
    pub(super) fn run_on(mut self, taken: Result<(), Halt>) -> Result<Step, Fault> {
        match taken.and_then(|()| self.run()) {
            Ok(()) => {}
            Err(Halt::Fault(fault)) => return Err(fault),
            Err(Halt::EventsExhausted) => self.exhaust()?,
        }
        Ok(self.finish())
    }
}

impl Stepper<'_> {
    /// Records an event and applies it.
    pub(super) fn emit(
        &mut self,
        thread: ThreadId,
        previous: u64,
        detail: Detail,
    ) -> Result<u64, Halt> {
        let id = self.execution.last_event + 1;
        if id >= self.limits.events_max && !detail.is_terminal() {
            return Err(Halt::EventsExhausted);
        }
        if matches!(detail, Detail::StateExited { .. }) {
            // What failed before it was caught or tolerated.
            self.step.failed_state = None;
        }
        self.bytes += new_bytes(&detail);
        let entry = Entry::Event(Event {
            id,
            previous,
            at: self.at,
            thread,
            detail,
        });
        fold::apply(self.execution, &entry)?;
        self.step.entries.push(entry);
        Ok(id)
    }

    /// Records a private note and applies it.
    pub(super) fn note(&mut self, note: Note) -> Result<(), Halt> {
        let entry = Entry::Note(note);
        fold::apply(self.execution, &entry)?;
        self.step.entries.push(entry);
        Ok(())
    }

    pub(super) fn command(&mut self, command: Command) {
        self.step.commands.push(command);
    }

    pub(super) fn open_task(&mut self, task: OpenTask) {
        self.step.opened.push(task);
    }

    pub(super) fn close_task(&mut self, task: CloseTask) {
        self.step.closed.push(task);
    }

    pub(super) fn commands_mut(&mut self) -> &mut Vec<Command> {
        &mut self.step.commands
    }

    /// The token of the task that is scheduled next.
    pub(super) fn token(&self, attempt: u64, nonce: u128) -> String {
        Token {
            execution: self.execution.identity.id,
            attempt,
            nonce,
        }
        .encode()
    }

    /// A payload from outside may be another execution's too, or have been part of a step that was
    /// given up: this execution gets one of its own, so that its home is in its own journal.
    fn take(&mut self, input: Input) -> Result<(), Halt> {
        match input {
            Input::Start { input } => self.start(input.detached()),
            Input::Rerun { input, rerun } => {
                let is_new = self.execution.last_event == 0;
                self.start(input.detached())?;
                if is_new {
                    self.begin_rerun(&rerun)
                } else {
                    Ok(())
                }
            }
            Input::Continue => Ok(()),
            Input::TimerFired(timer) => self.timer_fired(timer),
            Input::TaskStarted { attempt, worker } => self.task_started(attempt, worker),
            Input::TaskSubmitted { attempt, output } => {
                self.task_submitted(attempt, output.detached())
            }
            Input::TaskSucceeded { attempt, output } => {
                self.task_succeeded(attempt, output.detached())
            }
            Input::TaskFailed { attempt, error } => self.task_failed(attempt, error),
            Input::Stop(error) => self.stop(error),
            // It is open: there is nothing to begin again.
            Input::Redrive { .. } => Ok(()),
        }
    }

    fn start(&mut self, input: Payload) -> Result<(), Halt> {
        if self.execution.last_event > 0 {
            return Ok(());
        }
        let role_arn = Arc::clone(&self.execution.identity.role_arn);
        self.emit(
            ThreadId::ROOT,
            0,
            Detail::ExecutionStarted { input, role_arn },
        )?;
        if let Some(command) = execution_timer(self.execution) {
            self.command(command);
        }
        Ok(())
    }

    fn stop(&mut self, error: StateError) -> Result<(), Halt> {
        // Recorded: stopped in the first state, the event has no cause.
        let root = self.execution.threads.get(&ThreadId::ROOT);
        let previous = root
            .and_then(|root| root.position.visit().map(|visit| visit.entered_previous))
            .unwrap_or(0);
        self.abandon_calls()?;
        self.tell_of_aborted_runs()?;
        self.emit(ThreadId::ROOT, previous, Detail::ExecutionAborted(error))?;
        Ok(())
    }

    fn timer_fired(&mut self, timer: Timer) -> Result<(), Halt> {
        match timer {
            Timer::Execution => {
                if self.times_out_at() > self.at {
                    return Ok(());
                }
                let root = self.execution.threads.get(&ThreadId::ROOT);
                let previous = root.map_or(0, |root| root.last_event);
                self.abandon_calls()?;
                let error = StateError::named(names::TIMEOUT);
                self.emit(ThreadId::ROOT, previous, Detail::ExecutionTimedOut(error))?;
                Ok(())
            }
            Timer::Wait(entered) => {
                let found = self.find(|position| match position {
                    Position::Waiting { visit, until } => {
                        (visit.entered == entered && *until <= self.at).then(|| visit.clone())
                    }
                    _ => None,
                });
                let Some((thread, visit)) = found else {
                    return Ok(());
                };
                let definition = Arc::clone(&self.execution.definition);
                let state = self.execution.state(&definition, thread)?;
                self.end_wait(thread, state, &visit)
            }
            Timer::Retry(entered) => {
                let found = self.find(|position| match position {
                    Position::Backoff { visit, due } => {
                        (visit.entered == entered && *due <= self.at).then(|| visit.clone())
                    }
                    _ => None,
                });
                let Some((thread, visit)) = found else {
                    return Ok(());
                };
                self.work(thread, &visit)
            }
            Timer::Task(attempt) => self.task_timed_out(attempt, names::TIMEOUT),
            Timer::Heartbeat(attempt) => self.task_timed_out(attempt, names::HEARTBEAT_TIMEOUT),
        }
    }

    /// When the execution has had its time: what its definition gives it, and no more than the limit.
    fn times_out_at(&self) -> Timestamp {
        let allowed = self.limits.execution_seconds_max;
        let allowed = i64::try_from(allowed).unwrap_or(i64::MAX);
        let latest = self.execution.identity.started_at.plus_seconds(allowed);
        match execution_timer(self.execution) {
            Some(Command::SetTimer { due, .. }) => due.min(latest),
            _ => latest,
        }
    }

    /// Notes that nobody took the failure of a state. A Parallel or a Map fails by a state within it.
    pub(super) fn blame(&mut self, kind: StateType, visit: &Visit) {
        let is_outer = matches!(kind, StateType::Parallel | StateType::Map);
        if !is_outer || self.step.failed_state.is_none() {
            self.step.failed_state = Some(Arc::clone(&visit.state));
        }
    }

    /// The thread whose position answers, with the answer.
    pub(super) fn find<T>(&self, test: impl Fn(&Position) -> Option<T>) -> Option<(ThreadId, T)> {
        let mut threads = self.execution.threads.iter();
        threads.find_map(|(id, thread)| Some((*id, test(&thread.position)?)))
    }

    /// Runs every thread that can run, until none can or the step is full.
    fn run(&mut self) -> Result<(), Halt> {
        while let Some(thread) = self.execution.runnable.first().copied() {
            if self.step.entries.len() >= self.limits.step_events_max
                || self.bytes >= self.limits.step_bytes_max
            {
                self.command(Command::Continue);
                return Ok(());
            }
            self.run_thread(thread)?;
        }
        Ok(())
    }

    fn run_thread(&mut self, thread: ThreadId) -> Result<(), Halt> {
        enum Next {
            Enter(Arc<str>, Payload),
            Work(Visit),
            Finish(Visit, Payload),
            Fail(Visit, StateError),
            Join,
            Iterate(Visit),
            Succeed(Payload),
            Redrive(MapRunning),
        }
        let next = match &self.execution.thread(thread)?.position {
            Position::Ready { state, input } => Next::Enter(Arc::clone(state), input.clone()),
            Position::Entered(visit) => Next::Work(visit.clone()),
            Position::Returned { visit, result } => Next::Finish(visit.clone(), result.clone()),
            Position::Failing { visit, error } => Next::Fail(visit.clone(), error.clone()),
            Position::Branches { .. } => Next::Join,
            Position::Items { visit, .. } => Next::Iterate(visit.clone()),
            Position::Finished(output) => Next::Succeed(output.clone()),
            Position::MapRun { run, .. } if run.is_to_redrive => Next::Redrive(run.clone()),
            Position::Waiting { .. }
            | Position::Called { .. }
            | Position::Backoff { .. }
            | Position::MapRun { .. } => {
                return Err(Fault::new(format!("thread {} cannot run on", thread.0)).into());
            }
        };
        let definition = Arc::clone(&self.execution.definition);
        match next {
            Next::Enter(name, input) => {
                let kind = self.execution.state(&definition, thread)?.state_type();
                let previous = self.execution.thread(thread)?.last_event;
                self.emit(thread, previous, Detail::StateEntered { kind, name, input })?;
                Ok(())
            }
            Next::Work(visit) => self.work(thread, &visit),
            Next::Finish(visit, result) => {
                let state = self.execution.state(&definition, thread)?;
                self.finish_visit(thread, state, &visit, &result)
            }
            Next::Fail(visit, error) => {
                let state = self.execution.state(&definition, thread)?;
                self.fail(thread, state, &visit, error)
            }
            Next::Redrive(run) => self.redrive_map_run(thread, &run),
            Next::Join => self.join_branches(thread),
            Next::Iterate(visit) => {
                let state = self.execution.state(&definition, thread)?;
                self.run_items(thread, state, &visit)
            }
            Next::Succeed(output) => {
                let previous = self.execution.thread(thread)?.last_event;
                self.emit(thread, previous, Detail::ExecutionSucceeded { output })?;
                Ok(())
            }
        }
    }

    /// Begins, or begins again, what a state is there for.
    fn work(&mut self, thread: ThreadId, visit: &Visit) -> Result<(), Halt> {
        if self.begin_kept(thread)? {
            return Ok(());
        }
        let definition = Arc::clone(&self.execution.definition);
        let state = self.execution.state(&definition, thread)?;
        match &state.kind {
            Kind::Task(task) => self.schedule(thread, state, task, visit),
            Kind::Wait(wait) => self.start_wait(thread, state, wait, visit),
            Kind::Parallel(_) => self.start_branches(thread, state, visit),
            Kind::Map(map) => self.start_items(thread, state, map, visit),
            Kind::Pass { .. } | Kind::Choice(_) | Kind::Succeed | Kind::Fail(_) => {
                self.work_at_once(thread, state, visit)
            }
        }
    }

    /// The states that need nothing from outside.
    fn work_at_once(&mut self, thread: ThreadId, state: &State, visit: &Visit) -> Result<(), Halt> {
        let kind = state.state_type();
        let scene = Scene::new(
            self.execution,
            self.at,
            thread,
            visit,
            kind,
            Extra::default(),
        )?;
        let done = super::simple::work(&scene, state, visit, self.random);
        drop(scene);
        match done {
            Ok(super::simple::Done::Left {
                output,
                assigned,
                to,
            }) => self.leave(thread, state, visit, (output, assigned), to),
            Ok(super::simple::Done::Failed(error)) => self.fail(thread, state, visit, error),
            Err(error) => self.fail_evaluation(thread, state, visit, &error),
        }
    }

    /// The history has no room but for one more event.
    fn exhaust(&mut self) -> Result<(), Fault> {
        self.step.failed_state = None;
        let root = self.execution.threads.get(&ThreadId::ROOT);
        let previous = root.map_or(0, |root| root.last_event);
        let cause = format!(
            "The execution reached the maximum number of history events ({}).",
            self.limits.events_max
        );
        let error = StateError::new(names::RUNTIME, cause);
        let ended = self
            .abandon_calls()
            .and_then(|()| self.emit(ThreadId::ROOT, previous, Detail::ExecutionFailed(error)));
        match ended {
            Ok(_) => Ok(()),
            Err(Halt::Fault(fault)) => Err(fault),
            Err(Halt::EventsExhausted) => Err(Fault::new("a last event was refused")),
        }
    }

    fn finish(mut self) -> Step {
        if self.step.entries.is_empty() {
            return self.step;
        }
        self.step.drop_what_came_and_went();
        if !matches!(self.execution.outcome, Some(Outcome::Failed(_))) {
            self.step.failed_state = None;
        }
        if let Some(outcome) = &self.execution.outcome {
            // What the step asked for on the way is no longer wanted.
            let outcome: Outcome = outcome.clone();
            self.step.commands.retain(|command| {
                matches!(command, Command::Cancel { .. } | Command::StopMapRun { .. })
            });
            self.step.commands.push(Command::Closed(outcome));
        }
        self.execution.last_step += 1;
        self.step.number = self.execution.last_step;
        self.step
    }
}

/// The bytes that an event adds to its row: payloads that stand in no earlier row.
fn new_bytes(detail: &Detail) -> usize {
    let payload = match detail {
        Detail::ExecutionStarted { input, .. } | Detail::IterationStarted { input, .. } => input,
        Detail::StateExited { output, .. }
        | Detail::Submitted { output, .. }
        | Detail::Succeeded { output, .. } => output,
        Detail::Scheduled(scheduled) => &scheduled.arguments,
        Detail::ParallelStarted { arguments } => arguments,
        Detail::MapStarted { items, .. } => items,
        Detail::MapRunStarted { spec, .. } => spec,
        Detail::MapRunSucceeded { output } => output,
        _ => return 0,
    };
    if payload.home().is_some() {
        0
    } else {
        payload.text().len()
    }
}
