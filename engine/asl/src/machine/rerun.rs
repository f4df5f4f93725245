//! Rerunning: a new execution that goes on from any state visit of another one, without doing again what
//! was done before it.
//!
//! A [`Cut`] folds the journal of the other execution up to the visit, and past it what the other flows
//! of control did meanwhile, since nothing of that hangs on the visit. What then stands is a [`Rerun`]:
//! where each thread begins. It is the private note after the new execution's first event. The new
//! history is its own, numbered from 1, and has no event twice: a thread enters the state in which it
//! stands; a Parallel or Map that was under way starts, with the results that it had; a task that had its
//! result leaves with it. Which threads do so is kept in [`Execution::kept`] until they have.
//!
//! What a task was doing when the cut was made is done again, as by a redrive: nobody waits for its
//! answer in the new execution.

mod cut;

use std::{collections::BTreeMap, sync::Arc};

pub use cut::Cut;

use super::{
    Entry, Execution, Fault, Identity, ThreadId,
    execution::{Position, Thread},
    history::{Detail, Note, journal},
    step::{Halt, Stepper},
};
use crate::{
    definition::{Definition, Kind, map::Mode},
    payload::Payload,
};

/// Where the threads of a rerun begin, and what it is a rerun of.
#[derive(Clone, Debug, PartialEq)]
pub struct Rerun {
    /// The other execution's id.
    pub origin: [u8; 16],
    /// The entered event there of the visit that it goes on from.
    pub event: u64,
    /// Positions are [`Position::Ready`], or what a thread has when its state has begun:
    /// [`Position::Branches`], [`Position::Items`], [`Position::Returned`], [`Position::Finished`].
    pub threads: BTreeMap<ThreadId, Thread>,
}

/// What is changed before the chosen visit.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    /// Instead of the input that the visit had.
    pub input: Option<Payload>,
    /// Values of variables that the state sees.
    pub variables: Vec<(Arc<str>, Payload)>,
    /// Stands in for the work of the state, which is then not done: a Task, Parallel or Map.
    pub result: Option<Payload>,
}

/// What the chosen visit began with.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    pub state: Arc<str>,
    /// `Task`, `Parallel` and so on.
    pub kind: &'static str,
    pub input: Payload,
    /// All that the state saw, as one object.
    pub variables: Payload,
}

/// Why there is no such rerun. Each is about what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the execution has no event {0}")]
    NoEvent(u64),
    #[error("event {0} is not one by which a state was entered")]
    NotEntered(u64),
    #[error("the variable '{0}' is none that the state sees")]
    NoVariable(Arc<str>),
    #[error("the work of the state '{0}' has no result: only that of a Task, Parallel or Map has")]
    NoResult(Arc<str>),
    #[error("the state '{0}' is not in the same place in that definition")]
    NotThere(Arc<str>),
    #[error("the data to go on with takes {bytes} bytes: at most {max} are allowed")]
    TooLarge { bytes: usize, max: usize },
}

/// What a rerun may bring along: its first row has to hold it.
pub const BYTES_MAX: usize = 16 << 20;

impl Rerun {
    /// Whether the threads can begin in that definition.
    ///
    /// # Errors
    /// The first state that is not where it was.
    pub fn check(&self, definition: &Arc<Definition>) -> Result<(), Refusal> {
        let mut execution = Execution::new(nobody(), Arc::clone(definition));
        execution.threads.clone_from(&self.threads);
        for (id, thread) in &self.threads {
            let Some(name) = thread.position.state() else {
                continue;
            };
            let not_there = || Refusal::NotThere(Arc::clone(name));
            let state = execution.state(definition, *id).map_err(|_| not_there())?;
            let fits = match (&thread.position, &state.kind) {
                (Position::Branches { branches, .. }, Kind::Parallel(parallel)) => {
                    branches.outputs.len() == parallel.branches.len()
                }
                (Position::Items { .. }, Kind::Map(map)) => {
                    !matches!(map.mode, Mode::Distributed(_))
                }
                (Position::Returned { .. }, Kind::Task(_) | Kind::Parallel(_) | Kind::Map(_)) => {
                    true
                }
                (Position::Ready { .. }, _) => true,
                _ => false,
            };
            if !fits {
                return Err(not_there());
            }
        }
        Ok(())
    }

    /// The note as a row holds it, for a message to another node.
    pub fn to_text(&self) -> String {
        let note = Entry::Note(Note::Rerun(Arc::new(self.clone())));
        journal::encode(1, &[note])
    }

    /// What [`Self::to_text`] wrote.
    ///
    /// # Errors
    /// The text is damaged.
    pub fn from_text(text: &str) -> Result<Self, Fault> {
        let read = journal::Reader::default().read(1, journal::FORMAT, text);
        let entries = read.map_err(|_| Fault::new("a rerun cannot be read"))?;
        match entries.as_slice() {
            [Entry::Note(Note::Rerun(rerun))] => Ok(Self::clone(rerun)),
            _ => Err(Fault::new("a text that is no rerun")),
        }
    }

    /// The id that the next thread gets.
    pub(super) fn next_thread(&self) -> u32 {
        let in_items = self
            .threads
            .values()
            .flat_map(|thread| match &thread.position {
                Position::Items { items, .. } => {
                    items.again.values().map(|again| again.thread).collect()
                }
                _ => Vec::new(),
            });
        let in_branches = self
            .threads
            .values()
            .flat_map(|thread| thread.position.children());
        let ids = self
            .threads
            .keys()
            .copied()
            .chain(in_items)
            .chain(in_branches);
        ids.map(|id| id.0.saturating_add(1)).max().unwrap_or(1)
    }
}

/// A scope is looked up in an execution; whose it is says nothing there.
fn nobody() -> Arc<Identity> {
    let none: Arc<str> = Arc::from("");
    Arc::new(Identity {
        id: [0; 16],
        arn: Arc::clone(&none),
        name: Arc::clone(&none),
        machine_arn: Arc::clone(&none),
        machine_name: Arc::clone(&none),
        role_arn: none,
        started_at: crate::time::Timestamp(0),
    })
}

/// Where a thread that is kept at `position` begins in the new execution: about to enter its state.
pub(super) fn beginning(position: &Position) -> Position {
    match position {
        Position::Ready { .. } | Position::Finished(_) => position.clone(),
        Position::Entered(visit)
        | Position::Waiting { visit, .. }
        | Position::Called { visit, .. }
        | Position::Returned { visit, .. }
        | Position::Failing { visit, .. }
        | Position::Backoff { visit, .. }
        | Position::Branches { visit, .. }
        | Position::Items { visit, .. }
        | Position::MapRun { visit, .. } => Position::Ready {
            state: Arc::clone(&visit.state),
            input: visit.input.clone(),
        },
    }
}

impl Stepper<'_> {
    /// The first step of a rerun: the note after the event that starts it.
    pub(super) fn begin_rerun(&mut self, rerun: &Arc<Rerun>) -> Result<(), Halt> {
        self.note(Note::Rerun(Arc::clone(rerun)))
    }

    /// Starts the Parallel or Map that this thread had begun before the cut; false where there is none.
    pub(super) fn begin_kept(&mut self, thread: ThreadId) -> Result<bool, Halt> {
        let Some(kept) = self.execution.kept.get(&thread) else {
            return Ok(false);
        };
        let detail = match &kept.position {
            Position::Branches { .. } => Detail::ParallelStarted {
                arguments: Payload::from_trusted_text("null"),
            },
            Position::Items { items, .. } => Detail::MapStarted {
                length: items.length,
                items: items.items.clone(),
                arguments: items.arguments.clone(),
                policy: items.policy,
            },
            _ => {
                let fault = format!("thread {} is kept at nothing that it can begin", thread.0);
                return Err(Fault::new(fault).into());
            }
        };
        let previous = self.execution.thread(thread)?.last_event;
        self.emit(thread, previous, detail)?;
        Ok(true)
    }
}
