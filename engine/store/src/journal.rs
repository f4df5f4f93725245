//! The journal: reading an execution's steps. Writing them is the commit's alone, see [`crate::commit`].
//!
//! What a step's body says is not known here; it is read and written by `asl::machine::history`.

use sqlx::PgExecutor;

use crate::ids::ExecutionId;

/// The most rows that one page holds.
pub const PAGE_ROWS_MAX: i64 = 1000;

/// A row of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// 1, 2, 3 … within the execution.
    pub number: i64,
    /// The number of its first event; of the next to come where it has none.
    pub first_event: i64,
    pub event_count: i32,
    pub format: i16,
    pub body: String,
}

/// The steps from `number` on, in order: at least one if there is one, then no more than fill
/// `bytes_max`, and [`PAGE_ROWS_MAX`] at most. An empty page is the end. Takes no lock; served by the
/// primary key.
pub async fn page(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
    number: i64,
    bytes_max: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"
        SELECT number AS "number!", first_event AS "first_event!", event_count AS "event_count!",
            format AS "format!", body AS "body!"
        FROM (
            SELECT number, first_event, event_count, format, body,
                sum(octet_length(body)) OVER (ORDER BY number) - octet_length(body) AS before
            FROM (
                SELECT number, first_event, event_count, format, body
                FROM journal
                WHERE execution_id = $1 AND number >= $2
                ORDER BY number
                LIMIT $4
            ) AS step
        ) AS sized
        WHERE before < $3::int8
        ORDER BY number
        "#,
        execution.0,
        number,
        bytes_max,
        PAGE_ROWS_MAX,
    )
    .fetch_all(db)
    .await
}

/// The steps up to `number`, the latest first; otherwise as [`page`].
pub async fn page_back(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
    number: i64,
    bytes_max: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"
        SELECT number AS "number!", first_event AS "first_event!", event_count AS "event_count!",
            format AS "format!", body AS "body!"
        FROM (
            SELECT number, first_event, event_count, format, body,
                sum(octet_length(body)) OVER (ORDER BY number DESC) - octet_length(body) AS before
            FROM (
                SELECT number, first_event, event_count, format, body
                FROM journal
                WHERE execution_id = $1 AND number <= $2
                ORDER BY number DESC
                LIMIT $4
            ) AS step
        ) AS sized
        WHERE before < $3::int8
        ORDER BY number DESC
        "#,
        execution.0,
        number,
        bytes_max,
        PAGE_ROWS_MAX,
    )
    .fetch_all(db)
    .await
}

/// The steps of those numbers, in order: those that hold payloads which a page refers to.
/// Takes no lock; served by the primary key.
pub async fn of_numbers(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
    numbers: &[i64],
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "
        SELECT number, first_event, event_count, format, body
        FROM journal
        WHERE execution_id = $1 AND number = ANY ($2)
        ORDER BY number
        ",
        execution.0,
        numbers,
    )
    .fetch_all(db)
    .await
}

/// The number of the step that holds that event, or of the last one before it; nothing where the
/// execution has no such event. Reads the rows after it, so a page says where the next begins instead.
pub async fn step_of_event(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
    event: i64,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "
        SELECT number
        FROM journal
        WHERE execution_id = $1 AND first_event <= $2 AND first_event + event_count > $2
        ORDER BY number DESC
        LIMIT 1
        ",
        execution.0,
        event,
    )
    .fetch_optional(db)
    .await
}

/// The last step of an execution, without its body's cost; nothing where it has none.
pub async fn last_number(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "
        SELECT number
        FROM journal
        WHERE execution_id = $1
        ORDER BY number DESC
        LIMIT 1
        ",
        execution.0,
    )
    .fetch_optional(db)
    .await
}

/// The number of the execution's last event; nothing where it has none. Served by the primary key.
pub async fn last_event(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        SELECT first_event + event_count - 1 AS "last!"
        FROM journal
        WHERE execution_id = $1
        ORDER BY number DESC
        LIMIT 1
        "#,
        execution.0,
    )
    .fetch_optional(db)
    .await
}
