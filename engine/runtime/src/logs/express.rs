//! The log of Express executions, which is all that is ever written of what they did.
//!
//! Their events wait here in memory, bounded in number and in bytes, and a background job writes those of many
//! executions together. Beyond the bound a step's events are left out and counted; so is what the database
//! does not take in a few tries. No execution waits for any of it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use asl::{
    Payload, Timestamp,
    machine::history::{Detail, Entry},
};
use store::{commit::Status, express_log::Seen, ids::ExecutionId};
use tokio::sync::Notify;

use super::{Level, Lines};
use crate::{
    facts::Facts,
    limits::{LOG_BYTES_MAX, LOG_STEPS_MAX},
    node::Node,
};

/// What an event takes beside its payloads; no measurement, but on the safe side.
const EVENT_BYTES: usize = 512;

/// What waits to be written; shared by all lives of a node, since a synchronous execution outlives them.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    parts: VecDeque<Part>,
    bytes: usize,
}

/// What one step of an execution leaves to be logged.
#[derive(Debug)]
pub(crate) struct Part {
    facts: Arc<Facts>,
    entries: Vec<Entry>,
    /// How the execution ended, where it has.
    closed: Option<(Status, Timestamp)>,
    bytes: usize,
}

impl Behind {
    /// False where there is no room.
    fn push(&self, part: Part) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = waiting.bytes + part.bytes;
        if bytes > LOG_BYTES_MAX || waiting.parts.len() >= LOG_STEPS_MAX {
            return false;
        }
        waiting.bytes = bytes;
        waiting.parts.push_back(part);
        drop(waiting);
        self.filled.notify_one();
        true
    }

    fn pop(&self) -> Option<Part> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let part = waiting.parts.pop_front()?;
        waiting.bytes -= part.bytes;
        Some(part)
    }
}

impl Node {
    /// Keeps the events of a step for the log, where the machine logs. `has_lines` says whether the execution
    /// has something in the log, and is told.
    pub(crate) fn log_express(
        &self,
        facts: &Arc<Facts>,
        mut entries: Vec<Entry>,
        closed: Option<(Status, Timestamp)>,
        has_lines: &mut bool,
    ) {
        let logging = &facts.revision.logging;
        if logging.level == Level::Off {
            return;
        }
        entries
            .retain(|entry| matches!(entry, Entry::Event(event) if logging.takes(&event.detail)));
        *has_lines |= !entries.is_empty();
        // The end is told of an execution that is in the log, be it that the end itself is not.
        if entries.is_empty() && (closed.is_none() || !*has_lines) {
            return;
        }
        let part = Part {
            facts: Arc::clone(facts),
            bytes: weight(&entries),
            entries,
            closed,
        };
        if !self.express.logs.push(part) {
            self.metrics.logs_dropped.inc();
        }
    }

    /// Writes what waits, until the node stops and nothing is left.
    pub(crate) async fn write_express_logs(self: Arc<Self>) {
        loop {
            self.write_express_waiting().await;
            tokio::select! {
                biased;
                () = self.express.logs.filled.notified() => {}
                () = self.lost.cancelled() => return,
                () = self.drained.cancelled() => {
                    self.write_express_waiting().await;
                    return;
                }
            }
        }
    }

    async fn write_express_waiting(&self) {
        let mut next = self.express.logs.pop();
        while let Some(first) = next.take() {
            let mut seen = HashMap::new();
            let mut lines = Lines::default();
            let mut steps = 0;
            let mut part = first;
            loop {
                self.add_part(&part, &mut seen, &mut lines);
                steps += 1;
                if lines.is_full() {
                    break;
                }
                match self.express.logs.pop() {
                    Some(another) => part = another,
                    None => break,
                }
            }
            self.fill_express(seen.into_values().collect(), lines, steps)
                .await;
            next = self.express.logs.pop();
        }
    }

    fn add_part(&self, part: &Part, seen: &mut HashMap<ExecutionId, Seen>, lines: &mut Lines) {
        let facts = &part.facts;
        let one = seen.entry(facts.id).or_insert_with(|| Seen {
            execution: facts.id,
            revision_id: facts.revision.id,
            name: facts.identity.name.to_string(),
            started_at: facts.identity.started_at,
            closed: None,
        });
        one.closed = one.closed.or(part.closed);
        for entry in &part.entries {
            if let Entry::Event(event) = entry {
                lines.push(self.line(facts, event));
            }
        }
    }

    async fn fill_express(&self, seen: Vec<Seen>, lines: Lines, steps: u64) {
        const TRIES: u32 = 3;
        const PAUSE: Duration = Duration::from_millis(200);
        let mut tries = 0;
        while let Err(error) = store::express_log::fill(&self.db, &seen, &lines.lines).await {
            tries += 1;
            if tries == TRIES || self.drained.is_cancelled() {
                let error = crate::writer::chain(&error);
                tracing::warn!(error = %error, steps, "steps of Express executions were not logged");
                self.metrics.logs_dropped.inc_by(steps);
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// About how many bytes wait with these entries: each payload once, where neighbours share it.
fn weight(entries: &[Entry]) -> usize {
    let mut bytes = entries.len() * EVENT_BYTES;
    let mut last = 0;
    for entry in entries {
        let Entry::Event(event) = entry else {
            continue;
        };
        if let Some(payload) = payload(&event.detail)
            && payload.address() != last
        {
            last = payload.address();
            bytes += payload.text().len();
        }
        if let Detail::Failed { error, .. } | Detail::ExecutionFailed(error) = &event.detail {
            bytes += error.cause.as_ref().map_or(0, |cause| cause.len());
        }
    }
    bytes
}

/// The largest thing that an event carries.
fn payload(detail: &Detail) -> Option<&Payload> {
    match detail {
        Detail::ExecutionStarted { input, .. }
        | Detail::StateEntered { input, .. }
        | Detail::IterationStarted { input, .. } => Some(input),
        Detail::ExecutionSucceeded { output }
        | Detail::StateExited { output, .. }
        | Detail::Submitted { output, .. }
        | Detail::Succeeded { output, .. }
        | Detail::MapRunSucceeded { output } => Some(output),
        Detail::Scheduled(scheduled) => Some(&scheduled.arguments),
        Detail::ParallelStarted { arguments } => Some(arguments),
        Detail::MapStarted { items, .. } => Some(items),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use asl::machine::{Event, ThreadId};

    fn entered(input: &Payload) -> Entry {
        Entry::Event(Event {
            id: 1,
            previous: 0,
            at: Timestamp(0),
            thread: ThreadId::default(),
            detail: Detail::StateEntered {
                kind: asl::definition::StateType::Pass,
                name: Arc::from("A"),
                input: input.clone(),
            },
        })
    }

    #[test]
    fn what_waits_is_weighed_by_its_payloads_each_once() {
        let payload = Payload::parse(&format!("\"{}\"", "x".repeat(998))).unwrap();
        let entries = [entered(&payload), entered(&payload)];
        assert_eq!(weight(&entries), 2 * EVENT_BYTES + 1_000);
    }
}
