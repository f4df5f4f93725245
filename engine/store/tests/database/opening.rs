//! Opening: migrations, and what the server must promise.

use store::db::{Db, OpenError, Settings};

use crate::support::Database;

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "there is no node to track its jobs"
)]
async fn four_nodes_that_start_at_once_migrate_once() {
    let database = Database::empty();
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let settings = Settings::new(&database.url);
            tokio::spawn(async move { Db::open(&settings).await })
        })
        .collect();
    for node in nodes {
        node.await.unwrap().unwrap();
    }
    let db = database.open().await;
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success")
        .fetch_one(&db)
        .await
        .unwrap();
    let versions = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations"))
        .unwrap()
        .filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with('0')
        })
        .count();
    assert_eq!(usize::try_from(applied).unwrap(), versions);
}

#[tokio::test]
async fn a_database_that_forgets_is_refused() {
    let database = Database::migrated();
    let forgetful = format!("{}&options=-csynchronous_commit%3Doff", database.url);
    let error = Db::open(&Settings::new(forgetful)).await.unwrap_err();
    assert!(matches!(
        error,
        OpenError::Forgetful {
            setting: "synchronous_commit",
            ..
        }
    ));
}

#[tokio::test]
async fn a_url_that_is_none_is_named() {
    let error = Db::open(&Settings::new("nonsense")).await.unwrap_err();
    assert!(error.to_string().contains("DATABASE_URL"), "{error}");
}

#[tokio::test]
async fn behind_a_pooler_statements_run_unnamed_inside_transactions() {
    let database = Database::migrated();
    let mut settings = Settings::new(&database.url);
    settings.direct_url = Some(database.url.clone());
    let db = Db::open(&settings).await.unwrap();
    assert!(db.is_pooled());

    let count = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE $1";
    let mut tx = db.begin().await.unwrap();
    let prepared: i64 = sqlx::query_scalar(count)
        .bind("%prepared%")
        .fetch_one(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(prepared, 0);

    // Outside a transaction the first round of a statement would have ended its own.
    let in_transaction = "SELECT transaction_timestamp() < statement_timestamp()";
    let rows: Vec<bool> = sqlx::query_scalar(in_transaction)
        .fetch_all(&db)
        .await
        .unwrap();
    assert_eq!(rows, [true]);
    let row: Option<i32> = sqlx::query_scalar("SELECT 1")
        .fetch_optional(&db)
        .await
        .unwrap();
    assert_eq!(row, Some(1));
}

#[tokio::test]
async fn payloads_are_compressed_with_lz4_where_the_server_has_it() {
    let database = Database::migrated();
    let db = database.open().await;
    let has_lz4: bool = sqlx::query_scalar(
        "SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'",
    )
    .fetch_one(&db)
    .await
    .unwrap();
    // Partitions too, which are made later than their parent.
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT attrelid::regclass::text, attcompression::text FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE relkind IN ('r', 'p') AND relname ~ '^(journal|snapshot|inbox)' AND attname = 'body'",
    )
    .fetch_all(&db)
    .await
    .unwrap();
    assert!(columns.len() > 16, "{columns:?}");
    let expected = if has_lz4 { "l" } else { "" };
    for (table, compression) in columns {
        assert_eq!(compression, expected, "{table}");
    }
}
