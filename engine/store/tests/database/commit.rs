//! What a commit writes, and which items it leaves out.

use store::commit::{
    ActivityTask, CloseTask, CommitError, Item, Message, OpenTask, Outcome, Status, Wakeup,
};
use store::db::Db;
use store::ids::ExecutionId;
use store::journal;

use crate::sample::{self, Node, close, id, named, next, opening, step, whole};
use crate::support::Database;

async fn count(db: &Db, table: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(db)
        .await
        .unwrap()
}

async fn steps(db: &Db, execution: ExecutionId) -> Vec<i64> {
    let rows = journal::page(db, execution, 1, i64::MAX).await.unwrap();
    rows.into_iter().map(|row| row.number).collect()
}

fn task(execution: ExecutionId, attempt: i64) -> OpenTask {
    OpenTask {
        attempt,
        token_sha256: [3; 32],
        activity: None,
        heartbeat_seconds: None,
        opened_at: sample::started_at(execution),
    }
}

#[tokio::test]
async fn a_start_and_close_in_one_batch_are_inserted_closed() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    node.pass(whole(execution)).await;
    let (status, step): (i16, i64) =
        sqlx::query_as("SELECT status, closing_step FROM execution WHERE id = $1")
            .bind(execution.0)
            .fetch_one(&db)
            .await
            .unwrap();
    assert_eq!((status, step), (Status::Succeeded as i16, 1));
    assert_eq!(count(&db, "execution_close").await, 0);
    assert_eq!(count(&db, "execution_open").await, 0);
    assert_eq!(steps(&db, execution).await, [1]);
}

#[tokio::test]
async fn a_close_after_its_start_is_a_row_of_its_own() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    node.pass(opening(execution)).await;
    assert_eq!(count(&db, "execution_open").await, 1);
    node.pass(Item {
        close: Some(close(execution, Status::Failed)),
        ..next(execution, 2)
    })
    .await;
    assert_eq!(count(&db, "execution_open").await, 0);
    let (status, step, error): (i16, i64, String) =
        sqlx::query_as("SELECT status, closing_step, error FROM execution_close")
            .fetch_one(&db)
            .await
            .unwrap();
    assert_eq!(status, Status::Failed as i16);
    assert_eq!((step, error.as_str()), (2, "States.TaskFailed"));
    let written: i16 = sqlx::query_scalar("SELECT status FROM execution")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(written, Status::Running as i16);
}

#[tokio::test]
async fn a_name_that_is_taken_does_not_hurt_its_neighbours() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let first = id(&db, 1).await;
    node.pass(named(first, "order-7")).await;

    let (same, other, free, unnamed) = (
        id(&db, 2).await,
        id(&db, 3).await,
        id(&db, 4).await,
        id(&db, 5).await,
    );
    let mut different = named(other, "order-7");
    different.start.as_mut().unwrap().input_sha256 = [8; 32];
    let outcomes = node
        .commit(&[
            named(same, "order-7"),
            different,
            named(free, "order-8"),
            whole(unnamed),
            next(first, 2),
        ])
        .await;
    assert_eq!(
        outcomes,
        [
            Outcome::NameTaken {
                by: first,
                is_same_input: true
            },
            Outcome::NameTaken {
                by: first,
                is_same_input: false
            },
            Outcome::Committed,
            Outcome::Committed,
            Outcome::Committed,
        ]
    );
    for refused in [same, other] {
        assert!(steps(&db, refused).await.is_empty());
    }
    assert_eq!(steps(&db, first).await, [1, 2]);
    assert_eq!(count(&db, "execution").await, 3);
    assert_eq!(count(&db, "execution_open").await, 2);
}

#[tokio::test]
async fn of_two_starts_with_one_name_in_a_batch_one_passes() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let (a, b) = (id(&db, 1).await, id(&db, 2).await);
    let outcomes = node.commit(&[named(a, "twice"), named(b, "twice")]).await;
    let passed = outcomes
        .iter()
        .filter(|outcome| **outcome == Outcome::Committed)
        .count();
    assert_eq!(passed, 1);
    assert!(outcomes.iter().any(|outcome| matches!(
        outcome,
        Outcome::NameTaken { by, is_same_input: true } if *by == a || *by == b
    )));
}

#[tokio::test]
async fn a_lost_guard_leaves_its_item_out_and_its_other_rows_alone() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let (a, b) = (id(&db, 1).await, id(&db, 2).await);
    let with_tasks = |execution| Item {
        opened: vec![task(execution, 2), task(execution, 5)],
        ..opening(execution)
    };
    let outcomes = node.commit(&[with_tasks(a), with_tasks(b)]).await;
    assert_eq!(outcomes, [Outcome::Committed, Outcome::Committed]);
    sqlx::query("DELETE FROM open_task WHERE execution_id = $1 AND attempt = 5")
        .bind(a.0)
        .execute(&db)
        .await
        .unwrap();

    let guarded = |execution| Item {
        closed: [2, 5]
            .map(|attempt| CloseTask {
                attempt,
                is_guard: true,
            })
            .to_vec(),
        ..next(execution, 2)
    };
    let outcomes = node.commit(&[guarded(a), guarded(b)]).await;
    assert_eq!(outcomes, [Outcome::GuardLost, Outcome::Committed]);
    assert_eq!(steps(&db, a).await, [1]);
    assert_eq!(steps(&db, b).await, [1, 2]);
    let left: Vec<(uuid::Uuid, i64)> =
        sqlx::query_as("SELECT execution_id, attempt FROM open_task")
            .fetch_all(&db)
            .await
            .unwrap();
    assert_eq!(left, [(a.0, 2)]);
}

#[tokio::test]
async fn a_task_that_is_closed_without_a_guard_may_be_gone_already() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    node.pass(Item {
        opened: vec![task(execution, 2)],
        ..opening(execution)
    })
    .await;
    let closing = |number| Item {
        closed: vec![CloseTask {
            attempt: 2,
            is_guard: false,
        }],
        ..next(execution, number)
    };
    node.pass(closing(2)).await;
    assert_eq!(count(&db, "open_task").await, 0);
    node.pass(closing(3)).await;
}

#[tokio::test]
async fn a_message_is_consumed_once() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let (parent, child) = (id(&db, 1).await, id(&db, 2).await);
    node.pass(Item {
        messages: vec![Message {
            shard: sample::shard_of(child),
            execution: child,
            body: "{\"start\" : true}".to_owned(),
        }],
        ..opening(parent)
    })
    .await;
    let row: i64 = sqlx::query_scalar("SELECT id FROM inbox")
        .fetch_one(&db)
        .await
        .unwrap();
    let consuming = |item: Item| Item {
        inbox: vec![row],
        ..item
    };
    node.pass(consuming(opening(child))).await;
    assert_eq!(count(&db, "inbox").await, 0);
    let late = node
        .commit(&[consuming(next(child, 2)), next(parent, 2)])
        .await;
    assert_eq!(late, [Outcome::GuardLost, Outcome::Committed]);
    assert_eq!(steps(&db, child).await, [1]);
}

#[tokio::test]
async fn a_message_that_causes_nothing_is_consumed_without_a_step() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    node.pass(Item {
        messages: vec![Message {
            shard: sample::shard_of(execution),
            execution,
            body: "{}".to_owned(),
        }],
        ..opening(execution)
    })
    .await;
    let row: i64 = sqlx::query_scalar("SELECT id FROM inbox")
        .fetch_one(&db)
        .await
        .unwrap();
    node.pass(Item {
        inbox: vec![row],
        ..Item::new(execution)
    })
    .await;
    assert_eq!(count(&db, "inbox").await, 0);
}

#[tokio::test]
async fn a_step_number_that_is_taken_is_a_conflict_and_its_neighbours_pass() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let (a, b) = (id(&db, 1).await, id(&db, 2).await);
    node.pass(opening(a)).await;
    node.pass(next(a, 2)).await;
    let stale = Item {
        steps: vec![step(2), step(3)],
        ..Item::new(a)
    };
    let outcomes = node.commit(&[stale, opening(a), named(b, "b")]).await;
    assert_eq!(
        outcomes,
        [Outcome::Conflict, Outcome::Conflict, Outcome::Committed]
    );
    assert_eq!(steps(&db, a).await, [1, 2]);
    assert_eq!(steps(&db, b).await, [1]);
}

#[tokio::test]
async fn a_sleeper_has_one_wakeup() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    let asleep = |item, seconds| Item {
        wakeup: Wakeup::Put {
            shard: sample::shard_of(execution),
            due: sample::started_at(execution).plus_seconds(seconds),
        },
        ..item
    };
    node.pass(asleep(opening(execution), 90)).await;
    node.pass(asleep(next(execution, 2), 900)).await;
    let due: Vec<chrono::DateTime<chrono::Utc>> = sqlx::query_scalar("SELECT due FROM wakeup")
        .fetch_all(&db)
        .await
        .unwrap();
    assert_eq!(
        due,
        [sample::started_at(execution).plus_seconds(900).to_chrono()]
    );
    node.pass(Item {
        wakeup: Wakeup::Delete,
        ..next(execution, 3)
    })
    .await;
    assert_eq!(count(&db, "wakeup").await, 0);
}

#[tokio::test]
async fn an_item_with_every_part_is_written_whole_or_not_at_all() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let (owner, other) = (id(&db, 1).await, id(&db, 2).await);
    node.pass(named(owner, "taken")).await;
    let full = |name: &str| Item {
        opened: vec![OpenTask {
            activity: Some(ActivityTask {
                activity: "pack".to_owned(),
                token: "token".to_owned(),
                input: "{}".to_owned(),
            }),
            heartbeat_seconds: Some(30),
            ..task(other, 1)
        }],
        wakeup: Wakeup::Put {
            shard: sample::shard_of(other),
            due: sample::started_at(other),
        },
        messages: vec![Message {
            shard: sample::shard_of(owner),
            execution: owner,
            body: "{}".to_owned(),
        }],
        steps: vec![step(1), step(2)],
        ..named(other, name)
    };
    let tables = [
        "execution",
        "journal",
        "open_task",
        "wakeup",
        "inbox",
        "execution_open",
    ];
    let outcomes = node.commit(&[full("taken")]).await;
    assert!(matches!(outcomes[..], [Outcome::NameTaken { by, .. }] if by == owner));
    for (table, rows) in tables.into_iter().zip([1, 1, 0, 0, 0, 1]) {
        assert_eq!(count(&db, table).await, rows, "{table}");
    }
    node.pass(full("free")).await;
    for (table, rows) in tables.into_iter().zip([2, 3, 1, 1, 1, 2]) {
        assert_eq!(count(&db, table).await, rows, "{table}");
    }
}

#[tokio::test]
async fn what_the_database_refuses_is_not_written_and_the_writer_goes_on() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let good = id(&db, 1).await;
    // No partition is made for an execution of 1970.
    let lost = ExecutionId::new(1, 0, 0);
    let fence = node.next_fence();
    let error = node
        .writer
        .commit(&fence, &[whole(lost), whole(good)])
        .await
        .unwrap_err();
    assert!(matches!(error, CommitError::Refused(_)), "{error:?}");
    assert_eq!(count(&db, "execution").await, 0);
    node.pass(whole(good)).await;
}

#[tokio::test]
async fn an_item_that_the_database_cannot_hold_is_left_out_alone() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let ids = [
        id(&db, 1).await,
        id(&db, 2).await,
        id(&db, 3).await,
        id(&db, 4).await,
    ];
    node.pass(named(ids[0], "taken")).await;
    let batch = [
        whole(ids[1]),
        // Longer than its column.
        named(ids[2], &"x".repeat(81)),
        named(ids[3], "taken"),
        opening(ids[0]),
        next(ids[0], 2),
    ];
    let expected = [
        Outcome::Committed,
        Outcome::Rejected,
        Outcome::NameTaken {
            by: ids[0],
            is_same_input: true,
        },
        Outcome::Conflict,
        Outcome::Committed,
    ];
    let fence = node.next_fence();
    let outcomes = node.writer.commit(&fence, &batch).await.unwrap();
    assert_eq!(outcomes, expected);
    // The log says the same.
    let resolved = node.writer.resolve(&fence, &batch).await.unwrap();
    assert_eq!(resolved.unwrap(), expected);
    assert_eq!(steps(&db, ids[0]).await, [1, 2]);
    assert!(steps(&db, ids[2]).await.is_empty());
    assert_eq!(count(&db, "execution").await, 2);
    assert_eq!(count(&db, "execution_name").await, 1);
}

#[tokio::test]
async fn a_null_character_is_replaced_where_text_cannot_hold_it() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    let mut end = close(execution, Status::Failed);
    end.error = Some("a\0b".to_owned());
    node.pass(Item {
        close: Some(end),
        ..opening(execution)
    })
    .await;
    let error: String = sqlx::query_scalar("SELECT error FROM execution")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(error, "a\u{fffd}b");
}
