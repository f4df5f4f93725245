//! The Task state: handing work to the outside and taking in how it went.

use std::sync::Arc;

use super::{
    CloseTask, Command, OpenTask, computed,
    context::Extra,
    data::Scene,
    execution::{Call, Position, ThreadId, Visit},
    history::{Callee, Detail, Scheduled},
    leave::too_large,
    standing::call_commands,
    step::{Halt, Stepper},
};
use crate::{
    definition::{Resource, Setting, State, StateType, Task, resource::Pattern},
    error::{StateError, names},
    payload::Payload,
    query::{EvalError, Expression, Random},
};

/// What a task is called with, all of it computed before anything is recorded.
pub(super) struct Plan {
    pub(super) arguments: Payload,
    pub(super) timeout_seconds: Option<u64>,
    pub(super) heartbeat_seconds: Option<u64>,
    pub(super) role_arn: Option<Arc<str>>,
}

impl Stepper<'_> {
    pub(super) fn schedule(
        &mut self,
        thread: ThreadId,
        state: &State,
        task: &Task,
        visit: &Visit,
    ) -> Result<(), Halt> {
        let attempt = self.execution.last_event + 1;
        let nonce = u128::from(self.random.next_u64()) << 64 | u128::from(self.random.next_u64());
        let token = self.token(attempt, nonce);
        let extra = Extra {
            token: Some(token.clone()),
            item: None,
        };
        let scene = Scene::new(
            self.execution,
            self.at,
            thread,
            visit,
            StateType::Task,
            extra,
        )?;
        let plan = plan(&scene, state, task, visit, self.random);
        drop(scene);
        let plan = match plan {
            Ok(plan) => plan,
            Err(error) => return self.fail_evaluation(thread, state, visit, &error),
        };
        let bytes_max = self.limits.payload_bytes_max;
        if plan.arguments.bytes_within(bytes_max).is_none() {
            return self.fail(thread, state, visit, too_large(&visit.state));
        }
        let call = Arc::new(callee(&task.resource));
        let input = plan.arguments.clone();
        let previous = self.execution.thread(thread)?.last_event;
        let scheduled = Scheduled {
            call: Arc::clone(&call),
            arguments: plan.arguments,
            timeout_seconds: plan.timeout_seconds,
            heartbeat_seconds: plan.heartbeat_seconds,
            role_arn: plan.role_arn,
            nonce,
        };
        let attempt = self.emit(thread, previous, Detail::Scheduled(Box::new(scheduled)))?;
        let activity_arn = match &*call {
            Callee::Activity { arn } => Some(Arc::clone(arn)),
            Callee::Lambda { .. } | Callee::Service { .. } => {
                let started = Detail::Started {
                    call: Arc::clone(&call),
                    worker: None,
                };
                self.emit(thread, attempt, started)?;
                None
            }
        };
        let Position::Called { visit, call } = &self.execution.thread(thread)?.position else {
            return Err(super::Fault::new("a scheduled task is not in flight").into());
        };
        let (visit, call) = (visit.clone(), call.clone());
        if call.is_open() {
            let heartbeat_seconds = call.heartbeat_seconds;
            self.open_task(OpenTask {
                attempt,
                token,
                activity_arn,
                heartbeat_seconds,
                input,
            });
        }
        call_commands(&visit, &call, self.at, self.commands_mut());
        Ok(())
    }

    /// The task in flight of that number.
    fn call(&self, attempt: u64) -> Option<(ThreadId, (Visit, Call))> {
        self.find(|position| match position {
            Position::Called { visit, call } => {
                (call.attempt == attempt).then(|| (visit.clone(), call.clone()))
            }
            _ => None,
        })
    }

    pub(super) fn task_started(
        &mut self,
        attempt: u64,
        worker: Option<Arc<str>>,
    ) -> Result<(), Halt> {
        let Some((thread, (visit, call))) = self.call(attempt) else {
            return Ok(());
        };
        if call.is_started {
            return Ok(());
        }
        let previous = self.execution.thread(thread)?.last_event;
        self.emit(
            thread,
            previous,
            Detail::Started {
                call: call.callee,
                worker,
            },
        )?;
        let Position::Called { call, .. } = &self.execution.thread(thread)?.position else {
            return Ok(());
        };
        let call = call.clone();
        call_commands(&visit, &call, self.at, self.commands_mut());
        Ok(())
    }

    pub(super) fn task_submitted(&mut self, attempt: u64, output: Payload) -> Result<(), Halt> {
        let Some((thread, (_, call))) = self.call(attempt) else {
            return Ok(());
        };
        // What is done once it has answered, or runs on a worker of ours, is never submitted.
        if call.is_submitted || call.pattern() == Pattern::RequestResponse {
            return Ok(());
        }
        let previous = self.execution.thread(thread)?.last_event;
        self.emit(
            thread,
            previous,
            Detail::Submitted {
                call: call.callee,
                output,
            },
        )?;
        Ok(())
    }

    pub(super) fn task_succeeded(&mut self, attempt: u64, output: Payload) -> Result<(), Halt> {
        let Some((thread, (_, call))) = self.call(attempt) else {
            return self.map_run_succeeded(attempt, output);
        };
        if output.text().len() > self.limits.payload_bytes_max {
            let what = match &*call.callee {
                Callee::Lambda { arn } | Callee::Activity { arn } => Arc::clone(arn),
                Callee::Service { resource_type, .. } => Arc::clone(resource_type),
            };
            return self.task_failed(attempt, too_large(&what));
        }
        self.abandon_token(&call, false);
        let previous = self.execution.thread(thread)?.last_event;
        self.emit(
            thread,
            previous,
            Detail::Succeeded {
                call: call.callee,
                output,
            },
        )?;
        Ok(())
    }

    pub(super) fn task_failed(&mut self, attempt: u64, error: StateError) -> Result<(), Halt> {
        let Some((thread, (_, call))) = self.call(attempt) else {
            return self.map_run_failed(attempt, error);
        };
        self.abandon_token(&call, false);
        let previous = self.execution.thread(thread)?.last_event;
        self.emit(
            thread,
            previous,
            Detail::Failed {
                call: call.callee,
                error,
            },
        )?;
        Ok(())
    }

    pub(super) fn task_timed_out(&mut self, attempt: u64, error: &str) -> Result<(), Halt> {
        let Some((thread, (_, call))) = self.call(attempt) else {
            return Ok(());
        };
        // A heartbeat's time is the runtime's to know; the task's own is fixed in the history.
        if error == names::TIMEOUT && call.timeout_at.is_none_or(|due| due > self.at) {
            return Ok(());
        }
        self.abandon_token(&call, true);
        self.command(Command::Cancel { attempt });
        let previous = self.execution.thread(thread)?.last_event;
        let error = StateError::named(error);
        self.emit(
            thread,
            previous,
            Detail::TimedOut {
                call: call.callee,
                error,
            },
        )?;
        Ok(())
    }

    fn abandon_token(&mut self, call: &Call, is_guard: bool) {
        if call.is_open() {
            self.close_task(CloseTask {
                attempt: call.attempt,
                is_guard,
            });
        }
    }

    /// Nobody waits any more for what a thread has called.
    pub(super) fn abandon_call(&mut self, thread: ThreadId) -> Result<(), Halt> {
        let position = &self.execution.thread(thread)?.position;
        if let Position::MapRun { run, .. } = position {
            let id = run.id;
            self.command(Command::StopMapRun { id });
        } else if let Position::Called { call, .. } = position {
            let call = call.clone();
            self.abandon_token(&call, false);
            self.command(Command::Cancel {
                attempt: call.attempt,
            });
        }
        Ok(())
    }

    /// The execution ends: nobody waits for anything any more.
    pub(super) fn abandon_calls(&mut self) -> Result<(), Halt> {
        let threads: Vec<ThreadId> = self.execution.threads.keys().copied().collect();
        threads
            .into_iter()
            .try_for_each(|thread| self.abandon_call(thread))
    }
}

pub(super) fn callee(resource: &Resource) -> Callee {
    match resource {
        Resource::Lambda { arn } => Callee::Lambda {
            arn: Arc::clone(arn),
        },
        Resource::Activity { arn } => Callee::Activity {
            arn: Arc::clone(arn),
        },
        Resource::Service {
            service,
            action,
            pattern,
        } => Callee::Service {
            resource_type: Arc::clone(service),
            resource: Arc::from(format!("{action}{}", pattern.suffix())),
        },
    }
}

pub(super) fn plan(
    scene: &Scene<'_>,
    state: &State,
    task: &Task,
    visit: &Visit,
    random: &mut dyn Random,
) -> Result<Plan, EvalError> {
    let input = scene.select(&state.data.input, &visit.input, random)?;
    let arguments = scene.arguments(state, &input, random)?;
    let mut seconds = |setting: &Option<Setting<u64>>, field: &str| match setting {
        None => Ok(None),
        Some(Setting::Fixed(seconds)) => Ok(Some(*seconds)),
        Some(Setting::Computed(expression)) => {
            computed_seconds(scene, expression, field, &input, random).map(Some)
        }
    };
    let timeout_seconds = seconds(&task.timeout_seconds, "TimeoutSeconds")?;
    let heartbeat_seconds = seconds(&task.heartbeat_seconds, "HeartbeatSeconds")?;
    if let (Some(timeout), Some(heartbeat)) = (timeout_seconds, heartbeat_seconds)
        && heartbeat >= timeout
    {
        return Err(EvalError::runtime(format!(
            "HeartbeatSeconds must be smaller than TimeoutSeconds, but {heartbeat} is not smaller \
             than {timeout}"
        )));
    }
    let role_arn = match &task.credentials {
        None => None,
        Some(template) => {
            let rendered = scene.render(template, "Credentials", input.json(), random)?;
            let role = rendered.json().get("RoleArn");
            if role.is_none_or(|role| role.as_str().is_none()) {
                return Err(EvalError::runtime(format!(
                    "The RoleArn of the field Credentials must be a string, but Credentials was: {}",
                    crate::query::quote(rendered.json())
                )));
            }
            role.and_then(crate::Json::as_str).map(Arc::from)
        }
    };
    Ok(Plan {
        arguments,
        timeout_seconds,
        heartbeat_seconds,
        role_arn,
    })
}

/// `TimeoutSecondsPath`, `HeartbeatSecondsPath`, or an expression: a whole number from 1 to 99999999.
fn computed_seconds(
    scene: &Scene<'_>,
    expression: &Expression,
    field: &str,
    input: &Payload,
    random: &mut dyn Random,
) -> Result<u64, EvalError> {
    let value = scene.evaluate(expression, input.json(), random)?;
    if let Expression::Jsonata(expression) = expression {
        return computed::whole(expression, &value, 1..=99_999_999);
    }
    let seconds = value.as_number().and_then(crate::json::Number::as_whole);
    let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    seconds
        .filter(|seconds| (1..=99_999_999).contains(seconds))
        .ok_or_else(|| {
            EvalError::runtime(format!(
                "The {field}Path parameter must reference a whole number from 1 to 99999999, but was: \
             {value}"
            ))
        })
}
