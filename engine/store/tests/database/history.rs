//! The view for people, and the rows that searches look at.

use asl::machine::history::{Detail, journal};
use asl::machine::{Entry, Event, ThreadId};
use asl::{Payload, StateError};
use chrono::{DateTime, Utc};
use store::commit::{Item, Status, Step};
use store::inbox;
use store::search::{self, Filter, Row};

use crate::sample::{self, MACHINE, Node, id, opening, shard_of, started_at, step};
use crate::support::Database;

/// id, type, previous id, step, time
type Shown = (i64, String, Option<i64>, i64, Option<DateTime<Utc>>);

#[tokio::test]
async fn the_view_shows_one_row_an_event() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    let at = sample::started_at(execution);
    let event = |id, detail| {
        Entry::Event(Event {
            id,
            previous: id - 1,
            at,
            thread: ThreadId(0),
            detail,
        })
    };
    let entries = [
        event(
            1,
            Detail::ExecutionStarted {
                input: Payload::parse("{ \"a\\u0000\" : 1.0 }").unwrap(),
                role_arn: "role".into(),
            },
        ),
        event(
            2,
            Detail::ExecutionFailed(StateError::new("Nope", "because")),
        ),
    ];
    let unknown = Step {
        format: 9,
        body: "not JSON at all".to_owned(),
        ..step(3)
    };
    node.pass(Item {
        steps: vec![
            Step {
                event_count: 2,
                body: journal::encode(1, &entries),
                ..step(1)
            },
            step(2),
            unknown,
        ],
        ..opening(execution)
    })
    .await;
    let rows: Vec<Shown> = sqlx::query_as(
        "SELECT id, type, previous_id, step, at FROM history_event
            WHERE execution_id = $1 ORDER BY step, id",
    )
    .bind(execution.0)
    .fetch_all(&db)
    .await
    .unwrap();
    let shown: Vec<_> = rows
        .iter()
        .map(|(id, kind, previous, step, _)| (*id, kind.as_str(), *previous, *step))
        .collect();
    assert_eq!(
        shown,
        [
            (1, "ExecutionStarted", Some(0), 1),
            (2, "ExecutionFailed", Some(1), 1),
            (4, "TaskScheduled", Some(0), 2),
            (5, "TaskStarted", Some(4), 2),
            (6, "TaskSucceeded", Some(5), 2),
        ]
    );
    assert_eq!(rows[0].4, Some(at.to_chrono()));
    let payloads: String =
        sqlx::query_scalar("SELECT payloads::text FROM history_event WHERE id = 1")
            .fetch_one(&db)
            .await
            .unwrap();
    assert_eq!(payloads, "[{ \"a\\ufffd\" : 1.0 }]");
}

#[tokio::test]
async fn closed_executions_are_found_by_error_and_by_failed_state() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let mut rows = Vec::new();
    for number in 0..6 {
        let execution = id(&db, number).await;
        node.pass(opening(execution)).await;
        rows.push(Row {
            execution,
            machine_id: MACHINE,
            closed_at: started_at(execution),
            duration_ms: 12,
            status: Status::Failed,
            failed_state: Some(format!("State{}", number % 2)),
            error: (number > 2).then(|| "Nope".to_owned()),
        });
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.execution));
    search::fill(&db, &rows[..4], &[]).await.unwrap();
    // Filled again, as after a takeover, with the message that asked for it.
    let first = rows[0].execution;
    let message = inbox::put(&db, shard_of(first), first, "{}").await.unwrap();
    search::fill(&db, &rows, &[message]).await.unwrap();
    assert!(inbox::remaining(&db, &[message]).await.unwrap().is_empty());
    // One that is forgotten by now gets no row.
    let gone = Row {
        execution: id(&db, 99).await,
        ..rows[0].clone()
    };
    search::fill(&db, &[gone], &[]).await.unwrap();
    let find = async |error: Option<&str>, state: Option<&str>, before, limit| {
        let filter = Filter {
            machine_id: MACHINE,
            failed_state: state.map(str::to_owned),
            error: error.map(str::to_owned),
        };
        search::find(&db, &filter, before, limit).await.unwrap()
    };
    let of = |choose: &dyn Fn(&Row) -> bool| -> Vec<_> {
        let chosen = rows.iter().filter(|row| choose(row));
        chosen.map(|row| row.execution).collect()
    };
    let nope = of(&|row| row.error.is_some());
    assert_eq!(find(Some("Nope"), None, None, 10).await, nope);
    assert_eq!(find(Some("Nope"), None, Some(nope[0]), 1).await, nope[1..2]);
    let second = of(&|row| row.failed_state.as_deref() == Some("State1"));
    assert_eq!(find(None, Some("State1"), None, 10).await, second);
    assert_eq!(find(None, None, None, 10).await, of(&|_| true));
    assert!(find(Some("Other"), None, None, 10).await.is_empty());
}
