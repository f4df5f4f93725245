//! What pages look through: lists in both directions, names, ids and what a machine started last.

use asl::diagnose::MachineType;
use chrono::{DateTime, TimeDelta, Utc};
use store::browse::{self, Edge, Order};
use store::commit::{Item, Status};
use store::db::Db;
use store::ids::ExecutionId;
use store::list::{self, Filter};
use store::machine::{self, Created, Machine, New};
use store::revision::Revision;
use uuid::Uuid;

use crate::sample::{self, MACHINE, Node};
use crate::support::Database;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + second)
}

pub(crate) async fn create_machine(db: &Db, name: &str, id: Uuid) {
    create_machine_at(db, name, id, at(0)).await;
}

async fn create_machine_at(db: &Db, name: &str, id: Uuid, created_at: DateTime<Utc>) {
    let revision = Revision {
        id: Uuid::from_u128(id.as_u128() << 64),
        machine_id: id,
        number: 1,
        definition: "{}".to_owned(),
        source: None,
        source_format: "JSON".to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/r".to_owned(),
        logging: "{}".to_owned(),
        tracing: "{}".to_owned(),
        encryption: "{}".to_owned(),
        created_at: at(0),
    };
    let new = New {
        machine: Machine {
            id,
            name: name.to_owned(),
            machine_type: MachineType::Standard,
            is_deleting: false,
            publish_on_create: false,
            created_at,
            revision,
        },
        tags: Vec::new(),
        version_description: None,
        machines_max: 100,
    };
    let created = machine::create(db, &new, created_at).await.unwrap();
    assert!(matches!(created, Created::New));
}

/// An execution of each kind, over and over: running, succeeded, failed at once, failed later.
async fn executions(db: &Db, node: &mut Node, count: u64) -> Vec<ExecutionId> {
    let mut ids = Vec::new();
    for number in 0..count {
        let id = sample::id(db, number).await;
        ids.push(id);
        match number % 4 {
            0 => node.pass(sample::opening(id)).await,
            1 => node.pass(sample::whole(id)).await,
            2 => {
                let close = Some(sample::close(id, Status::Failed));
                node.pass(Item {
                    close,
                    ..sample::opening(id)
                })
                .await;
            }
            _ => {
                node.pass(sample::opening(id)).await;
                let close = Some(sample::close(id, Status::TimedOut));
                node.pass(Item {
                    close,
                    ..sample::next(id, 2)
                })
                .await;
            }
        }
    }
    ids.sort_unstable();
    ids.reverse();
    ids
}

#[tokio::test]
async fn every_list_reads_the_same_forth_and_back() {
    let database = Database::migrated();
    let db = database.open().await;
    let mut node = Node::register(&db, 1).await;
    let ids = executions(&db, &mut node, 12).await;
    let filters: [&[Status]; 4] = [
        &[],
        &[Status::Running],
        &[Status::Failed, Status::TimedOut],
        &[Status::Succeeded, Status::Running],
    ];
    for statuses in filters {
        let filter = Filter {
            machine_id: Some(MACHINE),
            statuses: statuses.to_vec(),
            ..Filter::default()
        };
        let page = async |edge| -> Vec<ExecutionId> {
            let found = list::executions_by(&db, &filter, edge, 2).await.unwrap();
            found.into_iter().map(|execution| execution.id).collect()
        };
        let mut forth = page(None).await;
        while let Some(last) = forth.last().copied() {
            let next = page(Some(Edge::After(last))).await;
            if next.is_empty() {
                break;
            }
            forth.extend(next);
        }
        let mut back = vec![*forth.last().unwrap()];
        loop {
            let newer = page(Some(Edge::Before(back[0]))).await;
            if newer.is_empty() {
                break;
            }
            back.splice(0..0, newer);
        }
        assert_eq!(forth, back, "{statuses:?}");
        if statuses.is_empty() {
            assert_eq!(forth, ids);
        } else {
            assert!(forth.len() >= 3 && forth.len() < ids.len(), "{statuses:?}");
        }
    }
}

#[tokio::test]
async fn machines_are_found_by_a_part_of_their_name_in_every_order_both_ways() {
    let database = Database::migrated();
    let db = database.open().await;
    for (number, name) in ["order-c", "order-a", "order-b", "other", "%"]
        .iter()
        .enumerate()
    {
        let id = Uuid::from_u128(number as u128 + 1);
        create_machine_at(&db, name, id, at(i64::try_from(number).unwrap())).await;
    }
    let page = async |part: &str, order, edge| -> Vec<String> {
        let found = browse::machines(&db, part, order, edge, 2).await.unwrap();
        found.into_iter().map(|machine| machine.name).collect()
    };
    for (order, names) in [
        (Order::Name, ["order-a", "order-b", "order-c"]),
        (Order::NameBackwards, ["order-c", "order-b", "order-a"]),
        (Order::Oldest, ["order-c", "order-a", "order-b"]),
        (Order::Newest, ["order-b", "order-a", "order-c"]),
    ] {
        assert_eq!(page("RDER", order, None).await, names[..2], "{order:?}");
        let next = page("rder", order, Some(Edge::After(names[1]))).await;
        assert_eq!(next, names[2..], "{order:?}");
        let back = page("rder", order, Some(Edge::Before(names[2]))).await;
        assert_eq!(back, names[..2], "{order:?}");
    }
    assert_eq!(
        page("%", Order::Name, None).await,
        ["%"],
        "no sign is a wild card"
    );
    let gone = page("", Order::Newest, Some(Edge::After("gone"))).await;
    assert_eq!(gone, [""; 0], "nothing stands beside what is not there");
}

#[tokio::test]
async fn a_machine_names_its_executions_and_knows_its_newest() {
    let database = Database::migrated();
    let db = database.open().await;
    create_machine(&db, "orders", MACHINE).await;
    let idle = Uuid::from_u128(0x99);
    create_machine(&db, "idle", idle).await;
    let mut node = Node::register(&db, 1).await;
    let ids = executions(&db, &mut node, 4).await;

    let newest = browse::newest_of_machines(&db, &[MACHINE, idle])
        .await
        .unwrap();
    assert_eq!(newest.len(), 1);
    assert_eq!((newest[0].machine_id, newest[0].id), (MACHINE, ids[0]));
    let whole = store::execution::get(&db, ids[0]).await.unwrap().unwrap();
    assert_eq!(newest[0].status, whole.status);

    machine::begin_delete(&db, "idle").await.unwrap();
    machine::finish_deletions(&db, at(9)).await.unwrap();
    // A Map Run in a child of another goes by the machine and its own label.
    let (outer, inner) = (Uuid::from_u128(5), Uuid::from_u128(6));
    for (run, machine, label) in [(outer, MACHINE, "Each"), (inner, outer, "Inner")] {
        sqlx::query(
            "INSERT INTO map_run (id, execution_id, machine_id, revision_id, started_at, \
             concurrency, shard, status, is_express, place, label, counts) \
             VALUES ($1, $1, $2, $1, now(), 0, 0, 0, FALSE, '/States/M', $3, '{}')",
        )
        .bind(run)
        .bind(machine)
        .bind(label)
        .execute(&db)
        .await
        .unwrap();
    }
    let asked = [MACHINE, idle, Uuid::nil(), outer, inner];
    let mut names = browse::machine_names(&db, &asked).await.unwrap();
    names.sort_by(|a, b| a.name.cmp(&b.name));
    let told: Vec<_> = names
        .iter()
        .map(|it| (it.name.as_str(), it.is_live, it.is_map_run))
        .collect();
    assert_eq!(
        told,
        [
            ("idle", false, false),
            ("orders", true, false),
            ("orders/Each", false, true),
            ("orders/Inner", false, true)
        ]
    );
}

#[tokio::test]
async fn an_execution_is_found_by_the_start_of_its_id_or_by_its_name() {
    let database = Database::migrated();
    let db = database.open().await;
    create_machine(&db, "orders", MACHINE).await;
    let mut node = Node::register(&db, 1).await;
    let ids = executions(&db, &mut node, 4).await;
    let named = sample::id(&db, 77).await;
    node.pass(sample::named(named, "ord-42")).await;

    let first = Uuid::from_u128(ids[2].0.as_u128() & !0xffff);
    let last = Uuid::from_u128(ids[2].0.as_u128() | 0xffff);
    let found = browse::ids_between(&db, first, last, 10).await.unwrap();
    assert!(found.contains(&ids[2]));
    let all = browse::ids_between(&db, Uuid::nil(), Uuid::max(), 3)
        .await
        .unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(browse::ids_named(&db, "ord-42", 10).await.unwrap(), [named]);
    assert_eq!(browse::ids_named(&db, "ord", 10).await.unwrap(), []);
}
