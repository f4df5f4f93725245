//! Reading executions, their journals and their lists.

use store::commit::{Item, Outcome, Parent, Status, Wakeup};
use store::db::Db;
use store::ids::ExecutionId;
use store::list::{self, Filter};
use store::snapshot::{self, Snapshot};
use store::{execution, journal};
use uuid::Uuid;

use crate::sample::{self, MACHINE, Node, close, id, named, next, opening, shard_of, step, whole};
use crate::support::Database;

const OTHER_MACHINE: Uuid = Uuid::from_u128(0x12);

#[tokio::test]
async fn an_execution_is_read_as_it_was_started_and_as_it_closed() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let (parent, child) = (id(&db, 1).await, id(&db, 2).await);
    let mut item = named(child, "child of 1");
    let start = item.start.as_mut().unwrap();
    start.version = Some(3);
    start.alias = Some("live".to_owned());
    start.trace_header = Some("Root=1".to_owned());
    start.parent = Some(Parent {
        execution: parent,
        attempt: 5,
        is_parsed: true,
    });
    node.pass(item).await;
    let open = execution::get(&db, child).await.unwrap().unwrap();
    assert_eq!(open.status, Status::Running);
    assert_eq!((open.closed_at, open.closing_step), (None, None));
    assert_eq!(open.name, "child of 1");
    assert_eq!(
        (open.version, open.alias.as_deref()),
        (Some(3), Some("live"))
    );
    assert_eq!(open.trace_header.as_deref(), Some("Root=1"));
    assert_eq!(open.started_at, sample::started_at(child));
    let of = open.parent.unwrap();
    assert_eq!((of.execution, of.attempt, of.is_parsed), (parent, 5, true));

    let end = close(child, Status::Failed);
    node.pass(Item {
        close: Some(end.clone()),
        ..next(child, 2)
    })
    .await;
    let closed = execution::get(&db, child).await.unwrap().unwrap();
    assert_eq!(closed.status, Status::Failed);
    assert_eq!(closed.closed_at, Some(end.at));
    assert_eq!(closed.closing_step, Some(2));
    assert_eq!(closed.error, end.error);
    assert_eq!(execution::get(&db, parent).await.unwrap(), None);
}

async fn machine(db: &Db, id: Uuid, name: &str, deleted: Option<&str>) {
    let text = format!(
        "WITH machine AS (
            INSERT INTO state_machine
                (id, name, type, status, revision_id, publish_on_create, created_at, deleted_at)
            VALUES ($1, $2, 'STANDARD', {}, $1, false, now(), {}::timestamptz)
        )
        INSERT INTO revision (id, machine_id, number, definition, role_arn, logging, tracing, encryption, created_at)
        VALUES ($1, $1, 1, '{{}}', '', '{{}}', '{{}}', '{{}}', now())",
        if deleted.is_some() {
            "'DELETING'"
        } else {
            "'ACTIVE'"
        },
        deleted.map_or("NULL".to_owned(), |at| format!("'{at}'")),
    );
    sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(id)
        .bind(name)
        .execute(db)
        .await
        .unwrap();
}

fn in_machine(mut item: Item, machine_id: Uuid) -> Item {
    item.start.as_mut().unwrap().machine_id = machine_id;
    item
}

#[tokio::test]
async fn a_name_finds_the_live_machines_execution_then_the_last_deleted_ones() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let [oldest, older, live] = [1, 2, 3].map(Uuid::from_u128);
    machine(&db, oldest, "orders", Some("2024-01-01")).await;
    machine(&db, older, "orders", Some("2025-01-01")).await;
    machine(&db, live, "orders", None).await;
    let mut ids = Vec::new();
    for (machine, name) in [
        (oldest, "a"),
        (older, "a"),
        (live, "a"),
        (oldest, "b"),
        (older, "b"),
        (oldest, "c"),
    ] {
        let execution = id(&db, ids.len() as u64).await;
        ids.push(execution);
        node.pass(in_machine(named(execution, name), machine)).await;
    }
    let unnamed = id(&db, 100).await;
    node.pass(in_machine(whole(unnamed), live)).await;
    let find = async |name: &str| execution::by_name(&db, "orders", name).await.unwrap();
    assert_eq!(find("a").await, Some(ids[2]));
    assert_eq!(find("b").await, Some(ids[4]));
    assert_eq!(find("c").await, Some(ids[5]));
    assert_eq!(find("d").await, None);
    assert_eq!(find(&unnamed.to_string()).await, Some(unnamed));
    assert_eq!(find(&unnamed.to_string().to_uppercase()).await, None);
    let elsewhere = execution::by_name(&db, "others", &unnamed.to_string()).await;
    assert_eq!(elsewhere.unwrap(), None);
    // One that was given a name is not found by its id.
    assert_eq!(find(&ids[2].to_string()).await, None);
}

#[tokio::test]
async fn a_takeover_folds_open_executions_that_do_not_sleep() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let mut awake = Vec::new();
    for number in 0..5 {
        let execution = id(&db, number).await;
        awake.push(execution);
        node.pass(opening(execution)).await;
    }
    awake.sort_unstable();
    let asleep = id(&db, 6).await;
    node.pass(Item {
        wakeup: Wakeup::Put {
            shard: shard_of(asleep),
            due: sample::started_at(asleep),
        },
        ..opening(asleep)
    })
    .await;
    node.pass(whole(id(&db, 7).await)).await;
    let elsewhere = id(&db, 700).await;
    node.pass(opening(elsewhere)).await;
    node.pass(Item {
        close: Some(close(awake[0], Status::Aborted)),
        ..next(awake[0], 2)
    })
    .await;

    let shard = shard_of(asleep);
    let page = async |after, limit| {
        execution::awake_of_shard(&db, shard, after, limit)
            .await
            .unwrap()
    };
    assert_eq!(page(None, 100).await, awake[1..]);
    assert_eq!(page(None, 2).await, awake[1..3]);
    assert_eq!(page(Some(awake[2]), 100).await, awake[3..]);
    assert!(
        execution::get(&db, asleep)
            .await
            .unwrap()
            .unwrap()
            .has_wakeup
    );
    let open = execution::open_of_machine(&db, MACHINE, 100).await.unwrap();
    assert_eq!(open, 6);
}

/// Forty executions of two machines with every status, oldest first.
async fn forty(db: &Db) -> Vec<(ExecutionId, Uuid, Status)> {
    let mut node = Node::register(db, 1).await;
    let statuses = [
        Status::Running,
        Status::Succeeded,
        Status::Failed,
        Status::TimedOut,
        Status::Aborted,
    ];
    let mut all = Vec::new();
    let first = id(db, 0).await.unix_millis() - 40;
    for number in 0..40_u64 {
        let execution = ExecutionId::new(first + number, 5, number);
        let status = statuses[usize::try_from(number % 5).unwrap()];
        let machine = if number % 4 < 2 {
            MACHINE
        } else {
            OTHER_MACHINE
        };
        let mut item = in_machine(opening(execution), machine);
        item.start.as_mut().unwrap().version = Some(i64::try_from(number % 2).unwrap());
        // Every other one is closed by a later commit.
        let end = (status != Status::Running).then(|| close(execution, status));
        if number % 3 == 0 {
            node.pass(item).await;
            if end.is_some() {
                node.pass(Item {
                    close: end,
                    ..next(execution, 2)
                })
                .await;
            }
        } else {
            item.close = end;
            node.pass(item).await;
        }
        all.push((execution, machine, status));
    }
    all
}

#[tokio::test]
async fn lists_are_filtered_and_paged_newest_first() {
    let database = Database::migrated();
    let db = database.open().await;
    let all = forty(&db).await;
    let machines = [None, Some(MACHINE), Some(OTHER_MACHINE)];
    let statuses: [&[Status]; 5] = [
        &[],
        &[Status::Running],
        &[Status::Succeeded],
        &[Status::Aborted],
        &[
            Status::Running,
            Status::Failed,
            Status::TimedOut,
            Status::Failed,
        ],
    ];
    for machine_id in machines {
        for statuses in statuses {
            let filter = Filter {
                machine_id,
                statuses: statuses.to_vec(),
                ..Filter::default()
            };
            let mut expected: Vec<_> = all
                .iter()
                .filter(|(_, machine, _)| machine_id.is_none_or(|id| id == *machine))
                .filter(|(_, _, status)| statuses.is_empty() || statuses.contains(status))
                .map(|(id, _, status)| (*id, *status))
                .collect();
            expected.reverse();
            let mut found = Vec::new();
            let mut before = None;
            loop {
                let page = list::executions(&db, &filter, before, 3).await.unwrap();
                assert!(page.len() <= 3);
                let Some(last) = page.last() else { break };
                before = Some(last.id);
                found.extend(
                    page.iter()
                        .map(|execution| (execution.id, execution.status)),
                );
            }
            assert_eq!(found, expected, "{filter:?}");
        }
    }
    let odd = Filter {
        version: Some(1),
        statuses: vec![Status::Succeeded],
        ..Filter::default()
    };
    let page = list::executions(&db, &odd, None, 100).await.unwrap();
    assert!(!page.is_empty() && page.iter().all(|execution| execution.version == Some(1)));
    let alias = Filter {
        alias: Some("live".to_owned()),
        ..Filter::default()
    };
    assert!(
        list::executions(&db, &alias, None, 9)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn executions_are_counted_by_status_since_a_time() {
    let database = Database::migrated();
    let db = database.open().await;
    let all = forty(&db).await;
    let since = |number: usize| sample::started_at(all[number].0);
    let counts = list::counts(&db, &Filter::default(), since(0))
        .await
        .unwrap();
    let expected = list::Counts {
        running: 8,
        succeeded: 8,
        failed: 8,
        timed_out: 8,
        aborted: 8,
        is_capped: false,
    };
    assert_eq!(counts, expected);
    let counts = list::counts(&db, &Filter::default(), since(38))
        .await
        .unwrap();
    assert_eq!(
        (counts.timed_out, counts.aborted, counts.running),
        (1, 1, 0)
    );
    let one = Filter {
        machine_id: Some(MACHINE),
        ..Filter::default()
    };
    let counts = list::counts(&db, &one, since(0)).await.unwrap();
    let total =
        counts.running + counts.succeeded + counts.failed + counts.timed_out + counts.aborted;
    assert_eq!(total, 20);
}

#[tokio::test]
async fn executions_are_listed_by_time_id_error_and_failed_state() {
    let database = Database::migrated();
    let db = database.open().await;
    let all = forty(&db).await;
    let failed: Vec<ExecutionId> = all
        .iter()
        .filter(|(_, _, status)| *status == Status::Failed)
        .map(|(id, _, _)| *id)
        .collect();
    let rows = failed.iter().zip(0..).map(|(execution, n)| {
        let (_, machine_id, status) = all.iter().find(|(id, _, _)| id == execution).unwrap();
        store::search::Row {
            execution: *execution,
            machine_id: *machine_id,
            closed_at: sample::started_at(*execution),
            duration_ms: 0,
            status: *status,
            failed_state: Some(format!("S{}", n % 2)),
            error: Some("E".to_owned()),
        }
    });
    let rows: Vec<_> = rows.collect();
    store::search::fill(&db, &rows, &[]).await.unwrap();
    let listed = async |filter: Filter| -> Vec<ExecutionId> {
        let found = list::executions(&db, &filter, None, 100).await.unwrap();
        found.into_iter().rev().map(|it| it.id).collect()
    };
    let error = Filter {
        error: Some("E".to_owned()),
        ..Filter::default()
    };
    assert_eq!(listed(error.clone()).await, failed);
    let odd = Filter {
        failed_state: Some("S1".to_owned()),
        ..error.clone()
    };
    let every_other: Vec<_> = failed.iter().copied().skip(1).step_by(2).collect();
    assert_eq!(listed(odd).await, every_other);
    let succeeded = Filter {
        statuses: vec![Status::Succeeded],
        ..error.clone()
    };
    assert_eq!(listed(succeeded).await, []);
    let ids: Vec<_> = all.iter().map(|(id, _, _)| *id).collect();
    let since = Filter {
        since: Some(sample::started_at(ids[10])),
        until: Some(sample::started_at(ids[30])),
        ..Filter::default()
    };
    assert_eq!(listed(since.clone()).await, ids[10..30]);
    let both = Filter {
        error: error.error,
        ..since
    };
    let inside = failed.iter().copied().filter(|id| ids[10..30].contains(id));
    assert_eq!(listed(both).await, inside.collect::<Vec<_>>());
    let one = Filter {
        ids: Some((ids[7], ids[7])),
        ..Filter::default()
    };
    assert_eq!(listed(one).await, [ids[7]]);

    let (from, to) = (sample::started_at(ids[0]), sample::started_at(ids[39]));
    let to = asl::Timestamp(to.0 + 1_000);
    let bars = list::bars(&db, &Filter::default(), from, to, 4).await;
    let (bars, is_capped) = bars.unwrap();
    assert!(!is_capped);
    let total: i64 = bars.iter().map(|bar| bar.count).sum();
    assert_eq!(total, 40);
    let first: i64 = bars
        .iter()
        .filter(|it| it.part == 0)
        .map(|it| it.count)
        .sum();
    assert_eq!(first, 10);
    let running = Filter {
        statuses: vec![Status::Running],
        ..Filter::default()
    };
    let (bars, _) = list::bars(&db, &running, from, to, 4).await.unwrap();
    assert!(bars.iter().all(|bar| bar.status == Status::Running));
    assert_eq!(bars.iter().map(|bar| bar.count).sum::<i64>(), 8);
}

#[tokio::test]
async fn a_journal_is_read_in_pages_of_bytes_in_both_directions() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    let bytes = step(1).body.len();
    let item = Item {
        steps: (1..=9).map(step).collect(),
        ..opening(execution)
    };
    assert_eq!(node.commit(&[item]).await, [Outcome::Committed]);
    let numbers =
        |rows: Vec<journal::Row>| -> Vec<i64> { rows.into_iter().map(|row| row.number).collect() };
    let two = i64::try_from(bytes * 2).unwrap();
    let page =
        async |number, bytes| numbers(journal::page(&db, execution, number, bytes).await.unwrap());
    let back = async |number, bytes| {
        numbers(
            journal::page_back(&db, execution, number, bytes)
                .await
                .unwrap(),
        )
    };
    assert_eq!(page(1, i64::MAX).await, (1..=9).collect::<Vec<_>>());
    assert_eq!(page(1, 1).await, [1]);
    assert_eq!(page(3, two).await, [3, 4]);
    assert!(page(10, two).await.is_empty());
    assert_eq!(
        back(i64::MAX, i64::MAX).await,
        (1..=9).rev().collect::<Vec<_>>()
    );
    assert_eq!(back(8, two).await, [8, 7]);
    assert!(back(0, two).await.is_empty());
    let some = journal::of_numbers(&db, execution, &[7, 2, 50])
        .await
        .unwrap();
    assert_eq!(numbers(some), [2, 7]);
    let first = &journal::page(&db, execution, 1, 1).await.unwrap()[0];
    assert_eq!(first.body, step(1).body);

    let of_event = async |event| journal::step_of_event(&db, execution, event).await.unwrap();
    assert_eq!(of_event(1).await, Some(1));
    assert_eq!(of_event(6).await, Some(2));
    assert_eq!(of_event(27).await, Some(9));
    assert_eq!(of_event(28).await, None);
    assert_eq!(of_event(0).await, None);
}

#[tokio::test]
async fn a_snapshot_is_replaced_by_a_later_one_only() {
    let database = Database::migrated();
    let db = database.open().await;
    let execution = id(&db, 1).await;
    let of = |step| Snapshot {
        step,
        format: 1,
        body: format!("{{\"step\":{step}}}"),
    };
    assert_eq!(snapshot::get(&db, execution).await.unwrap(), None);
    for step in [5, 9, 7] {
        snapshot::put(&db, execution, &of(step)).await.unwrap();
    }
    assert_eq!(snapshot::get(&db, execution).await.unwrap(), Some(of(9)));
    snapshot::delete(&db, &[execution]).await.unwrap();
    assert_eq!(snapshot::get(&db, execution).await.unwrap(), None);
}
