//! What people look through on pages: machines, pages in both directions, and finding by an id or a name
//! without knowing its machine.
//!
//! Listings of executions by filter are in [`crate::list`]; nothing here is on the path of a step.

use asl::Timestamp;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::commit::Status;
use crate::ids::ExecutionId;

mod lately;
mod machines;

pub use lately::{Lately, failures_by_state, lately};
pub use machines::{Order, machines};

/// From where a page goes on, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge<T> {
    /// What comes before it in the order of the list.
    Before(T),
    /// What comes after it.
    After(T),
}

/// A machine as a listing of executions names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineName {
    pub id: Uuid,
    pub name: String,
    /// Whether it was not deleted.
    pub is_live: bool,
    /// It is a Map Run, whose children go by its machine's name and its label.
    pub is_map_run: bool,
}

/// The names of these machines and Map Runs, those of deleted machines too. Takes no lock; served by
/// primary keys.
pub async fn machine_names(
    db: impl PgExecutor<'_>,
    ids: &[Uuid],
) -> Result<Vec<MachineName>, sqlx::Error> {
    sqlx::query_as!(
        MachineName,
        r#"
        WITH RECURSIVE run AS (
            SELECT id, machine_id, label
            FROM map_run
            WHERE id = ANY ($1)
            UNION
            SELECT run.id, outer_run.machine_id, run.label
            FROM run
            JOIN map_run AS outer_run ON outer_run.id = run.machine_id
        )
        SELECT id AS "id!", name AS "name!", deleted_at IS NULL AS "is_live!",
            FALSE AS "is_map_run!"
        FROM state_machine
        WHERE id = ANY ($1)
        UNION ALL
        SELECT run.id, state_machine.name || '/' || run.label, FALSE, TRUE
        FROM run
        JOIN state_machine ON state_machine.id = run.machine_id
        "#,
        ids,
    )
    .fetch_all(db)
    .await
}

/// The execution that a machine started last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    pub machine_id: Uuid,
    pub id: ExecutionId,
    pub started_at: Timestamp,
    pub status: Status,
}

/// The newest execution of each of these machines that has one. Takes no lock; one step into
/// `execution_machine` for each machine.
pub async fn newest_of_machines(
    db: impl PgExecutor<'_>,
    ids: &[Uuid],
) -> Result<Vec<Newest>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        SELECT
            newest.machine_id, newest.id, newest.started_at,
            coalesce(execution_close.status, newest.status) AS "status!"
        FROM unnest($1::uuid[]) AS machine (id)
        CROSS JOIN LATERAL (
            SELECT execution.machine_id, execution.id, execution.started_at, execution.status
            FROM execution
            WHERE execution.machine_id = machine.id
            ORDER BY execution.id DESC
            LIMIT 1
        ) AS newest
        LEFT JOIN execution_close ON execution_close.execution_id = newest.id
        "#,
        ids,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Newest {
                machine_id: row.machine_id,
                id: ExecutionId(row.id),
                started_at: timestamp(row.started_at),
                status: read_status(row.id, row.status)?,
            })
        })
        .collect()
}

/// Executions whose ids lie in `first..=last`, newest first: those that share the start of an id.
/// Takes no lock; served by the primary key.
pub async fn ids_between(
    db: impl PgExecutor<'_>,
    first: Uuid,
    last: Uuid,
    limit: i64,
) -> Result<Vec<ExecutionId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "
        SELECT id
        FROM execution
        WHERE id BETWEEN $1 AND $2
        ORDER BY id DESC
        LIMIT $3
        ",
        first,
        last,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ExecutionId).collect())
}

/// Executions of live machines that were given this name, newest first. Takes no lock; one step into
/// the primary key of `execution_name` for each machine.
pub async fn ids_named(
    db: impl PgExecutor<'_>,
    name: &str,
    limit: i64,
) -> Result<Vec<ExecutionId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "
        SELECT execution_name.execution_id
        FROM state_machine
        JOIN execution_name ON execution_name.machine_id = state_machine.id
        WHERE state_machine.deleted_at IS NULL AND execution_name.name = $1
        ORDER BY execution_name.execution_id DESC
        LIMIT $2
        ",
        name,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ExecutionId).collect())
}

fn read_status(id: Uuid, number: i16) -> Result<Status, sqlx::Error> {
    Status::from_number(number).ok_or_else(|| {
        sqlx::Error::Decode(format!("execution {id} has status {number}, which is none").into())
    })
}

fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp(time.timestamp_micros())
}
