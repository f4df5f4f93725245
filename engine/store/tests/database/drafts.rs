//! Drafts: each write goes on from the one before it, and goes with the machine.

use chrono::{DateTime, TimeDelta};
use store::draft::{self, Draft, Written};
use store::machine;
use uuid::Uuid;

use crate::browse::create_machine;
use crate::support::Database;

fn draft(machine_id: Uuid, number: i64, definition: &str) -> Draft {
    Draft {
        machine_id,
        number,
        base_revision: Uuid::from_u128(7),
        definition: definition.to_owned(),
        samples: "[]".to_owned(),
        mocks: "[]".to_owned(),
        author: "somebody".to_owned(),
        updated_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + number),
    }
}

#[tokio::test]
async fn of_two_who_go_on_from_the_same_draft_one_is_told() {
    let database = Database::migrated();
    let db = database.open().await;
    let id = Uuid::from_u128(1);
    create_machine(&db, "drawn", id).await;
    assert_eq!(draft::get(&db, id).await.unwrap(), None);
    let mine = draft(id, 1, "{ as typed");
    assert_eq!(draft::put(&db, &mine).await.unwrap(), Written::Done);
    let late = draft(id, 1, "another first");
    assert_eq!(draft::put(&db, &late).await.unwrap(), Written::Other);
    assert_eq!(draft::get(&db, id).await.unwrap(), Some(mine));
    let second = draft(id, 2, "second");
    assert_eq!(draft::put(&db, &second).await.unwrap(), Written::Done);
    let late = draft(id, 2, "another second");
    assert_eq!(draft::put(&db, &late).await.unwrap(), Written::Other);
    let ahead = draft(id, 4, "from nowhere");
    assert_eq!(draft::put(&db, &ahead).await.unwrap(), Written::Other);
    assert_eq!(draft::get(&db, id).await.unwrap(), Some(second));

    machine::begin_delete(&db, "drawn").await.unwrap();
    assert_eq!(draft::get(&db, id).await.unwrap(), None);
}
