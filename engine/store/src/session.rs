//! Sessions of people who signed in with a key. Only the SHA-256 of a session's token is ever here:
//! a copy of the table opens nothing.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// A session that has not expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub key_id: String,
    /// The name of the key that opened it.
    pub key_name: String,
    pub expires_at: DateTime<Utc>,
}

/// Opens a session. False where its key is gone by now.
pub async fn insert(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    key_id: &str,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "
        INSERT INTO session (token_hash, key_id, created_at, expires_at)
        SELECT $1, id, $3, $4
        FROM api_key
        WHERE id = $2
        ",
        token_hash.as_slice(),
        key_id,
        now,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The session of a token, where it has not expired and its key still exists. Served by the primary keys.
pub async fn find(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Session>, sqlx::Error> {
    sqlx::query_as!(
        Session,
        "
        SELECT api_key.id AS key_id, api_key.name AS key_name, session.expires_at
        FROM session
        JOIN api_key ON api_key.id = session.key_id
        WHERE session.token_hash = $1 AND session.expires_at > $2
        ",
        token_hash.as_slice(),
        now,
    )
    .fetch_optional(db)
    .await
}

/// Ends a session; ending one that is gone is no error.
pub async fn delete(db: impl PgExecutor<'_>, token_hash: &[u8; 32]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM session WHERE token_hash = $1",
        token_hash.as_slice()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes up to a thousand expired sessions and says how many. Served by `session_expires_at`.
pub async fn sweep(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "
        DELETE FROM session
        WHERE token_hash IN (
            SELECT token_hash
            FROM session
            WHERE expires_at <= $1
            ORDER BY expires_at
            LIMIT 1000
            FOR UPDATE SKIP LOCKED
        )
        ",
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
