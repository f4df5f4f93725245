//! The log of executions: the events that a machine's logging configuration asks for, as JSON texts.
//!
//! Filled behind, after the commit of the events; filling is idempotent by execution and event.

use std::sync::Arc;

use asl::Timestamp;
use sqlx::PgExecutor;

use crate::ids::ExecutionId;
use crate::text::storable;

/// The most lines that one page holds.
pub const PAGE_MAX: i64 = 1000;

/// One logged event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub execution: ExecutionId,
    /// The event's number.
    pub event: i64,
    pub event_at: Timestamp,
    /// JSON text.
    pub body: String,
    /// Where it is to be sent as well. Of lines that were read, nothing.
    pub group: Option<Group>,
}

/// Where a line is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The log group's ARN.
    pub arn: Arc<str>,
    pub machine_name: Arc<str>,
}

/// Adds lines, and takes the messages that asked for them out of the inbox. Lines that are there already stay
/// as they are. One statement; locks the rows that it writes and deletes.
pub async fn fill(
    db: impl PgExecutor<'_>,
    lines: &[Line],
    messages: &[i64],
) -> Result<(), sqlx::Error> {
    let executions: Vec<_> = lines.iter().map(|line| line.execution.0).collect();
    let events: Vec<_> = lines.iter().map(|line| line.event).collect();
    let times: Vec<_> = lines.iter().map(|line| line.event_at.to_chrono()).collect();
    let bodies: Vec<_> = lines
        .iter()
        .map(|line| storable(&line.body).into_owned())
        .collect();
    let of = |text: fn(&Group) -> &str| -> Vec<Option<String>> {
        let groups = lines.iter().map(|line| line.group.as_ref());
        groups
            .map(|group| group.map(|group| storable(text(group)).into_owned()))
            .collect()
    };
    let (groups, machines) = (of(|group| &group.arn), of(|group| &group.machine_name));
    sqlx::query!(
        "
        WITH taken AS (
            DELETE FROM inbox WHERE id = ANY ($5)
        ),
        filled AS (
            SELECT execution_id, event, event_at, body, log_group, machine_name, place
            FROM unnest(
                $1::uuid[], $2::int8[], $3::timestamptz[], $4::text[], $6::text[], $7::text[]
            ) WITH ORDINALITY AS given
                (execution_id, event, event_at, body, log_group, machine_name, place)
        ),
        added AS (
            INSERT INTO execution_log (execution_id, event, event_at, body)
            SELECT execution_id, event, event_at, body
            FROM filled
            ON CONFLICT (execution_id, event) DO NOTHING
            RETURNING execution_id, event
        )
        INSERT INTO log_outbox (execution_id, event, log_group, machine_name)
        SELECT execution_id, event, log_group, machine_name
        FROM added
        JOIN filled USING (execution_id, event)
        WHERE log_group IS NOT NULL
        ORDER BY place
        ",
        &executions,
        &events,
        &times,
        &bodies,
        messages,
        &groups as &[Option<String>],
        &machines as &[Option<String>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The lines of an execution after event `after`, in order. Takes no lock; served by the primary key.
pub async fn page(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
    after: i64,
    limit: i64,
) -> Result<Vec<Line>, sqlx::Error> {
    let rows = sqlx::query!(
        "
        SELECT event, event_at, body
        FROM execution_log
        WHERE execution_id = $1 AND event > $2
        ORDER BY event
        LIMIT $3
        ",
        execution.0,
        after,
        limit.clamp(0, PAGE_MAX),
    )
    .fetch_all(db)
    .await?;
    let lines = rows.into_iter().map(|row| Line {
        execution,
        event: row.event,
        event_at: Timestamp(row.event_at.timestamp_micros()),
        body: row.body,
        group: None,
    });
    Ok(lines.collect())
}

/// The last line of an execution, and how many there are. Takes no lock; served by the primary key.
pub async fn last(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
) -> Result<Option<(Line, u64)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        SELECT
            event, event_at, body,
            (SELECT count(*) FROM execution_log WHERE execution_id = $1) AS "lines!"
        FROM execution_log
        WHERE execution_id = $1
        ORDER BY event DESC
        LIMIT 1
        "#,
        execution.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let line = Line {
            execution,
            event: row.event,
            event_at: Timestamp(row.event_at.timestamp_micros()),
            body: row.body,
            group: None,
        };
        (line, u64::try_from(row.lines).unwrap_or(0))
    }))
}
