//! Forgetting what closed long ago, and keeping what did not.

use std::task::Poll;

use asl::Timestamp;
use futures_util::future::join;
use sqlx::{Connection, Executor, PgConnection};
use store::commit::{Close, Item, Outcome, Status};
use store::db::Db;
use store::ids::ExecutionId;
use store::map_run::{self, MapRun};
use store::retention::{self, Retired, Swept};
use store::{execution, journal, lease, partition};

use crate::sample::{self, MACHINE, Node, close, named, next, whole};
use crate::support::{Database, until_waiting};

const DAY: i64 = 24 * 60 * 60;

/// A time that many days ago, with partitions around it.
async fn days_ago(db: &Db, days: i64) -> Timestamp {
    let then = sample::now(db).await.plus_seconds(-days * DAY);
    partition::make_ahead(db, then).await.unwrap();
    then
}

fn id_at(time: Timestamp, number: u64) -> ExecutionId {
    ExecutionId::new(u64::try_from(time.as_millis()).unwrap(), 5, number)
}

async fn sweep_all(db: &Db, cutoff: Timestamp) -> u64 {
    let (mut forgotten, mut after) = (0, None);
    loop {
        let swept = retention::sweep(db, cutoff, after, 7).await.unwrap();
        forgotten += swept.executions;
        after = swept.next;
        if after.is_none() {
            return forgotten;
        }
    }
}

/// A whole pass; waits for a session that a broken one has left behind.
async fn retire(db: &Db, cutoff: Timestamp) -> Retired {
    loop {
        let retired = retention::retire(db, cutoff, None, usize::MAX);
        if let Some(retired) = retired.await.unwrap() {
            return retired;
        }
        tokio::task::yield_now().await;
    }
}

async fn tables(db: &Db) -> Vec<String> {
    let partitions = partition::list(db).await.unwrap();
    partitions.into_iter().map(|one| one.table).collect()
}

#[tokio::test]
async fn an_open_execution_in_a_retired_partition_survives() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let then = days_ago(&db, 100).await;
    let cutoff = sample::now(&db).await.plus_seconds(-90 * DAY);

    // Fifty that closed long ago, one that runs, one that closed yesterday.
    for number in 0..50 {
        node.pass(whole(id_at(then, number))).await;
    }
    let (running, recent) = (id_at(then, 100), id_at(then, 101));
    node.pass(named(running, "long")).await;
    node.pass(next(running, 2)).await;
    node.pass(named(recent, "recent")).await;
    let mut end = close(recent, Status::Succeeded);
    end.at = sample::now(&db).await.plus_seconds(-DAY);
    node.pass(Item {
        close: Some(end),
        ..next(recent, 2)
    })
    .await;

    assert_eq!(sweep_all(&db, cutoff).await, 50);
    let retired = retire(&db, cutoff).await;
    assert_eq!(retired.rows_kept, 4);
    assert!(retired.busy.is_empty());
    let old = format!("journal_{}", then.to_chrono().format("%Y%m%d"));
    assert!(retired.tables.contains(&old), "{retired:?}");
    let now = tables(&db).await;
    assert!(
        now.iter()
            .any(|table| table.starts_with(&format!("{old}_")))
    );
    assert!(!now.contains(&old));

    for (execution, status) in [(running, Status::Running), (recent, Status::Succeeded)] {
        let steps = journal::page(&db, execution, 1, i64::MAX).await.unwrap();
        assert_eq!(steps.len(), 2);
        let found = execution::get(&db, execution).await.unwrap().unwrap();
        assert_eq!(found.status, status);
    }
    // It runs on, closes, and is forgotten in its turn.
    node.pass(Item {
        close: Some(close(running, Status::Succeeded)),
        ..next(running, 3)
    })
    .await;
    assert_eq!(sweep_all(&db, cutoff).await, 1);
    assert_eq!(sweep_all(&db, sample::now(&db).await).await, 1);
    let again = retire(&db, cutoff).await;
    assert_eq!((again.rows_kept, again.tables.len()), (0, 1));
    assert_eq!(journal::last_number(&db, running).await.unwrap(), None);
    let bound = ExecutionId::first_of(u64::try_from(cutoff.as_millis()).unwrap()).0;
    let left = partition::list(&db).await.unwrap();
    assert!(
        left.iter().all(|partition| partition.to > bound),
        "{left:?}"
    );
}

/// A Map Run of `execution` with one row in the journal.
fn map_run(id: ExecutionId, execution: ExecutionId, closed_at: Option<Timestamp>) -> Item {
    let (step, status) = match closed_at {
        None => (1, Status::Running),
        Some(_) => (2, Status::Succeeded),
    };
    Item {
        map_run: Some(Box::new(MapRun {
            id,
            execution,
            machine_id: MACHINE,
            revision_id: uuid::Uuid::from_u128(0x22),
            place: "/States/M".to_owned(),
            label: "M".to_owned(),
            is_express: false,
            shard: store::ids::ShardId(0),
            status,
            started_at: Timestamp::from_millis(i64::try_from(id.unix_millis()).unwrap()),
            closed_at,
            concurrency: 0,
            tolerated_count: None,
            tolerated_percentage: None,
            counts: "{}".to_owned(),
            redrive_count: 0,
            redriven_at: None,
        })),
        ..next(id, step)
    }
}

#[tokio::test]
async fn an_open_map_run_keeps_its_journal_and_its_children() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let then = days_ago(&db, 100).await;
    let cutoff = sample::now(&db).await.plus_seconds(-90 * DAY);
    let (execution, run, child) = (id_at(then, 1), id_at(then, 2), id_at(then, 3));
    for number in 10..60 {
        node.pass(whole(id_at(then, number))).await;
    }
    node.pass(named(execution, "outer")).await;
    node.pass(map_run(run, execution, None)).await;
    let mut ended = whole(child);
    ended.start.as_mut().unwrap().machine_id = run.0;
    node.pass(ended).await;
    let lost = id_at(then, 4);
    let present = map_run::present(&db, &[child, lost]).await.unwrap();
    assert_eq!(present.into_iter().collect::<Vec<_>>(), [child]);
    let start = r#"{"type":"start_child","index":1}"#;
    store::inbox::put(&db, store::ids::ShardId(0), lost, start)
        .await
        .unwrap();
    let present = map_run::present(&db, &[child, lost]).await.unwrap();
    assert_eq!(present.len(), 2);

    assert_eq!(sweep_all(&db, cutoff).await, 50);
    let retired = retire(&db, cutoff).await;
    assert_eq!(retired.rows_kept, 3, "{retired:?}");
    assert_eq!(journal::last_number(&db, run).await.unwrap(), Some(1));
    assert_eq!(journal::last_number(&db, child).await.unwrap(), Some(1));
    assert_eq!(retention::sweep_map_runs(&db, cutoff, 10).await.unwrap(), 0);

    // It closes, and is forgotten after its execution and its children.
    node.pass(map_run(run, execution, Some(then))).await;
    node.pass(Item {
        close: Some(Close {
            at: then,
            ..close(execution, Status::Succeeded)
        }),
        ..next(execution, 2)
    })
    .await;
    let swept = || retention::sweep_map_runs(&db, cutoff, 10);
    assert_eq!(swept().await.unwrap(), 0);
    assert_eq!(sweep_all(&db, cutoff).await, 2);
    assert_eq!(swept().await.unwrap(), 1);
    assert_eq!(map_run::get(&db, run).await.unwrap(), None);
    let retired = retire(&db, cutoff).await;
    assert_eq!(retired.rows_kept, 0);
    assert_eq!(journal::last_number(&db, run).await.unwrap(), None);
}

#[tokio::test]
async fn a_name_is_free_again_when_its_execution_is_forgotten() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let then = days_ago(&db, 100).await;
    let cutoff = sample::now(&db).await.plus_seconds(-90 * DAY);
    let (old, new) = (id_at(then, 1), sample::id(&db, 2).await);
    let closed = Item {
        close: Some(close(old, Status::Failed)),
        ..named(old, "again")
    };
    assert_eq!(node.commit(&[closed]).await, [Outcome::Committed]);
    let refused = node.commit(&[named(new, "again")]).await;
    assert!(matches!(refused[..], [Outcome::NameTaken { by, .. }] if by == old));
    assert_eq!(sweep_all(&db, cutoff).await, 1);
    node.pass(named(new, "again")).await;
    assert_eq!(execution::get(&db, old).await.unwrap(), None);
}

#[tokio::test]
async fn a_sweep_goes_on_where_it_stopped_and_past_what_it_keeps() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let then = days_ago(&db, 100).await;
    let cutoff = sample::now(&db).await.plus_seconds(-90 * DAY);
    for number in 0..6 {
        let execution = id_at(then, number);
        let item = if number < 4 {
            sample::opening(execution)
        } else {
            whole(execution)
        };
        node.pass(item).await;
    }
    let first = retention::sweep(&db, cutoff, None, 4).await.unwrap();
    let expected = Swept {
        executions: 0,
        next: Some(id_at(then, 3)),
    };
    assert_eq!(first, expected);
    let second = retention::sweep(&db, cutoff, first.next, 4).await.unwrap();
    assert_eq!((second.executions, second.next), (2, None));
    // What has started after the cutoff is not even looked at.
    let recent = sample::id(&db, 9).await;
    node.pass(whole(recent)).await;
    let third = retention::sweep(&db, cutoff, None, 100).await.unwrap();
    assert_eq!((third.executions, third.next), (0, None));
}

#[tokio::test]
async fn old_small_partitions_become_one() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let then = days_ago(&db, 120).await;
    let cutoff = sample::now(&db).await.plus_seconds(-90 * DAY);
    let before = tables(&db).await.len();
    let mut ids = Vec::new();
    for day in [0, 1, 3] {
        let execution = id_at(then.plus_seconds(day * DAY), 1);
        ids.push(execution);
        node.pass(sample::opening(execution)).await;
    }
    let retired = retire(&db, cutoff).await;
    assert_eq!(retired.rows_kept, 3);
    assert_eq!(tables(&db).await.len(), before - retired.tables.len() + 1);
    for execution in &ids {
        node.pass(next(*execution, 2)).await;
        assert_eq!(
            journal::last_number(&db, *execution).await.unwrap(),
            Some(2)
        );
    }
    // Nothing is to be gained now.
    let again = retire(&db, cutoff).await;
    assert!(
        again.tables.is_empty() && again.busy.is_empty(),
        "{again:?}"
    );
}

#[tokio::test]
async fn a_commit_while_its_partition_is_replaced_is_not_lost() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let then = days_ago(&db, 100).await;
    let cutoff = sample::now(&db).await.plus_seconds(-90 * DAY);
    let execution = id_at(then, 1);
    node.pass(sample::opening(execution)).await;
    node.pass(whole(id_at(then, 2))).await;
    assert_eq!(sweep_all(&db, cutoff).await, 1);

    // The copy is done and the exchange waits for a reader. Another step comes, which waits no longer
    // than the exchange tries; it is not in the copy.
    let mut reader = PgConnection::connect(&database.url).await.unwrap();
    reader.execute("BEGIN").await.unwrap();
    reader.execute("SELECT FROM journal LIMIT 1").await.unwrap();
    let retiring = retire(&db, cutoff);
    let meanwhile = async {
        until_waiting(&db, 1).await;
        node.pass(next(execution, 2)).await;
        reader.execute("ROLLBACK").await.unwrap();
    };
    let (retired, ()) = join(retiring, meanwhile).await;
    assert!(retired.busy.is_empty(), "{retired:?}");
    let steps = journal::page(&db, execution, 1, i64::MAX).await.unwrap();
    assert_eq!(steps.len(), 2);
}

#[tokio::test]
async fn a_pass_that_was_broken_off_leaves_nothing_behind() {
    let database = Database::migrated();
    let db = database.open().await;
    for table in [
        "journal_filling",
        "journal_20240101_20240102_2",
        "journal_backup",
    ] {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "CREATE TABLE {table} (LIKE journal INCLUDING ALL)"
        )))
        .execute(&db)
        .await
        .unwrap();
    }
    retire(&db, Timestamp(0)).await;
    let left: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
        WHERE relkind = 'r' AND NOT relispartition AND relname LIKE 'journal%'",
    )
    .fetch_all(&db)
    .await
    .unwrap();
    assert_eq!(left, ["journal_backup"]);
}

#[tokio::test]
async fn a_pass_goes_on_where_it_was_told_to_stop() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let cutoff = sample::now(&db).await.plus_seconds(-90 * DAY);
    let mut ids = Vec::new();
    for days in [140, 130, 120] {
        let then = days_ago(&db, days).await;
        ids.push(id_at(then, 1));
        node.pass(sample::opening(id_at(then, 1))).await;
    }
    let (mut from, mut calls, mut gone) = (None, 0, 0);
    loop {
        let retired = retention::retire(&db, cutoff, from, 2).await.unwrap();
        // The session of the call before may not have ended yet.
        let Some(retired) = retired else {
            tokio::task::yield_now().await;
            continue;
        };
        assert!(retired.tables.len() <= 4, "{retired:?}");
        gone += retired.tables.len();
        calls += 1;
        from = retired.next;
        if from.is_none() {
            break;
        }
    }
    assert!(calls > 10 && gone > 20, "{calls} calls, {gone} tables");
    for id in ids {
        assert_eq!(journal::last_number(&db, id).await.unwrap(), Some(1));
    }
}

/// Polls a future so many times at most; whether it ended.
async fn cut<F: Future>(future: F, polls: usize) -> bool {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

#[tokio::test]
async fn a_pass_that_is_killed_anywhere_loses_nothing() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let cutoff = sample::now(&db).await.plus_seconds(-90 * DAY);
    let (mut open, mut is_whole, mut cuts) = (Vec::new(), false, 0);
    while !is_whole {
        // A day of its own for each, so that there is something to exchange.
        let then = days_ago(&db, 100 + cuts).await;
        let (kept, gone) = (id_at(then, 1), id_at(then, 2));
        node.pass(sample::opening(kept)).await;
        node.pass(whole(gone)).await;
        open.push(kept);
        assert_eq!(sweep_all(&db, cutoff).await, 1);
        let polls = 3 * usize::try_from(cuts).unwrap();
        is_whole = cut(retention::retire(&db, cutoff, None, usize::MAX), polls).await;
        cuts += 1;
        for (number, id) in (0..).zip(&open) {
            let last = journal::last_number(&db, *id).await.unwrap();
            assert_eq!(last, Some(1), "after {polls} polls, execution {number}");
        }
        let retired = retire(&db, cutoff).await;
        assert!(retired.busy.is_empty(), "after {polls} polls: {retired:?}");
    }
    assert!(cuts > 10, "{cuts}");
    for id in &open {
        node.pass(next(*id, 2)).await;
        assert_eq!(journal::last_number(&db, *id).await.unwrap(), Some(2));
    }
}

#[tokio::test]
async fn the_commits_of_nodes_that_are_gone_are_forgotten() {
    let database = Database::migrated();
    let db = database.open().await;
    let (mut dead, mut living) = (Node::register(&db, 1).await, Node::register(&db, 2).await);
    for number in 0..3 {
        dead.pass(whole(sample::id(&db, number).await)).await;
        living.pass(whole(sample::id(&db, 10 + number).await)).await;
    }
    lease::stop(&db, dead.id, dead.incarnation).await.unwrap();
    let now = sample::now(&db).await;
    let forget = async |before, limit| {
        store::commit::forget_dead(&db, before, limit)
            .await
            .unwrap()
    };
    assert_eq!(forget(now.plus_seconds(-60), 10).await, 0);
    assert_eq!(forget(now.plus_seconds(60), 2).await, 2);
    assert_eq!(forget(now.plus_seconds(60), 2).await, 1);
    assert_eq!(forget(now.plus_seconds(60), 2).await, 0);
}

#[tokio::test]
async fn partitions_are_made_ahead_and_a_missing_one_shows() {
    let database = Database::migrated();
    let db = database.open().await;
    let now = sample::now(&db).await;
    assert_eq!(partition::days_ahead(&db, now).await.unwrap(), 15);
    assert_eq!(partition::make_ahead(&db, now).await.unwrap(), 0);
    let next_week = now.plus_seconds(7 * DAY);
    assert_eq!(partition::days_ahead(&db, next_week).await.unwrap(), 8);
    let next_month = now.plus_seconds(30 * DAY);
    assert_eq!(partition::days_ahead(&db, next_month).await.unwrap(), 0);
    // Two nodes at once, as when the lease changes hands.
    let (a, b) = join(
        partition::make_ahead(&db, next_week),
        partition::make_ahead(&db, next_week),
    )
    .await;
    assert_eq!(a.unwrap() + b.unwrap(), 7);
    assert_eq!(partition::days_ahead(&db, next_week).await.unwrap(), 15);
}
