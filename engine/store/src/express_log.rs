//! Express executions that were logged: the table `express_log`, and their lines in `execution_log`.
//!
//! Nothing of an Express execution is kept but what its machine's logging configuration asks for. Both tables
//! are filled behind; a node that goes down leaves out what it had.

use asl::Timestamp;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::commit::Status;
use crate::db::Db;
use crate::event_log::{self, Line};
use crate::ids::ExecutionId;
use crate::text::storable;

/// What is known of an execution when lines of it are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub execution: ExecutionId,
    pub revision_id: Uuid,
    pub name: String,
    pub started_at: Timestamp,
    /// How it ended; nothing while it runs.
    pub closed: Option<(Status, Timestamp)>,
}

/// An execution that was logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub execution: ExecutionId,
    pub machine_id: Uuid,
    pub machine_name: String,
    pub revision_id: Uuid,
    pub name: String,
    pub started_at: Timestamp,
    /// Running as well where its node went down, or lost what told of the end.
    pub status: Status,
    pub closed_at: Option<Timestamp>,
}

/// Adds lines and what is known of their executions, each of which comes once. Those that are there already
/// stay, but for an end. One transaction; locks the rows that it writes.
pub async fn fill(db: &Db, seen: &[Seen], lines: &[Line]) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = seen.iter().map(|one| one.execution.0).collect();
    let revisions: Vec<Uuid> = seen.iter().map(|one| one.revision_id).collect();
    let names: Vec<String> = seen
        .iter()
        .map(|one| storable(&one.name).into_owned())
        .collect();
    let started: Vec<DateTime<Utc>> = seen.iter().map(|one| one.started_at.to_chrono()).collect();
    let status = |one: &Seen| one.closed.map_or(Status::Running, |(status, _)| status);
    let statuses: Vec<i16> = seen.iter().map(|one| status(one) as i16).collect();
    let closed: Vec<Option<DateTime<Utc>>> = seen
        .iter()
        .map(|one| one.closed.map(|(_, at)| at.to_chrono()))
        .collect();
    let mut tx = db.begin().await?;
    sqlx::query!(
        "
        INSERT INTO express_log (execution_id, revision_id, name, started_at, status, closed_at)
        SELECT execution_id, revision_id, name, started_at, status, closed_at
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::int2[], $6::timestamptz[])
            AS seen (execution_id, revision_id, name, started_at, status, closed_at)
        ORDER BY execution_id
        ON CONFLICT (execution_id) DO UPDATE SET
            status = excluded.status,
            closed_at = excluded.closed_at
        WHERE excluded.closed_at IS NOT NULL
        ",
        &ids,
        &revisions,
        &names,
        &started,
        &statuses,
        &closed as &[Option<DateTime<Utc>>],
    )
    .execute(&mut tx)
    .await?;
    event_log::fill(&mut tx, lines, &[]).await?;
    tx.commit().await
}

/// Forgets what was logged of an execution that runs again from its start, so that one run's lines do not
/// stand between another's. One statement; served by the primary keys.
pub async fn forget(db: impl PgExecutor<'_>, execution: ExecutionId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        WITH gone AS (
            DELETE FROM express_log WHERE execution_id = $1
        )
        DELETE FROM execution_log WHERE execution_id = $1
        ",
        execution.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What is known of an execution that was logged. Takes no lock; served by the primary keys.
pub async fn get(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
) -> Result<Option<Row>, sqlx::Error> {
    let row = sqlx::query!(
        "
        SELECT
            state_machine.id AS machine_id, state_machine.name AS machine_name,
            express_log.revision_id, express_log.name, express_log.started_at, express_log.status,
            express_log.closed_at
        FROM express_log
        JOIN revision ON revision.id = express_log.revision_id
        JOIN state_machine ON state_machine.id = revision.machine_id
        WHERE express_log.execution_id = $1
        ",
        execution.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Row {
        execution,
        machine_id: row.machine_id,
        machine_name: row.machine_name,
        revision_id: row.revision_id,
        name: row.name,
        started_at: Timestamp(row.started_at.timestamp_micros()),
        status: Status::from_number(row.status).unwrap_or(Status::Running),
        closed_at: row.closed_at.map(|at| Timestamp(at.timestamp_micros())),
    }))
}

/// The executions of a machine that were logged, at most `limit` of them, the newest first. Takes no lock;
/// served by `express_log_revision`, which is asked once for each revision.
pub async fn recent(
    db: impl PgExecutor<'_>,
    machine_id: Uuid,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    let rows = sqlx::query!(
        "
        SELECT
            found.execution_id, state_machine.name AS machine_name, found.revision_id, found.name,
            found.started_at, found.status, found.closed_at
        FROM state_machine
        JOIN revision ON revision.machine_id = state_machine.id
        CROSS JOIN LATERAL (
            SELECT * FROM express_log
            WHERE express_log.revision_id = revision.id
            ORDER BY started_at DESC
            LIMIT $2
        ) AS found
        WHERE state_machine.id = $1
        ORDER BY found.started_at DESC
        LIMIT $2
        ",
        machine_id,
        limit,
    )
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter().map(|row| Row {
        execution: ExecutionId(row.execution_id),
        machine_id,
        machine_name: row.machine_name,
        revision_id: row.revision_id,
        name: row.name,
        started_at: Timestamp(row.started_at.timestamp_micros()),
        status: Status::from_number(row.status).unwrap_or(Status::Running),
        closed_at: row.closed_at.map(|at| Timestamp(at.timestamp_micros())),
    });
    Ok(rows.collect())
}

/// Forgets at most `limit` executions that started before `cutoff`, with their lines; how many there were.
/// One statement; locks the rows that it deletes. Served by `express_log_started`.
pub async fn sweep(
    db: impl PgExecutor<'_>,
    cutoff: Timestamp,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query_scalar!(
        r#"
        WITH old AS (
            SELECT execution_id
            FROM express_log
            WHERE started_at < $1
            ORDER BY started_at
            LIMIT $2
        ), lines AS (
            DELETE FROM execution_log
            USING old
            WHERE execution_log.execution_id = old.execution_id
        ), gone AS (
            DELETE FROM express_log
            USING old
            WHERE express_log.execution_id = old.execution_id
            RETURNING express_log.execution_id
        )
        SELECT count(*) AS "count!" FROM gone
        "#,
        cutoff.to_chrono(),
        limit,
    )
    .fetch_one(db)
    .await?;
    Ok(u64::try_from(gone).unwrap_or(0))
}
