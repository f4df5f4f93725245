//! Map Runs: what is known of one without reading its journal, and what became of its children.
//!
//! Written by [`crate::commit`] alone, with the steps that change it.

use std::collections::HashSet;

use asl::Timestamp;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::commit::Status;
use crate::ids::{ExecutionId, ShardId};

/// A Map Run as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRun {
    /// Made as an execution's, in the slot of the execution that began it.
    pub id: ExecutionId,
    pub execution: ExecutionId,
    pub machine_id: Uuid,
    pub revision_id: Uuid,
    /// Where its Map state stands in the revision's definition.
    pub place: String,
    pub label: String,
    pub is_express: bool,
    pub shard: ShardId,
    /// Running, succeeded, failed or aborted.
    pub status: Status,
    pub started_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// 0 is as many as the server allows.
    pub concurrency: i64,
    pub tolerated_count: Option<i64>,
    pub tolerated_percentage: Option<f64>,
    /// JSON text, as the runtime made it.
    pub counts: String,
    pub redrive_count: i32,
    /// The last time.
    pub redriven_at: Option<Timestamp>,
}

/// How a child ended: its closing row.
#[derive(Clone, Debug)]
pub struct Ending {
    pub id: ExecutionId,
    pub started_at: Timestamp,
    pub closed_at: Timestamp,
    pub status: Status,
    /// The journal's row with the end.
    pub step: i64,
    pub format: i16,
    pub body: String,
}

/// The Map Run of that id. Served by the primary key.
pub async fn get(db: impl PgExecutor<'_>, id: ExecutionId) -> Result<Option<MapRun>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "
        SELECT
            id, execution_id, machine_id, revision_id, place, label, is_express, shard, status,
            started_at, closed_at, concurrency, tolerated_count, tolerated_percentage, counts,
            redrive_count, redriven_at
        FROM map_run
        WHERE id = $1
        ",
        id.0,
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::into_map_run).transpose()
}

/// The Map Runs of an execution, newest first, of those before `before`. Served by `map_run_execution`.
pub async fn of_execution(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
    before: Option<ExecutionId>,
    limit: i64,
) -> Result<Vec<MapRun>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "
        SELECT
            id, execution_id, machine_id, revision_id, place, label, is_express, shard, status,
            started_at, closed_at, concurrency, tolerated_count, tolerated_percentage, counts,
            redrive_count, redriven_at
        FROM map_run
        WHERE execution_id = $1 AND id < $2
        ORDER BY id DESC
        LIMIT $3
        ",
        execution.0,
        before.map_or(Uuid::max(), |id| id.0),
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::into_map_run).collect()
}

/// The shard's Map Runs that are open, in the order of their ids, from the one after `after` on: those
/// that a takeover goes on with. Served by `map_run_open`.
pub async fn open_of_shard(
    db: impl PgExecutor<'_>,
    shard: ShardId,
    after: Option<ExecutionId>,
    limit: i64,
) -> Result<Vec<ExecutionId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "
        SELECT id
        FROM map_run
        WHERE shard = $1 AND status = 0 AND id > $2
        ORDER BY id
        LIMIT $3
        ",
        shard.0,
        after.map_or(Uuid::nil(), |id| id.0),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ExecutionId).collect())
}

/// Which of `children` are there, or will be by a message that waits for them: all in one statement,
/// since a message goes away in the commit that makes the row. Served by the primary key of
/// `execution`; reads the whole of `inbox`, once for all of them.
pub async fn present(
    db: impl PgExecutor<'_>,
    children: &[ExecutionId],
) -> Result<HashSet<ExecutionId>, sqlx::Error> {
    let ids: Vec<Uuid> = children.iter().map(|id| id.0).collect();
    let present = sqlx::query_scalar!(
        r#"
        SELECT id AS "id!"
        FROM execution
        WHERE id = ANY ($1)
        UNION
        SELECT execution_id
        FROM inbox
        WHERE execution_id = ANY ($1) AND body LIKE '{"type":"start_child"%'
        "#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(present.into_iter().map(ExecutionId).collect())
}

/// How those of `children` ended that did, in no order. Served by primary keys.
pub async fn endings(
    db: impl PgExecutor<'_>,
    children: &[ExecutionId],
) -> Result<Vec<Ending>, sqlx::Error> {
    let ids: Vec<Uuid> = children.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT
            child.id AS "id!", child.started_at AS "started_at!",
            child.closed_at AS "closed_at!", child.status AS "status!",
            journal.number, journal.format, journal.body
        FROM (
            SELECT
                execution.id, execution.started_at,
                coalesce(execution_close.closed_at, execution.closed_at) AS closed_at,
                coalesce(execution_close.status, execution.status) AS status,
                coalesce(execution_close.closing_step, execution.closing_step) AS step
            FROM execution
            LEFT JOIN execution_close ON execution_close.execution_id = execution.id
            WHERE execution.id = ANY ($1)
        ) AS child
        JOIN journal ON journal.execution_id = child.id AND journal.number = child.step
        "#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Ending {
                id: ExecutionId(row.id),
                started_at: timestamp(row.started_at),
                closed_at: timestamp(row.closed_at),
                status: status(row.id, row.status)?,
                step: row.number,
                format: row.format,
                body: row.body,
            })
        })
        .collect()
}

/// What an execution must not have passed to be redriven.
#[derive(Clone, Copy, Debug)]
pub struct Redrivable {
    pub started_since: Timestamp,
    pub closed_since: Timestamp,
    /// Its next event has a number below this.
    pub events_max: i64,
}

/// The children of a Map Run that did not succeed and cannot be redriven any more, by their indexes in no
/// order: all that did not succeed where nothing can be. Takes no lock. Served by `execution_machine`, and
/// for each failure by the primary key of `journal`.
pub async fn unredrivable(
    db: impl PgExecutor<'_>,
    run: ExecutionId,
    within: Option<Redrivable>,
) -> Result<Vec<i64>, sqlx::Error> {
    let since = |time: Option<Timestamp>| time.map(Timestamp::to_chrono);
    sqlx::query_scalar!(
        r#"
        SELECT execution.parent_attempt AS "index!"
        FROM execution
        LEFT JOIN execution_close ON execution_close.execution_id = execution.id
        WHERE execution.machine_id = $1
            AND coalesce(execution_close.status, execution.status) > 1
            AND execution.parent_attempt IS NOT NULL
            AND (
                $2::timestamptz IS NULL
                OR execution.started_at < $2
                OR coalesce(execution_close.closed_at, execution.closed_at) < $3
                OR (
                    SELECT journal.first_event + journal.event_count
                    FROM journal
                    WHERE journal.execution_id = execution.id
                    ORDER BY journal.number DESC
                    LIMIT 1
                ) >= $4
            )
        "#,
        run.0,
        since(within.map(|it| it.started_since)),
        since(within.map(|it| it.closed_since)),
        within.map(|it| it.events_max),
    )
    .fetch_all(db)
    .await
}

struct Row {
    id: Uuid,
    execution_id: Uuid,
    machine_id: Uuid,
    revision_id: Uuid,
    place: String,
    label: String,
    is_express: bool,
    shard: i16,
    status: i16,
    started_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    concurrency: i64,
    tolerated_count: Option<i64>,
    tolerated_percentage: Option<f64>,
    counts: String,
    redrive_count: i32,
    redriven_at: Option<DateTime<Utc>>,
}

impl Row {
    fn into_map_run(self) -> Result<MapRun, sqlx::Error> {
        Ok(MapRun {
            status: status(self.id, self.status)?,
            id: ExecutionId(self.id),
            execution: ExecutionId(self.execution_id),
            machine_id: self.machine_id,
            revision_id: self.revision_id,
            place: self.place,
            label: self.label,
            is_express: self.is_express,
            shard: ShardId(self.shard),
            started_at: timestamp(self.started_at),
            closed_at: self.closed_at.map(timestamp),
            concurrency: self.concurrency,
            tolerated_count: self.tolerated_count,
            tolerated_percentage: self.tolerated_percentage,
            counts: self.counts,
            redrive_count: self.redrive_count,
            redriven_at: self.redriven_at.map(timestamp),
        })
    }
}

fn status(id: Uuid, number: i16) -> Result<Status, sqlx::Error> {
    Status::from_number(number).ok_or_else(|| {
        sqlx::Error::Decode(format!("{id} has status {number}, which is none").into())
    })
}

fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp(time.timestamp_micros())
}
