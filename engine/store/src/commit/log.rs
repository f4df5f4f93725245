//! The log of commits: how the outcome of one that ended in doubt is found.

use asl::Timestamp;
use sqlx::PgExecutor;

use super::item::Fence;
use super::refusals::Refusals;
use crate::db::Db;

/// What the commit of that name left out, or nothing where it did not happen; then it never will.
///
/// Writes the name in the commit's stead. Where the commit has inserted it and is not yet done, the
/// insert waits for its end; where it has not, its own insert fails. Served by the primary key.
pub(super) async fn resolve(db: &Db, fence: &Fence) -> Result<Option<Refusals>, sqlx::Error> {
    let abandoned = sqlx::query!(
        "
        INSERT INTO commit_log (node_id, incarnation, seq, is_abandoned)
        VALUES ($1, $2, $3, true)
        ON CONFLICT (node_id, incarnation, seq) DO NOTHING
        ",
        fence.node.0,
        fence.incarnation.0,
        fence.seq,
    )
    .execute(db)
    .await?;
    if abandoned.rows_affected() == 1 {
        return Ok(None);
    }
    let row = sqlx::query!(
        "
        SELECT is_abandoned, names_taken, guards_lost, steps_taken, rejected
        FROM commit_log
        WHERE node_id = $1 AND incarnation = $2 AND seq = $3
        ",
        fence.node.0,
        fence.incarnation.0,
        fence.seq,
    )
    .fetch_one(db)
    .await?;
    if row.is_abandoned {
        return Ok(None);
    }
    Ok(Some(Refusals {
        names_taken: row.names_taken.unwrap_or_default(),
        guards_lost: row.guards_lost.unwrap_or_default(),
        steps_taken: row.steps_taken.unwrap_or_default(),
        rejected: row.rejected.unwrap_or_default(),
    }))
}

/// Deletes the names of commits before `fence.seq`, and those of the node's earlier lives. Only what
/// nobody will ask for: every commit before it must have been answered or resolved.
/// Takes no lock that a commit waits for; served by the primary key.
pub async fn trim(db: &Db, fence: &Fence) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "
        DELETE FROM commit_log
        WHERE node_id = $1 AND (incarnation < $2 OR incarnation = $2 AND seq < $3)
        ",
        fence.node.0,
        fence.incarnation.0,
        fence.seq,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes up to `limit` names of commits of nodes that died before `dead_before`: nobody will ask for
/// them. Takes no lock that a commit waits for; served by the primary key.
pub async fn forget_dead(
    db: impl PgExecutor<'_>,
    dead_before: Timestamp,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "
        DELETE FROM commit_log
        USING (
            SELECT past.node_id, past.incarnation, past.seq
            FROM node
            JOIN commit_log AS past
                ON past.node_id = node.id AND past.incarnation <= node.incarnation
            WHERE node.dead_at < $1
            LIMIT $2
        ) AS gone
        WHERE commit_log.node_id = gone.node_id AND commit_log.incarnation = gone.incarnation
            AND commit_log.seq = gone.seq
        ",
        dead_before.to_chrono(),
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
