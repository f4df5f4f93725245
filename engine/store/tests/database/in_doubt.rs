//! Commits whose answer was lost: what happened is found out before anything is done about it.

use futures_util::future::{join, select};
use sqlx::Connection;
use store::commit::{self, CommitError, Outcome};
use store::fault::{Action, Point};
use store::journal;

use crate::sample::{Node, id, named, opening, whole};
use crate::support::{Database, hold_name, until_waiting};

#[tokio::test]
async fn a_lost_answer_is_found_in_the_log_with_what_was_left_out() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let (owner, late, free) = (id(&db, 1).await, id(&db, 2).await, id(&db, 3).await);
    node.pass(named(owner, "taken")).await;

    db.faults().arm(Point::InDoubt, 0, Action::Disconnect);
    let fence = node.next_fence();
    let items = [named(late, "taken"), named(free, "free")];
    let error = node.writer.commit(&fence, &items).await.unwrap_err();
    assert!(matches!(error, CommitError::InDoubt(_)), "{error:?}");
    let expected = [
        Outcome::NameTaken {
            by: owner,
            is_same_input: true,
        },
        Outcome::Committed,
    ];
    // It may be asked again: the answer stays.
    for _ in 0..2 {
        let resolved = node.writer.resolve(&fence, &items).await.unwrap();
        assert_eq!(resolved.unwrap(), expected);
    }
    assert_eq!(journal::last_number(&db, free).await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_commit_that_never_arrived_is_made_again_under_a_new_name() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    db.faults().arm(Point::BeforeCommit, 0, Action::Disconnect);
    let fence = node.next_fence();
    let items = [whole(execution)];
    let error = node.writer.commit(&fence, &items).await.unwrap_err();
    assert!(matches!(error, CommitError::InDoubt(_)), "{error:?}");
    for _ in 0..2 {
        let resolved = node.writer.resolve(&fence, &items).await.unwrap();
        assert_eq!(resolved, None);
    }
    // Its name is spent: what was said not to have happened cannot happen later.
    let error = node.writer.commit(&fence, &items).await.unwrap_err();
    assert!(matches!(error, CommitError::Refused(_)), "{error:?}");
    assert_eq!(journal::last_number(&db, execution).await.unwrap(), None);
    node.pass(whole(execution)).await;
}

#[tokio::test]
async fn a_backend_that_is_terminated_in_a_commit_leaves_nothing() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    let holder = hold_name(&database, "held").await;
    let fence = node.next_fence();
    let items = [named(execution, "held")];
    let commit = node.writer.commit(&fence, &items);
    let terminate = async {
        until_waiting(&db, 1).await;
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .execute(&db)
        .await
        .unwrap();
    };
    let (outcome, ()) = join(commit, terminate).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, CommitError::InDoubt(_)), "{error:?}");
    let resolved = node.writer.resolve(&fence, &items).await.unwrap();
    assert_eq!(resolved, None);
    holder.close().await.unwrap();
    node.pass(named(execution, "held")).await;
}

#[tokio::test]
async fn a_commit_that_goes_on_without_its_client_agrees_with_the_answer() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    for number in 0..10 {
        let execution = id(&db, number).await;
        let name = format!("held-{number}");
        let mut holder = hold_name(&database, &name).await;
        let fence = node.next_fence();
        let items = [named(execution, &name)];
        {
            // The client goes away while the server waits for the name.
            let commit = Box::pin(node.writer.commit(&fence, &items));
            let gone = Box::pin(until_waiting(&db, 1));
            select(commit, gone).await;
        }
        let release = async {
            sqlx::query("ROLLBACK").execute(&mut holder).await.unwrap();
        };
        let (resolved, ()) = join(node.writer.resolve(&fence, &items), release).await;
        let has_happened = resolved.unwrap().is_some();
        let last = journal::last_number(&db, execution).await.unwrap();
        assert_eq!(has_happened, last.is_some());
        // Nor does it land later: the name is free or the execution's own.
        crate::support::until_idle(&db).await;
        let last = journal::last_number(&db, execution).await.unwrap();
        assert_eq!(has_happened, last.is_some());
        holder.close().await.unwrap();
    }
}

#[tokio::test]
async fn each_point_of_a_commit_is_counted_and_can_hang() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let points = [
        (Point::BeforeCommit, None),
        (Point::InDoubt, Some(1)),
        (Point::AfterCommit, Some(1)),
    ];
    for (number, (point, written)) in (1..).zip(points) {
        let before = db.faults().reached(point);
        let mut doomed = Node::register(&db, 10 + u128::from(number)).await;
        let execution = id(&db, number).await;
        db.faults().arm(point, 0, Action::Hang);
        let fence = doomed.next_fence();
        let items = [opening(execution)];
        let commit = Box::pin(doomed.writer.commit(&fence, &items));
        let hung = Box::pin(db.faults().until_hung(number));
        select(commit, hung).await;
        assert_eq!(db.faults().reached(point), before + 1);
        assert_eq!(journal::last_number(&db, execution).await.unwrap(), written);
    }
    node.pass(opening(id(&db, 9).await)).await;
}

#[tokio::test]
async fn the_log_is_trimmed_below_what_was_answered() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut earlier = Node::register(&db, 1).await;
    earlier.pass(opening(id(&db, 1).await)).await;
    let mut node = Node::register(&db, 1).await;
    for number in 2..5 {
        node.pass(opening(id(&db, number).await)).await;
    }
    let fence = node.next_fence();
    assert_eq!(commit::trim(&db, &fence).await.unwrap(), 4);
    assert_eq!(commit::trim(&db, &fence).await.unwrap(), 0);
}
