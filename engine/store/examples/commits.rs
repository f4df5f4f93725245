//! How many commits a second one writer makes, by the size of its batches.
//!
//! `cargo run --profile quick -p store --example commits -- postgres://… [SECONDS]`, on a database
//! of its own. Prints for each kind of item and each size: commits, items and journal rows a second.
//! To be read beside what pgbench does on the same server in the same minute.

#![expect(clippy::print_stdout, reason = "it is a report")]
#![expect(
    clippy::disallowed_methods,
    reason = "it measures the real time of one process"
)]

use std::time::{Duration, Instant, SystemTime};

use asl::Timestamp;
use store::commit::{Close, Fence, Item, Outcome, Start, Status, Step, Writer};
use store::db::{Db, Settings};
use store::ids::{ExecutionId, NodeId, ShardId};
use store::lease;
use uuid::Uuid;

const BATCHES: [usize; 4] = [1, 28, 90, 256];
const TASKS: i64 = 10;
type Fault = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("the first argument is a URL")?;
    let seconds = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let mut bench = Bench::start(&url, Duration::from_secs(seconds)).await?;
    println!("kind    batch   commits/s     items/s   journal rows/s");
    for batch in BATCHES {
        bench.whole(batch).await?;
    }
    for batch in BATCHES {
        bench.chains(batch).await?;
    }
    Ok(())
}

struct Bench {
    writer: Writer,
    fence: Fence,
    time: Duration,
    made: u64,
}

impl Bench {
    async fn start(url: &str, time: Duration) -> Result<Self, Fault> {
        let db = Db::open(&Settings::new(url)).await?;
        println!("{:?}", db.promises());
        let node = NodeId(Uuid::from_u128(1));
        let lease = Duration::from_secs(5);
        let registration = lease::register(&db, node, "http://localhost", lease).await?;
        Ok(Self {
            writer: Writer::new(db),
            fence: Fence {
                node,
                incarnation: registration.incarnation,
                seq: 0,
            },
            time,
            made: 0,
        })
    }

    /// Pass chains: each starts and closes in one batch.
    async fn whole(&mut self, batch: usize) -> Result<(), Fault> {
        let (started, mut commits) = (Instant::now(), 0_usize);
        while started.elapsed() < self.time {
            let items: Vec<_> = (0..batch)
                .map(|_| {
                    let execution = self.id();
                    Item {
                        start: Some(start(execution)),
                        steps: vec![step(1, 20)],
                        close: Some(close(execution)),
                        ..Item::new(execution)
                    }
                })
                .collect();
            self.commit(&items).await?;
            commits += 1;
        }
        report("whole", batch, commits, started.elapsed());
        Ok(())
    }

    /// Task chains: a start, a step a task, and a close with the last.
    async fn chains(&mut self, batch: usize) -> Result<(), Fault> {
        let (started, mut commits) = (Instant::now(), 0_usize);
        let mut position: Vec<_> = (0..batch).map(|_| (self.id(), 1)).collect();
        while started.elapsed() < self.time {
            let items: Vec<_> = position
                .iter()
                .map(|(execution, number)| Item {
                    start: (*number == 1).then(|| start(*execution)),
                    steps: vec![step(*number, 5)],
                    close: (*number > TASKS).then(|| close(*execution)),
                    ..Item::new(*execution)
                })
                .collect();
            self.commit(&items).await?;
            commits += 1;
            for chain in &mut position {
                chain.1 += 1;
                if chain.1 > TASKS + 1 {
                    *chain = (self.id(), 1);
                }
            }
        }
        report("chains", batch, commits, started.elapsed());
        Ok(())
    }

    async fn commit(&mut self, items: &[Item]) -> Result<(), Fault> {
        self.fence.seq += 1;
        let outcomes = self.writer.commit(&self.fence, items).await?;
        if outcomes
            .iter()
            .any(|outcome| *outcome != Outcome::Committed)
        {
            return Err("an item was left out".into());
        }
        Ok(())
    }

    fn id(&mut self) -> ExecutionId {
        self.made += 1;
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or(0);
        let random = self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ExecutionId::new(millis, u16::try_from(random >> 52).unwrap_or(0), random)
    }
}

fn start(execution: ExecutionId) -> Start {
    Start {
        machine_id: Uuid::from_u128(0x11),
        revision_id: Uuid::from_u128(0x22),
        version: None,
        alias: None,
        shard: ShardId(i16::try_from(execution.slot() / 64).unwrap_or(0)),
        name: execution.to_string(),
        is_name_given: false,
        input_sha256: [0; 32],
        started_at: time(execution),
        parent: None,
        trace_header: None,
    }
}

fn close(execution: ExecutionId) -> Close {
    Close {
        status: Status::Succeeded,
        at: time(execution),
        error: None,
    }
}

/// A row as an engine writes it: some events, and a payload of 300 bytes.
fn step(number: i64, events: i32) -> Step {
    let payload = format!("{{\"order\" : \"{}\"}}", "x".repeat(284));
    let event = "[\"PassStateEntered\",12,11,1763900000000000,0,\"State7\",0]";
    let entries = vec![event; usize::try_from(events).unwrap_or(0)].join(",");
    Step {
        number,
        first_event: (number - 1) * i64::from(events) + 1,
        event_count: events,
        format: 1,
        body: format!("{{\"p\":[{payload}],\"e\":[{entries}]}}"),
    }
}

fn time(execution: ExecutionId) -> Timestamp {
    Timestamp::from_millis(i64::try_from(execution.unix_millis()).unwrap_or(0))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a report needs three digits of it"
)]
fn report(kind: &str, batch: usize, commits: usize, elapsed: Duration) {
    let rate = commits as f64 / elapsed.as_secs_f64();
    let items = rate * batch as f64;
    println!("{kind:<7} {batch:>5} {rate:>11.0} {items:>11.0} {items:>16.0}");
}
