//! Express executions whose start was answered before they closed: the table `express_start`.
//!
//! A row says that an execution must run, and nothing of how far it has come. Unlike [`crate::commit`] these
//! writes need no answer in doubt: a row is known by its id, so writing or deleting it again changes nothing.

use asl::Timestamp;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::db::Db;
use crate::fault::Point;
use crate::ids::{ExecutionId, Incarnation, NodeId};
use crate::text::storable;

/// An execution to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    pub id: ExecutionId,
    pub revision_id: Uuid,
    /// The version or alias that it was started by.
    pub version: Option<i64>,
    pub alias: Option<String>,
    /// 1 to 80 characters; names of Express executions need not differ.
    pub name: String,
    pub started_at: Timestamp,
    pub trace_header: Option<String>,
    /// JSON text, as it was given.
    pub input: String,
}

/// An execution that another life of a node left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub start: Start,
    /// How often it was taken over, this time counted.
    pub takeovers: i16,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The life of the node is over: others may run what it had.
    #[error("the lease of this node is lost")]
    LeaseLost,
    /// One of the rows cannot be held; trying again is of no use.
    #[error("the database cannot hold a start")]
    Rejected(#[source] sqlx::Error),
    #[error("writing starts of Express executions")]
    Database(#[source] sqlx::Error),
}

/// Writes what has started and deletes what is done, in one statement.
///
/// Locks the node's row (share), which a takeover waits for. Served by primary keys.
pub async fn write(
    db: &Db,
    (node, incarnation): (NodeId, Incarnation),
    starts: &[Start],
    done: &[ExecutionId],
) -> Result<(), WriteError> {
    let column = |of: fn(&Start) -> Option<&str>| -> Vec<Option<String>> {
        let texts = starts.iter().map(of);
        texts
            .map(|text| text.map(|text| storable(text).into_owned()))
            .collect()
    };
    let ids: Vec<Uuid> = starts.iter().map(|start| start.id.0).collect();
    let revisions: Vec<Uuid> = starts.iter().map(|start| start.revision_id).collect();
    let versions: Vec<Option<i64>> = starts.iter().map(|start| start.version).collect();
    let aliases = column(|start| start.alias.as_deref());
    let names = column(|start| Some(&start.name));
    let started: Vec<DateTime<Utc>> = starts
        .iter()
        .map(|start| start.started_at.to_chrono())
        .collect();
    let trace_headers = column(|start| start.trace_header.as_deref());
    let inputs = column(|start| Some(&start.input));
    let done: Vec<Uuid> = done.iter().map(|id| id.0).collect();
    let at = |point| async move { db.faults().reach(point, &[]).await };
    at(Point::BeforeCommit)
        .await
        .map_err(WriteError::Database)?;
    let written = sqlx::query_scalar!(
        r#"
        WITH fence AS (
            SELECT id, incarnation
            FROM node
            WHERE id = $1 AND incarnation = $2 AND dead_at IS NULL
            FOR SHARE
        ),
        started AS (
            INSERT INTO express_start
                (execution_id, node_id, incarnation, revision_id, version, alias, name, started_at,
                 trace_header, input)
            SELECT
                v.execution_id, fence.id, fence.incarnation, v.revision_id, v.version, v.alias, v.name,
                v.started_at, v.trace_header, v.input
            FROM fence, unnest(
                $3::uuid[], $4::uuid[], $5::int8[], $6::text[], $7::text[], $8::timestamptz[],
                $9::text[], $10::text[]
            ) AS v (
                execution_id, revision_id, version, alias, name, started_at, trace_header, input
            )
            ON CONFLICT (execution_id) DO NOTHING
        ),
        ended AS (
            DELETE FROM express_start
            USING fence, unnest($11::uuid[]) AS v (execution_id)
            WHERE express_start.execution_id = v.execution_id
        )
        SELECT count(*) AS "count!" FROM fence
        "#,
        node.0,
        incarnation.0,
        &ids,
        &revisions,
        &versions as &[Option<i64>],
        &aliases as &[Option<String>],
        &names as &[Option<String>],
        &started,
        &trace_headers as &[Option<String>],
        &inputs as &[Option<String>],
        &done,
    )
    .fetch_one(db)
    .await;
    let written = written.map_err(|error| {
        if crate::commit::is_about_rows(&error) {
            WriteError::Rejected(error)
        } else {
            WriteError::Database(error)
        }
    })?;
    for point in [Point::InDoubt, Point::AfterCommit] {
        at(point).await.map_err(WriteError::Database)?;
    }
    if written == 0 {
        return Err(WriteError::LeaseLost);
    }
    Ok(())
}

/// Takes over, oldest first, what lives of nodes that are over have left behind. One statement, which nodes
/// may run at the same time. Locks the node's own row (share) and the rows that it takes; served by the
/// primary keys. The table holds only what is running, so looking through it is little work.
pub async fn take_over(
    db: impl PgExecutor<'_>,
    (node, incarnation): (NodeId, Incarnation),
    limit: i64,
) -> Result<Vec<Left>, sqlx::Error> {
    let rows = sqlx::query!(
        "
        WITH fence AS (
            SELECT id, incarnation
            FROM node
            WHERE id = $1 AND incarnation = $2 AND dead_at IS NULL
            FOR SHARE
        ),
        left_behind AS (
            SELECT execution_id
            FROM express_start
            WHERE NOT EXISTS (
                SELECT
                FROM node
                WHERE node.id = express_start.node_id
                    AND node.incarnation = express_start.incarnation
                    AND node.dead_at IS NULL
            )
            ORDER BY execution_id
            LIMIT $3
            FOR UPDATE OF express_start SKIP LOCKED
        )
        UPDATE express_start
        SET node_id = fence.id, incarnation = fence.incarnation, takeovers = takeovers + 1
        FROM fence, left_behind
        WHERE express_start.execution_id = left_behind.execution_id
        RETURNING
            express_start.execution_id, revision_id, version, alias, name, started_at, takeovers,
            trace_header, input
        ",
        node.0,
        incarnation.0,
        limit,
    )
    .fetch_all(db)
    .await?;
    let left = rows.into_iter().map(|row| Left {
        start: Start {
            id: ExecutionId(row.execution_id),
            revision_id: row.revision_id,
            version: row.version,
            alias: row.alias,
            name: row.name,
            started_at: Timestamp(row.started_at.timestamp_micros()),
            trace_header: row.trace_header,
            input: row.input,
        },
        takeovers: row.takeovers,
    });
    Ok(left.collect())
}
