//! The partitions of the journal: a day of starts each, made ahead.
//!
//! Retiring them is in [`crate::retention`].

use asl::Timestamp;
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor};
use uuid::Uuid;

use crate::db::{self, Db};
use crate::ids::ExecutionId;

/// How many days ahead partitions are made.
pub const DAYS_AHEAD: i64 = 14;
/// A node's clock may be behind the database's by less than this many days.
const DAYS_BEHIND: i64 = 1;
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// A table that holds the journal of the executions with ids in `from..to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    pub table: String,
    pub from: Uuid,
    pub to: Uuid,
}

/// All partitions, in the order of their ranges. Reads the catalog only.
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<Partition>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        SELECT
            child.relname::text AS "table!",
            pg_get_expr(child.relpartbound, child.oid) AS "bounds!"
        FROM pg_inherits
        JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
        WHERE pg_inherits.inhparent = 'journal'::regclass
        "#
    )
    .fetch_all(db)
    .await?;
    let mut partitions: Vec<_> = rows
        .into_iter()
        .filter_map(|row| {
            let (from, to) = read_bounds(&row.bounds)?;
            Some(Partition {
                table: row.table,
                from,
                to,
            })
        })
        .collect();
    partitions.sort_by_key(|partition| partition.from);
    Ok(partitions)
}

/// Makes the partitions from yesterday to [`DAYS_AHEAD`] days ahead that are missing; how many were.
/// Locks the journal against other changes of its partitions, not against commits; gives up where it
/// cannot have it soon.
pub async fn make_ahead(db: &Db, now: Timestamp) -> Result<usize, sqlx::Error> {
    let mut tx = db.begin_direct().await?;
    sqlx::query("SET LOCAL lock_timeout = '5s'")
        .persistent(false)
        .execute(&mut tx)
        .await?;
    db::migrate::lock(tx.connection()).await?;
    let made = make_missing(tx.connection(), now).await?;
    tx.commit().await?;
    Ok(made)
}

/// How many days from today on have a partition without a gap; what health looks at. At 0 starts fail.
pub async fn days_ahead(db: &Db, now: Timestamp) -> Result<i64, sqlx::Error> {
    let partitions = list(db).await?;
    let today = day_of(now);
    let covered = (0..=DAYS_AHEAD)
        .take_while(|day| covers(&partitions, today + day))
        .count();
    Ok(i64::try_from(covered).unwrap_or(0))
}

pub(crate) async fn make_missing(
    connection: &mut PgConnection,
    now: Timestamp,
) -> Result<usize, sqlx::Error> {
    let partitions = list(&mut *connection).await?;
    let today = day_of(now);
    let mut made = 0;
    for day in today - DAYS_BEHIND..=today + DAYS_AHEAD {
        if !covers(&partitions, day) {
            let (from, to) = (first_id(day), first_id(day + 1));
            let table = format!("journal_{}", day_name(day));
            create(connection, &table).await?;
            attach(connection, &table, from, to).await?;
            made += 1;
        }
    }
    Ok(made)
}

/// Creates a table with the journal's columns and keys. `table` is a name that was made here.
pub(crate) async fn create(connection: &mut PgConnection, table: &str) -> Result<(), sqlx::Error> {
    let text = format!("CREATE TABLE {table} (LIKE journal INCLUDING ALL)");
    sqlx::query(AssertSqlSafe(text))
        .persistent(false)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn attach(
    connection: &mut PgConnection,
    table: &str,
    from: Uuid,
    to: Uuid,
) -> Result<(), sqlx::Error> {
    let text = format!(
        "ALTER TABLE journal ATTACH PARTITION {table} FOR VALUES FROM ('{from}') TO ('{to}')"
    );
    sqlx::query(AssertSqlSafe(text))
        .persistent(false)
        .execute(connection)
        .await?;
    Ok(())
}

/// The day of a time, counted from 1970.
pub(crate) fn day_of(time: Timestamp) -> i64 {
    time.as_millis().div_euclid(DAY_MILLIS)
}

/// The least id that an execution of that day can have.
pub(crate) fn first_id(day: i64) -> Uuid {
    let millis = u64::try_from(day.saturating_mul(DAY_MILLIS)).unwrap_or(0);
    ExecutionId::first_of(millis).0
}

/// `20261123`
pub(crate) fn day_name(day: i64) -> String {
    Timestamp::from_millis(day.saturating_mul(DAY_MILLIS))
        .to_chrono()
        .format("%Y%m%d")
        .to_string()
}

fn covers(partitions: &[Partition], day: i64) -> bool {
    let first = first_id(day);
    partitions
        .iter()
        .any(|partition| partition.from <= first && first < partition.to)
}

/// Reads `FOR VALUES FROM ('…') TO ('…')`.
fn read_bounds(text: &str) -> Option<(Uuid, Uuid)> {
    let mut quoted = text.split('\'').skip(1).step_by(2);
    let from = quoted.next()?.parse().ok()?;
    let to = quoted.next()?.parse().ok()?;
    Some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_with_its_least_id() {
        let day = 20_780;
        assert_eq!(day_name(day), "20261123");
        let noon = u64::try_from(day * DAY_MILLIS + DAY_MILLIS / 2).unwrap();
        for slot in [0, 4095] {
            let id = ExecutionId::new(noon, slot, u64::MAX).0;
            assert!(first_id(day) < id && id < first_id(day + 1));
        }
        assert_eq!(day_of(Timestamp::from_millis(day * DAY_MILLIS)), day);
        assert_eq!(
            day_of(Timestamp::from_millis(day * DAY_MILLIS - 1)),
            day - 1
        );
    }

    #[test]
    fn bounds_are_read_as_the_server_prints_them() {
        let (from, to) = (first_id(1), first_id(2));
        let text = format!("FOR VALUES FROM ('{from}') TO ('{to}')");
        assert_eq!(read_bounds(&text), Some((from, to)));
        assert_eq!(read_bounds("DEFAULT"), None);
    }
}
