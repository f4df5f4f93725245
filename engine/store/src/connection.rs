//! Connections: the table `connection`, how an HTTP task proves who it is. Opening the sealed part
//! is the web crate's business.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::sealed::Sealed;

/// A connection as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// 1 to 64 letters, digits, dots, hyphens and underscores.
    pub name: String,
    /// The last part of the connection's ARN.
    pub id: Uuid,
    /// `BASIC`, `API_KEY` or `OAUTH_CLIENT_CREDENTIALS`.
    pub authorization_type: String,
    /// JSON text: everything about the connection that is not secret.
    pub parameters: String,
    /// JSON text, sealed: its secret values.
    pub sealed: Sealed,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How many connections there may be. Every node may come to hold all of them in memory.
pub const CONNECTIONS_MAX: i64 = 10_000;

/// Writes the connection, over an earlier one of its name, whose id and creation date stay. Gives
/// the id that it has now and whether the name was new; none, and nothing is written, where it is
/// new and [`CONNECTIONS_MAX`] are there already (two at once may both pass the count). Locks the
/// one row; served by the primary key.
pub async fn put(
    db: impl PgExecutor<'_>,
    connection: &Connection,
) -> Result<Option<(Uuid, bool)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        INSERT INTO connection
            (name, id, authorization_type, parameters, sealed, key_version, created_at, updated_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8
        WHERE EXISTS (SELECT 1 FROM connection WHERE name = $1)
           OR (SELECT count(*) FROM connection) < $9
        ON CONFLICT (name) DO UPDATE SET
            authorization_type = EXCLUDED.authorization_type,
            parameters = EXCLUDED.parameters,
            sealed = EXCLUDED.sealed,
            key_version = EXCLUDED.key_version,
            updated_at = EXCLUDED.updated_at
        RETURNING id, created_at = updated_at AS "is_new!"
        "#,
        connection.name,
        connection.id,
        connection.authorization_type,
        connection.parameters,
        connection.sealed.bytes,
        connection.sealed.key_version,
        connection.created_at,
        connection.updated_at,
        CONNECTIONS_MAX,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.is_new)))
}

/// The connection of that name. Takes no lock; served by the primary key.
pub async fn get(db: impl PgExecutor<'_>, name: &str) -> Result<Option<Connection>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "
        SELECT name, id, authorization_type, parameters, sealed, key_version, created_at, updated_at
        FROM connection
        WHERE name = $1
        ",
        name,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Connection::from))
}

/// Connections in the order of their names, from the first after `after`, at most `limit` of them.
/// Takes no lock; served by the primary key.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Connection>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "
        SELECT name, id, authorization_type, parameters, sealed, key_version, created_at, updated_at
        FROM connection
        WHERE name > $1
        ORDER BY name
        LIMIT $2
        ",
        after.unwrap_or(""),
        i64::from(limit),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Connection::from).collect())
}

/// True where there was a connection of that name. Locks the one row; served by the primary key.
pub async fn delete(db: impl PgExecutor<'_>, name: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM connection WHERE name = $1", name)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

struct Row {
    name: String,
    id: Uuid,
    authorization_type: String,
    parameters: String,
    sealed: Vec<u8>,
    key_version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Connection {
    fn from(row: Row) -> Self {
        Self {
            name: row.name,
            id: row.id,
            authorization_type: row.authorization_type,
            parameters: row.parameters,
            sealed: Sealed {
                key_version: row.key_version,
                bytes: row.sealed,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
