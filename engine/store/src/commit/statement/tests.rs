//! The texts, as the server takes them.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr};
use tests::support::Database;

use super::{Parts, text};

const ALL: u32 = 1 << 16;

/// Each part alone, each two, each three, and all but one.
fn combinations() -> BTreeSet<Parts> {
    let bits = || (0..16).map(|bit| 1_u32 << bit);
    let mut found = BTreeSet::from([Parts(0), Parts(ALL - 1)]);
    for a in bits() {
        found.insert(Parts(ALL - 1 - a));
        for b in bits() {
            for c in bits() {
                found.insert(Parts(a | b | c));
            }
        }
    }
    found
}

#[tokio::test]
async fn the_server_takes_every_combination_of_parts() {
    let database = Database::fresh();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    for parts in combinations() {
        let text = text(parts);
        let prepared = connection
            .prepare(AssertSqlSafe(text.clone()).into_sql_str())
            .await;
        assert!(prepared.is_ok(), "{parts:?}: {:?}\n{text}", prepared.err());
    }
}

#[test]
fn only_what_can_be_left_out_says_whose_it_is() {
    let plain = text(Parts(Parts::STARTS.0 | Parts::STEPS.0));
    assert!(!plain.contains("item"), "{plain}");
    let named = text(Parts(Parts::STARTS.0 | Parts::STEPS.0 | Parts::NAMES.0));
    assert!(named.contains("refused.item = v.item"), "{named}");
}

#[test]
fn every_part_is_behind_the_fence() {
    for parts in combinations() {
        let text = text(parts);
        for write in ["INSERT INTO ", "DELETE FROM ", "UPDATE execution AS"] {
            for (at, _) in text.match_indices(write) {
                let part = text[at..].split(" AS (").next().unwrap_or_default();
                let is_behind = part.contains("fence") || part.contains("USING received");
                assert!(is_behind, "{part}");
            }
        }
    }
}
