//! Which executions are reruns of which.

use asl::Timestamp;
use sqlx::PgExecutor;

use crate::ids::ExecutionId;

/// What an execution is a rerun of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub execution: ExecutionId,
    /// The event there by which the chosen state was entered.
    pub event: i64,
}

/// Notes that `execution`, which is about to start, goes on from there. Locks the row it writes.
pub async fn insert(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
    origin: Origin,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        INSERT INTO execution_rerun (execution_id, origin_id, origin_event, created_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (execution_id) DO NOTHING
        ",
        execution.0,
        origin.execution.0,
        origin.event,
        at.to_chrono(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What the execution goes on from, where it is a rerun. Served by the primary key.
pub async fn origin(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
) -> Result<Option<Origin>, sqlx::Error> {
    let found = sqlx::query!(
        "
        SELECT origin_id, origin_event
        FROM execution_rerun
        WHERE execution_id = $1
        ",
        execution.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|row| Origin {
        execution: ExecutionId(row.origin_id),
        event: row.origin_event,
    }))
}

/// The newest reruns of the execution that have begun, with the event that each goes on from. Served by
/// the index on `origin_id` and the primary key of `execution`.
pub async fn of_origin(
    db: impl PgExecutor<'_>,
    origin: ExecutionId,
    limit: i64,
) -> Result<Vec<(ExecutionId, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        "
        SELECT execution_rerun.execution_id, execution_rerun.origin_event
        FROM execution_rerun
        JOIN execution ON execution.id = execution_rerun.execution_id
        WHERE execution_rerun.origin_id = $1
        ORDER BY execution_rerun.execution_id DESC
        LIMIT $2
        ",
        origin.0,
        limit,
    )
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|row| (ExecutionId(row.execution_id), row.origin_event))
        .collect())
}
