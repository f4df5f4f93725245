//! The Parallel state: every branch gets the same input, and the results are joined in their order.

use super::{
    context::Extra,
    data::Scene,
    execution::{ThreadId, Visit},
    history::Detail,
    leave::too_large,
    step::{Halt, Stepper},
};
use crate::definition::{State, StateType};

impl Stepper<'_> {
    pub(super) fn start_branches(
        &mut self,
        thread: ThreadId,
        state: &State,
        visit: &Visit,
    ) -> Result<(), Halt> {
        let scene = Scene::new(
            self.execution,
            self.at,
            thread,
            visit,
            StateType::Parallel,
            Extra::default(),
        )?;
        let arguments = scene
            .select(&state.data.input, &visit.input, self.random)
            .and_then(|input| scene.arguments(state, &input, self.random));
        drop(scene);
        match arguments {
            Ok(arguments)
                if arguments
                    .bytes_within(self.limits.payload_bytes_max)
                    .is_none() =>
            {
                self.fail(thread, state, visit, too_large(&visit.state))
            }
            Ok(arguments) => {
                let cause = self.execution.thread(thread)?.last_event;
                self.emit(thread, cause, Detail::ParallelStarted { arguments })?;
                Ok(())
            }
            Err(error) => self.fail_evaluation(thread, state, visit, &error),
        }
    }

    /// All branches have ended.
    pub(super) fn join_branches(&mut self, thread: ThreadId) -> Result<(), Halt> {
        let cause = self.execution.thread(thread)?.last_event;
        self.emit(thread, cause, Detail::ParallelSucceeded)?;
        Ok(())
    }
}
