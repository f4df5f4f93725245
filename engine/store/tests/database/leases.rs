//! Nodes, shards, and the fence that keeps a late commit out.

use std::time::Duration;

use futures_util::future::join;
use sqlx::Connection;
use store::commit::{CommitError, Outcome};
use store::db::Db;
use store::ids::{NodeId, ShardId};
use store::{journal, lease};
use uuid::Uuid;

use crate::sample::{Node, id, named, next, opening, whole};
use crate::support::{Database, hold_name, until_waiting};

const AT_ONCE: Duration = Duration::from_millis(1);

/// Takes over as soon as the lease has run out.
async fn take_over(db: &Db, dead: &Node, taker: &Node) -> Vec<ShardId> {
    loop {
        let answer =
            lease::take_over(db, dead.id, dead.incarnation, taker.id, taker.incarnation).await;
        if let lease::Takeover::Taken(shards) = answer.unwrap() {
            return shards;
        }
    }
}

#[tokio::test]
async fn shards_are_claimed_once_and_cover_every_slot() {
    let database = Database::migrated();
    let db = database.open().await;
    let (a, b) = (Node::register(&db, 1).await, Node::register(&db, 2).await);
    let (first, second) = join(
        lease::claim_free(&db, a.id, a.incarnation, 40),
        lease::claim_free(&db, b.id, b.incarnation, 64),
    )
    .await;
    let (first, mut second) = (first.unwrap(), second.unwrap());
    // Whoever came later skipped what the other had locked, and asks again.
    second.extend(
        lease::claim_free(&db, b.id, b.incarnation, 64)
            .await
            .unwrap(),
    );
    let mut all = [first, second].concat();
    all.sort_unstable();
    assert_eq!(all, (0..64).map(ShardId).collect::<Vec<_>>());

    let map = lease::shard_map(&db).await.unwrap();
    assert_eq!(map.shard_of(0), ShardId(0));
    assert_eq!(map.shard_of(4095), ShardId(63));
    assert_eq!(map.slots_of(ShardId(1)), (64..128).collect::<Vec<_>>());
    assert!(map.owners.iter().all(|(_, owner)| owner.is_some()));
    assert_eq!(lease::shares(&map).values().sum::<usize>(), 64);
}

#[tokio::test]
async fn a_node_that_registers_again_frees_its_shards_and_fences_its_earlier_life() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut earlier = Node::register(&db, 1).await;
    lease::claim_free(&db, earlier.id, earlier.incarnation, 64)
        .await
        .unwrap();
    let now = Node::register(&db, 1).await;
    assert!(now.incarnation > earlier.incarnation);

    let fence = earlier.next_fence();
    let execution = id(&db, 1).await;
    let error = earlier
        .writer
        .commit(&fence, &[whole(execution)])
        .await
        .unwrap_err();
    assert!(matches!(error, CommitError::LeaseLost), "{error:?}");
    let beat = lease::heartbeat(&db, earlier.id, earlier.incarnation).await;
    assert_eq!(beat.unwrap(), None);
    assert!(
        lease::heartbeat(&db, now.id, now.incarnation)
            .await
            .unwrap()
            .is_some()
    );
    let claimed = lease::claim_free(&db, now.id, now.incarnation, 64)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 64);
    // The earlier life can claim nothing back.
    let none = lease::claim_free(&db, earlier.id, earlier.incarnation, 64)
        .await
        .unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_living_node_is_not_taken_over() {
    let database = Database::migrated();
    let db = database.open().await;
    let (mut a, b) = (Node::register(&db, 1).await, Node::register(&db, 2).await);
    let answer = lease::take_over(&db, a.id, a.incarnation, b.id, b.incarnation).await;
    assert_eq!(answer.unwrap(), lease::Takeover::Alive);
    a.pass(whole(id(&db, 1).await)).await;
    let nodes = lease::nodes(&db).await.unwrap();
    assert_eq!(nodes.len(), 2);
    assert!(nodes.iter().all(|node| !node.is_expired()));
}

#[tokio::test]
async fn of_two_takers_one_gets_the_shards() {
    let database = Database::migrated();
    let db = database.open().await;
    let dead = Node::with_lease(&db, 1, AT_ONCE).await;
    lease::claim_free(&db, dead.id, dead.incarnation, 64)
        .await
        .unwrap();
    let (a, b) = (Node::register(&db, 2).await, Node::register(&db, 3).await);
    loop {
        let (first, second) = join(
            lease::take_over(&db, dead.id, dead.incarnation, a.id, a.incarnation),
            lease::take_over(&db, dead.id, dead.incarnation, b.id, b.incarnation),
        )
        .await;
        match (first.unwrap(), second.unwrap()) {
            (lease::Takeover::Alive, lease::Takeover::Alive) => {}
            (lease::Takeover::Taken(shards), lease::Takeover::Alive)
            | (lease::Takeover::Alive, lease::Takeover::Taken(shards)) => {
                assert_eq!(shards.len(), 64);
                break;
            }
            both => panic!("both took over: {both:?}"),
        }
    }
    let beat = lease::heartbeat(&db, dead.id, dead.incarnation).await;
    assert_eq!(beat.unwrap(), None);
}

#[tokio::test]
async fn a_takeover_waits_for_the_commit_under_way_and_then_sees_it() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut old = Node::with_lease(&db, 1, AT_ONCE).await;
    lease::claim_free(&db, old.id, old.incarnation, 64)
        .await
        .unwrap();
    let new = Node::register(&db, 2).await;
    let execution = id(&db, 1).await;

    // The commit has its fence and waits for a name that another transaction holds.
    let mut holder = hold_name(&database, "held").await;
    let fence = old.next_fence();
    let held_open = [named(execution, "held")];
    let commit = old.writer.commit(&fence, &held_open);
    let taker = NodeId(Uuid::from_u128(2));
    let takeover = async {
        until_waiting(&db, 1).await;
        let taken = async {
            loop {
                let answer =
                    lease::take_over(&db, fence.node, fence.incarnation, taker, new.incarnation)
                        .await
                        .unwrap();
                if let lease::Takeover::Taken(shards) = answer {
                    return shards;
                }
            }
        };
        let release = async {
            until_waiting(&db, 2).await;
            sqlx::query("ROLLBACK").execute(&mut holder).await.unwrap();
        };
        let (shards, ()) = join(taken, release).await;
        // What the takeover reads is final, and the commit is in it.
        let steps = journal::last_number(&db, execution).await.unwrap();
        (shards, steps)
    };
    let (outcomes, (shards, steps)) = join(commit, takeover).await;
    assert_eq!(outcomes.unwrap(), [Outcome::Committed]);
    assert_eq!((shards.len(), steps), (64, Some(1)));
    holder.close().await.unwrap();

    let fence = old.next_fence();
    let error = old
        .writer
        .commit(&fence, &[next(execution, 2)])
        .await
        .unwrap_err();
    assert!(matches!(error, CommitError::LeaseLost), "{error:?}");
}

#[tokio::test]
async fn a_commit_held_open_across_a_takeover_does_not_land() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut old = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    old.pass(opening(execution)).await;

    // The takeover has marked the row and is not done yet; the commit has begun and sees the row as
    // it was.
    let mut takeover = db.begin().await.unwrap();
    sqlx::query("UPDATE node SET dead_at = now() WHERE id = $1")
        .bind(old.id.0)
        .execute(&mut takeover)
        .await
        .unwrap();
    let fence = old.next_fence();
    let late = [next(execution, 2), whole(id(&db, 2).await)];
    let commit = old.writer.commit(&fence, &late);
    let finish = async {
        until_waiting(&db, 1).await;
        takeover.commit().await.unwrap();
    };
    let (outcome, ()) = join(commit, finish).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, CommitError::LeaseLost), "{error:?}");
    let last = journal::last_number(&db, execution).await.unwrap();
    assert_eq!(last, Some(1));
    let executions: i64 = sqlx::query_scalar("SELECT count(*) FROM execution")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(executions, 1);
}

#[tokio::test]
async fn one_shard_is_handed_over_by_its_owner_alone() {
    let database = Database::migrated();
    let db = database.open().await;
    let (a, b) = (Node::register(&db, 1).await, Node::register(&db, 2).await);
    lease::claim_free(&db, a.id, a.incarnation, 64)
        .await
        .unwrap();
    let shard = ShardId(7);
    let stolen = lease::hand_over(&db, shard, b.id, b.incarnation, b.id).await;
    assert!(!stolen.unwrap());
    let nobody = NodeId(Uuid::from_u128(99));
    let lost = lease::hand_over(&db, shard, a.id, a.incarnation, nobody).await;
    assert!(!lost.unwrap());
    let given = lease::hand_over(&db, shard, a.id, a.incarnation, b.id).await;
    assert!(given.unwrap());
    let map = lease::shard_map(&db).await.unwrap();
    assert_eq!(map.owner(shard), Some((b.id, b.incarnation)));
    assert_eq!(map.owner(ShardId(8)), Some((a.id, a.incarnation)));
}

#[tokio::test]
async fn a_node_that_stops_frees_its_shards_at_once_and_tells_the_others() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut listener = db.listen().await.unwrap();
    listener.listen(lease::CHANNEL).await.unwrap();
    let mut a = Node::register(&db, 1).await;
    lease::claim_free(&db, a.id, a.incarnation, 64)
        .await
        .unwrap();
    lease::stop(&db, a.id, a.incarnation).await.unwrap();
    assert_eq!(listener.recv().await.unwrap().channel(), lease::CHANNEL);
    assert!(lease::nodes(&db).await.unwrap().is_empty());
    let b = Node::register(&db, 2).await;
    let claimed = lease::claim_free(&db, b.id, b.incarnation, 64)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 64);
    let fence = a.next_fence();
    let late = a.writer.commit(&fence, &[whole(id(&db, 1).await)]).await;
    assert!(matches!(late, Err(CommitError::LeaseLost)));
}

#[tokio::test]
async fn maintenance_is_held_by_one_until_its_lease_runs_out() {
    let database = Database::migrated();
    let db = database.open().await;
    let (a, b) = (NodeId(Uuid::from_u128(1)), NodeId(Uuid::from_u128(2)));
    let hour = Duration::from_hours(1);
    assert!(lease::hold(&db, "retention", a, hour).await.unwrap());
    assert!(!lease::hold(&db, "retention", b, hour).await.unwrap());
    assert!(lease::hold(&db, "another", b, hour).await.unwrap());
    // Renewed for so short that it is over at once.
    assert!(lease::hold(&db, "retention", a, AT_ONCE).await.unwrap());
    while !lease::hold(&db, "retention", b, hour).await.unwrap() {}
    assert!(!lease::hold(&db, "retention", a, hour).await.unwrap());
}

#[tokio::test]
async fn a_dead_nodes_shards_go_to_whoever_takes_over() {
    let database = Database::migrated();
    let db = database.open().await;
    let dead = Node::with_lease(&db, 1, AT_ONCE).await;
    lease::claim_free(&db, dead.id, dead.incarnation, 10)
        .await
        .unwrap();
    let taker = Node::register(&db, 2).await;
    let shards = take_over(&db, &dead, &taker).await;
    assert_eq!(shards, (0..10).map(ShardId).collect::<Vec<_>>());
}
