//! That the ground the other tests stand on holds.

use sqlx::{Connection, PgConnection};
use tests::support::Database;

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
