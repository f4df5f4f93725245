//! An execution as a value: where each of its flows of control stands and what it carries.
//!
//! Only the fold ([`super::fold`]) changes one, entry by entry; deciding what happens next reads it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use super::{
    Fault,
    history::{Callee, MapPolicy},
};
use crate::{
    definition::{Definition, Kind, Scope, State, resource::Pattern},
    error::StateError,
    payload::Payload,
    query::Variables,
    time::Timestamp,
};

/// The facts of an execution that never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id's 16 bytes, which task tokens and children's names are made from.
    pub id: [u8; 16],
    pub arn: Arc<str>,
    pub name: Arc<str>,
    pub machine_arn: Arc<str>,
    pub machine_name: Arc<str>,
    pub role_arn: Arc<str>,
    pub started_at: Timestamp,
}

/// A flow of control: the machine's own, a branch of a Parallel, an iteration of a Map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(pub u32);

impl ThreadId {
    pub const ROOT: Self = Self(0);
}

#[derive(Clone, Debug)]
pub struct Execution {
    pub identity: Arc<Identity>,
    pub definition: Arc<Definition>,
    /// The input that it was started with; null before ExecutionStarted.
    pub input: Payload,
    /// Number of the last event; 0 before the first.
    pub last_event: u64,
    /// Number of the last step; 0 before the first.
    pub last_step: u64,
    /// Time of the last event: times of one execution never fall.
    pub last_at: Timestamp,
    pub threads: BTreeMap<ThreadId, Thread>,
    /// The id that the next thread gets.
    pub next_thread: u32,
    /// Threads that can go on without anything from outside, in the order in which they do.
    pub runnable: BTreeSet<ThreadId>,
    /// How it closed, once it has.
    pub outcome: Option<Outcome>,
    /// Of a rerun: what threads have from the other execution and have not begun with yet.
    pub kept: BTreeMap<ThreadId, Thread>,
    /// How often it was redriven.
    pub redrive_count: u64,
    /// When it was redriven last.
    pub redriven_at: Option<Timestamp>,
}

impl PartialEq for Execution {
    /// The definition is left out: it never changes under a running execution.
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity
            && self.input == other.input
            && self.last_event == other.last_event
            && self.last_step == other.last_step
            && self.last_at == other.last_at
            && self.threads == other.threads
            && self.next_thread == other.next_thread
            && self.runnable == other.runnable
            && self.outcome == other.outcome
            && self.kept == other.kept
            && self.redrive_count == other.redrive_count
            && self.redriven_at == other.redriven_at
    }
}

/// How an execution closed.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Succeeded(Payload),
    Failed(StateError),
    Aborted(StateError),
    TimedOut(StateError),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    pub origin: Origin,
    /// Variables of this scope; outer scopes' are read through the parent.
    pub variables: Variables,
    /// What the next event names as its cause.
    pub last_event: u64,
    pub position: Position,
}

/// Where a thread comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    Root,
    Branch { parent: ThreadId, index: u32 },
    Iteration { parent: ThreadId, index: u64 },
}

impl Origin {
    pub const fn parent(&self) -> Option<ThreadId> {
        match self {
            Self::Root => None,
            Self::Branch { parent, .. } | Self::Iteration { parent, .. } => Some(*parent),
        }
    }
}

/// Where a thread stands. A position holds what is true there, and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub enum Position {
    /// About to enter a state.
    Ready {
        state: Arc<str>,
        input: Payload,
    },
    /// In a state whose work has not begun.
    Entered(Visit),
    /// Waiting until a time.
    Waiting {
        visit: Visit,
        until: Timestamp,
    },
    /// A task is with the outside.
    Called {
        visit: Visit,
        call: Call,
    },
    /// The state's work has a result that has not been passed on.
    Returned {
        visit: Visit,
        result: Payload,
    },
    /// The state's work has failed, and no retrier or catcher has been asked.
    Failing {
        visit: Visit,
        error: StateError,
    },
    /// A retrier lets the state try again at a time.
    Backoff {
        visit: Visit,
        due: Timestamp,
    },
    Branches {
        visit: Visit,
        branches: Branches,
    },
    Items {
        visit: Visit,
        items: Items,
    },
    /// A distributed Map's items are with a Map Run.
    MapRun {
        visit: Visit,
        run: MapRunning,
    },
    /// The last state of the machine is done.
    Finished(Payload),
}

/// One stay in a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    pub state: Arc<str>,
    /// The number of its StateEntered event.
    pub entered: u64,
    /// What that event named as its cause.
    pub entered_previous: u64,
    pub entered_at: Timestamp,
    /// The raw input.
    pub input: Payload,
    /// How often each retrier has been used.
    pub retries: Vec<u64>,
}

impl Visit {
    /// `$$.State.RetryCount`
    pub fn retry_count(&self) -> u64 {
        self.retries.iter().sum()
    }
}

/// A task in flight.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The number of its Scheduled event, which names the attempt.
    pub attempt: u64,
    pub callee: Arc<Callee>,
    pub arguments: Payload,
    pub timeout_seconds: Option<u64>,
    /// Counted from the Started event, which an activity has only when a worker took it.
    pub timeout_at: Option<Timestamp>,
    pub heartbeat_seconds: Option<u64>,
    pub role_arn: Option<Arc<str>>,
    pub nonce: u128,
    /// A worker has it (activities), or the request has been sent.
    pub is_started: bool,
    /// The service has taken it and will report later.
    pub is_submitted: bool,
}

impl Call {
    /// Somebody outside may end it by its token.
    pub fn is_open(&self) -> bool {
        matches!(*self.callee, Callee::Activity { .. }) || self.pattern() == Pattern::TaskToken
    }

    pub fn pattern(&self) -> Pattern {
        self.callee.pattern()
    }
}

/// A Map Run that a state waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRunning {
    pub id: [u8; 16],
    /// The number of its MapRunStarted event.
    pub attempt: u64,
    pub spec: Payload,
    /// It has succeeded, and the state has not been told.
    pub result: Option<Payload>,
    /// How often it was redriven.
    pub redrives: u64,
    /// Its execution goes on, and it has not been asked to.
    pub is_to_redrive: bool,
}

/// The branches of a Parallel.
#[derive(Clone, Debug, PartialEq)]
pub struct Branches {
    pub threads: Vec<ThreadId>,
    pub outputs: Vec<Option<Payload>>,
}

/// The iterations of a Map.
#[derive(Clone, Debug, PartialEq)]
pub struct Items {
    /// An array or an object.
    pub items: Payload,
    /// The effective input, which `ItemSelector` reads as `$`.
    pub arguments: Payload,
    pub length: u64,
    pub policy: MapPolicy,
    /// The next iteration to start.
    pub next: u64,
    pub running: BTreeMap<u64, ThreadId>,
    /// Iterations that have ended and that no event of the Map tells of yet.
    pub ended: VecDeque<Ended>,
    /// What the next MapIterationStarted names as its cause.
    pub cause: u64,
    pub outputs: BTreeMap<u64, Payload>,
    pub failures: u64,
    /// Iterations that a redrive goes on with, before new ones begin.
    pub again: BTreeMap<u64, Again>,
}

/// An iteration that did not succeed before a redrive and waits for its turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Again {
    pub thread: ThreadId,
    /// The iteration's own thread and those below it, where they go on.
    pub threads: BTreeMap<ThreadId, Thread>,
}

/// An iteration that has come to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    pub index: u64,
    /// The number of its last event.
    pub last_event: u64,
    pub output: Payload,
}

impl Execution {
    /// An execution to which nothing has happened.
    pub fn new(identity: Arc<Identity>, definition: Arc<Definition>) -> Self {
        let last_at = identity.started_at;
        Self {
            identity,
            definition,
            input: Payload::from_trusted_text("null"),
            last_event: 0,
            last_step: 0,
            last_at,
            threads: BTreeMap::new(),
            next_thread: 0,
            runnable: BTreeSet::new(),
            outcome: None,
            kept: BTreeMap::new(),
            redrive_count: 0,
            redriven_at: None,
        }
    }

    pub fn is_closed(&self) -> bool {
        self.outcome.is_some()
    }

    pub(super) fn thread(&self, id: ThreadId) -> Result<&Thread, Fault> {
        self.threads
            .get(&id)
            .ok_or_else(|| Fault::new(format!("there is no thread {}", id.0)))
    }

    pub(super) fn thread_mut(&mut self, id: ThreadId) -> Result<&mut Thread, Fault> {
        self.threads
            .get_mut(&id)
            .ok_or_else(|| Fault::new(format!("there is no thread {}", id.0)))
    }

    /// The scope of `definition` in which a thread runs.
    pub(super) fn scope<'d>(
        &self,
        definition: &'d Definition,
        id: ThreadId,
    ) -> Result<&'d Scope, Fault> {
        let thread = self.thread(id)?;
        let missing = || Fault::new(format!("thread {} has no scope in the definition", id.0));
        match thread.origin {
            Origin::Root => Ok(&definition.scope),
            Origin::Branch { parent, index } => match &self.state(definition, parent)?.kind {
                Kind::Parallel(parallel) => {
                    parallel.branches.get(index as usize).ok_or_else(missing)
                }
                _ => Err(missing()),
            },
            Origin::Iteration { parent, .. } => match &self.state(definition, parent)?.kind {
                Kind::Map(map) => Ok(&map.processor),
                _ => Err(missing()),
            },
        }
    }

    /// The state of `definition` in which a thread stands.
    pub(super) fn state<'d>(
        &self,
        definition: &'d Definition,
        id: ThreadId,
    ) -> Result<&'d State, Fault> {
        let scope = self.scope(definition, id)?;
        let name = self.thread(id)?.position.state();
        name.and_then(|name| scope.states.get(name))
            .ok_or_else(|| Fault::new(format!("thread {} stands in no state", id.0)))
    }

    /// The variables that a thread sees: its own over its ancestors'.
    pub(super) fn visible_variables(
        &self,
        id: ThreadId,
    ) -> Result<std::borrow::Cow<'_, Variables>, Fault> {
        let thread = self.thread(id)?;
        let Some(parent) = thread.origin.parent() else {
            return Ok(std::borrow::Cow::Borrowed(&thread.variables));
        };
        let outer = self.visible_variables(parent)?;
        if thread.variables.is_empty() {
            return Ok(outer);
        }
        let mut all = outer.into_owned();
        all.extend(
            thread
                .variables
                .iter()
                .map(|(name, value)| (Arc::clone(name), value.clone())),
        );
        Ok(std::borrow::Cow::Owned(all))
    }
}

impl Position {
    /// The name of the state, where the thread is in one.
    pub fn state(&self) -> Option<&Arc<str>> {
        match self {
            Self::Ready { state, .. } => Some(state),
            Self::Finished(_) => None,
            Self::Entered(visit)
            | Self::Waiting { visit, .. }
            | Self::Called { visit, .. }
            | Self::Returned { visit, .. }
            | Self::Failing { visit, .. }
            | Self::Backoff { visit, .. }
            | Self::Branches { visit, .. }
            | Self::Items { visit, .. }
            | Self::MapRun { visit, .. } => Some(&visit.state),
        }
    }

    /// The raw input of the state, where the thread is in one or about to enter it.
    pub(super) fn input(&self) -> Option<&Payload> {
        match self {
            Self::Ready { input, .. } => Some(input),
            other => other.visit().map(|visit| &visit.input),
        }
    }

    pub fn visit(&self) -> Option<&Visit> {
        match self {
            Self::Ready { .. } | Self::Finished(_) => None,
            Self::Entered(visit)
            | Self::Waiting { visit, .. }
            | Self::Called { visit, .. }
            | Self::Returned { visit, .. }
            | Self::Failing { visit, .. }
            | Self::Backoff { visit, .. }
            | Self::Branches { visit, .. }
            | Self::Items { visit, .. }
            | Self::MapRun { visit, .. } => Some(visit),
        }
    }

    /// The threads that this one has started and waits for, some of which may be gone.
    pub(super) fn children(&self) -> impl Iterator<Item = ThreadId> {
        let (branches, items) = match self {
            Self::Branches { branches, .. } => (Some(branches), None),
            Self::Items { items, .. } => (None, Some(items)),
            _ => (None, None),
        };
        let branches = branches.into_iter().flat_map(|branches| &branches.threads);
        let items = items.into_iter().flat_map(|items| items.running.values());
        branches.chain(items).copied()
    }

    /// Whether the thread can go on by itself.
    pub(super) fn is_runnable(&self) -> bool {
        match self {
            Self::Ready { .. }
            | Self::Entered(_)
            | Self::Returned { .. }
            | Self::Failing { .. }
            | Self::Finished(_) => true,
            Self::Waiting { .. } | Self::Called { .. } | Self::Backoff { .. } => false,
            Self::MapRun { run, .. } => run.is_to_redrive,
            Self::Branches { branches, .. } => branches.outputs.iter().all(Option::is_some),
            Self::Items { items, .. } => {
                let has_more = items.next < items.length || !items.again.is_empty();
                !items.ended.is_empty()
                    || (items.running.len() as u64) < items.policy.concurrency && has_more
                    || items.running.is_empty() && !has_more
            }
        }
    }
}
