//! Nodes, items and steps for tests to take and change.

use std::time::Duration;

use asl::Timestamp;
use store::commit::{Close, Fence, Item, Outcome, Start, Status, Step, Writer};
use store::db::Db;
use store::ids::{ExecutionId, Incarnation, NodeId, ShardId};
use store::lease;
use uuid::Uuid;

pub(crate) const LEASE: Duration = Duration::from_secs(5);
pub(crate) const MACHINE: Uuid = Uuid::from_u128(0x11);

/// A registered node that commits.
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) incarnation: Incarnation,
    pub(crate) writer: Writer,
    seq: i64,
}

impl Node {
    pub(crate) async fn register(db: &Db, number: u128) -> Self {
        Self::with_lease(db, number, LEASE).await
    }

    pub(crate) async fn with_lease(db: &Db, number: u128, lease: Duration) -> Self {
        let id = NodeId(Uuid::from_u128(number));
        let registration = lease::register(db, id, "http://localhost:1", lease)
            .await
            .unwrap();
        Self {
            id,
            incarnation: registration.incarnation,
            writer: Writer::new(db.clone()),
            seq: 0,
        }
    }

    pub(crate) fn next_fence(&mut self) -> Fence {
        self.seq += 1;
        Fence {
            node: self.id,
            incarnation: self.incarnation,
            seq: self.seq,
        }
    }

    pub(crate) async fn commit(&mut self, items: &[Item]) -> Vec<Outcome> {
        let fence = self.next_fence();
        self.writer.commit(&fence, items).await.unwrap()
    }

    /// One item that must pass.
    pub(crate) async fn pass(&mut self, item: Item) {
        assert_eq!(self.commit(&[item]).await, [Outcome::Committed]);
    }
}

/// The database's clock.
pub(crate) async fn now(db: &Db) -> Timestamp {
    let now: chrono::DateTime<chrono::Utc> = sqlx::query_scalar("SELECT now()")
        .fetch_one(db)
        .await
        .unwrap();
    Timestamp(now.timestamp_micros())
}

/// An id of an execution that starts now; different numbers, different ids.
pub(crate) async fn id(db: &Db, number: u64) -> ExecutionId {
    let millis = u64::try_from(now(db).await.as_millis()).unwrap();
    ExecutionId::new(millis, u16::try_from(number % 4096).unwrap(), number)
}

pub(crate) fn start(execution: ExecutionId) -> Start {
    Start {
        machine_id: MACHINE,
        revision_id: Uuid::from_u128(0x22),
        version: None,
        alias: None,
        shard: shard_of(execution),
        name: execution.to_string(),
        is_name_given: false,
        input_sha256: [7; 32],
        started_at: started_at(execution),
        parent: None,
        trace_header: None,
    }
}

pub(crate) fn started_at(execution: ExecutionId) -> Timestamp {
    Timestamp::from_millis(i64::try_from(execution.unix_millis()).unwrap())
}

/// The shard of its slot in the map that migrations make.
pub(crate) fn shard_of(execution: ExecutionId) -> ShardId {
    ShardId(i16::try_from(execution.slot() / 64).unwrap())
}

/// A step with three events.
pub(crate) fn step(number: i64) -> Step {
    let first_event = (number - 1) * 3 + 1;
    Step {
        number,
        first_event,
        event_count: 3,
        format: 1,
        body: format!(
            "{{\"p\":[{{\"a\" : {number}}}],\"e\":[\
             [\"TaskScheduled\",{first_event},0,1700000000000000,0,0],\
             [\"Backoff\",null,0,1,5],\
             [\"TaskStarted\",{},{first_event},1700000000000001,0],\
             [\"TaskSucceeded\",{},{},1700000000000002,0]]}}",
            first_event + 1,
            first_event + 2,
            first_event + 1,
        ),
    }
}

pub(crate) fn close(execution: ExecutionId, status: Status) -> Close {
    Close {
        status,
        at: started_at(execution).plus_seconds(1),
        error: (status == Status::Failed).then(|| "States.TaskFailed".to_owned()),
    }
}

/// A start with one step, left open.
pub(crate) fn opening(execution: ExecutionId) -> Item {
    Item {
        start: Some(start(execution)),
        steps: vec![step(1)],
        ..Item::new(execution)
    }
}

/// A start and a close in one step.
pub(crate) fn whole(execution: ExecutionId) -> Item {
    Item {
        close: Some(close(execution, Status::Succeeded)),
        ..opening(execution)
    }
}

/// A start under a given name.
pub(crate) fn named(execution: ExecutionId, name: &str) -> Item {
    let mut item = opening(execution);
    let start = item.start.as_mut().unwrap();
    name.clone_into(&mut start.name);
    start.is_name_given = true;
    item
}

/// One more step of an execution that has started before.
pub(crate) fn next(execution: ExecutionId, number: i64) -> Item {
    Item {
        steps: vec![step(number)],
        ..Item::new(execution)
    }
}
