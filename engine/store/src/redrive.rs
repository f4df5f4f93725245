//! What is known of redrives: the requests that led to one, by their tokens. Written by
//! [`crate::commit`] alone.

use asl::Timestamp;
use sqlx::PgExecutor;

use crate::ids::ExecutionId;

/// Of so many redrives of an execution, the latest, the tokens are remembered.
///
/// Source: the service model, `clientToken` of RedriveExecution.
const TOKENS_MAX: i64 = 10;

/// When a request with that token redrove the execution, where it was among the latest and after
/// `since`. Served by the primary key.
pub async fn by_token(
    db: impl PgExecutor<'_>,
    execution: ExecutionId,
    client_token: &str,
    since: Timestamp,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "
        SELECT redriven_at
        FROM (
            SELECT redriven_at, client_token
            FROM execution_redrive
            WHERE execution_id = $1
            ORDER BY number DESC
            LIMIT $4
        ) AS latest
        WHERE client_token = $2 AND redriven_at >= $3
        ",
        execution.0,
        client_token,
        since.to_chrono(),
        TOKENS_MAX,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|at| Timestamp(at.timestamp_micros())))
}
