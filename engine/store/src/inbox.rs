//! The inbox: inputs for executions from other nodes, and from whoever ends a task from outside.
//!
//! A row is deleted by the commit of the events that it causes (see [`crate::commit`]), so that it
//! counts once. Rows are never skipped by a high-water mark: a transaction may commit after another
//! that took a later id.

use sqlx::PgExecutor;

use crate::ids::{ExecutionId, ShardId};

/// On this channel owners hear of new rows; the payload is the shard's number. A notice is a hint.
pub const CHANNEL: &str = "stepwright_inbox";

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: i64,
    pub execution: ExecutionId,
    /// JSON text, as the runtime made it.
    pub body: String,
}

/// Puts a message into a shard's inbox and tells its owner. Gives its id, by which [`remaining`] says
/// whether it was consumed. One statement.
pub async fn put(
    db: impl PgExecutor<'_>,
    shard: ShardId,
    execution: ExecutionId,
    body: &str,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        WITH sent AS (
            INSERT INTO inbox (execution_id, shard, body)
            VALUES ($1, $2, $3)
            RETURNING id, shard
        )
        SELECT id AS "id!" FROM (SELECT id, pg_notify($4, shard::text) FROM sent) AS told
        "#,
        execution.0,
        shard.0,
        body,
        CHANNEL,
    )
    .fetch_one(db)
    .await
}

/// The messages of those shards with ids after `after`, in the order of their ids. To see rows that
/// were committed late, begin again from 0. Served by `inbox_shard`.
pub async fn list(
    db: impl PgExecutor<'_>,
    shards: &[ShardId],
    after: i64,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    let shards: Vec<i16> = shards.iter().map(|shard| shard.0).collect();
    let rows = sqlx::query!(
        "
        SELECT waiting.id, waiting.execution_id, waiting.body
        FROM unnest($1::int2[]) AS owned (shard)
        CROSS JOIN LATERAL (
            SELECT inbox.id, inbox.execution_id, inbox.body
            FROM inbox
            WHERE inbox.shard = owned.shard AND inbox.id > $2
            ORDER BY inbox.id
            LIMIT $3
        ) AS waiting
        ORDER BY waiting.id
        LIMIT $3
        ",
        &shards,
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Row {
            id: row.id,
            execution: ExecutionId(row.execution_id),
            body: row.body,
        })
        .collect())
}

/// Which of these messages still wait: for a caller that is to answer when its message was consumed.
pub async fn remaining(db: impl PgExecutor<'_>, ids: &[i64]) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar!("SELECT id FROM inbox WHERE id = ANY ($1)", ids)
        .fetch_all(db)
        .await
}

/// Takes a message back; false where it was consumed. Waits for a commit that is consuming it.
pub async fn withdraw(db: impl PgExecutor<'_>, id: i64) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM inbox WHERE id = $1", id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes messages that can cause nothing any more, such as those for an execution that is gone.
pub async fn delete(db: impl PgExecutor<'_>, ids: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM inbox WHERE id = ANY ($1)", ids)
        .execute(db)
        .await?;
    Ok(())
}

/// Tells the owners of those shards that there are messages, after a commit that wrote some.
pub async fn tell(db: impl PgExecutor<'_>, shards: &[ShardId]) -> Result<(), sqlx::Error> {
    let shards: Vec<i16> = shards.iter().map(|shard| shard.0).collect();
    sqlx::query!(
        "
        SELECT FROM (
            SELECT pg_notify($1, shard::text) FROM unnest($2::int2[]) AS owned (shard)
        ) AS told
        ",
        CHANNEL,
        &shards,
    )
    .execute(db)
    .await?;
    Ok(())
}
