//! What executions wait for: inbox, wakeups, tasks that the outside ends.

use asl::Timestamp;
use futures_util::future::join;
use sqlx::postgres::PgListener;
use store::commit::{ActivityTask, CloseTask, Item, OpenTask, Outcome, Wakeup};
use store::db::Db;
use store::ids::{ExecutionId, ShardId};
use store::token::{self, Ended};
use store::{inbox, timer};

use crate::sample::{self, Node, id, next, opening, shard_of};
use crate::support::Database;

const HASH: [u8; 32] = [3; 32];

async fn listener(db: &Db, channel: &str) -> PgListener {
    let mut listener = db.listen().await.unwrap();
    listener.listen(channel).await.unwrap();
    listener
}

fn callback(execution: ExecutionId, attempt: i64, heartbeat_seconds: Option<i64>) -> Item {
    Item {
        opened: vec![OpenTask {
            attempt,
            token_sha256: HASH,
            activity: None,
            heartbeat_seconds,
            opened_at: sample::started_at(execution),
        }],
        ..opening(execution)
    }
}

fn activity(execution: ExecutionId, name: &str, seconds: i64) -> Item {
    let mut item = callback(execution, 4, Some(30));
    item.opened[0].activity = Some(ActivityTask {
        activity: name.to_owned(),
        token: format!("token of {execution}"),
        input: "{\"a\" : 1}".to_owned(),
    });
    item.opened[0].opened_at = sample::started_at(execution).plus_seconds(seconds);
    item
}

#[tokio::test]
async fn a_message_is_announced_with_its_shard_and_listed_in_order() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut listener = listener(&db, inbox::CHANNEL).await;
    let (a, b) = (id(&db, 1).await, id(&db, 700).await);
    for (execution, body) in [(a, "1"), (b, "2"), (a, "3")] {
        inbox::put(&db, shard_of(execution), execution, body)
            .await
            .unwrap();
        let notice = listener.recv().await.unwrap();
        assert_eq!(notice.payload(), shard_of(execution).0.to_string());
    }
    let both = [shard_of(a), shard_of(b), ShardId(60)];
    let rows = inbox::list(&db, &both, 0, 10).await.unwrap();
    let bodies: Vec<_> = rows.iter().map(|row| row.body.as_str()).collect();
    assert_eq!(bodies, ["1", "2", "3"]);
    let rest = inbox::list(&db, &both, rows[0].id, 1).await.unwrap();
    assert_eq!(rest, rows[1..2]);
    assert!(inbox::list(&db, &[], 0, 10).await.unwrap().is_empty());
    inbox::delete(&db, &[rows[0].id, rows[1].id]).await.unwrap();
    let all: Vec<_> = rows.iter().map(|row| row.id).collect();
    let left = inbox::remaining(&db, &all).await.unwrap();
    assert_eq!(left, [rows[2].id]);

    inbox::tell(&db, &[ShardId(3)]).await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), "3");
}

#[tokio::test]
async fn sleepers_are_listed_when_they_are_due() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let start = sample::now(&db).await;
    let mut ids = Vec::new();
    for (number, seconds) in [(1, 50), (2, 10), (700, 30)] {
        let execution = id(&db, number).await;
        ids.push(execution);
        node.pass(Item {
            wakeup: Wakeup::Put {
                shard: shard_of(execution),
                due: start.plus_seconds(seconds),
            },
            ..opening(execution)
        })
        .await;
    }
    let forever = id(&db, 3).await;
    node.pass(Item {
        wakeup: Wakeup::Put {
            shard: shard_of(forever),
            due: Timestamp(i64::MAX),
        },
        ..opening(forever)
    })
    .await;
    let shards = [shard_of(ids[0]), shard_of(ids[2])];
    let due = async |seconds, limit| {
        timer::due(&db, &shards, start.plus_seconds(seconds), limit)
            .await
            .unwrap()
    };
    assert!(due(5, 10).await.is_empty());
    assert_eq!(due(30, 10).await, [ids[1], ids[2]]);
    assert_eq!(due(3600, 10).await, [ids[1], ids[2], ids[0]]);
    assert_eq!(due(3600, 1).await, [ids[1]]);
    let next = timer::next_due(&db, &shards).await.unwrap();
    assert_eq!(next, Some(start.plus_seconds(10)));
    assert_eq!(timer::next_due(&db, &[ShardId(63)]).await.unwrap(), None);
}

#[tokio::test]
async fn a_task_is_ended_once_and_its_result_waits_in_the_inbox() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let mut listener = listener(&db, inbox::CHANNEL).await;
    let execution = id(&db, 1).await;
    let shard = shard_of(execution);
    node.pass(callback(execution, 4, None)).await;

    let end = async |execution, hash: [u8; 32]| {
        token::end(&db, execution, &hash, shard, "{\"output\":1}")
            .await
            .unwrap()
    };
    assert_eq!(end(execution, [9; 32]).await, Ended::TimedOut);
    assert_eq!(end(id(&db, 2).await, HASH).await, Ended::DoesNotExist);
    assert_eq!(end(execution, HASH).await, Ended::Done);
    assert_eq!(
        listener.recv().await.unwrap().payload(),
        shard.0.to_string()
    );
    assert_eq!(end(execution, HASH).await, Ended::TimedOut);
    let rows = inbox::list(&db, &[shard], 0, 10).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].execution, execution);
}

#[tokio::test]
async fn of_an_answer_and_a_time_out_at_once_one_wins() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    for number in 0..20 {
        let execution = id(&db, number).await;
        let shard = shard_of(execution);
        node.pass(callback(execution, 4, None)).await;
        let time_out = [Item {
            closed: vec![CloseTask {
                attempt: 4,
                is_guard: true,
            }],
            ..next(execution, 2)
        }];
        let (outcomes, ended) = join(
            node.commit(&time_out),
            token::end(&db, execution, &HASH, shard, "{}"),
        )
        .await;
        let has_timed_out = outcomes == [Outcome::Committed];
        assert_eq!(ended.unwrap() == Ended::Done, !has_timed_out);
        let waiting = inbox::list(&db, &[shard], 0, 100).await.unwrap();
        let has_answer = waiting.iter().any(|row| row.execution == execution);
        assert_eq!(has_answer, !has_timed_out);
    }
}

#[tokio::test]
async fn a_heartbeat_is_kept_at_most_four_times_an_interval() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    node.pass(callback(execution, 4, Some(40))).await;
    let start = sample::started_at(execution);
    let beat = async |seconds| {
        let at = start.plus_seconds(seconds);
        let ended = token::heartbeat(&db, execution, &HASH, at).await.unwrap();
        assert_eq!(ended, Ended::Done);
        token::last_heartbeat(&db, execution, 4)
            .await
            .unwrap()
            .unwrap()
    };
    let last = token::last_heartbeat(&db, execution, 4).await.unwrap();
    assert_eq!(
        last,
        Some(token::Beat {
            seconds: 40,
            at: None,
            opened_at: start
        })
    );
    assert_eq!(beat(5).await.at, Some(start.plus_seconds(5)));
    assert_eq!(beat(14).await.at, Some(start.plus_seconds(5)));
    assert_eq!(beat(16).await.at, Some(start.plus_seconds(16)));

    let wrong = token::heartbeat(&db, execution, &[1; 32], start).await;
    assert_eq!(wrong.unwrap(), Ended::TimedOut);
    let nobody = token::heartbeat(&db, id(&db, 2).await, &HASH, start).await;
    assert_eq!(nobody.unwrap(), Ended::DoesNotExist);
    assert_eq!(
        token::last_heartbeat(&db, execution, 5).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn workers_take_the_oldest_task_and_no_two_the_same() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let (late, early, other) = (id(&db, 1).await, id(&db, 2).await, id(&db, 3).await);
    let outcomes = node
        .commit(&[
            activity(late, "pack", 9),
            activity(early, "pack", 1),
            activity(other, "ship", 0),
        ])
        .await;
    assert_eq!(
        outcomes,
        [Outcome::Committed, Outcome::Committed, Outcome::Committed]
    );
    let mut listener = listener(&db, token::CHANNEL).await;
    token::tell(&db, &["pack".to_owned()]).await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), "pack");

    let now = sample::now(&db).await;
    let claim =
        || token::claim_activity(&db, "pack", now, shard_of, |attempt| format!("[{attempt}]"));
    let first = claim().await.unwrap().unwrap();
    assert_eq!((first.execution, first.attempt), (early, 4));
    assert_eq!(first.input, "{\"a\" : 1}");
    assert_eq!(first.token, format!("token of {early}"));
    assert!(!format!("{first:?}").contains("token of"));
    let rows = inbox::list(&db, &[shard_of(early)], 0, 10).await.unwrap();
    assert_eq!((rows[0].execution, rows[0].body.as_str()), (early, "[4]"));
    let beat = token::last_heartbeat(&db, early, 4).await.unwrap().unwrap();
    assert_eq!(beat.at, Some(now));

    let (a, b) = join(claim(), claim()).await;
    let taken: Vec<_> = [a.unwrap(), b.unwrap()].into_iter().flatten().collect();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].execution, late);
    assert_eq!(claim().await.unwrap(), None);
    // A task that was taken is still ended by its token.
    let ended = token::end(&db, early, &HASH, shard_of(early), "{}").await;
    assert_eq!(ended.unwrap(), Ended::Done);
}
