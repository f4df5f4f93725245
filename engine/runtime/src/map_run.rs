//! Map Runs: the items of a distributed Map, as child executions on any node's shards.
//!
//! What a Map Run is and decides is `asl::map_run`. Here is what it does: a job for each that lives on
//! the node of its shard ([`job`]), which reads items ([`source`]), starts children ([`child`]), takes
//! in their ends from the inbox, and at the end gathers or writes results ([`results`]).
//!
//! Its steps go through the same queue to the same writer as those of executions. A child's id follows
//! from the Map Run's id and the child's index, so that a start that is repeated after a crash meets its
//! own key. A chunk of children is put into the queue before the step that notes it: a step that is
//! there says that its children are.

pub(crate) mod child;
pub mod counts;
pub(crate) mod express;
pub(crate) mod job;
mod results;
pub(crate) mod source;

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use asl::{
    machine::MapRunStart,
    map_run::{End, Entry, MapRun, Policy, Spec, entry},
};
use store::{
    commit::Message,
    ids::{ExecutionId, ShardId},
};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{Fault, arrival::Message as Body, facts::Facts, limits::PAGE_BYTES, node::Node};

/// A Map Run that has its job on this node.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) id: ExecutionId,
    mail: mpsc::UnboundedSender<Mail>,
    /// Steps in the commit queue.
    uncommitted: AtomicUsize,
    /// Rises when a step was not committed: those that were put into the queue before are void.
    generation: AtomicU64,
}

/// What reaches a Map Run.
#[derive(Debug)]
pub(crate) enum Mail {
    /// Children ended.
    Reports {
        inbox: i64,
        reports: Vec<(u64, End)>,
    },
    /// Its execution goes on after its redrive of that number.
    Redrive(u64),
    /// Its execution wants it no more.
    Stop {
        inbox: i64,
    },
    Update {
        inbox: i64,
        change: Change,
    },
    /// One of its steps is committed.
    Committed,
    /// One of its steps is not, and what is in memory is not true.
    Refused,
    /// The shard goes to another node.
    Abandon,
}

/// What UpdateMapRun asks for; what is not given stays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Change {
    pub concurrency: Option<u64>,
    pub tolerated_count: Option<u64>,
    pub tolerated_percentage: Option<f64>,
}

impl Change {
    fn of(self, policy: Policy) -> Policy {
        Policy {
            concurrency: self.concurrency.unwrap_or(policy.concurrency),
            tolerated_count: self.tolerated_count.or(policy.tolerated_count),
            tolerated_percentage: self.tolerated_percentage.or(policy.tolerated_percentage),
        }
    }
}

impl Handle {
    fn new(id: ExecutionId) -> (Arc<Self>, mpsc::UnboundedReceiver<Mail>) {
        let (mail, received) = mpsc::unbounded_channel();
        let handle = Self {
            id,
            mail,
            uncommitted: AtomicUsize::new(0),
            generation: AtomicU64::new(0),
        };
        (Arc::new(handle), received)
    }

    pub(crate) fn send(&self, mail: Mail) {
        // A job that is over has nothing more to do.
        drop(self.mail.send(mail));
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.uncommitted.load(Ordering::Acquire) > 0
    }

    pub(crate) fn is_stale(&self, generation: u64) -> bool {
        self.generation.load(Ordering::Acquire) != generation
    }

    pub(crate) fn mark_stale(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn settled(&self, mail: Mail) {
        self.uncommitted.fetch_sub(1, Ordering::AcqRel);
        self.send(mail);
    }
}

/// What a Map Run is begun with.
pub(crate) struct Begin {
    pub(crate) facts: Arc<Facts>,
    pub(crate) spec: Arc<Spec>,
}

impl Node {
    /// Begins a Map Run whose start is committed, or redrives it; one that is there already goes on.
    pub(crate) fn begin_map_run(self: &Arc<Self>, facts: &Arc<Facts>, start: &MapRunStart) {
        let id = ExecutionId(Uuid::from_bytes(start.id));
        if start.redrives > 0 {
            self.deliver(id, Mail::Redrive(start.redrives));
            return;
        }
        match Spec::parse(start.spec.text()) {
            Ok(spec) => self.ensure_map_run(
                id,
                Some(Begin {
                    facts: Arc::clone(facts),
                    spec: Arc::new(spec),
                }),
                None,
            ),
            Err(fault) => {
                tracing::error!(execution.id = %facts.id, %fault, "a Map Run cannot be begun");
            }
        }
    }

    /// Brings mail to a Map Run, which is loaded where it is not in memory.
    pub(crate) fn deliver(self: &Arc<Self>, id: ExecutionId, mail: Mail) {
        self.ensure_map_run(id, None, Some(mail));
    }

    pub(crate) fn ensure_map_run(
        self: &Arc<Self>,
        id: ExecutionId,
        begin: Option<Begin>,
        mail: Option<Mail>,
    ) {
        let Some(shard) = self.shard_of(id) else {
            // Another node has the shard, and reads the same inbox.
            return;
        };
        let mut runs = shard.map_runs();
        let handle = runs.get(&id).cloned();
        let handle = handle.unwrap_or_else(|| {
            let (handle, received) = Handle::new(id);
            runs.insert(id, Arc::clone(&handle));
            let job = job::Job::new(self, &shard, &handle, received);
            self.tracker.spawn(job.run(begin));
            handle
        });
        // Still under the lock, under which a job that is over takes its handle away.
        if let Some(mail) = mail {
            handle.send(mail);
        }
    }

    /// A Map Run as its journal has it.
    async fn fold_map_run(&self, id: ExecutionId) -> Result<MapRun, Fault> {
        let mut run = None;
        let mut next = 1;
        loop {
            let steps = store::journal::page(&self.db, id, next, PAGE_BYTES).await?;
            for step in &steps {
                let fault =
                    |fault| Fault::new(format!("Map Run {}, step {}: {fault}", id.0, step.number));
                let entries = entry::decode(step.format, &step.body).map_err(fault)?;
                let number = u64::try_from(step.number).unwrap_or(0);
                run = Some(MapRun::fold(run, number, &entries).map_err(fault)?);
                next = step.number + 1;
            }
            if steps.is_empty() {
                break;
            }
        }
        run.ok_or_else(|| Fault::new(format!("Map Run {} has no rows in the table journal", id.0)))
    }

    /// How many items each child of a Map Run has, by its index: also what makes a batch again as it was,
    /// whatever its selector gives.
    pub(crate) async fn batch_sizes(&self, id: ExecutionId) -> Result<Vec<u32>, Fault> {
        let mut sizes = Vec::new();
        let mut next = 1;
        loop {
            let steps = store::journal::page(&self.db, id, next, PAGE_BYTES).await?;
            for step in &steps {
                for entry in entry::decode(step.format, &step.body).map_err(job::broken)? {
                    let Entry::Dispatched { count, items, .. } = entry else {
                        continue;
                    };
                    let count = usize::try_from(count).unwrap_or(usize::MAX);
                    let ones = count.saturating_sub(items.len());
                    sizes.extend(items.into_iter().chain(std::iter::repeat_n(1, ones)));
                }
                next = step.number + 1;
            }
            if steps.is_empty() {
                return Ok(sizes);
            }
        }
    }

    /// What tells the Map Run of an execution that nobody waits for it any more.
    pub(crate) fn stop_message(&self, id: [u8; 16]) -> Message {
        let execution = ExecutionId(Uuid::from_bytes(id));
        self.message_to(execution, &Body::StopMapRun)
    }

    pub(crate) fn message_to(&self, execution: ExecutionId, body: &Body) -> Message {
        let shard: ShardId = self.shard_id_of(execution);
        let body = body.to_text();
        Message {
            shard,
            execution,
            body,
        }
    }

    /// What a closing child reports to its Map Run.
    pub(crate) fn report(&self, run: ExecutionId, index: u64, end: End) -> Message {
        Message {
            shard: self.shard_id_of(run),
            execution: run,
            body: format!("[{index},{}]", end.number()),
        }
    }
}

/// The reports of a batch, as the inbox has them.
pub(crate) fn read_reports(body: &str) -> Option<Vec<(u64, End)>> {
    let reports: Vec<(u64, u8)> = serde_json::from_str(body).ok()?;
    let reports = reports.into_iter();
    reports
        .map(|(index, end)| Some((index, End::from_number(end)?)))
        .collect()
}
