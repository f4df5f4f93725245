//! Lines of the log that are yet to be sent to a log group: the table `log_outbox`.
//!
//! A row is added with its line ([`crate::event_log`]) and deleted when the group has the line, so that a
//! node that goes down sends some lines twice and leaves none out.

use asl::Timestamp;
use sqlx::PgExecutor;

/// A line on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub id: i64,
    /// The ARN of the log group, as the machine's configuration has it.
    pub log_group: String,
    pub machine_name: String,
    /// The event's time and the line's text; nothing where the line was forgotten meanwhile.
    pub line: Option<(Timestamp, String)>,
}

/// The oldest lines that are not for one of the groups `but`: at least one if there is one, then no more than
/// fill `bytes_max`, and `limit` at most. Takes no lock; served by the primary keys.
pub async fn oldest(
    db: impl PgExecutor<'_>,
    but: &[String],
    bytes_max: i64,
    limit: i64,
) -> Result<Vec<Pending>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        SELECT id AS "id!", log_group AS "log_group!", machine_name AS "machine_name!",
            event_at AS "event_at?", body AS "body?"
        FROM (
            SELECT id, log_group, machine_name, event_at, body,
                sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS before
            FROM (
                SELECT
                    log_outbox.id, log_outbox.log_group, log_outbox.machine_name,
                    execution_log.event_at, execution_log.body
                FROM log_outbox
                LEFT JOIN execution_log USING (execution_id, event)
                WHERE log_outbox.log_group <> ALL ($1)
                ORDER BY log_outbox.id
                LIMIT $3
            ) AS waiting
        ) AS sized
        WHERE coalesce(before, 0) < $2::int8
        ORDER BY id
        "#,
        but,
        bytes_max,
        limit,
    )
    .fetch_all(db)
    .await?;
    let pending = rows.into_iter().map(|row| Pending {
        id: row.id,
        log_group: row.log_group,
        machine_name: row.machine_name,
        line: row
            .event_at
            .zip(row.body)
            .map(|(at, body)| (Timestamp(at.timestamp_micros()), body)),
    });
    Ok(pending.collect())
}

/// Takes lines off that were sent or given up. One statement; locks the rows that it deletes.
pub async fn delete(db: impl PgExecutor<'_>, ids: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM log_outbox WHERE id = ANY ($1)", ids)
        .execute(db)
        .await?;
    Ok(())
}
