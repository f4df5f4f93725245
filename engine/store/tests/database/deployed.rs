//! Functions with code: written as expected or not at all, packages kept while somebody uses them, and what
//! their invocations add to the view of usage.

use asl::definition::StateType;
use asl::machine::history::{Detail, journal};
use asl::machine::{Entry, Event, ThreadId};
use asl::{Payload, Timestamp};
use chrono::{DateTime, TimeDelta, Utc};
use store::commit::{Item, Step};
use store::deployed::{self, Expect, Put, Version};
use store::invocation::{self, Invocation};
use uuid::Uuid;

use crate::sample::{self, Node, id, opening, step};
use crate::support::Database;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + second)
}

fn version(name: &str, revision: u128, package: u8) -> Version {
    Version {
        name: name.to_owned(),
        number: deployed::LATEST,
        revision: Uuid::from_u128(revision),
        configuration: "{}".to_owned(),
        sealed: None,
        sha256: vec![package; 32],
        code_bytes: 1,
        updated_at: at(i64::from(package)),
        reserved: None,
        created_at: at(i64::from(package)),
    }
}

#[tokio::test]
async fn a_function_is_written_only_where_what_is_expected_is_there() {
    let database = Database::migrated();
    let db = database.open().await;
    let revision = |number| Expect::Revision(Uuid::from_u128(number));
    let cases = [
        (version("f", 1, 1), revision(9), Put::OtherRevision),
        (version("f", 1, 1), Expect::Absent, Put::Created),
        (version("f", 2, 2), Expect::Absent, Put::Exists),
        (version("f", 2, 2), revision(9), Put::OtherRevision),
        (version("f", 2, 2), revision(1), Put::Changed),
        (version("f", 3, 1), Expect::Anything, Put::Changed),
    ];
    for (version, expect, put) in cases {
        let done = deployed::put(&db, &version, Some(b"zip"), expect)
            .await
            .unwrap();
        assert_eq!(done, put, "{version:?}, {expect:?}");
    }
    let kept = deployed::get(&db, "f", deployed::LATEST)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.revision, Uuid::from_u128(3));
    // Refused writes leave no function behind.
    assert_eq!(deployed::list(&db, None, 10).await.unwrap().len(), 1);
    // The configuration alone changes with the package that is there.
    let same = version("f", 4, 1);
    assert_eq!(
        deployed::put(&db, &same, None, revision(3)).await.unwrap(),
        Put::Changed
    );
}

#[tokio::test]
async fn packages_that_nobody_uses_are_removed_once_they_are_old() {
    let database = Database::migrated();
    let db = database.open().await;
    for package in 1..=2 {
        let version = version("f", u128::from(package), package);
        deployed::put(&db, &version, Some(b"zip"), Expect::Anything)
            .await
            .unwrap();
    }
    assert_eq!(deployed::sweep_packages(&db, at(1)).await.unwrap(), 0);
    assert_eq!(deployed::sweep_packages(&db, at(10)).await.unwrap(), 1);
    assert!(deployed::package(&db, &[1; 32]).await.unwrap().is_none());
    assert!(deployed::package(&db, &[2; 32]).await.unwrap().is_some());
}

/// Kind, name, type of the state, microseconds, bytes.
type Usage = (String, String, Option<String>, Option<i64>, Option<i64>);

#[tokio::test]
async fn usage_has_a_row_for_each_visit_and_for_each_invocation() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let execution = id(&db, 1).await;
    let begun = sample::started_at(execution);
    let entered = |id, name: &str, kind| {
        Entry::Event(Event {
            id,
            previous: id - 1,
            at: begun,
            thread: ThreadId(0),
            detail: Detail::StateEntered {
                kind,
                name: name.into(),
                input: Payload::parse("{}").unwrap(),
            },
        })
    };
    let entries = [
        entered(1, "A", StateType::Task),
        entered(2, "B", StateType::Pass),
    ];
    node.pass(Item {
        steps: vec![Step {
            event_count: 2,
            body: journal::encode(1, &entries),
            ..step(1)
        }],
        ..opening(execution)
    })
    .await;
    let invocation = Invocation {
        request_id: "r".to_owned(),
        name: "f".to_owned(),
        version: "$LATEST".to_owned(),
        execution_arn: Some("arn".to_owned()),
        queued_at: Timestamp(begun.as_micros() + 1),
        init_us: None,
        duration_us: 1_234_567,
        memory_mb: 128,
        peak_memory_bytes: 12_345_678,
        event_bytes: 2,
        answer_bytes: 2,
        tries: 1,
        outcome: "result".to_owned(),
        level: "full".to_owned(),
        log: String::new(),
    };
    invocation::write(&db, Uuid::from_u128(1), &[invocation])
        .await
        .unwrap();
    let rows: Vec<Usage> = sqlx::query_as(
        "SELECT kind, name, state_type, duration_us, peak_memory_bytes FROM usage_record ORDER BY at, name",
    )
    .fetch_all(&db)
    .await
    .unwrap();
    let visit = |name: &str, kind: &str| {
        (
            "state_visit".to_owned(),
            name.to_owned(),
            Some(kind.to_owned()),
            None,
            None,
        )
    };
    let called = (
        "function_invocation".to_owned(),
        "f".to_owned(),
        None,
        Some(1_234_567),
        Some(12_345_678),
    );
    assert_eq!(rows, [visit("A", "Task"), visit("B", "Pass"), called]);
}
