//! What a redrive writes: an execution that had closed is as if it had not.

use asl::Timestamp;
use store::commit::{Item, Redrive, Status, Wakeup};
use store::db::Db;
use store::ids::ExecutionId;
use store::list::{self, Filter};
use store::{execution, journal, redrive, retention, search};

use crate::sample::{MACHINE, Node, close, id, next, opening, shard_of, started_at, whole};
use crate::support::Database;

fn again(execution: ExecutionId, step: i64, number: i32, token: &str) -> Item {
    Item {
        redrive: Some(Redrive {
            machine_id: MACHINE,
            shard: shard_of(execution),
            number,
            at: at(execution, number),
            client_token: token.to_owned(),
        }),
        ..next(execution, step)
    }
}

fn at(execution: ExecutionId, number: i32) -> Timestamp {
    started_at(execution).plus_seconds(60 * i64::from(number))
}

/// One that was inserted closed, and one that closed after its start.
async fn two_failed(db: &Db, node: &mut Node) -> [ExecutionId; 2] {
    let (at_once, later) = (id(db, 1).await, id(db, 2).await);
    node.pass(Item {
        close: Some(close(at_once, Status::Failed)),
        ..opening(at_once)
    })
    .await;
    node.pass(opening(later)).await;
    node.pass(Item {
        close: Some(close(later, Status::TimedOut)),
        ..next(later, 2)
    })
    .await;
    [at_once, later]
}

async fn of_status(db: &Db, status: Status) -> Vec<ExecutionId> {
    let filter = Filter {
        machine_id: Some(MACHINE),
        statuses: vec![status],
        ..Filter::default()
    };
    let found = list::executions(db, &filter, None, 10).await.unwrap();
    found.into_iter().map(|execution| execution.id).collect()
}

#[tokio::test]
async fn a_redriven_execution_is_open_until_it_closes_anew() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    for execution in two_failed(&db, &mut node).await {
        let failed = execution::get(&db, execution).await.unwrap().unwrap();
        let step = failed.closing_step.unwrap() + 1;
        node.pass(again(execution, step, 1, "t")).await;
        let open = execution::get(&db, execution).await.unwrap().unwrap();
        assert_eq!(open.status, Status::Running);
        assert_eq!(
            (open.closed_at, open.closing_step, open.error),
            (None, None, None)
        );
        assert_eq!(
            (open.redrive_count, open.redriven_at),
            (1, Some(at(execution, 1)))
        );
        assert_eq!(of_status(&db, Status::Running).await, [execution]);
        assert_eq!(of_status(&db, failed.status).await, []);
        let awake = execution::awake_of_shard(&db, shard_of(execution), None, 10).await;
        assert_eq!(awake.unwrap(), [execution]);

        node.pass(Item {
            close: Some(close(execution, Status::Succeeded)),
            ..next(execution, step + 1)
        })
        .await;
        let closed = execution::get(&db, execution).await.unwrap().unwrap();
        assert_eq!(closed.status, Status::Succeeded);
        assert_eq!(closed.closing_step, Some(step + 1));
        assert_eq!(of_status(&db, Status::Running).await, []);
        assert_eq!(of_status(&db, failed.status).await, []);
        assert_eq!(
            journal::last_event(&db, execution).await.unwrap(),
            Some(3 * (step + 1))
        );
    }
}

#[tokio::test]
async fn a_redrive_and_the_next_close_may_fall_into_one_batch() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    for execution in two_failed(&db, &mut node).await {
        for number in 1..=3 {
            let before = execution::get(&db, execution).await.unwrap().unwrap();
            let step = before.closing_step.unwrap() + 1;
            node.pass(Item {
                close: Some(close(execution, Status::Failed)),
                ..again(execution, step, number, "t")
            })
            .await;
            let after = execution::get(&db, execution).await.unwrap().unwrap();
            assert_eq!(
                (after.status, after.closing_step),
                (Status::Failed, Some(step))
            );
            assert_eq!(after.redrive_count, number);
        }
        assert_eq!(of_status(&db, Status::Running).await, []);
    }
    assert_eq!(of_status(&db, Status::Failed).await.len(), 2);
}

#[tokio::test]
async fn a_redrive_that_loses_its_message_or_its_step_changes_nothing() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let [execution, _] = two_failed(&db, &mut node).await;
    let before = execution::get(&db, execution).await.unwrap();
    let no_message = Item {
        inbox: vec![77],
        ..again(execution, 2, 1, "t")
    };
    let taken = again(execution, 1, 1, "t");
    for item in [no_message, taken] {
        let outcomes = node.commit(&[item]).await;
        assert_ne!(outcomes, [store::commit::Outcome::Committed]);
        assert_eq!(execution::get(&db, execution).await.unwrap(), before);
    }
    let since = started_at(execution);
    let found = redrive::by_token(&db, execution, "t", since).await.unwrap();
    assert_eq!(found, None);
}

#[tokio::test]
async fn lists_tell_what_was_redriven() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let [redriven, other] = two_failed(&db, &mut node).await;
    node.pass(again(redriven, 2, 1, "t")).await;
    for (is_redriven, statuses, expected) in [
        (Some(true), vec![], vec![redriven]),
        (Some(false), vec![], vec![other]),
        (None, vec![], vec![other, redriven]),
        (Some(true), vec![Status::Running], vec![redriven]),
        (Some(true), vec![Status::TimedOut], vec![]),
        (Some(false), vec![Status::TimedOut], vec![other]),
    ] {
        let filter = Filter {
            machine_id: Some(MACHINE),
            statuses,
            is_redriven,
            ..Filter::default()
        };
        let found = list::executions(&db, &filter, None, 10).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|execution| execution.id).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_request_is_found_by_its_token_for_a_while() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let [execution, other] = two_failed(&db, &mut node).await;
    for number in 1..=12 {
        let step = i64::from(number) + 1;
        node.pass(Item {
            close: Some(close(execution, Status::Failed)),
            ..again(execution, step, number, &format!("token {number}"))
        })
        .await;
    }
    let since = started_at(execution);
    let found = async |execution, number: i32, since| {
        let token = format!("token {number}");
        redrive::by_token(&db, execution, &token, since)
            .await
            .unwrap()
    };
    assert_eq!(found(execution, 12, since).await, Some(at(execution, 12)));
    assert_eq!(found(execution, 3, since).await, Some(at(execution, 3)));
    // The last ten only, of this execution only, and not for ever.
    assert_eq!(found(execution, 2, since).await, None);
    assert_eq!(found(other, 12, since).await, None);
    let later = at(execution, 12).plus_seconds(1);
    assert_eq!(found(execution, 12, later).await, None);
}

#[tokio::test]
async fn what_was_found_by_its_failure_is_not_found_after_a_redrive() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let [execution, _] = two_failed(&db, &mut node).await;
    let row = search::Row {
        execution,
        machine_id: MACHINE,
        closed_at: started_at(execution),
        duration_ms: 0,
        status: Status::Failed,
        failed_state: None,
        error: Some("E".to_owned()),
    };
    search::fill(&db, &[row], &[]).await.unwrap();
    node.pass(again(execution, 2, 1, "t")).await;
    let filter = search::Filter {
        machine_id: MACHINE,
        failed_state: None,
        error: Some("E".to_owned()),
    };
    assert_eq!(search::find(&db, &filter, None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_redriven_sleeper_sleeps_and_retention_forgets_its_redrives() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let [execution, _] = two_failed(&db, &mut node).await;
    node.pass(Item {
        wakeup: Wakeup::Put {
            shard: shard_of(execution),
            due: at(execution, 9),
        },
        ..again(execution, 2, 1, "t")
    })
    .await;
    let awake = execution::awake_of_shard(&db, shard_of(execution), None, 10).await;
    assert_eq!(awake.unwrap(), []);
    node.pass(Item {
        close: Some(close(execution, Status::Succeeded)),
        wakeup: Wakeup::Delete,
        ..next(execution, 3)
    })
    .await;
    node.pass(whole(id(&db, 3).await)).await;
    let cutoff = at(execution, 1000);
    let swept = retention::sweep(&db, cutoff, None, 100).await.unwrap();
    assert_eq!(swept.executions, 3);
    let since = started_at(execution);
    let found = redrive::by_token(&db, execution, "t", since).await.unwrap();
    assert_eq!(found, None);
}
