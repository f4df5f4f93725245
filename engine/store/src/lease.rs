//! Who owns what: nodes, their heartbeats, shards, and the hand-overs between them.
//!
//! Times are the database's own clock, since leases of several nodes are compared. Which node should
//! have which shard is not decided here but in the runtime.

mod maintenance;
mod takeover;

use std::collections::HashMap;
use std::time::Duration;

use asl::Timestamp;
use sqlx::PgExecutor;

use crate::db::Db;
use crate::ids::{Incarnation, NodeId, SLOTS, ShardId};

pub use maintenance::hold;
pub use takeover::{Takeover, take_over};

/// On this channel nodes hear that shards have changed hands or are free. A notice is a hint.
pub const CHANNEL: &str = "stepwright_shard";

/// A node's place among the others, for as long as this life of it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    pub node: NodeId,
    pub incarnation: Incarnation,
    /// The database's clock while it answered.
    pub now: Timestamp,
}

/// A node as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub node: NodeId,
    pub incarnation: Incarnation,
    pub address: String,
    pub registered_at: Timestamp,
    /// How long ago its last heartbeat was.
    pub silent_for: Duration,
    pub lease: Duration,
    /// How many shards it owns.
    pub shards: i64,
}

impl Node {
    /// Whether its lease has run out, so that its shards may be taken over.
    pub fn is_expired(&self) -> bool {
        self.silent_for > self.lease
    }
}

/// Which shard a slot belongs to, and who owns the shards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardMap {
    /// One entry a slot.
    by_slot: Vec<ShardId>,
    /// All shards, in order, with their owner where they have a living one.
    pub owners: Vec<(ShardId, Option<(NodeId, Incarnation)>)>,
}

impl ShardMap {
    /// The shard of a slot, as [`crate::ids::ExecutionId::slot`] gives it.
    pub fn shard_of(&self, slot: u16) -> ShardId {
        self.by_slot
            .get(usize::from(slot % SLOTS))
            .copied()
            .unwrap_or(ShardId(0))
    }

    /// The slots of a shard.
    pub fn slots_of(&self, shard: ShardId) -> Vec<u16> {
        (0..SLOTS)
            .filter(|slot| self.shard_of(*slot) == shard)
            .collect()
    }

    pub fn owner(&self, shard: ShardId) -> Option<(NodeId, Incarnation)> {
        self.owners
            .iter()
            .find(|(id, _)| *id == shard)
            .and_then(|(_, owner)| *owner)
    }
}

/// Begins a new life of a node: from now on its earlier ones commit nothing. Waits for the commits that
/// they have under way; after that the shards that they owned are free. One transaction; locks the
/// node's row, then its heartbeat.
pub async fn register(
    db: &Db,
    node: NodeId,
    address: &str,
    lease: Duration,
) -> Result<Registration, sqlx::Error> {
    let mut tx = db.begin().await?;
    let row = sqlx::query!(
        r#"
        INSERT INTO node (id, incarnation, registered_at, address)
        VALUES ($1, 1, clock_timestamp(), $2)
        ON CONFLICT (id) DO UPDATE SET
            incarnation = node.incarnation + 1,
            registered_at = clock_timestamp(),
            dead_at = NULL,
            address = excluded.address
        RETURNING incarnation, clock_timestamp() AS "now!"
        "#,
        node.0,
        address,
    )
    .fetch_one(&mut tx)
    .await?;
    sqlx::query!(
        "
        INSERT INTO node_heartbeat (node_id, incarnation, at, lease_ms)
        VALUES ($1, $2, clock_timestamp(), $3)
        ON CONFLICT (node_id) DO UPDATE SET
            incarnation = excluded.incarnation,
            at = excluded.at,
            lease_ms = excluded.lease_ms
        ",
        node.0,
        row.incarnation,
        millis(lease),
    )
    .execute(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(Registration {
        node,
        incarnation: Incarnation(row.incarnation),
        now: timestamp(row.now),
    })
}

/// Renews the lease. The database's clock while it answered, or nothing where the lease is lost: the
/// node was taken over, or lives again elsewhere. Locks the heartbeat's row only, so that it never
/// waits for a commit.
pub async fn heartbeat(
    db: impl PgExecutor<'_>,
    node: NodeId,
    incarnation: Incarnation,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let now = sqlx::query_scalar!(
        "
        UPDATE node_heartbeat
        SET at = clock_timestamp()
        WHERE node_id = $1 AND incarnation = $2
        RETURNING at
        ",
        node.0,
        incarnation.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(now.map(timestamp))
}

/// The nodes that live as far as is known, expired ones included, the oldest life first.
pub async fn nodes(db: impl PgExecutor<'_>) -> Result<Vec<Node>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        SELECT
            node.id, node.incarnation, node.address, node.registered_at, node_heartbeat.lease_ms,
            (extract(epoch FROM clock_timestamp() - node_heartbeat.at) * 1000)::int8
                AS "silent_ms!",
            (
                SELECT count(*) FROM shard
                WHERE shard.node_id = node.id AND shard.incarnation = node.incarnation
            ) AS "shards!"
        FROM node
        JOIN node_heartbeat
            ON node_heartbeat.node_id = node.id AND node_heartbeat.incarnation = node.incarnation
        WHERE node.dead_at IS NULL
        ORDER BY node.registered_at, node.id
        "#
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Node {
            node: NodeId(row.id),
            incarnation: Incarnation(row.incarnation),
            address: row.address,
            registered_at: timestamp(row.registered_at),
            silent_for: duration(row.silent_ms),
            lease: duration(row.lease_ms),
            shards: row.shards,
        })
        .collect())
}

/// Which slots belong to which shard, and who owns them.
pub async fn shard_map(db: impl PgExecutor<'_>) -> Result<ShardMap, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        SELECT
            shard.id, slot_range.first_slot AS "first_slot?", slot_range.last_slot AS "last_slot?",
            node.id AS "node_id?", node.incarnation AS "incarnation?"
        FROM shard
        LEFT JOIN slot_range ON slot_range.shard = shard.id
        LEFT JOIN node
            ON node.id = shard.node_id AND node.incarnation = shard.incarnation
            AND node.dead_at IS NULL
        ORDER BY shard.id, slot_range.first_slot
        "#
    )
    .fetch_all(db)
    .await?;
    let mut by_slot = vec![ShardId(0); usize::from(SLOTS)];
    let mut owners: Vec<(ShardId, Option<(NodeId, Incarnation)>)> = Vec::new();
    for row in rows {
        let shard = ShardId(row.id);
        let range = row.first_slot.zip(row.last_slot).and_then(|(first, last)| {
            let (first, last) = (usize::try_from(first).ok()?, usize::try_from(last).ok()?);
            by_slot.get_mut(first..=last)
        });
        if let Some(slots) = range {
            slots.fill(shard);
        }
        if owners.last().is_none_or(|(last, _)| *last != shard) {
            let owner = row.node_id.zip(row.incarnation);
            owners.push((
                shard,
                owner.map(|(node, incarnation)| (NodeId(node), Incarnation(incarnation))),
            ));
        }
    }
    Ok(ShardMap { by_slot, owners })
}

/// Takes up to `at_most` shards that no living node owns; which. Locks their rows and skips those
/// that another node is taking at this moment.
pub async fn claim_free(
    db: impl PgExecutor<'_>,
    node: NodeId,
    incarnation: Incarnation,
    at_most: i64,
) -> Result<Vec<ShardId>, sqlx::Error> {
    let shards = sqlx::query_scalar!(
        "
        UPDATE shard
        SET node_id = $1, incarnation = $2
        WHERE id IN (
            SELECT free.id
            FROM shard AS free
            WHERE NOT EXISTS (
                SELECT FROM node
                WHERE node.id = free.node_id AND node.incarnation = free.incarnation
                    AND node.dead_at IS NULL
            )
            ORDER BY free.id
            LIMIT $3
            FOR UPDATE SKIP LOCKED
        )
        AND EXISTS (
            SELECT FROM node WHERE id = $1 AND incarnation = $2 AND dead_at IS NULL
        )
        RETURNING id
        ",
        node.0,
        incarnation.0,
        at_most,
    )
    .fetch_all(db)
    .await?;
    let mut shards: Vec<_> = shards.into_iter().map(ShardId).collect();
    shards.sort_unstable();
    Ok(shards)
}

/// Hands one shard to another living node. Its owner alone may, after it has committed its last step
/// there. False where it was not the owner or the other does not live.
pub async fn hand_over(
    db: &Db,
    shard: ShardId,
    node: NodeId,
    incarnation: Incarnation,
    to: NodeId,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "
        UPDATE shard
        SET node_id = other.id, incarnation = other.incarnation
        FROM node AS other
        WHERE shard.id = $1 AND shard.node_id = $2 AND shard.incarnation = $3
            AND other.id = $4 AND other.dead_at IS NULL
        ",
        shard.0,
        node.0,
        incarnation.0,
        to.0,
    )
    .execute(db)
    .await?;
    let is_done = done.rows_affected() == 1;
    if is_done {
        tell_all(db).await?;
    }
    Ok(is_done)
}

/// Ends this life of a node after it has drained: its shards are free at once. Waits for its commits
/// under way. One transaction; locks the node's row, then its heartbeat, then its shards.
pub async fn stop(db: &Db, node: NodeId, incarnation: Incarnation) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    if takeover::mark_dead(&mut tx, node, incarnation).await? {
        sqlx::query!(
            "
            UPDATE shard
            SET node_id = NULL, incarnation = NULL
            WHERE node_id = $1 AND incarnation = $2
            ",
            node.0,
            incarnation.0,
        )
        .execute(&mut tx)
        .await?;
    }
    tell_all(&mut tx).await?;
    tx.commit().await
}

/// Tells every node to look at the shards.
pub async fn tell_all(db: impl PgExecutor<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT FROM (SELECT pg_notify($1, '')) AS told", CHANNEL)
        .execute(db)
        .await?;
    Ok(())
}

/// How many shards each living node owns, for whoever balances them.
pub fn shares(map: &ShardMap) -> HashMap<NodeId, usize> {
    let mut shares = HashMap::new();
    for (node, _) in map.owners.iter().filter_map(|(_, owner)| *owner) {
        *shares.entry(node).or_insert(0) += 1;
    }
    shares
}

fn timestamp(time: chrono::DateTime<chrono::Utc>) -> Timestamp {
    Timestamp(time.timestamp_micros())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis())
        .unwrap_or(i64::MAX)
        .max(1)
}

fn duration(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
