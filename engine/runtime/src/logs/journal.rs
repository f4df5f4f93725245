//! The log of Standard executions. The commit of a step whose machine logs puts a message into the shard's own
//! inbox; whoever owns the shard reads the step's row, writes its lines and takes the message away in one
//! transaction. So a node that dies leaves nothing out.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use asl::machine::history::{Entry, journal::Reader};
use store::{
    commit,
    ids::{ExecutionId, ShardId},
};
use tokio::sync::Notify;

use super::{Level, Lines};
use crate::{Fault, arrival::Message, facts::Facts, limits::LOG_STEPS_MAX, node::Node};

/// Steps that are worked on together: those of one execution are read at once.
const STEPS: usize = 256;

/// A message that asks for a step's lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Logging {
    pub(crate) shard: ShardId,
    pub(crate) message: i64,
    pub(crate) execution: ExecutionId,
    /// The number of the step.
    pub(crate) step: i64,
}

/// What was read of the inbox and is yet to be logged. When it is full, messages stay where they are.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    waiting: Mutex<VecDeque<Logging>>,
    filled: Notify,
}

impl Behind {
    fn push(&self, logging: Logging) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= LOG_STEPS_MAX {
            return false;
        }
        waiting.push_back(logging);
        drop(waiting);
        self.filled.notify_one();
        true
    }

    fn take(&self) -> Vec<Logging> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(STEPS);
        waiting.drain(..count).collect()
    }
}

impl Node {
    /// What the commit of a step leaves to be logged.
    pub(crate) fn report_to_log(&self, facts: &Facts, step: i64) -> Option<commit::Message> {
        let logs = facts.revision.logging.level != Level::Off;
        logs.then(|| commit::Message {
            shard: self.shard_id_of(facts.id),
            execution: facts.id,
            body: Message::Log { step }.to_text(),
        })
    }

    /// Takes a message that was read; one that has no place is read again later.
    pub(crate) fn log_later(&self, logging: Logging) {
        if !self.logs.push(logging) {
            self.forget_inbox(logging.shard, &[logging.message]);
        }
    }

    /// Writes what waits, until the node stops. What is left then stays in the inbox.
    pub(crate) async fn write_logs(self: Arc<Self>) {
        loop {
            tokio::select! {
                biased;
                () = self.lost.cancelled() => return,
                () = self.drained.cancelled() => return,
                () = self.logs.filled.notified() => {}
            }
            loop {
                let taken = self.logs.take();
                if taken.is_empty() {
                    break;
                }
                let mut executions: HashMap<ExecutionId, Vec<Logging>> = HashMap::new();
                for logging in taken {
                    executions
                        .entry(logging.execution)
                        .or_default()
                        .push(logging);
                }
                for (id, steps) in executions {
                    if let Err(fault) = self.log_steps(id, &steps).await {
                        tracing::warn!(execution.id = %id, %fault, "logging is tried again");
                    }
                    // Gone, or to be read again.
                    for step in steps {
                        self.forget_inbox(step.shard, &[step.message]);
                    }
                }
            }
        }
    }

    async fn log_steps(&self, id: ExecutionId, steps: &[Logging]) -> Result<(), Fault> {
        let messages: Vec<i64> = steps.iter().map(|step| step.message).collect();
        let Some(view) = self.view_of(id).await? else {
            // Forgotten meanwhile, with its log.
            store::event_log::fill(&self.db, &[], &messages).await?;
            return Ok(());
        };
        let facts = &view.facts;
        let mut numbers: Vec<i64> = steps.iter().map(|step| step.step).collect();
        numbers.sort_unstable();
        let mut reader = Reader::default();
        let mut lines = Lines::default();
        for number in numbers {
            let rows = store::journal::of_numbers(&self.db, id, &[number]).await?;
            for row in &rows {
                let entries = match self.entries(&mut reader, id, row).await {
                    Ok(entries) => entries,
                    Err(fault @ Fault::Database(_)) => return Err(fault),
                    Err(fault) => {
                        tracing::error!(execution.id = %id, %fault, "a step cannot be logged");
                        self.metrics.logs_dropped.inc();
                        continue;
                    }
                };
                for entry in entries {
                    if let Entry::Event(event) = entry
                        && facts.revision.logging.takes(&event.detail)
                    {
                        lines.push(self.line(facts, &event));
                    }
                    if lines.is_full() {
                        let full = std::mem::take(&mut lines);
                        store::event_log::fill(&self.db, &full.lines, &[]).await?;
                    }
                }
            }
        }
        store::event_log::fill(&self.db, &lines.lines, &messages).await?;
        Ok(())
    }
}
