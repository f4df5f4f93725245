//! Folding what a rerun brings along: each of its threads goes on with what it had before the cut, and
//! that is kept until it has done so. Where a rerun begins is decided in [`super::super::rerun`].

use crate::{
    machine::{
        Event, Execution, Fault, ThreadId,
        execution::{Branches, Items, Position, Thread},
        rerun::{Rerun, beginning},
    },
    payload::Payload,
};

/// The note of a rerun: its threads are kept, and the machine's own begins.
pub(super) fn begin(execution: &mut Execution, rerun: &Rerun) -> Result<(), Fault> {
    execution.threads.clear();
    execution.runnable.clear();
    execution.kept.clone_from(&rerun.threads);
    execution.next_thread = rerun.next_thread();
    // The first StateEntered has no cause here either.
    place(execution, ThreadId::ROOT, 0)
}

/// Lets a thread of a rerun begin; what it has beyond the state that it enters stays kept.
fn place(execution: &mut Execution, id: ThreadId, cause: u64) -> Result<(), Fault> {
    let kept = execution.kept.get(&id);
    let kept = kept.ok_or_else(|| Fault::new(format!("thread {} is not kept", id.0)))?;
    let thread = Thread {
        position: beginning(&kept.position),
        last_event: cause,
        ..kept.clone()
    };
    if thread.position == kept.position {
        execution.kept.remove(&id);
    }
    execution.threads.insert(id, thread);
    super::refresh(execution, id)
}

/// The result with which a thread leaves the state that it has just entered.
pub(super) fn result(execution: &mut Execution, id: ThreadId) -> Option<Payload> {
    let kept = execution.kept.get(&id)?;
    let Position::Returned { result, .. } = &kept.position else {
        return None;
    };
    let result = result.clone();
    execution.kept.remove(&id);
    Some(result)
}

/// The items of a Map that a rerun goes on with.
pub(super) fn items(execution: &mut Execution, id: ThreadId) -> Option<Items> {
    let kept = execution.kept.get(&id)?;
    let Position::Items { items, .. } = &kept.position else {
        return None;
    };
    let items = items.clone();
    execution.kept.remove(&id);
    Some(items)
}

/// The branches of the Parallel that starts with that event; those without a result begin.
pub(super) fn branches(
    execution: &mut Execution,
    event: &Event,
) -> Result<Option<Branches>, Fault> {
    let kept = execution.kept.get(&event.thread);
    let Some(Position::Branches { branches, .. }) = kept.map(|kept| &kept.position) else {
        return Ok(None);
    };
    let branches = branches.clone();
    execution.kept.remove(&event.thread);
    let open = branches.threads.iter().zip(&branches.outputs);
    for (child, _) in open.filter(|(_, output)| output.is_none()) {
        place(execution, *child, event.id)?;
    }
    Ok(Some(branches))
}

/// Threads of an iteration that goes on have begun: nothing more is kept of those that only enter a state.
pub(super) fn begun(execution: &mut Execution, ids: impl IntoIterator<Item = ThreadId>) {
    let is_simple = |kept: &Thread| beginning(&kept.position) == kept.position;
    for id in ids {
        if execution.kept.get(&id).is_some_and(is_simple) {
            execution.kept.remove(&id);
        }
    }
}
