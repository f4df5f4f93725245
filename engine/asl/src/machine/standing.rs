//! What the outside must do for an execution that stands still: the timers and calls that it waits
//! for. A step asks for them as they come up, a woken execution for all of them at once.

use std::sync::Arc;

use super::{
    Command, Entry, Execution, Invocation, MapRunStart, Step, Timer,
    execution::{Call, MapRunning, Position, Visit},
    history::{Callee, Detail},
};
use crate::{definition::resource::Pattern, time::Timestamp};

/// The commands that a folded execution stands for.
pub(super) fn commands(execution: &Execution, now: Timestamp) -> Vec<Command> {
    let mut commands = Vec::new();
    if execution.is_closed() {
        return commands;
    }
    commands.extend(execution_timer(execution));
    for thread in execution.threads.values() {
        match &thread.position {
            Position::Waiting { visit, until } => {
                let timer = Timer::Wait(visit.entered);
                commands.push(Command::SetTimer { timer, due: *until });
            }
            Position::Backoff { visit, due } => {
                let timer = Timer::Retry(visit.entered);
                commands.push(Command::SetTimer { timer, due: *due });
            }
            Position::Called { visit, call } => call_commands(visit, call, now, &mut commands),
            // It is asked to go on first.
            Position::MapRun { run, .. } if run.is_to_redrive => {}
            Position::MapRun { run, .. } => commands.push(start_of(run)),
            Position::Ready { .. }
            | Position::Entered(_)
            | Position::Returned { .. }
            | Position::Failing { .. }
            | Position::Branches { .. }
            | Position::Items { .. }
            | Position::Finished(_) => {}
        }
    }
    if !execution.runnable.is_empty() {
        commands.push(Command::Continue);
    }
    commands
}

/// Begins a Map Run or lets it go on, or finds that it is there.
pub(super) fn start_of(run: &MapRunning) -> Command {
    Command::StartMapRun(Box::new(MapRunStart {
        id: run.id,
        attempt: run.attempt,
        spec: run.spec.clone(),
        redrives: run.redrives,
    }))
}

pub(super) fn execution_timer(execution: &Execution) -> Option<Command> {
    let seconds = i64::try_from(execution.definition.timeout_seconds?).unwrap_or(i64::MAX);
    // A redrive begins the time anew.
    let since = execution
        .redriven_at
        .unwrap_or(execution.identity.started_at);
    let due = since.plus_seconds(seconds);
    Some(Command::SetTimer {
        timer: Timer::Execution,
        due,
    })
}

/// What a task in flight asks of the outside.
pub(super) fn call_commands(
    visit: &Visit,
    call: &Call,
    now: Timestamp,
    commands: &mut Vec<Command>,
) {
    let is_activity = matches!(*call.callee, Callee::Activity { .. });
    let is_called = match *call.callee {
        Callee::Activity { .. } => !call.is_started,
        // A job that was taken on is called again to be watched; a token comes by itself.
        Callee::Lambda { .. } | Callee::Service { .. } => {
            !call.is_submitted || call.pattern() != Pattern::TaskToken
        }
    };
    if is_called {
        let invocation = Box::new(Invocation {
            attempt: call.attempt,
            state: Arc::clone(&visit.state),
            entered: visit.entered,
            retry_count: visit.retry_count(),
            callee: Arc::clone(&call.callee),
            arguments: call.arguments.clone(),
            timeout_at: call.timeout_at,
            heartbeat_seconds: call.heartbeat_seconds,
            role_arn: call.role_arn.clone(),
            nonce: call.nonce,
            is_submitted: call.is_submitted,
        });
        commands.push(if is_activity {
            Command::Offer(invocation)
        } else {
            Command::Invoke(invocation)
        });
    }
    if let Some(due) = call.timeout_at {
        commands.push(Command::SetTimer {
            timer: Timer::Task(call.attempt),
            due,
        });
    }
    // One full interval from now: the runtime reads the last heartbeat before it lets this fire.
    if let (Some(seconds), true, true) = (call.heartbeat_seconds, call.is_started, call.is_open()) {
        let due = now.plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
        commands.push(Command::SetTimer {
            timer: Timer::Heartbeat(call.attempt),
            due,
        });
    }
}

impl Step {
    /// Takes out what the step asked for and gave up again: a task that a failure beside it ended
    /// before anybody was called.
    pub(super) fn drop_what_came_and_went(&mut self) {
        let ended: Vec<u64> = self
            .commands
            .iter()
            .filter_map(|command| match command {
                Command::Cancel { attempt } => Some(*attempt),
                _ => None,
            })
            .collect();
        let began: Vec<u64> = self
            .entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Event(event) if matches!(event.detail, Detail::Scheduled(_)) => {
                    Some(event.id)
                }
                Entry::Event(_) | Entry::Note(_) => None,
            })
            .filter(|attempt| ended.contains(attempt))
            .collect();
        self.commands.retain(|command| match command {
            Command::Invoke(call) | Command::Offer(call) => !began.contains(&call.attempt),
            Command::Cancel { attempt } => !began.contains(attempt),
            Command::SetTimer {
                timer: Timer::Task(attempt) | Timer::Heartbeat(attempt),
                ..
            } => !ended.contains(attempt),
            Command::StartMapRun(_)
            | Command::StopMapRun { .. }
            | Command::SetTimer { .. }
            | Command::Continue
            | Command::Closed(_) => true,
        });
        // A Map Run that began and was given up in one step never was.
        let given_up: Vec<[u8; 16]> = self
            .commands
            .iter()
            .filter_map(|command| match command {
                Command::StopMapRun { id } => Some(*id),
                _ => None,
            })
            .collect();
        self.commands.retain(
            |command| !matches!(command, Command::StartMapRun(start) if given_up.contains(&start.id)),
        );
        self.opened.retain(|task| !began.contains(&task.attempt));
        self.closed.retain(|task| !began.contains(&task.attempt));
    }
}
