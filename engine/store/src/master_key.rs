//! One proof for each master key: something that it sealed. A server that cannot open the proof has
//! another key, and is told so before it seals anything itself.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::sealed::Sealed;

/// Keeps the proof of a master key's version, unless there is one; gives the one that is there. Locks the
/// one row; served by the primary key.
pub async fn keep(
    db: impl PgExecutor<'_>,
    proof: &Sealed,
    now: DateTime<Utc>,
) -> Result<Sealed, sqlx::Error> {
    // The update changes nothing: it makes the row of the faster one visible in the same statement.
    sqlx::query_as!(
        Sealed,
        "
        INSERT INTO master_key AS held (version, proof, created_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (version) DO UPDATE SET proof = held.proof
        RETURNING version AS key_version, proof AS bytes
        ",
        proof.key_version,
        proof.bytes,
        now,
    )
    .fetch_one(db)
    .await
}
