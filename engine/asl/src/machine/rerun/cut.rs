//! Folding another execution's journal for a rerun: all of it up to the chosen visit, and after it what
//! flows did that do not hang on the visit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{BYTES_MAX, Edits, Preview, Refusal, Rerun, beginning};
use crate::{
    Json,
    definition::{Definition, Kind},
    machine::{
        Entry, Event, Execution, Fault, Identity, ThreadId,
        execution::{Again, Branches, Items, Position, Thread, Visit},
        history::{Detail, Note},
        redrive::Salvage,
    },
    payload::Payload,
};

/// A fold of a whole journal that stops at one visit where the rest goes on.
#[derive(Debug)]
pub struct Cut {
    event: u64,
    /// As it was, event by event.
    whole: Salvage,
    found: Option<Found>,
    is_wrong: bool,
}

/// What stands at the cut.
#[derive(Debug)]
struct Found {
    salvage: Salvage,
    thread: ThreadId,
    /// The threads that wait for the chosen one, and have not gone on without it.
    waiting: BTreeSet<ThreadId>,
    /// The chosen thread and all that wait for it, whether or not they have gone on.
    lineage: BTreeSet<ThreadId>,
    /// Later events still tell of what was done meanwhile.
    is_following: bool,
}

impl Cut {
    /// A cut before the visit that was entered by that event.
    pub fn new(identity: Arc<Identity>, definition: Arc<Definition>, event: u64) -> Self {
        Self {
            event,
            whole: Salvage::new(identity, definition),
            found: None,
            is_wrong: false,
        }
    }

    /// Takes in the entries of one row, as [`crate::machine::fold()`] does.
    ///
    /// # Errors
    /// A fault is a damaged journal.
    pub fn fold(&mut self, number: u64, entries: &[Entry]) -> Result<(), Fault> {
        let last = self.whole.execution.last_step;
        if number != last + 1 {
            return Err(Fault::new(format!("step {number} follows step {last}")));
        }
        for entry in entries {
            self.take(entry)?;
        }
        self.whole.execution.last_step = number;
        Ok(())
    }

    fn take(&mut self, entry: &Entry) -> Result<(), Fault> {
        match (&mut self.found, entry) {
            (Some(found), _) => found.follow(entry, self.whole.execution.next_thread)?,
            (None, Entry::Event(event)) if event.id == self.event => {
                if matches!(event.detail, Detail::StateEntered { .. }) {
                    self.found = Some(Found::at(self.whole.clone(), event.thread));
                } else {
                    self.is_wrong = true;
                }
            }
            (None, _) => {}
        }
        self.whole.take(entry)
    }

    /// What the visit began with; nothing where there is no such visit.
    pub fn preview(&self) -> Option<Preview> {
        let found = self.found.as_ref()?;
        let (execution, id) = (&found.salvage.execution, found.thread);
        let definition = &execution.definition;
        let state = execution.state(definition, id).ok()?;
        let thread = execution.threads.get(&id)?;
        let visible = execution.visible_variables(id).ok()?;
        let mut variables: Vec<_> = visible.iter().collect();
        variables.sort_by_key(|(name, _)| Arc::clone(name));
        let mut members = crate::json::Object::new();
        for (name, value) in variables {
            members.insert(Arc::clone(name), value.json().clone());
        }
        Some(Preview {
            state: Arc::clone(thread.position.state()?),
            kind: state.state_type().as_str(),
            input: thread.position.input()?.clone(),
            variables: Payload::from(Json::object(members)),
        })
    }

    /// What goes on from there, for an execution that runs `definition`.
    ///
    /// # Errors
    /// What was asked for does not fit what is there.
    pub fn finish(self, edits: Edits, definition: &Arc<Definition>) -> Result<Rerun, Refusal> {
        if self.is_wrong {
            return Err(Refusal::NotEntered(self.event));
        }
        let found = self.found.ok_or(Refusal::NoEvent(self.event))?;
        let origin = found.salvage.execution.identity.id;
        let (chosen, mut threads) = (found.thread, found.begin());
        edit(&mut threads, chosen, edits)?;
        let rerun = Rerun {
            origin,
            event: self.event,
            threads,
        };
        rerun.check(definition)?;
        if let Some(thread) = rerun.threads.get(&chosen)
            && let Position::Returned { visit, .. } = &thread.position
        {
            let mut execution = Execution::new(super::nobody(), Arc::clone(definition));
            execution.threads.clone_from(&rerun.threads);
            let state = execution.state(definition, chosen);
            let kind = state.map(|state| &state.kind);
            if !matches!(kind, Ok(Kind::Task(_) | Kind::Parallel(_) | Kind::Map(_))) {
                return Err(Refusal::NoResult(Arc::clone(&visit.state)));
            }
        }
        let bytes = weight(&rerun.threads);
        if bytes > BYTES_MAX {
            return Err(Refusal::TooLarge {
                bytes,
                max: BYTES_MAX,
            });
        }
        Ok(rerun)
    }
}

impl Found {
    fn at(salvage: Salvage, thread: ThreadId) -> Self {
        let mut waiting = BTreeSet::new();
        let mut at = thread;
        while let Some(parent) = salvage
            .execution
            .threads
            .get(&at)
            .and_then(|thread| thread.origin.parent())
        {
            waiting.insert(parent);
            at = parent;
        }
        let mut lineage = waiting.clone();
        lineage.insert(thread);
        Self {
            salvage,
            thread,
            waiting,
            lineage,
            is_following: true,
        }
    }

    /// Takes in an entry after the cut, where it does not hang on the chosen visit. `next_thread` is
    /// the id that a thread gets that starts with it.
    fn follow(&mut self, entry: &Entry, next_thread: u32) -> Result<(), Fault> {
        if !self.is_following {
            return Ok(());
        }
        let concerns = match entry {
            Entry::Event(event) => {
                if event.detail.is_terminal()
                    || matches!(event.detail, Detail::ExecutionRedriven { .. })
                {
                    self.is_following = false;
                }
                self.is_following && self.concerns(event)
            }
            Entry::Note(Note::Backoff { thread, .. } | Note::Waiting { thread, .. }) => {
                self.is_apart(*thread)
            }
            Entry::Note(Note::Rerun(_)) => false,
        };
        if !concerns {
            return Ok(());
        }
        if let Entry::Event(event) = entry {
            self.salvage.execution.last_event = event.id - 1;
        }
        self.salvage.execution.next_thread = next_thread;
        self.salvage.take(entry)
    }

    /// Whether the event tells of something that was done whatever the chosen visit led to.
    fn concerns(&mut self, event: &Event) -> bool {
        let id = event.thread;
        if self.is_apart(id) {
            // What was given up was so because of something else: it can go on.
            return !matches!(event.detail, Detail::StateAborted { .. });
        }
        if !self.waiting.contains(&id) {
            return false;
        }
        // A Map goes on with its other items. After anything else it has gone on without the chosen one.
        match &event.detail {
            Detail::IterationStarted { index, .. } | Detail::IterationSucceeded { index, .. } => {
                !self.is_own_item(id, *index)
            }
            // What failed meanwhile is tried again.
            Detail::IterationFailed { .. } | Detail::IterationAborted { .. } => false,
            _ => {
                self.waiting.remove(&id);
                false
            }
        }
    }

    /// A thread that stands, and neither is the chosen one nor waits for it.
    fn is_apart(&self, id: ThreadId) -> bool {
        self.salvage.execution.threads.contains_key(&id) && !self.lineage.contains(&id)
    }

    /// Whether the chosen visit is in that item of a Map.
    fn is_own_item(&self, map: ThreadId, index: u64) -> bool {
        let thread = self.salvage.execution.threads.get(&map);
        match thread.map(|thread| &thread.position) {
            Some(Position::Items { items, .. }) => items
                .running
                .get(&index)
                .is_some_and(|thread| self.lineage.contains(thread)),
            _ => true,
        }
    }

    /// Where each thread begins.
    fn begin(self) -> BTreeMap<ThreadId, Thread> {
        let (execution, mut standing) = self.salvage.standing();
        unfold(&mut standing);
        // The chosen visit begins anew, even where it was itself to go on.
        let chosen = self.thread;
        let to_begin = execution.kept.into_iter();
        standing.extend(to_begin.filter(|(id, _)| *id != chosen));
        let begun: BTreeMap<ThreadId, Thread> = standing
            .iter()
            .map(|(id, thread)| {
                let thread = Thread {
                    origin: thread.origin.clone(),
                    variables: thread
                        .variables
                        .iter()
                        .map(|(name, value)| (Arc::clone(name), value.detached()))
                        .collect(),
                    last_event: 0,
                    position: kept(&thread.position, &standing),
                };
                (*id, thread)
            })
            .collect();
        reachable(begun)
    }
}

/// Adds the threads of iterations that wait for their turn.
fn unfold(threads: &mut BTreeMap<ThreadId, Thread>) {
    let mut left: Vec<Thread> = threads.values().cloned().collect();
    while let Some(thread) = left.pop() {
        let Position::Items { items, .. } = &thread.position else {
            continue;
        };
        for (id, waiting) in items.again.values().flat_map(|again| &again.threads) {
            threads.insert(*id, waiting.clone());
            left.push(waiting.clone());
        }
    }
}

/// The threads that the machine's own one leads to.
fn reachable(mut threads: BTreeMap<ThreadId, Thread>) -> BTreeMap<ThreadId, Thread> {
    let mut found = BTreeMap::new();
    let mut left = vec![ThreadId::ROOT];
    while let Some(id) = left.pop() {
        let Some(thread) = threads.remove(&id) else {
            continue;
        };
        left.extend(thread.position.children());
        if let Position::Items { items, .. } = &thread.position {
            left.extend(items.again.values().map(|again| again.thread));
        }
        found.insert(id, thread);
    }
    found
}

/// What of a position the new execution has to know.
fn kept(position: &Position, standing: &BTreeMap<ThreadId, Thread>) -> Position {
    match position {
        Position::Ready { state, input } => Position::Ready {
            state: Arc::clone(state),
            input: input.detached(),
        },
        Position::Finished(output) => Position::Finished(output.detached()),
        Position::Entered(visit)
        | Position::Waiting { visit, .. }
        | Position::Called { visit, .. }
        | Position::Failing { visit, .. }
        | Position::Backoff { visit, .. } => beginning(&Position::Entered(fresh(visit))),
        Position::Returned { visit, result } => Position::Returned {
            visit: fresh(visit),
            result: result.detached(),
        },
        Position::MapRun { visit, run } => match &run.result {
            Some(result) => Position::Returned {
                visit: fresh(visit),
                result: result.detached(),
            },
            None => beginning(&Position::Entered(fresh(visit))),
        },
        Position::Branches { visit, branches } => Position::Branches {
            visit: fresh(visit),
            branches: Branches {
                threads: branches.threads.clone(),
                outputs: branches
                    .outputs
                    .iter()
                    .map(|output| output.as_ref().map(Payload::detached))
                    .collect(),
            },
        },
        Position::Items { visit, items } => Position::Items {
            visit: fresh(visit),
            items: kept_items(items, standing),
        },
    }
}

fn kept_items(items: &Items, standing: &BTreeMap<ThreadId, Thread>) -> Items {
    let ended = items.ended.iter().map(|ended| (ended.index, &ended.output));
    let outputs = items.outputs.iter().map(|(index, output)| (*index, output));
    let unfinished = items
        .running
        .iter()
        .map(|(index, thread)| (*index, *thread));
    let waiting = items
        .again
        .iter()
        .map(|(index, again)| (*index, again.thread));
    let again = unfinished.chain(waiting).filter_map(|(index, id)| {
        let thread = standing.get(&id)?;
        let begun = Thread {
            variables: thread
                .variables
                .iter()
                .map(|(name, value)| (Arc::clone(name), value.detached()))
                .collect(),
            origin: thread.origin.clone(),
            last_event: 0,
            position: kept(&beginning(&thread.position), standing),
        };
        let threads = BTreeMap::from([(id, begun)]);
        Some((
            index,
            Again {
                thread: id,
                threads,
            },
        ))
    });
    Items {
        items: items.items.detached(),
        arguments: items.arguments.detached(),
        length: items.length,
        policy: items.policy,
        next: items.next,
        running: BTreeMap::new(),
        ended: std::collections::VecDeque::new(),
        cause: 0,
        outputs: outputs
            .chain(ended)
            .map(|(index, output)| (index, output.detached()))
            .collect(),
        failures: items.failures,
        again: again.collect(),
    }
}

/// A visit as it will be begun: its events are yet to come.
fn fresh(visit: &Visit) -> Visit {
    Visit {
        state: Arc::clone(&visit.state),
        entered: 0,
        entered_previous: 0,
        entered_at: visit.entered_at,
        input: visit.input.detached(),
        retries: Vec::new(),
    }
}

/// Changes what the chosen thread begins with, wherever that is written.
fn edit(
    threads: &mut BTreeMap<ThreadId, Thread>,
    chosen: ThreadId,
    edits: Edits,
) -> Result<(), Refusal> {
    for (name, value) in edits.variables {
        let mut at = Some(chosen);
        let owner = loop {
            let Some(id) = at else {
                return Err(Refusal::NoVariable(name));
            };
            let thread = threads.get(&id);
            if thread.is_some_and(|thread| thread.variables.contains_key(&name)) {
                break id;
            }
            at = thread.and_then(|thread| thread.origin.parent());
        };
        each_copy(threads, owner, |thread| {
            thread.variables.insert(Arc::clone(&name), value.detached());
        });
    }
    if let Some(input) = edits.input {
        each_copy(threads, chosen, |thread| {
            if let Position::Ready { input: old, .. } = &mut thread.position {
                *old = input.detached();
            }
        });
    }
    if let (Some(result), Some(thread)) = (edits.result, threads.get_mut(&chosen))
        && let Position::Ready { state, input } = &thread.position
    {
        thread.position = Position::Returned {
            visit: Visit {
                state: Arc::clone(state),
                entered: 0,
                entered_previous: 0,
                entered_at: crate::time::Timestamp(0),
                input: input.clone(),
                retries: Vec::new(),
            },
            result: result.detached(),
        };
    }
    Ok(())
}

/// A thread stands in the list, and that of an iteration in its Map as well.
fn each_copy(threads: &mut BTreeMap<ThreadId, Thread>, id: ThreadId, change: impl Fn(&mut Thread)) {
    for (each, thread) in threads.iter_mut() {
        if *each == id {
            change(thread);
        }
        if let Position::Items { items, .. } = &mut thread.position {
            let waiting = items.again.values_mut();
            for thread in waiting.filter_map(|again| again.threads.get_mut(&id)) {
                change(thread);
            }
        }
    }
}

/// Bytes of the payloads that the threads hold, equal ones counted once for each place.
fn weight(threads: &BTreeMap<ThreadId, Thread>) -> usize {
    let of = |payload: &Payload| payload.text().len();
    let threads = threads.values().map(|thread| {
        let variables: usize = thread.variables.values().map(of).sum();
        let position = match &thread.position {
            Position::Ready { input, .. } => of(input),
            Position::Finished(output) => of(output),
            Position::Returned { visit, result } => of(&visit.input) + of(result),
            Position::Branches { visit, branches } => {
                let outputs: usize = branches.outputs.iter().flatten().map(of).sum();
                of(&visit.input) + outputs
            }
            Position::Items { visit, items } => {
                let outputs: usize = items.outputs.values().map(of).sum();
                of(&visit.input) + of(&items.items) + of(&items.arguments) + outputs
            }
            Position::Entered(visit)
            | Position::Waiting { visit, .. }
            | Position::Called { visit, .. }
            | Position::Failing { visit, .. }
            | Position::Backoff { visit, .. }
            | Position::MapRun { visit, .. } => of(&visit.input),
        };
        variables + position
    });
    threads.sum()
}
