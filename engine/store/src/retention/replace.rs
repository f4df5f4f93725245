//! The exchange of old partitions of the journal for a small one with their survivors.
//!
//! Survivors are copied while everybody goes on working. Then, with the journal held for a moment, the
//! rows that were added since are copied too and the tables are exchanged, in one transaction. A
//! commit that comes in that moment waits; so the wait for the lock is short, and tried again.

use std::time::Duration;

use asl::Timestamp;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::ids::ExecutionId;
use crate::partition::{self, Partition};

/// How often the lock is tried before the partitions are left for the next pass.
const TRIES: u32 = 20;
/// Everybody waits for as long as the journal is waited for, so that is short.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '200ms'";
/// Between tries commits catch up.
const PAUSE: Duration = Duration::from_millis(250);
/// What a table is called while it is filled.
const FILLING: &str = "journal_filling";

/// Any number that nothing else locks: the letters of "journal".
const LOCK: i64 = 0x006a_6f75_726e_616c;

/// Takes the right to fill and exchange tables, for as long as this session lives: a lease would not
/// do, since its holder may be slower than it thinks. False where another session has it.
pub(super) async fn is_alone(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "is_alone!""#, LOCK)
        .fetch_one(connection)
        .await
}

/// Puts one partition with the survivors of `old` in their place; how many rows it holds, or nothing
/// where the journal could not be had. The partitions are in order.
pub(super) async fn replace(
    connection: &mut PgConnection,
    old: &[Partition],
) -> Result<Option<u64>, sqlx::Error> {
    let (Some(first), Some(last)) = (old.first(), old.last()) else {
        return Ok(Some(0));
    };
    let (from, to) = (first.from, last.to);
    drop_leftovers(connection).await?;
    partition::create(connection, FILLING).await?;
    // With this the server need not read the table to know that its rows are in range.
    run(
        connection,
        format!(
            "ALTER TABLE {FILLING} ADD CONSTRAINT in_range \
             CHECK (execution_id >= '{from}' AND execution_id < '{to}')"
        ),
    )
    .await?;
    // Only these can get another row while the copy runs, so only these are looked at again.
    let open = open_in(connection, from, to).await?;
    for partition in old {
        run(
            connection,
            format!(
                "INSERT INTO {FILLING} (execution_id, number, first_event, event_count, format, body) \
                 SELECT old.execution_id, old.number, old.first_event, old.event_count, old.format, \
                 old.body FROM ( \
                 SELECT id FROM execution WHERE id >= '{from}' AND id < '{to}' \
                 UNION ALL SELECT id FROM map_run WHERE id >= '{from}' AND id < '{to}' \
                 ) AS kept JOIN {} AS old ON old.execution_id = kept.id",
                partition.table
            ),
        )
        .await?;
    }
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        match exchange(connection, old, from, to, &open).await {
            Ok(rows) => {
                for partition in old {
                    run(connection, format!("DROP TABLE {}", partition.table)).await?;
                }
                return Ok(Some(rows));
            }
            Err(error) if is_lock_timeout(&error) => {}
            Err(error) => return Err(error),
        }
    }
    drop_leftovers(connection).await?;
    Ok(None)
}

/// Drops a partition in which nothing is kept; false where the journal could not be had.
pub(super) async fn remove(
    connection: &mut PgConnection,
    partition: &Partition,
) -> Result<bool, sqlx::Error> {
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let mut transaction = connection.begin().await?;
        let detached = async {
            hold(&mut transaction, std::slice::from_ref(partition)).await?;
            detach(&mut transaction, &partition.table).await
        }
        .await;
        match detached {
            Ok(()) => {
                transaction.commit().await?;
                run(connection, format!("DROP TABLE {}", partition.table)).await?;
                return Ok(true);
            }
            Err(error) if is_lock_timeout(&error) => transaction.rollback().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Drops what an earlier pass left when it was broken off: a table that was being filled, and tables
/// that were taken out of the journal and not yet dropped.
pub(super) async fn drop_leftovers(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let tables = sqlx::query_scalar!(
        r#"
        SELECT relname::text AS "relname!"
        FROM pg_class
        WHERE relkind = 'r' AND NOT relispartition AND pg_table_is_visible(oid)
            AND (relname = $1 OR relname ~ '^journal_[0-9]{8}(_[0-9]+)*$')
        "#,
        FILLING,
    )
    .fetch_all(&mut *connection)
    .await?;
    for table in tables {
        run(connection, format!("DROP TABLE {table}")).await?;
    }
    Ok(())
}

async fn exchange(
    connection: &mut PgConnection,
    old: &[Partition],
    from: Uuid,
    to: Uuid,
    open: &[Uuid],
) -> Result<u64, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    hold(&mut transaction, old).await?;
    for partition in old {
        let text = format!(
            "INSERT INTO {FILLING} (execution_id, number, first_event, event_count, format, body) \
             SELECT old.execution_id, old.number, old.first_event, old.event_count, old.format, \
             old.body FROM {} AS old WHERE old.execution_id = ANY ($1) \
             ON CONFLICT (execution_id, number) DO NOTHING",
            partition.table
        );
        sqlx::query(AssertSqlSafe(text))
            .persistent(false)
            .bind(open)
            .execute(&mut *transaction)
            .await?;
        detach(&mut transaction, &partition.table).await?;
    }
    let name = name_for(&mut transaction, from, to).await?;
    run(
        &mut transaction,
        format!("ALTER TABLE {FILLING} RENAME TO {name}"),
    )
    .await?;
    partition::attach(&mut transaction, &name, from, to).await?;
    run(
        &mut transaction,
        format!("ALTER TABLE {name} DROP CONSTRAINT in_range"),
    )
    .await?;
    transaction.commit().await?;
    // A table of few rows is never analyzed by itself, and would look worth another copy for ever.
    run(connection, format!("ANALYZE {name}")).await?;
    let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {name}")))
        .persistent(false)
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

/// Holds the journal against everybody else. First the old tables against the autovacuum, which is
/// broken off for it, so that nothing but commits is waited for while everybody waits.
async fn hold(transaction: &mut PgConnection, old: &[Partition]) -> Result<(), sqlx::Error> {
    run(transaction, "SET LOCAL lock_timeout = '5s'".to_owned()).await?;
    for partition in old {
        run(
            transaction,
            format!(
                "LOCK TABLE ONLY {} IN SHARE UPDATE EXCLUSIVE MODE",
                partition.table
            ),
        )
        .await?;
    }
    run(transaction, LOCK_TIMEOUT.to_owned()).await?;
    run(
        transaction,
        "LOCK TABLE ONLY journal IN ACCESS EXCLUSIVE MODE".to_owned(),
    )
    .await
}

async fn detach(transaction: &mut PgConnection, table: &str) -> Result<(), sqlx::Error> {
    run(
        transaction,
        format!("ALTER TABLE journal DETACH PARTITION {table}"),
    )
    .await
}

/// The open executions and Map Runs of a range.
async fn open_in(
    connection: &mut PgConnection,
    from: Uuid,
    to: Uuid,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        SELECT execution_id AS "id!"
        FROM execution_open
        WHERE execution_id >= $1 AND execution_id < $2
        UNION ALL
        SELECT id
        FROM map_run
        WHERE status = 0 AND id >= $1 AND id < $2
        "#,
        from,
        to,
    )
    .fetch_all(connection)
    .await
}

/// A name that no table has, which says what the table holds: its first day and the one after its last.
async fn name_for(
    transaction: &mut PgConnection,
    from: Uuid,
    to: Uuid,
) -> Result<String, sqlx::Error> {
    let plain = format!("journal_{}_{}", day_name_of(from), day_name_of(to));
    let mut name = plain.clone();
    let mut number = 1;
    while is_table(transaction, &name).await? {
        number += 1;
        name = format!("{plain}_{number}");
    }
    Ok(name)
}

fn day_name_of(id: Uuid) -> String {
    let millis = i64::try_from(ExecutionId(id).unix_millis()).unwrap_or(0);
    partition::day_name(partition::day_of(Timestamp::from_millis(millis)))
}

async fn is_table(transaction: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT to_regclass($1) IS NOT NULL AS "is_table!""#, name)
        .fetch_one(transaction)
        .await
}

/// Runs a statement whose text was made here, of constants, names of tables and ids.
async fn run(connection: &mut PgConnection, text: String) -> Result<(), sqlx::Error> {
    sqlx::query(AssertSqlSafe(text))
        .persistent(false)
        .execute(connection)
        .await?;
    Ok(())
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().as_deref() == Some("55P03"),
        _ => false,
    }
}
