//! Open tasks: those that somebody outside ends with a task token, or takes as an activity's worker.
//!
//! Whoever deletes the row has ended the task: an answer from outside does it here, the owner's
//! time-out in its commit, and only one of them finds it. Rows are inserted by [`crate::commit`].

use asl::Timestamp;
use sqlx::PgExecutor;

use crate::db::Db;
use crate::ids::{ExecutionId, ShardId};
use crate::inbox;

/// On this channel waiting workers' nodes hear of an activity's new task; the payload is the activity's
/// name. A notice is a hint.
pub const CHANNEL: &str = "stepwright_activity";

/// What became of an answer to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// The task is not open any more: it was ended before, or timed out, or its execution has closed.
    TimedOut,
    /// There is no execution that could have had it.
    DoesNotExist,
}

/// When a task was last heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// `HeartbeatSeconds`
    pub seconds: i64,
    /// The last heartbeat, or when a worker took the task.
    pub at: Option<Timestamp>,
    pub opened_at: Timestamp,
}

/// A task that a worker has taken.
#[derive(Clone, PartialEq, Eq)]
pub struct Claimed {
    pub execution: ExecutionId,
    pub attempt: i64,
    /// A secret: whoever has it can end the task.
    pub token: String,
    /// JSON text
    pub input: String,
}

impl std::fmt::Debug for Claimed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Claimed")
            .field("execution", &self.execution)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// Ends the task of that token and puts `body`, its result, into its execution's inbox: both or
/// neither. One statement; locks the task's row, for which a time-out under way is waited for.
pub async fn end(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
    token_sha256: &[u8; 32],
    shard: ShardId,
    body: &str,
) -> Result<Ended, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        WITH ended AS (
            DELETE FROM open_task
            WHERE execution_id = $1 AND token_sha256 = $2
            RETURNING execution_id
        ), sent AS (
            INSERT INTO inbox (execution_id, shard, body)
            SELECT execution_id, $3, $4 FROM ended
            RETURNING shard
        ), told AS (
            SELECT pg_notify($5, shard::text) FROM sent
        )
        SELECT
            EXISTS (SELECT FROM told) AS "is_ended!",
            EXISTS (SELECT FROM execution WHERE id = $1) AS "is_execution!"
        "#,
        execution.0,
        token_sha256.as_slice(),
        shard.0,
        body,
        inbox::CHANNEL,
    )
    .fetch_one(db)
    .await?;
    Ok(answer(row.is_ended, row.is_execution))
}

/// Notes that the task's worker lives, at most four times in each of its `HeartbeatSeconds`, since a
/// finer mark would cost a write and change nothing. Changes no index.
pub async fn heartbeat(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
    token_sha256: &[u8; 32],
    now: Timestamp,
) -> Result<Ended, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        WITH beaten AS (
            UPDATE open_task
            SET heartbeat_at = $3
            WHERE execution_id = $1 AND token_sha256 = $2
                AND (
                    heartbeat_at IS NULL
                    OR heartbeat_at < $3::timestamptz - heartbeat_seconds * interval '250 milliseconds'
                )
        )
        SELECT
            EXISTS (
                SELECT FROM open_task WHERE execution_id = $1 AND token_sha256 = $2
            ) AS "is_open!",
            EXISTS (SELECT FROM execution WHERE id = $1) AS "is_execution!"
        "#,
        execution.0,
        token_sha256.as_slice(),
        now.to_chrono(),
    )
    .fetch_one(db)
    .await?;
    Ok(answer(row.is_open, row.is_execution))
}

/// When a task with `HeartbeatSeconds` was last heard of; nothing where it has none or is not open.
/// Reread before it is timed out. Served by the primary key.
pub async fn last_heartbeat(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
    attempt: i64,
) -> Result<Option<Beat>, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        SELECT heartbeat_seconds AS "seconds!", heartbeat_at, opened_at
        FROM open_task
        WHERE execution_id = $1 AND attempt = $2 AND heartbeat_seconds IS NOT NULL
        "#,
        execution.0,
        attempt,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Beat {
        seconds: row.seconds,
        at: row.heartbeat_at.map(timestamp),
        opened_at: timestamp(row.opened_at),
    }))
}

/// Takes the oldest waiting task of an activity for a worker, and puts `body(attempt)`, its start,
/// into the execution's inbox, both before the worker hears of it. One transaction; locks the row and
/// skips those that another worker is taking. Served by `open_task_waiting`.
pub async fn claim_activity(
    db: &Db,
    activity: &str,
    now: Timestamp,
    shard_of: impl Fn(ExecutionId) -> ShardId,
    body: impl Fn(i64) -> String,
) -> Result<Option<Claimed>, sqlx::Error> {
    let mut tx = db.begin().await?;
    let waiting = sqlx::query!(
        r#"
        SELECT execution_id, attempt, token AS "token!", input AS "input!"
        FROM open_task
        WHERE activity = $1 AND token IS NOT NULL
        ORDER BY opened_at
        LIMIT 1
        FOR UPDATE SKIP LOCKED
        "#,
        activity,
    )
    .fetch_optional(&mut tx)
    .await?;
    let Some(task) = waiting else {
        return Ok(None);
    };
    sqlx::query!(
        "
        UPDATE open_task
        SET token = NULL, input = NULL, heartbeat_at = $3
        WHERE execution_id = $1 AND attempt = $2
        ",
        task.execution_id,
        task.attempt,
        now.to_chrono(),
    )
    .execute(&mut tx)
    .await?;
    let execution = ExecutionId(task.execution_id);
    inbox::put(&mut tx, shard_of(execution), execution, &body(task.attempt)).await?;
    tx.commit().await?;
    Ok(Some(Claimed {
        execution,
        attempt: task.attempt,
        token: task.token,
        input: task.input,
    }))
}

/// Tells the nodes where workers wait that these activities have new tasks, after the commit.
pub async fn tell(db: impl PgExecutor<'_>, activities: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        SELECT FROM (
            SELECT pg_notify($1, activity) FROM unnest($2::text[]) AS waiting (activity)
        ) AS told
        ",
        CHANNEL,
        activities,
    )
    .execute(db)
    .await?;
    Ok(())
}

fn answer(is_open: bool, is_execution: bool) -> Ended {
    match (is_open, is_execution) {
        (true, _) => Ended::Done,
        (false, true) => Ended::TimedOut,
        (false, false) => Ended::DoesNotExist,
    }
}

fn timestamp(time: chrono::DateTime<chrono::Utc>) -> Timestamp {
    Timestamp(time.timestamp_micros())
}
