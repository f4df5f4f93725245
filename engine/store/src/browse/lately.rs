//! How machines have been doing: outcomes and durations of their newest executions, and the states in which
//! they failed. Every query looks at a bounded number of rows of each machine or state.

use sqlx::PgExecutor;
use uuid::Uuid;

use crate::ids::ExecutionId;

/// How the newest executions of a machine went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lately {
    pub machine_id: Uuid,
    pub running: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub timed_out: i64,
    pub aborted: i64,
    /// Of those that closed: how long half of them took at most, in microseconds.
    pub p50_micros: Option<i64>,
    /// How long 95 of 100 took at most.
    pub p95_micros: Option<i64>,
}

impl Lately {
    /// How many executions were looked at.
    pub fn total(&self) -> i64 {
        self.running + self.succeeded + self.failed + self.timed_out + self.aborted
    }
}

/// How these machines' executions since `from` went, the newest `most` of each; nothing of a machine that has
/// none. Takes no lock; a range of `execution_machine` for each machine, and primary keys of what closed.
pub async fn lately(
    db: impl PgExecutor<'_>,
    machines: &[Uuid],
    from: ExecutionId,
    most: i64,
) -> Result<Vec<Lately>, sqlx::Error> {
    sqlx::query_as!(
        Lately,
        r#"
        SELECT
            recent.machine_id AS "machine_id!",
            count(*) FILTER (WHERE recent.status IN (0, 5)) AS "running!",
            count(*) FILTER (WHERE recent.status = 1) AS "succeeded!",
            count(*) FILTER (WHERE recent.status = 2) AS "failed!",
            count(*) FILTER (WHERE recent.status = 3) AS "timed_out!",
            count(*) FILTER (WHERE recent.status = 4) AS "aborted!",
            percentile_disc(0.5) WITHIN GROUP (ORDER BY recent.micros) AS p50_micros,
            percentile_disc(0.95) WITHIN GROUP (ORDER BY recent.micros) AS p95_micros
        FROM unnest($1::uuid[]) AS machine (id)
        CROSS JOIN LATERAL (
            SELECT
                execution.machine_id,
                coalesce(execution_close.status, execution.status) AS status,
                (extract(epoch FROM
                    coalesce(execution_close.closed_at, execution.closed_at) - execution.started_at
                ) * 1000000)::bigint AS micros
            FROM execution
            LEFT JOIN execution_close ON execution_close.execution_id = execution.id
            WHERE execution.machine_id = machine.id AND execution.id >= $2
            ORDER BY execution.id DESC
            LIMIT $3
        ) AS recent
        GROUP BY recent.machine_id
        "#,
        machines,
        from.0,
        most,
    )
    .fetch_all(db)
    .await
}

/// In how many executions of a machine since `from` each of these states was the one that failed, at most
/// `most` of each; states in which none did are left out. Takes no lock; a range of
/// `execution_search_failed_state` for each state.
pub async fn failures_by_state(
    db: impl PgExecutor<'_>,
    machine_id: Uuid,
    states: &[String],
    from: ExecutionId,
    most: i64,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        SELECT state.name AS "name!", found.count AS "count!"
        FROM unnest($2::text[]) AS state (name)
        CROSS JOIN LATERAL (
            SELECT count(*) AS count
            FROM (
                SELECT 1
                FROM execution_search
                WHERE machine_id = $1 AND failed_state = state.name AND execution_id >= $3
                LIMIT $4
            ) AS one
        ) AS found
        WHERE found.count > 0
        "#,
        machine_id,
        states,
        from.0,
        most,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.count)).collect())
}
