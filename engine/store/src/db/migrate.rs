//! Bringing the tables up to date when a node starts, and making the partitions that it will need.
//!
//! All that is missing is applied in one transaction, under a lock that ends with it: of several
//! nodes that start at once one migrates and the others wait and then find nothing to do. A lock of
//! the session would outlive its owner behind a pooler.

use asl::Timestamp;
use sqlx::migrate::MigrateError;
use sqlx::{Connection, PgConnection};

use crate::partition;

/// Any number that nothing else locks: the letters of "stepwrig".
const LOCK: i64 = 0x7374_6570_7772_6967;

/// Applies what is missing. Refuses a database that a newer binary has migrated further.
pub(super) async fn run(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let mut migrator = sqlx::migrate!("../../migrations");
    migrator.set_locking(false);
    let mut transaction = connection.begin().await?;
    lock(&mut transaction).await?;
    // `run` would do, but its future is Send for one lifetime only, so that it cannot be spawned.
    let target = None;
    let is_marked_only = false;
    migrator
        .run_direct(target, &mut *transaction, is_marked_only)
        .await?;
    let now = sqlx::query_scalar!(r#"SELECT now() AS "now!""#)
        .fetch_one(&mut *transaction)
        .await?;
    let now = Timestamp(now.timestamp_micros());
    partition::make_missing(&mut transaction, now).await?;
    transaction.commit().await?;
    Ok(())
}

/// Waits until no other node changes tables; the lock ends with the transaction.
pub(crate) async fn lock(transaction: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "SELECT FROM (SELECT pg_advisory_xact_lock($1)) AS locked",
        LOCK
    )
    .execute(transaction)
    .await?;
    Ok(())
}
