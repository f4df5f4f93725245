//! Executions: what is known of one without reading its journal. Listings are in [`crate::list`].
//!
//! Written by [`crate::commit`] alone. Input and output stand in the journal only: the input in the first
//! step, the output in the closing one.

use asl::Timestamp;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::commit::{Parent, Status};
use crate::db::Db;
use crate::ids::{ExecutionId, ShardId};

/// An execution as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    pub id: ExecutionId,
    pub machine_id: Uuid,
    pub revision_id: Uuid,
    /// The version or alias that it was started by.
    pub version: Option<i64>,
    pub alias: Option<String>,
    /// Given, or the id's text.
    pub name: String,
    pub started_at: Timestamp,
    pub status: Status,
    pub closed_at: Option<Timestamp>,
    /// The number of the step that closed it, which holds the output or the failure.
    pub closing_step: Option<i64>,
    /// The error's name, where it failed with one.
    pub error: Option<String>,
    pub parent: Option<Parent>,
    pub trace_header: Option<String>,
    /// Whether it sleeps outside memory.
    pub has_wakeup: bool,
    /// How often it was redriven, and when the last time.
    pub redrive_count: i32,
    pub redriven_at: Option<Timestamp>,
}

/// The execution of that id. Takes no lock; served by primary keys.
pub async fn get(
    db: impl PgExecutor<'_>,
    id: ExecutionId,
) -> Result<Option<Execution>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT
            execution.id, execution.machine_id, execution.revision_id, execution.version,
            execution.alias, execution.name, execution.started_at, execution.parent_execution_id,
            execution.parent_attempt, execution.is_output_parsed, execution.trace_header,
            execution.redrive_count, execution.redriven_at,
            coalesce(execution_close.status, execution.status) AS "status!",
            coalesce(execution_close.closed_at, execution.closed_at) AS closed_at,
            coalesce(execution_close.closing_step, execution.closing_step) AS closing_step,
            coalesce(execution_close.error, execution.error) AS error,
            EXISTS (
                SELECT FROM wakeup WHERE wakeup.execution_id = execution.id
            ) AS "has_wakeup!"
        FROM execution
        LEFT JOIN execution_close ON execution_close.execution_id = execution.id
        WHERE execution.id = $1
        "#,
        id.0,
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::into_execution).transpose()
}

/// The execution of that name of the live machine of that name, else of the machine deleted last that
/// had one. A name in the form of an id is that of an execution that was given none, unless one was
/// given just that. Served by `state_machine_live` and primary keys.
pub async fn by_name(
    db: &Db,
    machine_name: &str,
    name: &str,
) -> Result<Option<ExecutionId>, sqlx::Error> {
    let live = sqlx::query_scalar!(
        "
        SELECT execution_name.execution_id
        FROM state_machine
        JOIN execution_name ON execution_name.machine_id = state_machine.id
        WHERE state_machine.name = $1 AND state_machine.deleted_at IS NULL
            AND execution_name.name = $2
        ",
        machine_name,
        name,
    )
    .fetch_optional(db)
    .await?;
    if let Some(id) = live {
        return Ok(Some(ExecutionId(id)));
    }
    let unnamed = name.parse::<Uuid>().ok();
    if let Some(id) = unnamed.filter(|id| id.to_string() == name) {
        let found = sqlx::query_scalar!(
            "
            SELECT execution.id
            FROM execution
            JOIN state_machine ON state_machine.id = execution.machine_id
            WHERE execution.id = $1 AND execution.name IS NULL AND state_machine.name = $2
            ",
            id,
            machine_name,
        )
        .fetch_optional(db)
        .await?;
        if let Some(id) = found {
            return Ok(Some(ExecutionId(id)));
        }
    }
    let deleted = sqlx::query_scalar!(
        "
        SELECT execution_name.execution_id
        FROM state_machine
        JOIN execution_name ON execution_name.machine_id = state_machine.id
        WHERE state_machine.name = $1 AND state_machine.deleted_at IS NOT NULL
            AND execution_name.name = $2
        ORDER BY state_machine.deleted_at DESC
        LIMIT 1
        ",
        machine_name,
        name,
    )
    .fetch_optional(db)
    .await?;
    Ok(deleted.map(ExecutionId))
}

/// The shard's executions that are open and not asleep, in the order of their ids, from the one after
/// `after` on: those that a takeover folds. Served by `execution_open_shard`.
pub async fn awake_of_shard(
    db: impl PgExecutor<'_>,
    shard: ShardId,
    after: Option<ExecutionId>,
    limit: i64,
) -> Result<Vec<ExecutionId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "
        SELECT execution_id
        FROM execution_open
        WHERE shard = $1 AND execution_id > $2
            AND NOT EXISTS (
                SELECT FROM wakeup WHERE wakeup.execution_id = execution_open.execution_id
            )
        ORDER BY execution_id
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

/// How many executions of a machine are open, up to `at_most`. Served by `execution_open_machine`.
pub async fn open_of_machine(
    db: impl PgExecutor<'_>,
    machine_id: Uuid,
    at_most: i64,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
        FROM (SELECT FROM execution_open WHERE machine_id = $1 LIMIT $2) AS open
        "#,
        machine_id,
        at_most,
    )
    .fetch_one(db)
    .await
}

/// Who has a given name of a machine, and the SHA-256 of the input that it was started with. Served by
/// the primary key of `execution_name`.
pub async fn holder_of_name(
    db: impl PgExecutor<'_>,
    machine_id: Uuid,
    name: &str,
) -> Result<Option<(ExecutionId, Vec<u8>)>, sqlx::Error> {
    let row = sqlx::query!(
        "
        SELECT execution_id, input_sha256
        FROM execution_name
        WHERE machine_id = $1 AND name = $2
        ",
        machine_id,
        name,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (ExecutionId(row.execution_id), row.input_sha256)))
}

/// How many executions are open, up to `at_most`. Reads the primary key of `execution_open`.
pub async fn open(db: impl PgExecutor<'_>, at_most: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
        FROM (SELECT execution_id FROM execution_open ORDER BY execution_id LIMIT $1) AS open
        "#,
        at_most,
    )
    .fetch_one(db)
    .await
}

/// The open executions of those shards that started before `before`, in the order of their starts, from
/// the one after `after` on. Served by `execution_open_shard`.
pub async fn open_since_before(
    db: impl PgExecutor<'_>,
    shards: &[ShardId],
    before: Timestamp,
    after: Option<ExecutionId>,
    limit: i64,
) -> Result<Vec<ExecutionId>, sqlx::Error> {
    let shards: Vec<i16> = shards.iter().map(|shard| shard.0).collect();
    let millis = u64::try_from(before.as_millis()).unwrap_or(0);
    let ids = sqlx::query_scalar!(
        "
        SELECT old.execution_id
        FROM unnest($1::int2[]) AS owned (shard)
        CROSS JOIN LATERAL (
            SELECT execution_open.execution_id
            FROM execution_open
            WHERE execution_open.shard = owned.shard
                AND execution_open.execution_id > $2 AND execution_open.execution_id < $3
            ORDER BY execution_open.execution_id
            LIMIT $4
        ) AS old
        ORDER BY old.execution_id
        LIMIT $4
        ",
        &shards,
        after.map_or(Uuid::nil(), |id| id.0),
        ExecutionId::first_of(millis).0,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ExecutionId).collect())
}

/// A row as the queries of this crate give it.
#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    id: Uuid,
    machine_id: Uuid,
    revision_id: Uuid,
    version: Option<i64>,
    alias: Option<String>,
    name: Option<String>,
    started_at: DateTime<Utc>,
    parent_execution_id: Option<Uuid>,
    parent_attempt: Option<i64>,
    is_output_parsed: bool,
    trace_header: Option<String>,
    status: i16,
    closed_at: Option<DateTime<Utc>>,
    closing_step: Option<i64>,
    error: Option<String>,
    has_wakeup: bool,
    redrive_count: i32,
    redriven_at: Option<DateTime<Utc>>,
}

impl Row {
    pub(crate) fn into_execution(self) -> Result<Execution, sqlx::Error> {
        let parent = self.parent_execution_id.zip(self.parent_attempt);
        Ok(Execution {
            status: status(self.id, self.status)?,
            id: ExecutionId(self.id),
            machine_id: self.machine_id,
            revision_id: self.revision_id,
            version: self.version,
            alias: self.alias,
            name: self.name.unwrap_or_else(|| self.id.to_string()),
            started_at: timestamp(self.started_at),
            closed_at: self.closed_at.map(timestamp),
            closing_step: self.closing_step,
            error: self.error,
            parent: parent.map(|(execution, attempt)| Parent {
                execution: ExecutionId(execution),
                attempt,
                is_parsed: self.is_output_parsed,
            }),
            trace_header: self.trace_header,
            has_wakeup: self.has_wakeup,
            redrive_count: self.redrive_count,
            redriven_at: self.redriven_at.map(timestamp),
        })
    }
}

/// A status as its row has it; the table's check lets no other in.
fn status(id: Uuid, number: i16) -> Result<Status, sqlx::Error> {
    Status::from_number(number).ok_or_else(|| {
        sqlx::Error::Decode(format!("execution {id} has status {number}, which is none").into())
    })
}

fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp(time.timestamp_micros())
}
