//! Retention: forgetting executions that closed long enough ago, and giving their space back.
//!
//! Retention counts from the close, and an execution may run for a year. So rows are deleted in batches
//! ([`sweep`]), and the journal's partitions, which are far bigger, are retired once their newest start
//! is older than the retention ([`retire`]): the few survivors move to a small partition of the same
//! range. Both are for one node at a time, the holder of the maintenance lease.

mod replace;

use asl::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::Db;
use crate::ids::ExecutionId;
use crate::partition::{self, Partition};

/// Old partitions with no more live rows than this together become one.
const MERGED_ROWS_MAX: i64 = 20_000;

/// What one batch of a sweep did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// How many executions were forgotten.
    pub executions: u64,
    /// Where the next batch begins; nothing at the end.
    pub next: Option<ExecutionId>,
}

/// What a retirement did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retired {
    /// Partitions that are gone.
    pub tables: Vec<String>,
    /// Rows of the journal that live on in new ones.
    pub rows_kept: u64,
    /// Partitions that could not be locked in time; the next pass tries again.
    pub busy: Vec<String>,
    /// Where the next call goes on; nothing at the end.
    pub next: Option<Place>,
    exchanges: usize,
}

/// A place between two partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(Uuid);

/// Forgets executions that closed before `cutoff`, with their names, of the `limit` oldest after
/// `after`. A child of a Map Run that is open stays: its result is still to be gathered. One
/// transaction; locks the rows that it deletes. Served by the primary keys of `execution` and `map_run`.
pub async fn sweep(
    db: &Db,
    cutoff: Timestamp,
    after: Option<ExecutionId>,
    limit: i64,
) -> Result<Swept, sqlx::Error> {
    let after = after.map_or(Uuid::nil(), |id| id.0);
    let mut tx = db.begin().await?;
    let looked_at = sqlx::query!(
        r#"
        SELECT
            execution.id,
            coalesce(execution.closed_at, execution_close.closed_at) < $3
                AND NOT EXISTS (
                    SELECT
                    FROM map_run
                    WHERE map_run.id = execution.machine_id AND map_run.status = 0
                ) AS is_over
        FROM execution
        LEFT JOIN execution_close ON execution_close.execution_id = execution.id
        WHERE execution.id > $1 AND execution.id < $2
        ORDER BY execution.id
        LIMIT $4
        "#,
        after,
        first_id(cutoff),
        cutoff.to_chrono(),
        limit,
    )
    .fetch_all(&mut tx)
    .await?;
    let is_last = i64::try_from(looked_at.len()).unwrap_or(i64::MAX) < limit;
    let next = looked_at.last().map(|row| ExecutionId(row.id));
    let over: Vec<_> = looked_at
        .into_iter()
        .filter(|row| row.is_over == Some(true))
        .map(|row| row.id)
        .collect();
    sqlx::query!(
        "
        WITH gone AS (
            DELETE FROM execution WHERE id = ANY ($1) RETURNING machine_id, name
        ), closed AS (
            DELETE FROM execution_close WHERE execution_id = ANY ($1)
        ), searched AS (
            DELETE FROM execution_search WHERE execution_id = ANY ($1)
        ), logged AS (
            DELETE FROM execution_log WHERE execution_id = ANY ($1)
        ), redriven AS (
            DELETE FROM execution_redrive WHERE execution_id = ANY ($1)
        ), rerun AS (
            DELETE FROM execution_rerun WHERE execution_id = ANY ($1)
        ), folded AS (
            DELETE FROM snapshot WHERE execution_id = ANY ($1)
        ), waiting AS (
            DELETE FROM open_task WHERE execution_id = ANY ($1)
        )
        DELETE FROM execution_name
        USING gone
        WHERE execution_name.machine_id = gone.machine_id AND execution_name.name = gone.name
        ",
        &over,
    )
    .execute(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(Swept {
        executions: over.len() as u64,
        next: next.filter(|_| !is_last),
    })
}

/// Forgets at most `limit` Map Runs that closed before `cutoff` and whose execution and children are
/// forgotten; how many. Served by `map_run_closed`.
pub async fn sweep_map_runs(db: &Db, cutoff: Timestamp, limit: i64) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "
        DELETE FROM map_run
        WHERE id IN (
            SELECT run.id
            FROM map_run AS run
            WHERE run.status <> 0 AND run.closed_at < $1
                AND NOT EXISTS (SELECT FROM execution WHERE execution.id = run.execution_id)
                AND NOT EXISTS (SELECT FROM execution WHERE execution.machine_id = run.id)
            ORDER BY run.closed_at
            LIMIT $2
        )
        ",
        cutoff.to_chrono(),
        limit,
    )
    .execute(db)
    .await?;
    Ok(gone.rows_affected())
}

/// Retires the partitions whose newest start is before `cutoff`: those without an execution or Map Run
/// that is still kept are dropped, the others are replaced by small ones where that frees the most of them, and
/// small neighbours become one. Begins at `from` and ends after `exchanges_max` of these. To be called
/// after a whole [`sweep`] up to the same `cutoff`. Nothing where another session is at it: two would
/// fill the same table.
///
/// Holds the journal for the moment of the exchange only, and gives up where it cannot have it soon.
pub async fn retire(
    db: &Db,
    cutoff: Timestamp,
    from: Option<Place>,
    exchanges_max: usize,
) -> Result<Option<Retired>, sqlx::Error> {
    let mut connection = db.connect_direct().await?;
    if !replace::is_alone(&mut connection).await? {
        return Ok(None);
    }
    replace::drop_leftovers(&mut connection).await?;
    let bound = first_id(cutoff);
    let mut retired = Retired::default();
    let mut group = Group::default();
    for partition in partition::list(&mut connection).await? {
        if partition.to > bound {
            break;
        }
        if from.is_some_and(|from| partition.from < from.0) {
            continue;
        }
        if retired.exchanges >= exchanges_max {
            let first = group.partitions.first().unwrap_or(&partition);
            retired.next = Some(Place(first.from));
            return Ok(Some(retired));
        }
        let (live, all) = count(&mut connection, &partition).await?;
        if live == 0 {
            drop_partition(&mut connection, partition, &mut retired).await?;
        } else if group.live + live <= MERGED_ROWS_MAX {
            group.add(partition, live, all);
        } else {
            group.finish(&mut connection, &mut retired).await?;
            group = Group::default();
            group.add(partition, live, all);
        }
    }
    group.finish(&mut connection, &mut retired).await?;
    Ok(Some(retired))
}

/// Partitions that are replaced by one.
#[derive(Default)]
struct Group {
    partitions: Vec<Partition>,
    live: i64,
    all: i64,
}

impl Group {
    fn add(&mut self, partition: Partition, live: i64, all: i64) {
        self.partitions.push(partition);
        self.live += live;
        self.all += all;
    }

    /// Replaces the group where that is worth a copy: it makes one of several, or frees more than half.
    async fn finish(
        &mut self,
        connection: &mut PgConnection,
        retired: &mut Retired,
    ) -> Result<(), sqlx::Error> {
        let is_worth_it = self.partitions.len() > 1 || self.live * 2 <= self.all;
        if self.partitions.is_empty() || !is_worth_it {
            return Ok(());
        }
        retired.exchanges += 1;
        let tables: Vec<_> = self
            .partitions
            .iter()
            .map(|partition| partition.table.clone())
            .collect();
        match replace::replace(connection, &self.partitions).await? {
            Some(rows) => {
                retired.rows_kept += rows;
                retired.tables.extend(tables);
            }
            None => retired.busy.extend(tables),
        }
        Ok(())
    }
}

async fn drop_partition(
    connection: &mut PgConnection,
    partition: Partition,
    retired: &mut Retired,
) -> Result<(), sqlx::Error> {
    retired.exchanges += 1;
    if replace::remove(connection, &partition).await? {
        retired.tables.push(partition.table);
    } else {
        retired.busy.push(partition.table);
    }
    Ok(())
}

/// Rows of the journal whose executions or Map Runs are kept, and about how many there are at all: what the
/// server estimates, and at least the live ones.
async fn count(
    connection: &mut PgConnection,
    partition: &Partition,
) -> Result<(i64, i64), sqlx::Error> {
    let row = sqlx::query!(
        r#"
        SELECT
            (
                SELECT count(*)
                FROM (
                    SELECT id FROM execution WHERE id >= $1 AND id < $2
                    UNION ALL
                    SELECT id FROM map_run WHERE id >= $1 AND id < $2
                ) AS kept
                JOIN journal ON journal.execution_id = kept.id
                WHERE journal.execution_id >= $1 AND journal.execution_id < $2
            ) AS "live!",
            (SELECT reltuples::int8 FROM pg_class WHERE oid = to_regclass($3)) AS "estimate"
        "#,
        partition.from,
        partition.to,
        partition.table,
    )
    .fetch_one(connection)
    .await?;
    // A table that was never analyzed has an estimate of -1; then it is taken to be worth a copy.
    let all = match row.estimate {
        Some(estimate) if estimate >= 0 => estimate.max(row.live),
        _ => i64::MAX / 4,
    };
    Ok((row.live, all))
}

fn first_id(time: Timestamp) -> Uuid {
    ExecutionId::first_of(u64::try_from(time.as_millis()).unwrap_or(0)).0
}
