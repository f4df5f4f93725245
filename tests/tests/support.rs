//! That the ground the other tests stand on holds.

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, Row};
use tests::support::{Database, Pooler};

async fn tables(database: &Database) -> i64 {
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    let count = sqlx::query_scalar(count)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    count
}

#[tokio::test]
async fn a_fresh_database_has_the_tables_and_an_empty_one_has_none() {
    assert!(tables(&Database::fresh()).await > 5);
    assert_eq!(tables(&Database::empty()).await, 0);
}

#[tokio::test]
async fn two_tests_do_not_see_each_others_rows() {
    let (one, other) = (Database::fresh(), Database::fresh());
    let mut connection = PgConnection::connect(one.url()).await.unwrap();
    sqlx::query("CREATE TABLE mine (n bigint)")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    assert_eq!(tables(&one).await, tables(&other).await + 1);
}

#[tokio::test]
async fn behind_the_pooler_two_transactions_of_a_client_may_meet_two_sessions() {
    let database = Database::fresh();
    let Some(pooler) = Pooler::start(&database) else {
        return;
    };
    let options: PgConnectOptions = pooler.url().parse().unwrap();
    let options = options.statement_cache_capacity(0);
    let mut one = PgConnection::connect_with(&options).await.unwrap();
    let mut other = PgConnection::connect_with(&options).await.unwrap();
    let mut held = one.begin().await.unwrap();
    let in_one: i32 = backend(&mut held).await;
    assert_ne!(in_one, backend(&mut other).await);
    held.rollback().await.unwrap();
    // A session that is free again serves whoever asks: that is what the mode is about.
    assert_eq!(backend(&mut one).await, backend(&mut other).await);
}

async fn backend(connection: &mut PgConnection) -> i32 {
    let query = sqlx::raw_sql("SELECT pg_backend_pid()");
    query.fetch_one(connection).await.unwrap().get(0)
}
