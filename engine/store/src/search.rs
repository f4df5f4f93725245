//! What lists filter by that the tables of the hot path do not hold: the failed state and the error.
//!
//! Filled behind by an execution's owner, after the commit that closed it, so a listing by these may
//! lag. What is to be filled is a message in the shard's inbox, written by that commit. Filling is
//! idempotent by the execution's id.

use asl::Timestamp;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::commit::Status;
use crate::ids::ExecutionId;
use crate::text::indexable;

/// As long as the service lets errors be; longer ones are found by what is kept of them.
const CHARS_MAX: usize = 256;

/// What is known of a closed execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub execution: ExecutionId,
    pub machine_id: Uuid,
    pub closed_at: Timestamp,
    pub duration_ms: i64,
    pub status: Status,
    /// The state in which it failed, by its name.
    pub failed_state: Option<String>,
    /// The error's name.
    pub error: Option<String>,
}

/// Which closed executions are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub machine_id: Uuid,
    pub failed_state: Option<String>,
    pub error: Option<String>,
}

/// Adds the rows of executions that are still kept, and takes the messages that asked for them out of
/// the inbox. A row that is there already stays, unless its execution has closed again since. One
/// statement; locks the rows that it writes and deletes.
pub async fn fill(
    db: impl PgExecutor<'_>,
    rows: &[Row],
    messages: &[i64],
) -> Result<(), sqlx::Error> {
    let executions: Vec<_> = rows.iter().map(|row| row.execution.0).collect();
    let machines: Vec<_> = rows.iter().map(|row| row.machine_id).collect();
    let closed: Vec<_> = rows.iter().map(|row| row.closed_at.to_chrono()).collect();
    let durations: Vec<_> = rows.iter().map(|row| row.duration_ms).collect();
    let statuses: Vec<_> = rows.iter().map(|row| row.status as i16).collect();
    let states: Vec<_> = rows
        .iter()
        .map(|row| indexed(row.failed_state.as_ref()))
        .collect();
    let errors: Vec<_> = rows.iter().map(|row| indexed(row.error.as_ref())).collect();
    sqlx::query!(
        "
        WITH taken AS (
            DELETE FROM inbox WHERE id = ANY ($8)
        )
        INSERT INTO execution_search
            (execution_id, machine_id, closed_at, duration_ms, status, failed_state, error)
        SELECT execution_id, machine_id, closed_at, duration_ms, status, failed_state, error
        FROM unnest(
            $1::uuid[], $2::uuid[], $3::timestamptz[], $4::int8[], $5::int2[], $6::text[], $7::text[]
        ) AS filled
            (execution_id, machine_id, closed_at, duration_ms, status, failed_state, error)
        WHERE EXISTS (SELECT FROM execution WHERE execution.id = filled.execution_id)
        ON CONFLICT (execution_id) DO UPDATE SET
            closed_at = excluded.closed_at,
            duration_ms = excluded.duration_ms,
            status = excluded.status,
            failed_state = excluded.failed_state,
            error = excluded.error
        WHERE execution_search.closed_at < excluded.closed_at
        ",
        &executions,
        &machines,
        &closed,
        &durations,
        &statuses,
        &states as &[Option<String>],
        &errors as &[Option<String>],
        messages,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The executions that match, newest first, of those that started before `before`. Served by
/// `execution_search_error` or `execution_search_failed_state`, whichever is asked for.
pub async fn find(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    before: Option<ExecutionId>,
    limit: i64,
) -> Result<Vec<ExecutionId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "
        SELECT execution_id
        FROM execution_search
        WHERE machine_id = $1
            AND ($2::text IS NULL OR error = $2)
            AND ($3::text IS NULL OR failed_state = $3)
            AND execution_id < $4
        ORDER BY execution_id DESC
        LIMIT $5
        ",
        filter.machine_id,
        indexed(filter.error.as_ref()),
        indexed(filter.failed_state.as_ref()),
        before.map_or(Uuid::max(), |id| id.0),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ExecutionId).collect())
}

pub(crate) fn indexed(text: Option<&String>) -> Option<String> {
    text.map(|text| indexable(text, CHARS_MAX).into_owned())
}
