//! Snapshots: folded executions, kept so that waking one does not read its whole journal.
//!
//! A cache: any row may be deleted at any time, and one of an unknown format is ignored by its reader.

use sqlx::PgExecutor;

use crate::ids::ExecutionId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last step that is in it; the tail begins after it.
    pub step: i64,
    pub format: i16,
    pub body: String,
}

/// Keeps a snapshot, in place of an earlier one. One that is older than what is kept changes nothing.
pub async fn put(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
    snapshot: &Snapshot,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        INSERT INTO snapshot (execution_id, step, format, body)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (execution_id) DO UPDATE SET
            step = excluded.step,
            format = excluded.format,
            body = excluded.body
        WHERE snapshot.step < excluded.step OR snapshot.format <> excluded.format
        ",
        execution.0,
        snapshot.step,
        snapshot.format,
        snapshot.body,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn get(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
) -> Result<Option<Snapshot>, sqlx::Error> {
    sqlx::query_as!(
        Snapshot,
        "SELECT step, format, body FROM snapshot WHERE execution_id = $1",
        execution.0,
    )
    .fetch_optional(db)
    .await
}

/// Forgets the snapshots of executions that have closed.
pub async fn delete(
    db: impl PgExecutor<'_>,
    executions: &[ExecutionId],
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = executions.iter().map(|execution| execution.0).collect();
    sqlx::query!("DELETE FROM snapshot WHERE execution_id = ANY ($1)", &ids)
        .execute(db)
        .await?;
    Ok(())
}
