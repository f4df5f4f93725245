//! Taking over what a dead node owned.

use crate::db::{Db, Tx};
use crate::ids::{Incarnation, NodeId, ShardId};

/// What came of the attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// These shards are the taker's now, and no commit of the dead node can land any more.
    Taken(Vec<ShardId>),
    /// Its lease has not run out, or another node was first.
    Alive,
}

/// Takes over the shards of a node whose lease has run out.
///
/// Marks its row dead first. Each of its commits locks that row, so the mark waits for those under way,
/// and those that come later find it: what is read afterwards is final. One transaction; locks the dead
/// node's row, then its heartbeat, then its shards.
pub async fn take_over(
    db: &Db,
    dead: NodeId,
    dead_incarnation: Incarnation,
    taker: NodeId,
    taker_incarnation: Incarnation,
) -> Result<Takeover, sqlx::Error> {
    let mut tx = db.begin().await?;
    if !lock(&mut tx, dead, dead_incarnation).await? || !is_expired(&mut tx, dead).await? {
        return Ok(Takeover::Alive);
    }
    mark_dead(&mut tx, dead, dead_incarnation).await?;
    let shards = sqlx::query_scalar!(
        "
        UPDATE shard
        SET node_id = $3, incarnation = $4
        WHERE node_id = $1 AND incarnation = $2
        RETURNING id
        ",
        dead.0,
        dead_incarnation.0,
        taker.0,
        taker_incarnation.0,
    )
    .fetch_all(&mut tx)
    .await?;
    super::tell_all(&mut tx).await?;
    tx.commit().await?;
    let mut shards: Vec<_> = shards.into_iter().map(ShardId).collect();
    shards.sort_unstable();
    Ok(Takeover::Taken(shards))
}

/// Marks a life of a node dead and forgets its heartbeat, so that the node learns of it at its next.
/// False where it was dead already. Waits for its commits under way.
pub(super) async fn mark_dead(
    tx: &mut Tx,
    node: NodeId,
    incarnation: Incarnation,
) -> Result<bool, sqlx::Error> {
    let marked = sqlx::query!(
        "
        UPDATE node
        SET dead_at = clock_timestamp()
        WHERE id = $1 AND incarnation = $2 AND dead_at IS NULL
        ",
        node.0,
        incarnation.0,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "DELETE FROM node_heartbeat WHERE node_id = $1 AND incarnation = $2",
        node.0,
        incarnation.0,
    )
    .execute(tx)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// Locks the row of a node that lives; false where it does not.
async fn lock(tx: &mut Tx, node: NodeId, incarnation: Incarnation) -> Result<bool, sqlx::Error> {
    let row = sqlx::query!(
        "
        SELECT id FROM node
        WHERE id = $1 AND incarnation = $2 AND dead_at IS NULL
        FOR UPDATE
        ",
        node.0,
        incarnation.0,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.is_some())
}

/// Looks at the heartbeat under its lock: one that came while the node's row was waited for counts.
async fn is_expired(tx: &mut Tx, node: NodeId) -> Result<bool, sqlx::Error> {
    let is_expired = sqlx::query_scalar!(
        r#"
        SELECT at + lease_ms * interval '1 millisecond' < clock_timestamp() AS "is_expired!"
        FROM node_heartbeat
        WHERE node_id = $1
        FOR UPDATE
        "#,
        node.0,
    )
    .fetch_optional(tx)
    .await?;
    Ok(is_expired.unwrap_or(true))
}
