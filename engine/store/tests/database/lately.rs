//! How machines did lately, where they failed, and where their aliases led.

use asl::Timestamp;
use chrono::{DateTime, TimeDelta, Utc};
use store::alias::{self, Alias, Route};
use store::browse;
use store::commit::{Item, Status};
use store::ids::ExecutionId;
use store::search;
use uuid::Uuid;

use crate::browse::create_machine;
use crate::sample::{self, MACHINE, Node};
use crate::support::Database;

const NEVER: ExecutionId = ExecutionId(Uuid::nil());

#[tokio::test]
async fn outcomes_and_durations_are_those_of_the_newest_executions() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let mut ids = Vec::new();
    for number in 0..6 {
        let id = sample::id(&db, number).await;
        ids.push(id);
        match number {
            0 => node.pass(sample::opening(id)).await,
            1..=3 => node.pass(sample::whole(id)).await,
            _ => {
                let close = Some(sample::close(id, Status::Failed));
                node.pass(Item {
                    close,
                    ..sample::opening(id)
                })
                .await;
            }
        }
    }
    ids.sort_unstable();
    let idle = Uuid::from_u128(0x99);
    let ask = async |from, most| {
        let found = browse::lately(&db, &[MACHINE, idle], from, most)
            .await
            .unwrap();
        assert!(found.len() <= 1, "a machine without executions has no row");
        found.first().copied()
    };
    let all = ask(NEVER, 100).await.unwrap();
    assert_eq!(all.machine_id, MACHINE);
    assert_eq!((all.running, all.succeeded, all.failed), (1, 3, 2));
    assert_eq!((all.total(), all.timed_out, all.aborted), (6, 0, 0));
    assert!(all.p50_micros.unwrap() <= all.p95_micros.unwrap());
    assert_eq!(
        ask(NEVER, 2).await.unwrap().total(),
        2,
        "no more than asked for"
    );
    assert_eq!(
        ask(ids[4], 100).await.unwrap().total(),
        2,
        "none from before"
    );
    let later = ExecutionId::first_of(ids[5].unix_millis() + 1);
    assert_eq!(ask(later, 100).await, None);
}

#[tokio::test]
async fn failures_are_counted_by_the_state_that_failed() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let mut rows = Vec::new();
    for (number, state) in ["Pay", "Pay", "Ship"].into_iter().enumerate() {
        let id = sample::id(&db, number as u64).await;
        node.pass(Item {
            close: Some(sample::close(id, Status::Failed)),
            ..sample::opening(id)
        })
        .await;
        rows.push(search::Row {
            execution: id,
            machine_id: MACHINE,
            closed_at: Timestamp(1),
            duration_ms: 1,
            status: Status::Failed,
            failed_state: Some(state.to_owned()),
            error: None,
        });
    }
    search::fill(&db, &rows, &[]).await.unwrap();
    let names = ["Pay", "Ship", "Rest"].map(str::to_owned);
    let ask = async |machine, most| {
        let found = browse::failures_by_state(&db, machine, &names, NEVER, most);
        let mut found = found.await.unwrap();
        found.sort();
        found
    };
    let told = |name: &str, count| (name.to_owned(), count);
    assert_eq!(ask(MACHINE, 9).await, [told("Pay", 2), told("Ship", 1)]);
    assert_eq!(ask(MACHINE, 1).await, [told("Pay", 1), told("Ship", 1)]);
    assert_eq!(ask(Uuid::nil(), 9).await, []);
}

#[tokio::test]
async fn where_an_alias_led_is_told_after_it_moved_and_after_it_is_gone() {
    let database = Database::migrated();
    let db = database.open().await;
    create_machine(&db, "orders", MACHINE).await;
    for statement in [
        "INSERT INTO revision
        SELECT (jsonb_populate_record(
            revision, jsonb_build_object('id', gen_random_uuid(), 'number', 2)
        )).*
        FROM revision",
        "INSERT INTO version (machine_id, number, revision_id, description, created_at)
        SELECT machine_id, number, id, '', now() FROM revision",
    ] {
        sqlx::query(statement).execute(&db).await.unwrap();
    }
    let at = |second| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(second);
    let to = |version, weight| Route { version, weight };
    let mut live = Alias {
        id: Uuid::from_u128(1),
        machine_id: MACHINE,
        name: "live".to_owned(),
        description: String::new(),
        routes: vec![to(1, 100)],
        created_at: at(1),
        updated_at: at(1),
    };
    assert_eq!(
        alias::create(&db, &live, 9).await.unwrap(),
        alias::Created::New
    );
    live.description = "for callers".to_owned();
    live.updated_at = at(2);
    alias::update(&db, &live).await.unwrap();
    live.routes = vec![to(1, 90), to(2, 10)];
    live.updated_at = at(3);
    alias::update(&db, &live).await.unwrap();
    assert!(alias::delete(&db, MACHINE, "live", at(4)).await.unwrap());
    assert!(!alias::delete(&db, MACHINE, "live", at(5)).await.unwrap());

    let moves = alias::moves(&db, MACHINE, 9).await.unwrap();
    let told: Vec<_> = moves
        .iter()
        .map(|it| (it.alias.as_str(), it.moved_at, it.routes.as_slice()))
        .collect();
    let expected: [(&str, DateTime<Utc>, &[Route]); 3] = [
        ("live", at(4), &[]),
        ("live", at(3), &[to(1, 90), to(2, 10)]),
        ("live", at(1), &[to(1, 100)]),
    ];
    assert_eq!(told, expected, "another note is no move");
    assert_eq!(alias::moves(&db, MACHINE, 1).await.unwrap().len(), 1);
}
