//! Names claimed by several writers at once.

use futures_util::future::join;
use store::commit::{Item, Outcome};

use crate::sample::{Node, id, named};
use crate::support::Database;

const ROUNDS: u64 = 40;
const NAMES: u64 = 24;

/// Without the order in which a batch claims its names, these two would wait for each other.
#[tokio::test]
async fn two_writers_that_claim_the_same_names_in_opposite_orders_share_them_out() {
    let database = Database::migrated();
    let db = database.open().await;
    let (mut a, mut b) = (Node::register(&db, 1).await, Node::register(&db, 2).await);
    for round in 0..ROUNDS {
        let mut rising: Vec<Item> = Vec::new();
        let mut falling: Vec<Item> = Vec::new();
        for number in 0..NAMES {
            let name = format!("order-{round}-{number}");
            let unique = (round * NAMES + number) * 2;
            rising.push(named(id(&db, unique).await, &name));
            falling.push(named(id(&db, unique + 1).await, &name));
        }
        falling.reverse();
        let (first, mut second) = join(a.commit(&rising), b.commit(&falling)).await;
        second.reverse();
        for (first, second) in first.iter().zip(&second) {
            let is_shared = matches!(
                (first, second),
                (Outcome::Committed, Outcome::NameTaken { .. })
                    | (Outcome::NameTaken { .. }, Outcome::Committed)
            );
            assert!(is_shared, "round {round}: {first:?} and {second:?}");
        }
    }
}
