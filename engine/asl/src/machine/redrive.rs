//! Redriving: an execution that failed, was stopped or timed out goes on from where it did not succeed.
//!
//! A closed execution has no threads left. [`Salvage`] folds its journal once more and keeps what the
//! fold lets go when a state fails: the branches and iterations that ended with it, each where it
//! stood. From these come the [`Remains`], which the ExecutionRedriven event carries, so that folding
//! on needs no salvage: what counts as unfinished is decided once.
//!
//! Source: "Redrive behavior of individual states" in the Step Functions developer guide. A Task is
//! scheduled again, a Choice evaluated again, a Fail state entered again, a Wait begins anew; of a
//! Parallel or inline Map only the branches or iterations without success go on, but all of it where
//! its joined result was too large. A distributed Map goes on with the same Map Run. Retries count from 0, and so does the machine's `TimeoutSeconds`.
//! Variables and the results of what succeeded stay as they are.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    Entry, Event, Execution, Fault, Identity, Limits, Outcome, Step, Surroundings, ThreadId,
    execution::{Again, Branches, Items, MapRunning, Position, Thread, Visit},
    history::{Detail, Note},
    standing::execution_timer,
    step::Stepper,
};
use crate::{
    definition::{Definition, StateType},
    error::{StateError, names},
};

/// Where the threads of a redriven execution go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Remains {
    pub threads: BTreeMap<ThreadId, Thread>,
}

/// Whether a history of so many events has room for a redrive: its event and at least one more.
pub fn has_room(last_event: u64, limits: &Limits) -> bool {
    last_event.saturating_add(1) < limits.events_max
}

/// Redrives a closed execution. The step is empty where it is open, succeeded, or has no room for
/// more events.
///
/// # Errors
/// A fault is an invariant of ours that does not hold; the execution is then not to be used again.
pub fn redrive<'a>(
    execution: &'a mut Execution,
    around: Surroundings<'a>,
    remains: Remains,
) -> Result<Step, Fault> {
    let is_redrivable = match &execution.outcome {
        None | Some(Outcome::Succeeded(_)) => false,
        Some(Outcome::Failed(_) | Outcome::Aborted(_) | Outcome::TimedOut(_)) => true,
    };
    if !is_redrivable || !has_room(execution.last_event, around.limits) {
        return Ok(Step::default());
    }
    let mut stepper = Stepper::new(execution, around);
    let detail = Detail::ExecutionRedriven {
        count: stepper.execution.redrive_count + 1,
        remains: Some(Arc::new(remains)),
    };
    let previous = stepper.execution.last_event;
    let taken = stepper.emit(ThreadId::ROOT, previous, detail).map(|_| ());
    if taken.is_ok()
        && let Some(command) = execution_timer(stepper.execution)
    {
        stepper.command(command);
    }
    stepper.run_on(taken)
}

/// A fold of a whole journal that keeps what a redrive needs.
#[derive(Clone, Debug)]
pub struct Salvage {
    pub(super) execution: Execution,
    /// Threads that ended without success, as they were.
    dead: BTreeMap<ThreadId, Thread>,
    /// What failed in a thread whose Parallel or Map is over, or about to be.
    wrecks: BTreeMap<ThreadId, Wreck>,
    /// Iterations that failed or were given up, of Maps that go on or have failed.
    failed: BTreeMap<ThreadId, BTreeMap<u64, ThreadId>>,
    /// The threads when the execution closed.
    last: BTreeMap<ThreadId, Thread>,
    /// Of every state that was entered: names are unique in a machine.
    kinds: HashMap<Arc<str>, StateType>,
}

/// A Parallel or Map as it was when it failed.
#[derive(Clone, Debug)]
struct Wreck {
    position: Position,
    /// The last event of the thread that it failed with, and the error.
    cause: u64,
    error: StateError,
}

impl Salvage {
    pub fn new(identity: Arc<Identity>, definition: Arc<Definition>) -> Self {
        Self {
            execution: Execution::new(identity, definition),
            dead: BTreeMap::new(),
            wrecks: BTreeMap::new(),
            failed: BTreeMap::new(),
            last: BTreeMap::new(),
            kinds: HashMap::new(),
        }
    }

    /// Takes in the entries of one row, as [`super::fold()`] does.
    pub fn fold(&mut self, number: u64, entries: &[Entry]) -> Result<(), Fault> {
        if number != self.execution.last_step + 1 {
            return Err(Fault::new(format!(
                "step {number} follows step {}",
                self.execution.last_step
            )));
        }
        for entry in entries {
            self.take(entry)?;
        }
        self.execution.last_step = number;
        Ok(())
    }

    /// Takes in one entry.
    pub(super) fn take(&mut self, entry: &Entry) -> Result<(), Fault> {
        match entry {
            Entry::Event(event) => self.keep(event),
            Entry::Note(Note::Backoff { thread, .. }) => self.forget(*thread),
            Entry::Note(Note::Waiting { .. } | Note::Rerun(_)) => {}
        }
        super::fold::apply(&mut self.execution, entry)
    }

    /// Where the threads of an execution that has not closed would go on.
    pub(super) fn standing(mut self) -> (Execution, BTreeMap<ThreadId, Thread>) {
        self.last.clone_from(&self.execution.threads);
        let mut threads = BTreeMap::new();
        self.rebuild(ThreadId::ROOT, None, &mut threads);
        (self.execution, threads)
    }

    /// The execution as it closed and where it can go on; nothing where it is open or succeeded.
    pub fn finish(self) -> Option<(Execution, Remains)> {
        let error = match &self.execution.outcome {
            None | Some(Outcome::Succeeded(_)) => return None,
            Some(Outcome::Failed(error)) => Some(error.clone()),
            Some(Outcome::Aborted(_) | Outcome::TimedOut(_)) => None,
        };
        let mut threads = BTreeMap::new();
        self.rebuild(ThreadId::ROOT, error.as_ref(), &mut threads);
        (!threads.is_empty()).then_some((self.execution, Remains { threads }))
    }

    /// Notes what the fold is about to let go.
    fn keep(&mut self, event: &Event) {
        let id = event.thread;
        match &event.detail {
            Detail::StateEntered { kind, name, .. } => {
                self.kinds.insert(Arc::clone(name), *kind);
            }
            Detail::StateAborted { .. } => self.bury(id),
            Detail::IterationFailed { index, .. } | Detail::IterationAborted { index, .. } => {
                let running = match self.position(id) {
                    Some(Position::Items { items, .. }) => items.running.get(index).copied(),
                    _ => None,
                };
                if let Some(thread) = running {
                    self.bury(thread);
                    self.failed.entry(id).or_default().insert(*index, thread);
                }
            }
            Detail::ParallelFailed { error } | Detail::MapFailed { error } => {
                self.wreck(id, event.previous, error);
            }
            // A joined result that could not be shaped is still there.
            Detail::EvaluationFailed { error, .. } => {
                if let Some(Position::Returned { .. }) = self.position(id) {
                    self.wreck(id, event.previous, error);
                }
            }
            Detail::StateExited { .. } | Detail::MapSucceeded | Detail::ParallelSucceeded => {
                self.forget(id);
            }
            Detail::ExecutionFailed(_)
            | Detail::ExecutionAborted(_)
            | Detail::ExecutionTimedOut(_) => self.last.clone_from(&self.execution.threads),
            Detail::ExecutionRedriven { .. } => {
                self.dead.clear();
                self.wrecks.clear();
                self.failed.clear();
                self.last.clear();
            }
            Detail::ExecutionStarted { .. }
            | Detail::ExecutionSucceeded { .. }
            | Detail::Scheduled(_)
            | Detail::Started { .. }
            | Detail::Submitted { .. }
            | Detail::Succeeded { .. }
            | Detail::Failed { .. }
            | Detail::TimedOut { .. }
            | Detail::ParallelStarted { .. }
            | Detail::MapStarted { .. }
            | Detail::DistributedStarted { .. }
            | Detail::MapRunStarted { .. }
            | Detail::MapRunSucceeded { .. }
            | Detail::MapRunFailed { .. }
            | Detail::MapRunAborted
            | Detail::MapRunRedriven { .. }
            | Detail::IterationStarted { .. }
            | Detail::IterationSucceeded { .. } => {}
        }
    }

    fn position(&self, id: ThreadId) -> Option<&Position> {
        let thread = self.execution.threads.get(&id)?;
        Some(&thread.position)
    }

    /// Keeps a thread that still stands, and those below it.
    fn bury(&mut self, id: ThreadId) {
        let Some(thread) = self.execution.threads.get(&id).cloned() else {
            return;
        };
        for child in thread.position.children() {
            self.bury(child);
        }
        self.dead.insert(id, thread);
    }

    fn wreck(&mut self, id: ThreadId, cause: u64, error: &StateError) {
        let Some(position) = self.position(id).cloned() else {
            return;
        };
        for child in position.children() {
            self.bury(child);
        }
        // What a thread stood in when it was wrecked before is inside this one, or over.
        if matches!(
            position,
            Position::Branches { .. }
                | Position::Items { .. }
                | Position::MapRun { .. }
                | Position::Returned { .. }
        ) {
            let error = error.clone();
            self.wrecks.insert(
                id,
                Wreck {
                    position,
                    cause,
                    error,
                },
            );
        }
    }

    /// A retrier or catcher took the failure, or there was none: what failed is of no use any more.
    fn forget(&mut self, id: ThreadId) {
        let wreck = self.wrecks.remove(&id);
        let below = wreck.iter().flat_map(|wreck| wreck.position.children());
        let failed = self.failed.remove(&id).unwrap_or_default();
        let below: Vec<ThreadId> = below.chain(failed.into_values()).collect();
        for child in below {
            self.dead.remove(&child);
            self.forget(child);
        }
    }

    /// Puts a thread and those below it into `threads`, where each goes on. `error` is what the thread
    /// itself failed with, where it is the one that did.
    fn rebuild(
        &self,
        id: ThreadId,
        error: Option<&StateError>,
        threads: &mut BTreeMap<ThreadId, Thread>,
    ) {
        let Some(thread) = self.last.get(&id).or_else(|| self.dead.get(&id)) else {
            return;
        };
        let position = match (&thread.position, self.wrecks.get(&id)) {
            (Position::Failing { .. }, Some(wreck)) => {
                self.go_on(id, &wreck.position, Some(wreck), error, threads)
            }
            (position, _) => self.go_on(id, position, None, error, threads),
        };
        let thread = Thread {
            position,
            ..thread.clone()
        };
        threads.insert(id, thread);
    }

    fn go_on(
        &self,
        id: ThreadId,
        position: &Position,
        wreck: Option<&Wreck>,
        error: Option<&StateError>,
        threads: &mut BTreeMap<ThreadId, Thread>,
    ) -> Position {
        match position {
            Position::Ready { .. } | Position::Finished(_) => position.clone(),
            Position::Entered(visit)
            | Position::Waiting { visit, .. }
            | Position::Called { visit, .. }
            | Position::Failing { visit, .. }
            | Position::Backoff { visit, .. } => self.begin_again(visit),
            Position::MapRun { visit, run } => Position::MapRun {
                visit: fresh(visit),
                run: MapRunning {
                    result: None,
                    is_to_redrive: true,
                    ..run.clone()
                },
            },
            Position::Returned { visit, result } => {
                let is_joined = matches!(
                    self.kinds.get(&visit.state),
                    Some(StateType::Parallel | StateType::Map)
                );
                // Without an error of its own the thread was about to leave the state with it.
                let is_of_use = error.is_none_or(|error| {
                    is_joined && error.error.as_deref() != Some(names::DATA_LIMIT_EXCEEDED)
                });
                if is_of_use {
                    let (visit, result) = (fresh(visit), result.clone());
                    Position::Returned { visit, result }
                } else {
                    self.begin_again(visit)
                }
            }
            Position::Branches { visit, branches } => {
                let Branches {
                    threads: ids,
                    outputs,
                } = branches;
                for (child, output) in ids.iter().zip(outputs) {
                    if output.is_none() {
                        self.rebuild(*child, self.own_error(*child, wreck), threads);
                    }
                }
                let (visit, branches) = (fresh(visit), branches.clone());
                Position::Branches { visit, branches }
            }
            Position::Items { visit, items } => Position::Items {
                visit: fresh(visit),
                items: self.items(id, items, wreck),
            },
        }
    }

    /// A Map whose iterations without success wait to go on.
    fn items(&self, id: ThreadId, items: &Items, wreck: Option<&Wreck>) -> Items {
        let failed = self.failed.get(&id).into_iter().flatten();
        let unfinished = failed.chain(&items.running);
        let mut again = items.again.clone();
        for (index, thread) in unfinished {
            let mut threads = BTreeMap::new();
            self.rebuild(*thread, self.own_error(*thread, wreck), &mut threads);
            if !threads.is_empty() {
                let thread = *thread;
                again.insert(*index, Again { thread, threads });
            }
        }
        Items {
            again,
            running: BTreeMap::new(),
            failures: 0,
            ..items.clone()
        }
    }

    /// What a thread failed with, where its parent's state failed because of it.
    fn own_error<'w>(&self, child: ThreadId, wreck: Option<&'w Wreck>) -> Option<&'w StateError> {
        let thread = self.last.get(&child).or_else(|| self.dead.get(&child))?;
        let wreck = wreck.filter(|wreck| wreck.cause == thread.last_event)?;
        Some(&wreck.error)
    }

    fn begin_again(&self, visit: &Visit) -> Position {
        match self.kinds.get(&visit.state) {
            Some(StateType::Fail) => Position::Ready {
                state: Arc::clone(&visit.state),
                input: visit.input.clone(),
            },
            _ => Position::Entered(fresh(visit)),
        }
    }
}

/// The same visit with all its retries before it.
fn fresh(visit: &Visit) -> Visit {
    Visit {
        retries: Vec::new(),
        ..visit.clone()
    }
}
