//! Where aliases led: the table `alias_move`. Written with each change of an alias, in its transaction.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::Route;
use crate::db::Tx;

/// Moves of a machine's aliases that are kept.
const KEPT: i64 = 200;

/// An alias that was made, led elsewhere or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub alias: String,
    pub moved_at: DateTime<Utc>,
    /// Where it led from then on; none where it was deleted.
    pub routes: Vec<Route>,
}

/// The newest moves of a machine's aliases, newest first. Takes no lock; served by the primary key.
pub async fn moves(
    db: impl PgExecutor<'_>,
    machine_id: Uuid,
    limit: i64,
) -> Result<Vec<Move>, sqlx::Error> {
    let rows = sqlx::query!(
        "
        SELECT alias, moved_at, versions, weights
        FROM alias_move
        WHERE machine_id = $1
        ORDER BY number DESC
        LIMIT $2
        ",
        machine_id,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Move {
            alias: row.alias,
            moved_at: row.moved_at,
            routes: row
                .versions
                .into_iter()
                .zip(row.weights)
                .map(|(version, weight)| Route { version, weight })
                .collect(),
        })
        .collect())
}

/// Writes a move, and takes away those that are too many.
pub(super) async fn record(
    transaction: &mut Tx,
    machine_id: Uuid,
    moved: &Move,
) -> Result<(), sqlx::Error> {
    let versions: Vec<i64> = moved.routes.iter().map(|route| route.version).collect();
    let weights: Vec<i16> = moved.routes.iter().map(|route| route.weight).collect();
    sqlx::query!(
        "
        INSERT INTO alias_move (machine_id, alias, moved_at, versions, weights)
        VALUES ($1, $2, $3, $4, $5)
        ",
        machine_id,
        moved.alias,
        moved.moved_at,
        &versions,
        &weights,
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "
        DELETE FROM alias_move
        WHERE machine_id = $1 AND number <= (
            SELECT number
            FROM alias_move
            WHERE machine_id = $1
            ORDER BY number DESC
            OFFSET $2
            LIMIT 1
        )
        ",
        machine_id,
        KEPT,
    )
    .execute(&mut *transaction)
    .await?;
    Ok(())
}
