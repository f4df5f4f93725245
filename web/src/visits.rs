//! What a history says of each passage through a state: when it was entered and left, how often it was
//! tried and what came of it, what went in and out, and what it stood in. Reads events alone, so a page
//! and the native API tell the same.

use std::{collections::HashMap, sync::Arc};

use asl::{
    Payload, StateError, Timestamp,
    machine::{
        Event, Outcome, ThreadId,
        history::{Callee, Detail},
    },
};
use runtime::{Engine, ExecutionId, Fault, history::Cursor};

#[cfg(test)]
mod tests;

/// One passage through a state.
#[derive(Clone, Debug)]
pub struct Visit {
    pub state: Arc<str>,
    /// `Task`, `Parallel` and so on.
    pub kind: &'static str,
    /// The number of its entered event, which names it.
    pub entered: u64,
    /// The number of the last event that tells of it.
    pub last_event: u64,
    pub from: Timestamp,
    /// Absent while it goes on.
    pub to: Option<Timestamp>,
    pub status: Status,
    /// The place in the list of the Parallel or Map that it is in.
    pub parent: Option<usize>,
    /// Which item of the innermost Map it belongs to.
    pub item: Option<u64>,
    pub depth: usize,
    pub tries: Vec<Try>,
    pub input: Payload,
    /// What left it.
    pub output: Option<Payload>,
    pub assigned: Vec<(Arc<str>, Payload)>,
    /// Why it failed last, whether or not that was caught.
    pub error: Option<StateError>,
    /// Of a Map: what became of its items.
    pub items: Items,
    /// The state that came after it.
    pub next: Option<Arc<str>>,
}

/// What became of a Map's items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Items {
    pub total: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub aborted: u64,
}

/// One try of a task.
#[derive(Clone, Debug)]
pub struct Try {
    /// The number of its Scheduled event.
    pub scheduled: u64,
    /// What was called: an ARN, or `service:action`.
    pub callee: String,
    pub arguments: Payload,
    pub from: Timestamp,
    pub to: Option<Timestamp>,
    pub status: Status,
    pub error: Option<StateError>,
    pub result: Option<Payload>,
    /// What the service said when it took the request.
    pub submitted: Option<Payload>,
}

/// How a visit or a try stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Running,
    /// For a time or for somebody with a token.
    Waiting,
    Succeeded,
    Failed,
    /// It failed, and a catcher took that.
    Caught,
    Stopped,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Waiting => "Waiting",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Caught => "Caught",
            Self::Stopped => "Stopped",
        }
    }

    pub fn wire(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Waiting => "WAITING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Caught => "CAUGHT",
            Self::Stopped => "STOPPED",
        }
    }
}

impl Visit {
    pub fn is_open(&self) -> bool {
        self.to.is_none()
    }

    /// Tries that did not succeed.
    pub fn failed_tries(&self) -> usize {
        let failed = |each: &&Try| each.status == Status::Failed;
        self.tries.iter().filter(failed).count()
    }
}

/// Events that are read from the journal at once.
const EVENTS_AT_ONCE: usize = 500;
/// What the data in the events that are read for one answer may take.
const BYTES_MAX: usize = 32 << 20;

/// At most `limit` events after `from`, oldest first, and fewer where they hold very much data.
pub(crate) async fn events(
    engine: &Engine,
    id: ExecutionId,
    from: Option<Cursor>,
    limit: usize,
) -> Result<Vec<Event>, Fault> {
    let (mut events, mut from, mut bytes) = (Vec::new(), from, 0);
    while events.len() < limit && bytes < BYTES_MAX {
        let wanted = EVENTS_AT_ONCE.min(limit - events.len());
        let page = engine.history(id, false, from, wanted).await?;
        bytes += page.events.iter().map(weight).sum::<usize>();
        events.extend(page.events);
        match page.next {
            Some(next) => from = Some(next),
            None => break,
        }
    }
    Ok(events)
}

/// Bytes of what an event brings along that no earlier one has.
fn weight(event: &Event) -> usize {
    let payload = match &event.detail {
        Detail::ExecutionStarted { input, .. } => input,
        Detail::StateExited { output, .. }
        | Detail::Submitted { output, .. }
        | Detail::Succeeded { output, .. } => output,
        Detail::Scheduled(scheduled) => &scheduled.arguments,
        Detail::ParallelStarted { arguments } => arguments,
        Detail::MapStarted { items, .. } => items,
        Detail::IterationStarted { input, .. } => input,
        _ => return 0,
    };
    payload.text().len()
}

/// The visits that `events` tell of, in the order in which they were entered. The events are in their
/// order and without a gap; where they do not begin with the first, visits that began before them are
/// missing. `outcome` is how the execution closed, where the events reach its end.
pub(crate) fn read(events: &[Event], outcome: Option<&Outcome>) -> Vec<Visit> {
    let mut reader = Reader::default();
    for event in events {
        reader.take(event);
    }
    if let (Some(outcome), Some(last)) = (outcome, events.last()) {
        reader.close(outcome, last.at);
    }
    reader.visits
}

/// The visits of one state, and the place of a chosen one among them.
pub(crate) fn of_state<'v>(visits: &'v [Visit], state: &str) -> Vec<&'v Visit> {
    let own = |visit: &&Visit| &*visit.state == state;
    visits.iter().filter(own).collect()
}

#[derive(Default)]
struct Reader {
    visits: Vec<Visit>,
    /// The visit in which a flow of control stands.
    standing: HashMap<ThreadId, usize>,
    /// The visit in which a flow was started, and the item that it is for.
    origins: HashMap<ThreadId, (Option<usize>, Option<u64>)>,
    /// Where a flow that begins at that event comes from.
    starts: HashMap<u64, (usize, Option<u64>)>,
}

impl Reader {
    fn take(&mut self, event: &Event) {
        if let Detail::StateEntered { kind, name, input } = &event.detail {
            self.enter(event, kind.as_str(), name, input);
            return;
        }
        let Some(at) = self.standing.get(&event.thread).copied() else {
            return;
        };
        let Some(visit) = self.visits.get_mut(at) else {
            return;
        };
        visit.last_event = event.id;
        match &event.detail {
            Detail::StateExited {
                output,
                assigned,
                to,
                ..
            } => {
                visit.to = Some(event.at);
                visit.output = Some(output.clone());
                visit.assigned.clone_from(assigned);
                visit.next.clone_from(to);
                visit.status = if visit.error.is_some() {
                    Status::Caught
                } else {
                    Status::Succeeded
                };
                self.standing.remove(&event.thread);
            }
            // A redrive may let it go on, so its flow stays in it.
            Detail::StateAborted { .. } => visit.stop(event.at),
            Detail::Scheduled(scheduled) => {
                visit.go_on();
                visit.tries.push(Try {
                    scheduled: event.id,
                    callee: callee(&scheduled.call),
                    arguments: scheduled.arguments.clone(),
                    from: event.at,
                    to: None,
                    status: Status::Running,
                    error: None,
                    result: None,
                    submitted: None,
                });
            }
            Detail::Submitted { output, .. } => {
                if let Some(last) = visit.tries.last_mut() {
                    last.submitted = Some(output.clone());
                }
            }
            Detail::Succeeded { output, .. } => visit.end_try(event.at, Status::Succeeded, |it| {
                it.result = Some(output.clone());
            }),
            Detail::Failed { error, .. } | Detail::TimedOut { error, .. } => {
                visit.fail(error);
                visit.end_try(event.at, Status::Failed, |it| {
                    it.error = Some(error.clone());
                });
            }
            Detail::EvaluationFailed { error, .. } | Detail::MapRunFailed { error } => {
                visit.fail(error);
            }
            Detail::ParallelFailed { error } | Detail::MapFailed { error } => {
                visit.fail(error);
                self.end_below(at, None, event.at);
            }
            Detail::ParallelStarted { .. } => {
                visit.go_on();
                self.starts.insert(event.id, (at, None));
            }
            Detail::MapStarted { length, .. } | Detail::DistributedStarted { length } => {
                visit.go_on();
                visit.items = Items {
                    total: *length,
                    ..Items::default()
                };
            }
            Detail::IterationStarted { index, .. } => {
                visit.go_on();
                self.starts.insert(event.id, (at, Some(*index)));
            }
            Detail::IterationSucceeded { .. } => visit.items.succeeded += 1,
            Detail::IterationFailed { index, .. } => {
                visit.items.failed += 1;
                self.end_below(at, Some(*index), event.at);
            }
            Detail::IterationAborted { index, .. } => {
                visit.items.aborted += 1;
                self.end_below(at, Some(*index), event.at);
            }
            Detail::StateEntered { .. }
            | Detail::ExecutionStarted { .. }
            | Detail::ExecutionSucceeded { .. }
            | Detail::ExecutionFailed(_)
            | Detail::ExecutionAborted(_)
            | Detail::ExecutionTimedOut(_)
            | Detail::ExecutionRedriven { .. }
            | Detail::Started { .. }
            | Detail::ParallelSucceeded
            | Detail::MapRunStarted { .. }
            | Detail::MapRunSucceeded { .. }
            | Detail::MapRunAborted
            | Detail::MapRunRedriven { .. }
            | Detail::MapSucceeded => {}
        }
    }

    fn enter(&mut self, event: &Event, kind: &'static str, name: &Arc<str>, input: &Payload) {
        // A flow's first event names what started it; later ones are where the flow always was.
        if let Some((parent, item)) = self.starts.get(&event.previous) {
            self.origins.insert(event.thread, (Some(*parent), *item));
        }
        let (parent, item) = self.origins.get(&event.thread).copied().unwrap_or_default();
        let outer = parent.and_then(|parent| self.visits.get(parent));
        let depth = outer.map_or(0, |outer| outer.depth + 1);
        let item = item.or_else(|| outer.and_then(|outer| outer.item));
        self.standing.insert(event.thread, self.visits.len());
        self.visits.push(Visit {
            state: Arc::clone(name),
            kind,
            entered: event.id,
            last_event: event.id,
            from: event.at,
            to: None,
            status: if kind == "Wait" {
                Status::Waiting
            } else {
                Status::Running
            },
            parent,
            item,
            depth,
            tries: Vec::new(),
            input: input.clone(),
            output: None,
            assigned: Vec::new(),
            error: None,
            items: Items::default(),
            next: None,
        });
    }

    /// A Parallel, a Map or an item of one is over: what is open in it ends with it.
    fn end_below(&mut self, outer: usize, item: Option<u64>, at: Timestamp) {
        for index in outer + 1..self.visits.len() {
            let is_meant = self.visits.get(index).is_some_and(Visit::is_open)
                && self.is_below(index, outer, item);
            if let Some(visit) = self.visits.get_mut(index).filter(|_| is_meant) {
                visit.stop(at);
            }
        }
    }

    fn is_below(&self, index: usize, outer: usize, item: Option<u64>) -> bool {
        let mut visit = self.visits.get(index);
        while let Some(each) = visit {
            match each.parent {
                Some(parent) if parent == outer => return item.is_none() || each.item == item,
                Some(parent) => visit = self.visits.get(parent),
                None => return false,
            }
        }
        false
    }

    /// What is open when an execution closes ends with it.
    fn close(&mut self, outcome: &Outcome, at: Timestamp) {
        let failure = match outcome {
            Outcome::Failed(error) => Some(error),
            Outcome::Succeeded(_) | Outcome::Aborted(_) | Outcome::TimedOut(_) => None,
        };
        // Where no event of its own says why, it is the state of the machine's own flow that failed.
        let culprit = self.standing.get(&ThreadId::ROOT).copied();
        let culprit = culprit.and_then(|at| self.visits.get_mut(at));
        if let (Some(error), Some(visit)) = (failure, culprit)
            && visit.is_open()
        {
            visit.error.get_or_insert_with(|| error.clone());
        }
        for visit in self.visits.iter_mut().filter(|visit| visit.is_open()) {
            let is_fail = visit.kind == "Fail";
            if is_fail && visit.error.is_none() {
                visit.error = failure.cloned();
            }
            if is_fail {
                visit.to = Some(at);
                visit.status = Status::Failed;
            } else if matches!(outcome, Outcome::Succeeded(_)) {
                visit.to = Some(at);
                visit.status = Status::Succeeded;
            } else {
                visit.stop(at);
            }
        }
    }
}

impl Visit {
    /// Its work begins, or begins again.
    fn go_on(&mut self) {
        self.error = None;
        self.to = None;
        self.status = Status::Running;
    }

    fn fail(&mut self, error: &StateError) {
        self.error = Some(error.clone());
        self.status = Status::Running;
    }

    fn stop(&mut self, at: Timestamp) {
        self.to = Some(at);
        self.status = if self.error.is_some() || self.kind == "Fail" {
            Status::Failed
        } else {
            Status::Stopped
        };
        for each in &mut self.tries {
            if each.to.is_none() {
                each.to = Some(at);
                each.status = Status::Stopped;
            }
        }
    }

    fn end_try(&mut self, at: Timestamp, status: Status, tell: impl FnOnce(&mut Try)) {
        if let Some(last) = self.tries.last_mut() {
            last.to = Some(at);
            last.status = status;
            tell(last);
        }
    }
}

fn callee(call: &Callee) -> String {
    match call {
        Callee::Lambda { arn } | Callee::Activity { arn } => arn.to_string(),
        Callee::Service {
            resource_type,
            resource,
        } => format!("{resource_type}:{resource}"),
    }
}
