//! Functions and connections: written over, listed by name, sealed parts untouched, and the bounds
//! that the tables hold by themselves.

use chrono::{DateTime, TimeDelta, Utc};
use store::connection::{self, Connection};
use store::function::{self, Function};
use store::sealed::Sealed;
use uuid::Uuid;

use crate::support::Database;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + second)
}

fn a_function(name: &str) -> Function {
    Function {
        name: name.to_owned(),
        url: "http://localhost:9000/f".to_owned(),
        timeout_ms: 30_000,
        headers: r#"{"X-B":"2","X-A":"1"}"#.to_owned(),
        secret_names: vec!["Authorization".to_owned()],
        sealed: Some(Sealed {
            key_version: 3,
            bytes: vec![1, 2, 3],
        }),
        created_at: at(0),
        updated_at: at(0),
    }
}

fn a_connection(name: &str, id: u128) -> Connection {
    Connection {
        name: name.to_owned(),
        id: Uuid::from_u128(id),
        authorization_type: "BASIC".to_owned(),
        parameters: r#"{"username":"ann"}"#.to_owned(),
        sealed: Sealed {
            key_version: 3,
            bytes: vec![1, 2, 3],
        },
        created_at: at(0),
        updated_at: at(0),
    }
}

#[tokio::test]
async fn a_function_is_written_read_written_over_and_deleted() {
    let database = Database::migrated();
    let db = database.open().await;
    let first = a_function("charge");
    assert_eq!(function::put(&db, &first).await.unwrap(), Some(true));
    assert_eq!(function::get(&db, "charge").await.unwrap(), Some(first));

    let changed = Function {
        url: "http://localhost:9000/g".to_owned(),
        secret_names: Vec::new(),
        sealed: None,
        created_at: at(9),
        updated_at: at(9),
        ..a_function("charge")
    };
    assert_eq!(function::put(&db, &changed).await.unwrap(), Some(false));
    let expected = Function {
        created_at: at(0),
        ..changed
    };
    assert_eq!(function::get(&db, "charge").await.unwrap(), Some(expected));

    assert!(function::delete(&db, "charge").await.unwrap());
    assert!(!function::delete(&db, "charge").await.unwrap());
    assert_eq!(function::get(&db, "charge").await.unwrap(), None);
}

#[tokio::test]
async fn functions_are_listed_by_name_and_page() {
    let database = Database::migrated();
    let db = database.open().await;
    for name in ["b", "a", "C", "d"] {
        function::put(&db, &a_function(name)).await.unwrap();
    }
    let names = |found: Vec<Function>| found.into_iter().map(|it| it.name).collect::<Vec<_>>();
    let whole = names(function::list(&db, None, 10).await.unwrap());
    assert_eq!(whole, ["C", "a", "b", "d"]);
    let page = function::list(&db, Some("a"), 1).await.unwrap();
    assert_eq!(names(page), ["b"]);
}

#[tokio::test]
async fn a_connection_keeps_its_id_over_changes() {
    let database = Database::migrated();
    let db = database.open().await;
    let first = a_connection("shop", 1);
    assert_eq!(
        connection::put(&db, &first).await.unwrap(),
        Some((Uuid::from_u128(1), true))
    );
    let changed = Connection {
        authorization_type: "API_KEY".to_owned(),
        created_at: at(9),
        updated_at: at(9),
        ..a_connection("shop", 2)
    };
    assert_eq!(
        connection::put(&db, &changed).await.unwrap(),
        Some((Uuid::from_u128(1), false))
    );
    let expected = Connection {
        id: Uuid::from_u128(1),
        created_at: at(0),
        ..changed
    };
    assert_eq!(connection::get(&db, "shop").await.unwrap(), Some(expected));
    connection::put(&db, &a_connection("Shop", 3))
        .await
        .unwrap();
    let names: Vec<_> = connection::list(&db, None, 10).await.unwrap();
    assert_eq!(names.len(), 2);
    assert!(connection::delete(&db, "shop").await.unwrap());
    assert!(!connection::delete(&db, "shop").await.unwrap());
}

#[tokio::test]
async fn the_tables_refuse_what_the_server_should_never_write() {
    let database = Database::migrated();
    let db = database.open().await;
    for bad in [
        a_function("a b"),
        a_function(""),
        a_function(&"x".repeat(65)),
        Function {
            timeout_ms: 0,
            ..a_function("f")
        },
        Function {
            timeout_ms: 900_001,
            ..a_function("f")
        },
        Function {
            url: String::new(),
            ..a_function("f")
        },
        Function {
            sealed: None,
            ..a_function("f")
        },
    ] {
        assert!(function::put(&db, &bad).await.is_err(), "{bad:?}");
    }
    let bad = Connection {
        authorization_type: "NONE".to_owned(),
        ..a_connection("shop", 1)
    };
    assert!(connection::put(&db, &bad).await.is_err());
}

#[tokio::test]
async fn a_full_table_takes_changes_and_nothing_new() {
    let database = Database::migrated();
    let db = database.open().await;
    sqlx::query(
        "INSERT INTO function (name, url, timeout_ms, created_at, updated_at)
         SELECT 'f' || number, 'http://localhost/', 1000, now(), now()
         FROM generate_series(1, $1) AS number",
    )
    .bind(function::FUNCTIONS_MAX)
    .execute(&db)
    .await
    .unwrap();
    assert_eq!(function::put(&db, &a_function("new")).await.unwrap(), None);
    let changed = function::put(&db, &a_function("f7")).await.unwrap();
    assert_eq!(changed, Some(false));
}
