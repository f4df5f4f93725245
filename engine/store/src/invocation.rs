//! Records of invocations: the table `function_invocation`. Written behind, many in one statement.

use asl::Timestamp;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::text::storable;

/// One invocation that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    pub request_id: String,
    pub name: String,
    pub version: String,
    pub execution_arn: Option<String>,
    pub queued_at: Timestamp,
    pub init_us: Option<i64>,
    pub duration_us: i64,
    pub memory_mb: i32,
    pub peak_memory_bytes: i64,
    pub event_bytes: i64,
    pub answer_bytes: i64,
    pub tries: i32,
    pub outcome: String,
    pub level: String,
    pub log: String,
}

/// What an invocation wrote, for those who look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub id: i64,
    pub request_id: String,
    pub queued_at: DateTime<Utc>,
    pub outcome: String,
    pub log: String,
}

/// Writes records. One statement; it takes no lock that anybody waits for.
pub async fn write(
    db: impl PgExecutor<'_>,
    node: Uuid,
    all: &[Invocation],
) -> Result<(), sqlx::Error> {
    fn column<T>(all: &[Invocation], of: impl Fn(&Invocation) -> T) -> Vec<T> {
        all.iter().map(of).collect()
    }
    sqlx::query!(
        "
        INSERT INTO function_invocation
            (request_id, name, version, execution_arn, queued_at, init_us, duration_us, memory_mb,
             peak_memory_bytes, event_bytes, answer_bytes, tries, outcome, level, node_id, log)
        SELECT request_id, name, version, execution_arn, queued_at, init_us, duration_us, memory_mb,
               peak_memory_bytes, event_bytes, answer_bytes, tries, outcome, level, $15, log
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::int8[],
                    $7::int8[], $8::int4[], $9::int8[], $10::int8[], $11::int8[], $12::int4[],
                    $13::text[], $14::text[], $16::text[]) AS written
            (request_id, name, version, execution_arn, queued_at, init_us, duration_us, memory_mb,
             peak_memory_bytes, event_bytes, answer_bytes, tries, outcome, level, log)
        ",
        &column(all, |each| each.request_id.clone()),
        &column(all, |each| each.name.clone()),
        &column(all, |each| each.version.clone()),
        &column(all, |each| each.execution_arn.clone()) as &[Option<String>],
        &column(all, |each| each.queued_at.to_chrono()),
        &column(all, |each| each.init_us) as &[Option<i64>],
        &column(all, |each| each.duration_us),
        &column(all, |each| each.memory_mb),
        &column(all, |each| each.peak_memory_bytes),
        &column(all, |each| each.event_bytes),
        &column(all, |each| each.answer_bytes),
        &column(all, |each| each.tries),
        &column(all, |each| each.outcome.clone()),
        &column(all, |each| each.level.clone()),
        node,
        &column(all, |each| storable(&each.log).into_owned()),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The newest logs of a function, the oldest of them first, those after `after` where that is given. Takes no
/// lock; served by the index on (name, id).
pub async fn logs(
    db: impl PgExecutor<'_>,
    name: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Logged>, sqlx::Error> {
    let mut found = sqlx::query_as!(
        Logged,
        "
        SELECT id, request_id, queued_at, outcome, log
        FROM function_invocation
        WHERE name = $1 AND id > $2
        ORDER BY id DESC
        LIMIT $3
        ",
        name,
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    found.reverse();
    Ok(found)
}
