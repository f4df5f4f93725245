//! The keys that callers sign or sign in with. Secrets arrive sealed and leave sealed: nothing here
//! can read one (see the web crate's `access::secrets`).

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::sealed::Sealed;

/// How many keys there may be. Every node holds all of them in memory, so that a call costs no query.
pub const KEYS_MAX: i64 = 1000;

/// A key as it is kept. `Debug` shows no secret, since what is `sealed` is useless without the master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// 16 to 128 upper-case letters and digits; what SigV4 calls the access key id.
    pub id: String,
    /// What the person who made it called it; 1 to 80 characters.
    pub name: String,
    /// The secret, sealed with the id as associated data.
    pub sealed: Sealed,
    pub created_at: DateTime<Utc>,
    /// To the quarter of an hour; absent until the first call.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What changes whenever the set of keys does: keys are only ever made and deleted, never changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    pub count: i64,
    /// The sum of the keys' numbers, none of which is used twice.
    pub sum: i64,
}

/// Keeps a new key. False where [`KEYS_MAX`] are there already.
/// Two at once may both pass the count; the bound is for memory, not for money.
pub async fn insert(db: impl PgExecutor<'_>, key: &ApiKey) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "
        INSERT INTO api_key (id, name, sealed, key_version, created_at)
        SELECT $1, $2, $3, $4, $5
        WHERE (SELECT count(*) FROM api_key) < $6
        ",
        key.id,
        key.name,
        key.sealed.bytes,
        key.sealed.key_version,
        key.created_at,
        KEYS_MAX,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Every key, oldest first.
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<ApiKey>, sqlx::Error> {
    let rows = sqlx::query!(
        "
        SELECT id, name, sealed, key_version, created_at, last_used_at
        FROM api_key
        ORDER BY created_at, id
        LIMIT $1
        ",
        KEYS_MAX * 2,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ApiKey {
            id: row.id,
            name: row.name,
            sealed: Sealed {
                bytes: row.sealed,
                key_version: row.key_version,
            },
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        })
        .collect())
}

/// Whether the set of keys differs from what a node holds: one small query, asked about once a second.
pub async fn census(db: impl PgExecutor<'_>) -> Result<Census, sqlx::Error> {
    sqlx::query_as!(
        Census,
        r#"SELECT count(*) AS "count!", coalesce(sum(number), 0)::bigint AS "sum!" FROM api_key"#
    )
    .fetch_one(db)
    .await
}

/// Deletes a key and, by its foreign key, every session opened with it. False where there is none.
pub async fn delete(db: impl PgExecutor<'_>, id: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM api_key WHERE id = $1", id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that a key was used. Callers do so at most once a quarter of an hour for each key and node.
pub async fn touch(
    db: impl PgExecutor<'_>,
    id: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        UPDATE api_key
        SET last_used_at = $2
        WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)
        ",
        id,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
