//! Settings of the whole server: the table `setting`, what all nodes of one database must agree on.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// The value of that name. Takes no lock; served by the primary key.
pub async fn get(db: impl PgExecutor<'_>, name: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT value FROM setting WHERE name = $1", name)
        .fetch_optional(db)
        .await
}

/// Writes the value, over an earlier one. Locks the one row; served by the primary key.
pub async fn put(
    db: impl PgExecutor<'_>,
    name: &str,
    value: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        INSERT INTO setting (name, value, updated_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, updated_at = EXCLUDED.updated_at
        ",
        name,
        value,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The value of that name; where there is none, `value` is written first. Nodes that start at the same
/// moment all get the same. Locks the one row; served by the primary key.
pub async fn get_or_put(
    db: impl PgExecutor<'_>,
    name: &str,
    value: &str,
    now: DateTime<Utc>,
) -> Result<String, sqlx::Error> {
    // The update changes nothing: it makes the statement return the row that another node wrote.
    sqlx::query_scalar!(
        "
        INSERT INTO setting AS old (name, value, updated_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET value = old.value
        RETURNING value
        ",
        name,
        value,
        now,
    )
    .fetch_one(db)
    .await
}
