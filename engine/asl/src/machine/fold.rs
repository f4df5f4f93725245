//! Folding: how each entry of the journal changes an execution. Nothing is evaluated here, so a
//! random number, a clock or a changed library cannot alter the past.
//!
//! Deciding ([`super::step`]) changes an execution through [`apply`] alone: that is why folding
//! what was emitted gives exactly the live value.

mod kept;

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Fault,
    execution::{
        Branches, Call, Ended, Execution, Items, MapRunning, Origin, Outcome, Position, Thread,
        ThreadId, Visit,
    },
    failure::retriers,
    history::{Detail, Entry, Event, Note},
};
use crate::{definition::Kind, json::Json, payload::Payload, query::Variables};

/// Moves `execution` on by one entry.
pub(super) fn apply(execution: &mut Execution, entry: &Entry) -> Result<(), Fault> {
    match entry {
        Entry::Event(event) => apply_event(execution, event),
        Entry::Note(Note::Backoff {
            thread,
            retrier,
            due,
        }) => {
            let mut visit = take_visit(execution, *thread)?;
            let definition = Arc::clone(&execution.definition);
            let count = retriers(execution.state(&definition, *thread)?).len();
            visit.retries.resize(count, 0);
            let Some(used) = visit.retries.get_mut(*retrier as usize) else {
                return Err(Fault::new(format!("there is no retrier {retrier}")));
            };
            *used += 1;
            drop_descendants(execution, *thread);
            set(execution, *thread, Position::Backoff { visit, due: *due })
        }
        Entry::Note(Note::Waiting { thread, until }) => {
            let visit = take_visit(execution, *thread)?;
            set(
                execution,
                *thread,
                Position::Waiting {
                    visit,
                    until: *until,
                },
            )
        }
        Entry::Note(Note::Rerun(rerun)) => kept::begin(execution, rerun),
    }
}

fn apply_event(execution: &mut Execution, event: &Event) -> Result<(), Fault> {
    if event.id != execution.last_event + 1 {
        return Err(Fault::new(format!(
            "event {} follows event {}",
            event.id, execution.last_event
        )));
    }
    execution.last_event = event.id;
    execution.last_at = event.at;
    let id = event.thread;
    let position = match &event.detail {
        Detail::ExecutionStarted { input, .. } => {
            start(execution, input);
            return Ok(());
        }
        Detail::ExecutionSucceeded { output } => {
            close(execution, Outcome::Succeeded(output.clone()));
            return Ok(());
        }
        Detail::ExecutionFailed(error) => {
            close(execution, Outcome::Failed(error.clone()));
            return Ok(());
        }
        Detail::ExecutionAborted(error) => {
            close(execution, Outcome::Aborted(error.clone()));
            return Ok(());
        }
        Detail::ExecutionTimedOut(error) => {
            close(execution, Outcome::TimedOut(error.clone()));
            return Ok(());
        }
        Detail::ExecutionRedriven { count, remains } => {
            let remains = remains.as_ref();
            let remains = remains.ok_or_else(|| {
                Fault::new(format!("event {} says not where it goes on", event.id))
            })?;
            execution.outcome = None;
            execution.redrive_count = *count;
            execution.redriven_at = Some(event.at);
            return revive(execution, event.id, remains.threads.clone());
        }
        Detail::StateEntered { name, input, .. } => {
            let visit = Visit {
                state: Arc::clone(name),
                entered: event.id,
                entered_previous: event.previous,
                entered_at: event.at,
                input: input.clone(),
                retries: Vec::new(),
            };
            match kept::result(execution, id) {
                Some(result) => Position::Returned { visit, result },
                None => Position::Entered(visit),
            }
        }
        Detail::StateExited {
            output,
            assigned,
            to,
            ..
        } => {
            return exit(execution, event, output, assigned, to.as_ref());
        }
        Detail::StateAborted { .. } => {
            remove_tree(execution, Some(id));
            return Ok(());
        }
        Detail::Scheduled(scheduled) => Position::Called {
            visit: take_visit(execution, id)?,
            call: Call {
                attempt: event.id,
                callee: Arc::clone(&scheduled.call),
                arguments: scheduled.arguments.clone(),
                timeout_seconds: scheduled.timeout_seconds,
                timeout_at: None,
                heartbeat_seconds: scheduled.heartbeat_seconds,
                role_arn: scheduled.role_arn.clone(),
                nonce: scheduled.nonce,
                is_started: false,
                is_submitted: false,
            },
        },
        Detail::Started { .. } => with_call(execution, id, |call| {
            call.is_started = true;
            call.timeout_at = call.timeout_seconds.map(|seconds| {
                event
                    .at
                    .plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
            });
        })?,
        Detail::Submitted { .. } => with_call(execution, id, |call| call.is_submitted = true)?,
        Detail::Succeeded { output, .. } => Position::Returned {
            visit: take_visit(execution, id)?,
            result: output.clone(),
        },
        Detail::Failed { error, .. }
        | Detail::TimedOut { error, .. }
        | Detail::EvaluationFailed { error, .. } => Position::Failing {
            visit: take_visit(execution, id)?,
            error: error.clone(),
        },
        Detail::ParallelStarted { arguments } => branch(execution, event, arguments)?,
        Detail::ParallelFailed { error } | Detail::MapFailed { error } => {
            drop_descendants(execution, id);
            Position::Failing {
                visit: take_visit(execution, id)?,
                error: error.clone(),
            }
        }
        // The state's exit names a branch's or iteration's last event as its cause, not this one.
        Detail::ParallelSucceeded | Detail::MapSucceeded => {
            let result = joined(execution, id)?;
            let visit = take_visit(execution, id)?;
            return set(execution, id, Position::Returned { visit, result });
        }
        Detail::MapStarted {
            length,
            items,
            arguments,
            policy,
        } => Position::Items {
            visit: take_visit(execution, id)?,
            items: if let Some(items) = kept::items(execution, id) {
                Items {
                    cause: event.id,
                    ..items
                }
            } else {
                Items {
                    items: items.clone(),
                    arguments: arguments.clone(),
                    length: *length,
                    policy: *policy,
                    next: 0,
                    running: BTreeMap::new(),
                    ended: std::collections::VecDeque::new(),
                    cause: event.id,
                    outputs: BTreeMap::new(),
                    failures: 0,
                    again: BTreeMap::new(),
                }
            },
        },
        // What it computed is in the event after this one.
        Detail::DistributedStarted { .. } | Detail::MapRunAborted => {
            return moved(execution, event);
        }
        Detail::MapRunStarted { id: run, spec, .. } => Position::MapRun {
            visit: take_visit(execution, id)?,
            run: MapRunning {
                id: *run,
                attempt: event.id,
                spec: spec.clone(),
                result: None,
                redrives: 0,
                is_to_redrive: false,
            },
        },
        Detail::MapRunSucceeded { output } => {
            let Position::MapRun { run, .. } = &mut execution.thread_mut(id)?.position else {
                return Err(Fault::new(format!("thread {} waits for no Map Run", id.0)));
            };
            run.result = Some(output.clone());
            return moved(execution, event);
        }
        Detail::MapRunRedriven { count, .. } => {
            let Position::MapRun { run, .. } = &mut execution.thread_mut(id)?.position else {
                return Err(Fault::new(format!("thread {} has no Map Run", id.0)));
            };
            run.redrives = *count;
            run.is_to_redrive = false;
            return moved(execution, event);
        }
        Detail::MapRunFailed { .. } => return moved(execution, event),
        Detail::IterationStarted { index, input, .. } => {
            return iterate(execution, event, *index, input);
        }
        Detail::IterationSucceeded { index, .. } => {
            let items = items(execution, id)?;
            let Some(at) = items.ended.iter().position(|ended| ended.index == *index) else {
                return Err(Fault::new(format!("iteration {index} has not ended")));
            };
            if let Some(ended) = items.ended.remove(at) {
                items.outputs.insert(ended.index, ended.output);
            }
            items.cause = event.previous;
            return moved(execution, event);
        }
        Detail::IterationFailed { index, .. } => {
            let items = items(execution, id)?;
            items.failures += 1;
            items.cause = event.previous;
            let thread = items.running.remove(index);
            remove_tree(execution, thread);
            return moved(execution, event);
        }
        Detail::IterationAborted { index, .. } => {
            let thread = items(execution, id)?.running.remove(index);
            remove_tree(execution, thread);
            return moved(execution, event);
        }
    };
    let thread = execution.thread_mut(id)?;
    thread.last_event = event.id;
    set(execution, id, position)
}

fn start(execution: &mut Execution, input: &Payload) {
    execution.input = input.clone();
    let state = Arc::clone(&execution.definition.scope.start_at);
    // The first StateEntered has no cause: its previousEventId is 0.
    add_thread(
        execution,
        ThreadId::ROOT,
        Origin::Root,
        0,
        state,
        input.clone(),
    );
}

fn close(execution: &mut Execution, outcome: Outcome) {
    execution.threads.clear();
    execution.runnable.clear();
    execution.outcome = Some(outcome);
}

fn add_thread(
    execution: &mut Execution,
    id: ThreadId,
    origin: Origin,
    cause: u64,
    state: Arc<str>,
    input: Payload,
) {
    let position = Position::Ready { state, input };
    let thread = Thread {
        origin,
        variables: Variables::new(),
        last_event: cause,
        position,
    };
    execution.threads.insert(id, thread);
    execution.runnable.insert(id);
    execution.next_thread = execution.next_thread.max(id.0.saturating_add(1));
}

/// Puts a thread at a position and keeps `runnable` true.
fn set(execution: &mut Execution, id: ThreadId, position: Position) -> Result<(), Fault> {
    execution.thread_mut(id)?.position = position;
    refresh(execution, id)
}

fn refresh(execution: &mut Execution, id: ThreadId) -> Result<(), Fault> {
    if execution.thread(id)?.position.is_runnable() {
        execution.runnable.insert(id);
    } else {
        execution.runnable.remove(&id);
    }
    Ok(())
}

/// Notes the event as a thread's last where the position changed in place.
fn moved(execution: &mut Execution, event: &Event) -> Result<(), Fault> {
    execution.thread_mut(event.thread)?.last_event = event.id;
    refresh(execution, event.thread)
}

/// Takes the visit out of a thread that is about to get a new position.
fn take_visit(execution: &mut Execution, id: ThreadId) -> Result<Visit, Fault> {
    let thread = execution.thread_mut(id)?;
    let visit = match &mut thread.position {
        Position::Ready { .. } | Position::Finished(_) => None,
        Position::Entered(visit)
        | Position::Waiting { visit, .. }
        | Position::Called { visit, .. }
        | Position::Returned { visit, .. }
        | Position::Failing { visit, .. }
        | Position::Backoff { visit, .. }
        | Position::Branches { visit, .. }
        | Position::Items { visit, .. }
        | Position::MapRun { visit, .. } => Some(visit.clone()),
    };
    visit.ok_or_else(|| Fault::new(format!("thread {} is in no state", id.0)))
}

fn with_call(
    execution: &mut Execution,
    id: ThreadId,
    change: impl FnOnce(&mut Call),
) -> Result<Position, Fault> {
    let visit = take_visit(execution, id)?;
    let Position::Called { call, .. } = &execution.thread(id)?.position else {
        return Err(Fault::new(format!("thread {} has no task in flight", id.0)));
    };
    let mut call = call.clone();
    change(&mut call);
    Ok(Position::Called { visit, call })
}

fn items(execution: &mut Execution, id: ThreadId) -> Result<&mut Items, Fault> {
    match &mut execution.thread_mut(id)?.position {
        Position::Items { items, .. } => Ok(items),
        _ => Err(Fault::new(format!("thread {} runs no Map", id.0))),
    }
}

/// A state is left: to the next one, to the parent that waits for this thread, or to the end.
fn exit(
    execution: &mut Execution,
    event: &Event,
    output: &Payload,
    assigned: &[(Arc<str>, Payload)],
    to: Option<&Arc<str>>,
) -> Result<(), Fault> {
    let id = event.thread;
    let thread = execution.thread_mut(id)?;
    thread.last_event = event.id;
    for (name, value) in assigned {
        thread.variables.insert(Arc::clone(name), value.clone());
    }
    if let Some(state) = to {
        let position = Position::Ready {
            state: Arc::clone(state),
            input: output.clone(),
        };
        return set(execution, id, position);
    }
    let origin = thread.origin.clone();
    let parent = match origin {
        Origin::Root => return set(execution, id, Position::Finished(output.clone())),
        Origin::Branch { parent, index } => {
            let Position::Branches { branches, .. } = &mut execution.thread_mut(parent)?.position
            else {
                return Err(Fault::new(format!(
                    "thread {} waits for no branch",
                    parent.0
                )));
            };
            if let Some(slot) = branches.outputs.get_mut(index as usize) {
                *slot = Some(output.clone());
            }
            parent
        }
        Origin::Iteration { parent, index } => {
            let items = items(execution, parent)?;
            items.running.remove(&index);
            items.ended.push_back(Ended {
                index,
                last_event: event.id,
                output: output.clone(),
            });
            parent
        }
    };
    execution.threads.remove(&id);
    execution.runnable.remove(&id);
    execution.thread_mut(parent)?.last_event = event.id;
    refresh(execution, parent)
}

fn branch(
    execution: &mut Execution,
    event: &Event,
    arguments: &Payload,
) -> Result<Position, Fault> {
    let visit = take_visit(execution, event.thread)?;
    if let Some(branches) = kept::branches(execution, event)? {
        return Ok(Position::Branches { visit, branches });
    }
    let definition = Arc::clone(&execution.definition);
    let Kind::Parallel(parallel) = &execution.state(&definition, event.thread)?.kind else {
        return Err(Fault::new(format!(
            "thread {} is in no Parallel state",
            event.thread.0
        )));
    };
    let mut threads = Vec::with_capacity(parallel.branches.len());
    for (index, scope) in (0u32..).zip(&parallel.branches) {
        let id = ThreadId(execution.next_thread);
        let origin = Origin::Branch {
            parent: event.thread,
            index,
        };
        let start = Arc::clone(&scope.start_at);
        add_thread(execution, id, origin, event.id, start, arguments.clone());
        threads.push(id);
    }
    let outputs = vec![None; threads.len()];
    Ok(Position::Branches {
        visit,
        branches: Branches { threads, outputs },
    })
}

/// An iteration starts, on the next free thread. The event belongs to the Map's own thread.
fn iterate(
    execution: &mut Execution,
    event: &Event,
    index: u64,
    input: &Payload,
) -> Result<(), Fault> {
    let definition = Arc::clone(&execution.definition);
    let Kind::Map(map) = &execution.state(&definition, event.thread)?.kind else {
        return Err(Fault::new(format!(
            "thread {} is in no Map state",
            event.thread.0
        )));
    };
    let id = ThreadId(execution.next_thread);
    let items = items(execution, event.thread)?;
    if let Some(again) = items.again.remove(&index) {
        items.running.insert(index, again.thread);
        let begun: Vec<ThreadId> = again.threads.keys().copied().collect();
        revive(execution, event.id, again.threads)?;
        kept::begun(execution, begun);
        return refresh(execution, event.thread);
    }
    items.next = index.saturating_add(1);
    items.running.insert(index, id);
    let origin = Origin::Iteration {
        parent: event.thread,
        index,
    };
    let start = Arc::clone(&map.processor.start_at);
    add_thread(execution, id, origin, event.id, start, input.clone());
    // The Map's own chain of causes goes on with what it was: iterations that start together
    // name the same cause.
    refresh(execution, event.thread)
}

/// Puts threads back that did not succeed before a redrive; `cause` is what they go on from.
fn revive(
    execution: &mut Execution,
    cause: u64,
    threads: BTreeMap<ThreadId, Thread>,
) -> Result<(), Fault> {
    for (id, mut thread) in threads {
        thread.last_event = cause;
        if let Position::Items { items, .. } = &mut thread.position {
            items.cause = cause;
        }
        execution.threads.insert(id, thread);
        refresh(execution, id)?;
    }
    Ok(())
}

/// The result of a Parallel or Map all of whose parts have ended.
fn joined(execution: &Execution, id: ThreadId) -> Result<Payload, Fault> {
    let outputs: Vec<Json> = match &execution.thread(id)?.position {
        Position::MapRun { run, .. } => {
            let result = run.result.clone();
            return result.ok_or_else(|| Fault::new("a Map Run has no result"));
        }
        Position::Branches { branches, .. } => branches
            .outputs
            .iter()
            .flatten()
            .map(|output| output.json().clone())
            .collect(),
        Position::Items { items, .. } => items
            .outputs
            .values()
            .map(|output| output.json().clone())
            .collect(),
        _ => return Err(Fault::new(format!("thread {} joins nothing", id.0))),
    };
    Ok(Payload::from(Json::array(outputs)))
}

/// Removes every thread that runs below `id`.
fn drop_descendants(execution: &mut Execution, id: ThreadId) {
    let Some(thread) = execution.threads.get(&id) else {
        return;
    };
    let children: Vec<ThreadId> = thread.position.children().collect();
    for child in children {
        remove_tree(execution, Some(child));
    }
}

fn remove_tree(execution: &mut Execution, id: Option<ThreadId>) {
    let Some(id) = id else { return };
    drop_descendants(execution, id);
    execution.threads.remove(&id);
    execution.runnable.remove(&id);
}
