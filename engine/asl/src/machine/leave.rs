//! Leaving a state: its result is shaped, and what leaves is weighed against the limits.

use std::sync::Arc;

use super::{
    Fault,
    context::Extra,
    data::{Assigned, Scene},
    execution::{ThreadId, Visit},
    history::Detail,
    step::{Halt, Stepper},
};
use crate::{
    definition::{Kind, State, Transition},
    error::{StateError, names},
    payload::Payload,
};

impl Stepper<'_> {
    /// The work of a Task, Parallel or Map has a result: shapes it and leaves the state.
    pub(super) fn finish_visit(
        &mut self,
        thread: ThreadId,
        state: &State,
        visit: &Visit,
        result: &Payload,
    ) -> Result<(), Halt> {
        let then = match &state.kind {
            Kind::Task(task) => &task.then,
            Kind::Parallel(parallel) => &parallel.then,
            Kind::Map(map) => &map.then,
            Kind::Pass { .. } | Kind::Choice(_) | Kind::Wait(_) | Kind::Succeed | Kind::Fail(_) => {
                return Err(Fault::new("a state without work of its own has a result").into());
            }
        };
        let kind = state.state_type();
        let scene = Scene::new(
            self.execution,
            self.at,
            thread,
            visit,
            kind,
            Extra::default(),
        )?;
        let outcome = scene.outcome(state, visit, result, self.random);
        drop(scene);
        match outcome {
            Ok(leaving) => self.leave_to(thread, state, visit, leaving, then),
            Err(error) => self.fail_evaluation(thread, state, visit, &error),
        }
    }

    pub(super) fn leave_to(
        &mut self,
        thread: ThreadId,
        state: &State,
        visit: &Visit,
        (output, assigned): (Payload, Assigned),
        then: &Transition,
    ) -> Result<(), Halt> {
        let to = match then {
            Transition::Next(name) => Some(Arc::clone(name)),
            Transition::End => None,
        };
        self.leave(thread, state, visit, (output, assigned), to)
    }

    /// Leaves a state, if what leaves it is not too large.
    pub(super) fn leave(
        &mut self,
        thread: ThreadId,
        state: &State,
        visit: &Visit,
        leaving: (Payload, Assigned),
        to: Option<Arc<str>>,
    ) -> Result<(), Halt> {
        if self.is_too_large(visit, &leaving) {
            return self.fail(thread, state, visit, too_large(&visit.state));
        }
        self.exit(thread, state, visit, leaving, to)
    }

    /// Whether an output, or what variables hold after it, is over a limit.
    pub(super) fn is_too_large(
        &self,
        visit: &Visit,
        (output, assigned): &(Payload, Assigned),
    ) -> bool {
        let output_max = self.limits.payload_bytes_max;
        if !output.is_same(&visit.input) && output.bytes_within(output_max).is_none() {
            return true;
        }
        if assigned.is_empty() {
            return false;
        }
        let mut bytes = 0;
        for (_, value) in assigned {
            match value.bytes_within(output_max.saturating_sub(bytes)) {
                Some(more) => bytes += more,
                None => return true,
            }
        }
        let threads = self.execution.threads.values();
        let held = threads.flat_map(|thread| thread.variables.values());
        let held: usize = held.map(|value| value.text().len()).sum();
        held + bytes > self.limits.variables_bytes_max
    }

    /// Leaves a state.
    pub(super) fn exit(
        &mut self,
        thread: ThreadId,
        state: &State,
        visit: &Visit,
        (output, assigned): (Payload, Assigned),
        to: Option<Arc<str>>,
    ) -> Result<(), Halt> {
        let (kind, name) = (state.state_type(), Arc::clone(&visit.state));
        let previous = self.execution.thread(thread)?.last_event;
        let detail = Detail::StateExited {
            kind,
            name,
            output,
            assigned,
            to,
        };
        self.emit(thread, previous, detail)?;
        Ok(())
    }
}

/// A result or output over the limit.
pub(super) fn too_large(what: &str) -> StateError {
    StateError::new(
        names::DATA_LIMIT_EXCEEDED,
        format!(
            "The state/task '{what}' returned a result with a size exceeding the maximum number \
             of bytes service limit."
        ),
    )
}
