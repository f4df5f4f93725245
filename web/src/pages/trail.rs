//! Which state each event of a page belongs to, and which of them tells why an execution failed.
//!
//! The wire API does not say it: an event knows its flow of control, and a flow is in one state at a
//! time. What a page does not hold is looked for a bounded way back.

use std::{collections::HashMap, sync::Arc};

use asl::machine::{Event, ThreadId, history::Detail};

/// Where each flow of control stands.
pub type Standing = HashMap<ThreadId, Arc<str>>;

/// The state of each of `events`, which are in order. `before` is where their flows stood; what it
/// does not know is taken from how the flow leaves its state within the events.
pub fn states(events: &[Event], mut before: Standing) -> Vec<Option<Arc<str>>> {
    let mut seen: Standing = HashMap::new();
    for event in events {
        match &event.detail {
            Detail::StateEntered { .. } => {
                seen.entry(event.thread).or_insert_with(|| Arc::from(""));
            }
            Detail::StateExited { name, .. } if !seen.contains_key(&event.thread) => {
                seen.insert(event.thread, Arc::clone(name));
                before
                    .entry(event.thread)
                    .or_insert_with(|| Arc::clone(name));
            }
            _ => {}
        }
    }
    let mut standing = before;
    events
        .iter()
        .map(|event| match &event.detail {
            Detail::ExecutionStarted { .. }
            | Detail::ExecutionSucceeded { .. }
            | Detail::ExecutionFailed(_)
            | Detail::ExecutionAborted(_)
            | Detail::ExecutionTimedOut(_)
            | Detail::ExecutionRedriven { .. } => None,
            Detail::StateEntered { name, .. } => {
                standing.insert(event.thread, Arc::clone(name));
                Some(Arc::clone(name))
            }
            Detail::StateExited { name, .. } => {
                standing.remove(&event.thread);
                Some(Arc::clone(name))
            }
            Detail::IterationStarted { name, .. }
            | Detail::IterationSucceeded { name, .. }
            | Detail::IterationFailed { name, .. }
            | Detail::IterationAborted { name, .. } => Some(Arc::clone(name)),
            Detail::EvaluationFailed { state, .. } => Some(Arc::clone(state)),
            _ => standing.get(&event.thread).cloned(),
        })
        .collect()
}

/// The flows of `events` whose state these do not tell, so that it must be looked for before them.
pub fn untold(events: &[Event]) -> Vec<ThreadId> {
    let told = states(events, Standing::new());
    let mut untold: Vec<ThreadId> = events
        .iter()
        .zip(told)
        .filter(|(event, state)| state.is_none() && belongs_to_a_state(&event.detail))
        .map(|(event, _)| event.thread)
        .collect();
    untold.sort_unstable();
    untold.dedup();
    untold
}

/// How deep in a failure an event lies: an attempt is why its Parallel or Map failed, not the other
/// way about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    Itself,
    OfWhatItHolds,
}

/// Whether the event tells of a failure.
pub fn blame(event: &Event) -> Option<Blame> {
    match &event.detail {
        Detail::Failed { .. } | Detail::TimedOut { .. } | Detail::EvaluationFailed { .. } => {
            Some(Blame::Itself)
        }
        Detail::StateEntered { .. } if event.detail.type_name() == "FailStateEntered" => {
            Some(Blame::Itself)
        }
        Detail::ParallelFailed { .. }
        | Detail::MapFailed { .. }
        | Detail::IterationFailed { .. } => Some(Blame::OfWhatItHolds),
        _ => None,
    }
}

/// The event among `back`, the newest first, that tells why the execution failed.
pub fn culprit(back: &[Event]) -> Option<&Event> {
    let mut outer = None;
    for event in back {
        match blame(event) {
            Some(Blame::Itself) => return Some(event),
            Some(Blame::OfWhatItHolds) => outer = Some(event),
            // A flow that goes on has left whatever failed before.
            None if outer.is_none() && matches!(event.detail, Detail::StateExited { .. }) => {
                return None;
            }
            None => {}
        }
    }
    outer
}

/// The state in which the flow of `event` stood, by the events before it, the newest first.
pub fn standing_at(event: &Event, back: &[Event]) -> Option<Arc<str>> {
    if let Detail::StateEntered { name, .. }
    | Detail::EvaluationFailed { state: name, .. }
    | Detail::IterationFailed { name, .. } = &event.detail
    {
        return Some(Arc::clone(name));
    }
    let earlier = back
        .iter()
        .filter(|it| it.id < event.id && it.thread == event.thread);
    earlier.into_iter().find_map(|it| match &it.detail {
        Detail::StateEntered { name, .. } => Some(Arc::clone(name)),
        _ => None,
    })
}

fn belongs_to_a_state(detail: &Detail) -> bool {
    !matches!(
        detail,
        Detail::ExecutionStarted { .. }
            | Detail::ExecutionSucceeded { .. }
            | Detail::ExecutionFailed(_)
            | Detail::ExecutionAborted(_)
            | Detail::ExecutionTimedOut(_)
            | Detail::ExecutionRedriven { .. }
    )
}
