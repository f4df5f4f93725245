//! Hot queries read few rows of big tables: each is run, and the server's own counters are compared.

use std::collections::BTreeMap;
use std::future::Future;

use asl::Timestamp;
use store::commit::{CloseTask, Item, Message, OpenTask, Status, Wakeup};
use store::db::{Db, Settings};
use store::ids::{ExecutionId, ShardId};
use store::list::{self, Filter};
use store::{browse, execution, inbox, journal, timer, token};

use crate::sample::{MACHINE, Node, close, id, named, next, opening, shard_of, started_at, whole};
use crate::support::Database;

/// Rows in each table; a query that reads a tenth of that has no index.
const ROWS: i64 = 5000;

/// Rows read so far: whole tables by sequential scans, and index entries.
async fn rows_read(db: &Db) -> BTreeMap<String, i64> {
    sqlx::query("SELECT pg_stat_force_next_flush()")
        .execute(db)
        .await
        .unwrap();
    sqlx::query("SELECT pg_stat_clear_snapshot()")
        .execute(db)
        .await
        .unwrap();
    sqlx::query_as::<_, (String, i64)>(
        "SELECT relname::text, seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables
        UNION ALL
        SELECT indexrelname::text, idx_tup_read FROM pg_stat_user_indexes",
    )
    .fetch_all(db)
    .await
    .unwrap()
    .into_iter()
    .collect()
}

async fn check<T>(db: &Db, what: &str, query: impl Future<Output = T>) -> T {
    let before = rows_read(db).await;
    let result = query.await;
    for (table, read) in rows_read(db).await {
        let read = read - before.get(&table).copied().unwrap_or(0);
        assert!(read < ROWS / 10, "{what} read {read} rows of {table}");
    }
    result
}

/// A database with many rows in every table, most of which no query below asks for.
async fn filled(database: &Database) -> Db {
    // One connection, so that its counters can be flushed.
    let mut settings = Settings::new(&database.url);
    settings.connections_max = 1;
    let db = Db::open(&settings).await.unwrap();
    let millis = i64::try_from(id(&db, 0).await.unix_millis()).unwrap();
    let machine = "00000000-0000-0000-0000-000000000099";
    let statements = [
        format!(
            "CREATE TEMPORARY TABLE filler AS
            SELECT n, (
                lpad(to_hex({millis} + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0')
            )::uuid AS id
            FROM generate_series(1, {ROWS}) AS n"
        ),
        format!(
            "INSERT INTO execution
                (id, machine_id, revision_id, started_at, closed_at, closing_step, shard, status)
            SELECT id, '{machine}', id, now(), now(), 1, 9, 1 FROM filler WHERE n % 2 = 0"
        ),
        format!(
            "INSERT INTO execution (id, machine_id, revision_id, started_at, shard, status)
            SELECT id, '{machine}', id, now(), 9, 0 FROM filler WHERE n % 2 = 1"
        ),
        format!(
            "INSERT INTO execution_open (execution_id, machine_id, shard)
            SELECT id, '{machine}', 9 FROM filler"
        ),
        "INSERT INTO execution_close (execution_id, closed_at, closing_step, status)
        SELECT id, now(), 1, 1 FROM filler WHERE n % 4 = 1"
            .to_owned(),
        format!(
            "INSERT INTO execution_name (machine_id, name, execution_id, input_sha256)
            SELECT '{machine}', n::text, id, sha256('') FROM filler"
        ),
        "INSERT INTO journal (execution_id, number, first_event, event_count, format, body)
        SELECT id, 1, 1, 3, 1, '{}' FROM filler"
            .to_owned(),
        "INSERT INTO execution_rerun (execution_id, origin_id, origin_event, created_at)
        SELECT id, id, 2, now() FROM filler"
            .to_owned(),
        "INSERT INTO wakeup (execution_id, shard, due)
        SELECT id, 9, now() + n * interval '1 hour' FROM filler"
            .to_owned(),
        "INSERT INTO open_task
            (execution_id, attempt, token_sha256, opened_at, activity, token, input)
        SELECT id, 1, sha256(''), now(), 'other', '', '' FROM filler"
            .to_owned(),
        "INSERT INTO inbox (execution_id, shard, body) SELECT id, 9, '{}' FROM filler".to_owned(),
        format!(
            "INSERT INTO commit_log (node_id, incarnation, seq)
            SELECT '{machine}', 1, n FROM filler"
        ),
    ];
    for statement in statements {
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&db)
            .await
            .unwrap();
    }
    db
}

#[tokio::test]
async fn reads_are_served_by_indexes() {
    let database = Database::migrated();
    let db = filled(&database).await;
    let mut node = Node::register(&db, 1).await;
    let mine = id(&db, 1).await;
    node.pass(Item {
        opened: vec![OpenTask {
            attempt: 1,
            token_sha256: [1; 32],
            activity: None,
            heartbeat_seconds: Some(9),
            opened_at: started_at(mine),
        }],
        ..named(mine, "mine")
    })
    .await;
    let shard = shard_of(mine);
    let db = &db;
    assert!(
        check(db, "get", execution::get(db, mine))
            .await
            .unwrap()
            .is_some()
    );
    let awake = execution::awake_of_shard(db, shard, None, 100);
    assert_eq!(check(db, "awake_of_shard", awake).await.unwrap(), [mine]);
    check(
        db,
        "open_of_machine",
        execution::open_of_machine(db, MACHINE, 9),
    )
    .await
    .unwrap();
    check(db, "page", journal::page(db, mine, 1, 1000))
        .await
        .unwrap();
    let at = started_at(mine);
    let origin = store::rerun::Origin {
        execution: mine,
        event: 2,
    };
    store::rerun::insert(db, mine, origin, at).await.unwrap();
    let found = check(db, "rerun origin", store::rerun::origin(db, mine)).await;
    assert_eq!(found.unwrap(), Some(origin));
    let reruns = check(db, "reruns", store::rerun::of_origin(db, mine, 20)).await;
    assert_eq!(reruns.unwrap(), [(mine, 2)]);
    check(db, "page_back", journal::page_back(db, mine, 9, 1000))
        .await
        .unwrap();
    check(db, "of_numbers", journal::of_numbers(db, mine, &[1]))
        .await
        .unwrap();
    check(db, "last_number", journal::last_number(db, mine))
        .await
        .unwrap();
    check(db, "inbox", inbox::list(db, &[shard], 0, 100))
        .await
        .unwrap();
    let shards: Vec<_> = (0..64).map(ShardId).collect();
    check(db, "inbox of all", inbox::list(db, &shards, 0, 100))
        .await
        .unwrap();
    check(db, "due", timer::due(db, &shards, Timestamp(i64::MAX), 50))
        .await
        .unwrap();
    check(db, "next_due", timer::next_due(db, &shards))
        .await
        .unwrap();
    let now = started_at(mine);
    check(db, "heartbeat", token::heartbeat(db, mine, &[1; 32], now))
        .await
        .unwrap();
    check(db, "last_heartbeat", token::last_heartbeat(db, mine, 1))
        .await
        .unwrap();
    let claim = token::claim_activity(db, "other", now, shard_of, |_| "{}".to_owned());
    assert!(check(db, "claim_activity", claim).await.unwrap().is_some());
    check(db, "end", token::end(db, mine, &[1; 32], shard, "{}"))
        .await
        .unwrap();
    // Most rows are of another machine, and of before.
    let from = ExecutionId::first_of(mine.unix_millis());
    check(db, "lately", browse::lately(db, &[MACHINE], from, 200))
        .await
        .unwrap();
    let states = ["Pay".to_owned()];
    let failures = browse::failures_by_state(db, MACHINE, &states, from, 200);
    check(db, "failures_by_state", failures).await.unwrap();
    for statuses in [
        vec![],
        vec![Status::Running],
        vec![Status::Failed],
        vec![Status::Failed, Status::Aborted, Status::TimedOut],
    ] {
        for machine_id in [None, Some(MACHINE)] {
            let filter = Filter {
                machine_id,
                statuses: statuses.clone(),
                ..Filter::default()
            };
            let what = format!("list of {filter:?}");
            check(db, &what, list::executions(db, &filter, None, 20))
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn each_filter_that_is_offered_is_served_by_an_index() {
    let database = Database::migrated();
    let db = filled(&database).await;
    let other = "00000000-0000-0000-0000-000000000099";
    let statement = format!(
        "INSERT INTO execution_search
            (execution_id, machine_id, closed_at, duration_ms, status, failed_state, error)
        SELECT id, '{other}', now(), n, 2, 'S' || n % 50, 'E' || n % 50 FROM filler"
    );
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .execute(&db)
        .await
        .unwrap();
    sqlx::query("ANALYZE").execute(&db).await.unwrap();
    let first = id(&db, 1).await;
    let span = |from: i64, to: i64| Filter {
        since: Some(Timestamp(started_at(first).0 + from * 1_000)),
        until: Some(Timestamp(started_at(first).0 + to * 1_000)),
        ..Filter::default()
    };
    let by = |error: Option<&str>, state: Option<&str>, machine_id| Filter {
        error: error.map(str::to_owned),
        failed_state: state.map(str::to_owned),
        machine_id,
        ..Filter::default()
    };
    let machine = Some(other.parse().unwrap());
    for filter in [
        span(10, 60),
        Filter {
            statuses: vec![Status::Running, Status::Failed],
            ..span(10, 60)
        },
        Filter {
            ids: Some((first, first)),
            ..Filter::default()
        },
        by(Some("E7"), None, None),
        by(Some("E7"), None, machine),
        by(None, Some("S7"), None),
        by(Some("E7"), Some("S7"), machine),
        by(Some("none"), None, None),
    ] {
        let what = format!("list of {filter:?}");
        check(&db, &what, list::executions(&db, &filter, None, 20))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_commit_reads_no_more_than_it_writes_even_if_planned_on_empty_tables() {
    let database = Database::migrated();
    // Planned while the tables are empty, and kept.
    let empty = database.open().await;
    let mut node = Node::register(&empty, 1).await;
    let full = async |node: &mut Node, db: &Db, number: u64| {
        let (a, b) = (id(db, number).await, id(db, number + 1).await);
        let message = |execution: ExecutionId| Message {
            shard: shard_of(execution),
            execution,
            body: "{}".to_owned(),
        };
        node.pass(Item {
            opened: vec![OpenTask {
                attempt: 1,
                token_sha256: [1; 32],
                activity: None,
                heartbeat_seconds: None,
                opened_at: started_at(a),
            }],
            wakeup: Wakeup::Put {
                shard: shard_of(a),
                due: started_at(a),
            },
            messages: vec![message(a)],
            ..named(a, &format!("full-{number}"))
        })
        .await;
        let waiting: i64 = sqlx::query_scalar("SELECT max(id) FROM inbox")
            .fetch_one(db)
            .await
            .unwrap();
        node.commit(&[
            Item {
                closed: vec![CloseTask {
                    attempt: 1,
                    is_guard: true,
                }],
                wakeup: Wakeup::Delete,
                inbox: vec![waiting],
                close: Some(close(a, Status::Failed)),
                ..next(a, 2)
            },
            whole(b),
        ])
        .await;
        node.commit(&[opening(a), next(a, 2)]).await;
    };
    full(&mut node, &empty, 1).await;
    let db = filled(&database).await;
    let before = rows_read(&db).await;
    full(&mut node, &db, 10).await;
    // The writer's own session flushes its counters when it ends.
    drop(node);
    empty.close().await;
    crate::support::until_alone(&db).await;
    for (table, read) in rows_read(&db).await {
        let read = read - before.get(&table).copied().unwrap_or(0);
        assert!(read < ROWS / 10, "commits read {read} rows of {table}");
    }
}
