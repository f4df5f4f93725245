//! What is kept of Express executions that log.

use asl::Timestamp;
use store::commit::Status;
use store::event_log::{self, Line};
use store::express_log::{Seen, fill, forget, get, recent, sweep};
use store::ids::ExecutionId;
use uuid::Uuid;

use crate::browse::create_machine;
use crate::sample::MACHINE;
use crate::support::Database;

fn seen(execution: ExecutionId, started: i64, closed: Option<i64>) -> Seen {
    Seen {
        execution,
        revision_id: Uuid::from_u128(MACHINE.as_u128() << 64),
        name: "n".to_owned(),
        started_at: Timestamp(started),
        closed: closed.map(|at| (Status::Failed, Timestamp(at))),
    }
}

fn line(execution: ExecutionId, event: i64) -> Line {
    Line {
        execution,
        event,
        event_at: Timestamp(event),
        body: format!("{{\"id\":\"{event}\"}}"),
        group: None,
    }
}

#[tokio::test]
async fn lines_and_ends_come_in_any_number_of_pieces() {
    let database = Database::migrated();
    let db = database.open().await;
    create_machine(&db, "m", MACHINE).await;
    let id = ExecutionId(Uuid::from_u128(1));
    fill(&db, &[seen(id, 5, None)], &[line(id, 1), line(id, 2)])
        .await
        .unwrap();
    let row = get(&db, id).await.unwrap().unwrap();
    assert_eq!((row.status, row.closed_at), (Status::Running, None));
    assert_eq!(row.machine_id, MACHINE);
    fill(&db, &[seen(id, 5, Some(9))], &[line(id, 2), line(id, 3)])
        .await
        .unwrap();
    // An end that came first stays.
    fill(&db, &[seen(id, 5, None)], &[]).await.unwrap();
    let row = get(&db, id).await.unwrap().unwrap();
    assert_eq!(
        (row.status, row.closed_at),
        (Status::Failed, Some(Timestamp(9)))
    );
    let (last, lines) = event_log::last(&db, id).await.unwrap().unwrap();
    assert_eq!((last, lines), (line(id, 3), 3));
    forget(&db, id).await.unwrap();
    assert_eq!(get(&db, id).await.unwrap(), None);
    assert_eq!(event_log::last(&db, id).await.unwrap(), None);
}

#[tokio::test]
async fn the_oldest_are_forgotten_first_with_their_lines() {
    let database = Database::migrated();
    let db = database.open().await;
    create_machine(&db, "m", MACHINE).await;
    let ids: Vec<ExecutionId> = (1..=4).map(|n| ExecutionId(Uuid::from_u128(n))).collect();
    for (id, started) in ids.iter().zip([40, 10, 30, 20]) {
        fill(&db, &[seen(*id, started, None)], &[line(*id, 1)])
            .await
            .unwrap();
    }
    assert_eq!(sweep(&db, Timestamp(35), 2).await.unwrap(), 2);
    assert_eq!(get(&db, ids[1]).await.unwrap(), None);
    assert!(get(&db, ids[2]).await.unwrap().is_some());
    assert_eq!(sweep(&db, Timestamp(35), 2).await.unwrap(), 1);
    assert_eq!(sweep(&db, Timestamp(35), 2).await.unwrap(), 0);
    for (id, is_kept) in ids.iter().zip([true, false, false, false]) {
        let last = event_log::last(&db, *id).await.unwrap();
        assert_eq!(last.is_some(), is_kept);
    }
}

#[tokio::test]
async fn a_machines_newest_come_first() {
    let database = Database::migrated();
    let db = database.open().await;
    create_machine(&db, "m", MACHINE).await;
    let other = Uuid::from_u128(77);
    create_machine(&db, "other", other).await;
    let ids = [1_u128, 2, 3].map(|id| ExecutionId(Uuid::from_u128(id)));
    let all = [
        seen(ids[0], 5, Some(9)),
        seen(ids[1], 7, None),
        seen(ids[2], 6, None),
    ];
    fill(&db, &all, &[]).await.unwrap();
    let found = recent(&db, MACHINE, 2).await.unwrap();
    let found: Vec<_> = found.iter().map(|row| row.execution).collect();
    assert_eq!(found, [ids[1], ids[2]]);
    assert_eq!(recent(&db, other, 2).await.unwrap(), []);
}
