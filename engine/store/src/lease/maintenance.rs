//! Leases for work that one node at a time does for all, such as making partitions.

use std::time::Duration;

use sqlx::PgExecutor;

use crate::ids::NodeId;

/// Takes or renews the lease of that name. True where the node holds it now, for `lease` from now on by
/// the database's clock. Locks the lease's row.
pub async fn hold(
    db: impl PgExecutor<'_>,
    name: &str,
    node: NodeId,
    lease: Duration,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "
        INSERT INTO maintenance_lease AS held (name, node_id, held_until)
        VALUES ($1, $2, clock_timestamp() + $3 * interval '1 second')
        ON CONFLICT (name) DO UPDATE SET
            node_id = excluded.node_id,
            held_until = excluded.held_until
        WHERE held.node_id = excluded.node_id OR held.held_until < clock_timestamp()
        ",
        name,
        node.0,
        lease.as_secs_f64(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
