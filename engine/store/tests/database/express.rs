//! Starts of Express executions: written, deleted, and taken over from lives of nodes that are over.

use store::express::{Start, WriteError, take_over, write};
use store::ids::{ExecutionId, Incarnation, NodeId};
use store::{db::Db, lease};
use uuid::Uuid;

use crate::sample::{self, Node, id};
use crate::support::Database;

fn start(execution: ExecutionId) -> Start {
    Start {
        id: execution,
        revision_id: Uuid::from_u128(0x22),
        version: Some(3),
        alias: Some("live".to_owned()),
        name: "n".to_owned(),
        started_at: sample::started_at(execution),
        trace_header: None,
        input: "{\"a\" : 1.0}".to_owned(),
    }
}

fn life(node: &Node) -> (NodeId, Incarnation) {
    (node.id, node.incarnation)
}

async fn taken(db: &Db, node: &Node, limit: i64) -> Vec<(ExecutionId, i16)> {
    let left = take_over(db, life(node), limit).await.unwrap();
    left.iter()
        .map(|left| (left.start.id, left.takeovers))
        .collect()
}

#[tokio::test]
async fn what_a_dead_node_left_is_taken_over_once_and_as_it_was() {
    let database = Database::migrated();
    let db = database.open().await;
    let (first, second) = (Node::register(&db, 1).await, Node::register(&db, 2).await);
    let (a, b, c) = (id(&db, 1).await, id(&db, 2).await, id(&db, 3).await);
    write(&db, life(&first), &[start(a), start(b), start(c)], &[])
        .await
        .unwrap();
    // Again, as after a lost connection: it changes nothing.
    write(&db, life(&first), &[start(a)], &[]).await.unwrap();
    assert_eq!(taken(&db, &second, 10).await, []);
    write(&db, life(&first), &[], &[b]).await.unwrap();

    lease::stop(&db, first.id, first.incarnation).await.unwrap();
    let left = take_over(&db, life(&second), 1).await.unwrap();
    assert_eq!(left[0].start, start(left[0].start.id));
    assert_eq!(taken(&db, &second, 10).await.len(), 1);
    assert_eq!(taken(&db, &second, 10).await, []);
    // A new life of a node takes what its last one left.
    let again = Node::register(&db, 2).await;
    assert_eq!(taken(&db, &again, 10).await, [(a, 2), (c, 2)]);
}

#[tokio::test]
async fn a_life_that_is_over_writes_and_takes_nothing() {
    let database = Database::migrated();
    let db = database.open().await;
    let (first, second) = (Node::register(&db, 1).await, Node::register(&db, 2).await);
    let a = id(&db, 1).await;
    write(&db, life(&first), &[start(a)], &[]).await.unwrap();
    lease::stop(&db, first.id, first.incarnation).await.unwrap();
    for (starts, done) in [(vec![start(a)], vec![]), (vec![], vec![a])] {
        let refused = write(&db, life(&first), &starts, &done).await;
        assert!(matches!(refused, Err(WriteError::LeaseLost)), "{refused:?}");
    }
    assert_eq!(taken(&db, &first, 10).await, []);
    assert_eq!(taken(&db, &second, 10).await, [(a, 1)]);
}

#[tokio::test]
async fn a_row_that_cannot_be_held_is_said_to_be_one() {
    let database = Database::migrated();
    let db = database.open().await;
    let node = Node::register(&db, 1).await;
    let mut long = start(id(&db, 1).await);
    long.name = "x".repeat(81);
    let refused = write(&db, life(&node), &[long], &[]).await;
    assert!(
        matches!(refused, Err(WriteError::Rejected(_))),
        "{refused:?}"
    );
}
