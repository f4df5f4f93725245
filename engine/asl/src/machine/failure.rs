//! What becomes of a failure: a retrier tries again, a catcher goes elsewhere, or the scope fails.

use std::sync::Arc;

use super::{
    Command, Timer,
    context::Extra,
    data::Scene,
    execution::{Origin, ThreadId, Visit},
    history::{Detail, Note},
    leave::too_large,
    step::{Halt, Stepper},
};
use crate::{
    definition::{Catcher, Kind, Retrier, State, StateType, retrier::Jitter},
    error::{StateError, names},
    query::{EvalError, Random},
};

/// Whether an `ErrorEquals` list takes this error.
///
/// Source: the specification's appendix A. `States.ALL` takes all but States.DataLimitExceeded and
/// States.Runtime, `States.TaskFailed` all but time-outs (and those two); `States.Timeout` takes a
/// missed heartbeat as well.
pub(super) fn takes(error_equals: &[Arc<str>], error: &StateError) -> bool {
    let name = error.error.as_deref().unwrap_or_default();
    let is_terminal = matches!(name, names::RUNTIME | names::DATA_LIMIT_EXCEEDED);
    let is_timeout = matches!(name, names::TIMEOUT | names::HEARTBEAT_TIMEOUT);
    error_equals.iter().any(|pattern| match &**pattern {
        names::ALL => !is_terminal,
        names::TASK_FAILED => !is_terminal && !is_timeout,
        names::TIMEOUT => is_timeout,
        pattern => pattern == name,
    })
}

/// How long a retrier waits before its next try, in microseconds. `used` counts earlier tries.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "seconds up to 99999999 are exact, and the product is capped before the cast"
)]
pub(super) fn delay_micros(retrier: &Retrier, used: u64, random: &mut dyn Random) -> i64 {
    // A year in seconds: no execution waits longer.
    const SECONDS_MAX: f64 = 31_622_400.0;
    let exponent = i32::try_from(used).unwrap_or(i32::MAX);
    let grown = retrier.interval_seconds as f64 * retrier.backoff_rate.powi(exponent);
    let cap = retrier
        .delay_seconds_max
        .map_or(SECONDS_MAX, |cap| cap as f64);
    let micros = (grown.min(cap).min(SECONDS_MAX) * 1e6) as u64;
    let micros = match retrier.jitter {
        Jitter::None => micros,
        Jitter::Full => random.below(micros + 1),
    };
    i64::try_from(micros).unwrap_or(i64::MAX)
}

pub(super) fn retriers(state: &State) -> &[Retrier] {
    match &state.kind {
        Kind::Task(task) => &task.retry,
        Kind::Parallel(parallel) => &parallel.retry,
        Kind::Map(map) => &map.retry,
        Kind::Pass { .. } | Kind::Choice(_) | Kind::Wait(_) | Kind::Succeed | Kind::Fail(_) => &[],
    }
}

pub(super) fn catchers(state: &State) -> &[Catcher] {
    match &state.kind {
        Kind::Task(task) => &task.catch,
        Kind::Parallel(parallel) => &parallel.catch,
        Kind::Map(map) => &map.catch,
        Kind::Pass { .. } | Kind::Choice(_) | Kind::Wait(_) | Kind::Succeed | Kind::Fail(_) => &[],
    }
}

/// An expression's failure as an error of the state, in AWS's frame.
pub(super) fn framed(visit: &Visit, error: &EvalError) -> StateError {
    StateError::new(
        error.error,
        super::frame(&visit.state, visit.entered, &error.detail),
    )
}

impl Stepper<'_> {
    /// An expression of the state had no value. JSONata tells so in an event of its own.
    pub(super) fn fail_evaluation(
        &mut self,
        thread: ThreadId,
        state: &State,
        visit: &Visit,
        error: &EvalError,
    ) -> Result<(), Halt> {
        let framed = framed(visit, error);
        if error.error != names::QUERY_EVALUATION_ERROR {
            return self.fail(thread, state, visit, framed);
        }
        // Recorded: the cause is what caused the state's entry, except in a Wait state.
        let previous = match state.state_type() {
            StateType::Wait => visit.entered,
            _ => visit.entered_previous,
        };
        let location = error.location.as_deref().map(Arc::from);
        let state = Arc::clone(&visit.state);
        self.emit(
            thread,
            previous,
            Detail::EvaluationFailed {
                error: framed,
                location,
                state,
            },
        )?;
        Ok(())
    }

    /// The state failed: asks its retriers, then its catchers.
    pub(super) fn fail(
        &mut self,
        thread: ThreadId,
        state: &State,
        visit: &Visit,
        error: StateError,
    ) -> Result<(), Halt> {
        let retrier = retriers(state)
            .iter()
            .enumerate()
            .find(|(_, retrier)| takes(&retrier.error_equals, &error));
        if let Some((index, retrier)) = retrier {
            let used = visit.retries.get(index).copied().unwrap_or(0);
            if used < retrier.attempts_max {
                let due = self
                    .at
                    .plus_micros(delay_micros(retrier, used, self.random));
                let retrier = u32::try_from(index).unwrap_or(u32::MAX);
                self.note(Note::Backoff {
                    thread,
                    retrier,
                    due,
                })?;
                self.command(Command::SetTimer {
                    timer: Timer::Retry(visit.entered),
                    due,
                });
                return Ok(());
            }
        }
        let catcher = catchers(state)
            .iter()
            .find(|catcher| takes(&catcher.error_equals, &error));
        let kind = state.state_type();
        let Some(catcher) = catcher else {
            self.blame(kind, visit);
            return self.fail_scope(thread, error);
        };
        let scene = Scene::new(
            self.execution,
            self.at,
            thread,
            visit,
            kind,
            Extra::default(),
        )?;
        let caught = scene.caught(state, visit, catcher, &error, self.random);
        drop(scene);
        match caught {
            // The catcher itself fails: there is nobody left to ask.
            Err(error) => {
                if error.error == names::QUERY_EVALUATION_ERROR {
                    self.fail_evaluation(thread, state, visit, &error)?;
                }
                self.blame(kind, visit);
                self.fail_scope(thread, framed(visit, &error))
            }
            Ok(leaving) if self.is_too_large(visit, &leaving) => {
                self.blame(kind, visit);
                self.fail_scope(thread, too_large(&visit.state))
            }
            Ok(leaving) => {
                let to = Some(Arc::clone(&catcher.next));
                self.exit(thread, state, visit, leaving, to)
            }
        }
    }

    /// Nobody took the error: the thread's scope fails, and with it what runs beside it.
    pub(super) fn fail_scope(&mut self, thread: ThreadId, error: StateError) -> Result<(), Halt> {
        let cause = self.execution.thread(thread)?.last_event;
        match self.execution.thread(thread)?.origin.clone() {
            Origin::Root => {
                self.emit(thread, cause, Detail::ExecutionFailed(error))?;
            }
            Origin::Branch { parent, .. } => {
                for sibling in self.children(parent)? {
                    if sibling != thread {
                        self.abort(sibling)?;
                    }
                }
                self.emit(parent, cause, Detail::ParallelFailed { error })?;
            }
            Origin::Iteration { parent, index } => {
                let name = self.execution.thread(parent)?.position.state().cloned();
                let name = name.unwrap_or_else(|| Arc::from(""));
                let detail = Detail::IterationFailed {
                    name,
                    index,
                    error: error.clone(),
                };
                self.emit(parent, cause, detail)?;
                self.weigh_failures(parent, &error)?;
            }
        }
        Ok(())
    }

    /// The threads directly below one.
    pub(super) fn children(&self, parent: ThreadId) -> Result<Vec<ThreadId>, Halt> {
        let children = self.execution.thread(parent)?.position.children();
        let threads = &self.execution.threads;
        Ok(children
            .filter(|child| threads.contains_key(child))
            .collect())
    }

    /// Ends what a thread does, innermost first, because something beside it failed.
    pub(super) fn abort(&mut self, thread: ThreadId) -> Result<(), Halt> {
        for child in self.children(thread)? {
            self.abort(child)?;
        }
        self.abandon_call(thread)?;
        self.tell_of_aborted_run(thread)?;
        let definition = Arc::clone(&self.execution.definition);
        let position = &self.execution.thread(thread)?.position;
        if position.visit().is_none() {
            return Ok(());
        }
        let kind = self.execution.state(&definition, thread)?.state_type();
        if matches!(
            kind,
            StateType::Task | StateType::Wait | StateType::Parallel | StateType::Map
        ) {
            let cause = self.execution.thread(thread)?.last_event;
            self.emit(thread, cause, Detail::StateAborted { kind })?;
        }
        Ok(())
    }
}
