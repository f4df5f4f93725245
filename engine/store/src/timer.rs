//! Wakeups: when the executions that sleep outside memory are due.
//!
//! Rows are put and deleted by [`crate::commit`], with the step that goes to sleep or wakes.

use asl::Timestamp;
use sqlx::PgExecutor;

use crate::ids::{ExecutionId, ShardId};

/// The sleepers of those shards that are due at or before `until`, the earliest first. Nothing is
/// deleted: the commit of what the waking causes does that. Served by `wakeup_due`.
pub async fn due(
    db: impl PgExecutor<'_>,
    shards: &[ShardId],
    until: Timestamp,
    limit: i64,
) -> Result<Vec<ExecutionId>, sqlx::Error> {
    let shards: Vec<i16> = shards.iter().map(|shard| shard.0).collect();
    let ids = sqlx::query_scalar!(
        "
        SELECT sleeper.execution_id
        FROM unnest($1::int2[]) AS owned (shard)
        CROSS JOIN LATERAL (
            SELECT wakeup.execution_id, wakeup.due
            FROM wakeup
            WHERE wakeup.shard = owned.shard AND wakeup.due <= $2
            ORDER BY wakeup.due, wakeup.execution_id
            LIMIT $3
        ) AS sleeper
        ORDER BY sleeper.due, sleeper.execution_id
        LIMIT $3
        ",
        &shards,
        until.to_chrono(),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ExecutionId).collect())
}

/// When the next sleeper of those shards is due. Served by `wakeup_due`.
pub async fn next_due(
    db: impl PgExecutor<'_>,
    shards: &[ShardId],
) -> Result<Option<Timestamp>, sqlx::Error> {
    let shards: Vec<i16> = shards.iter().map(|shard| shard.0).collect();
    let due = sqlx::query_scalar!(
        "
        SELECT min(first.due)
        FROM unnest($1::int2[]) AS owned (shard)
        CROSS JOIN LATERAL (
            SELECT wakeup.due
            FROM wakeup
            WHERE wakeup.shard = owned.shard
            ORDER BY wakeup.due
            LIMIT 1
        ) AS first
        ",
        &shards,
    )
    .fetch_one(db)
    .await?;
    Ok(due.map(|due| Timestamp(due.timestamp_micros())))
}
