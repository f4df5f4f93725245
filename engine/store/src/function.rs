//! Registered functions: the table `function`. What a row's URL means is the functions crate's
//! business, and opening the sealed headers is the web crate's.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::sealed::Sealed;

/// A registered function as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// 1 to 64 letters, digits, hyphens and underscores.
    pub name: String,
    pub url: String,
    pub timeout_ms: i32,
    /// JSON text of an object: header name to value.
    pub headers: String,
    /// The names of the headers whose values are in `sealed`.
    pub secret_names: Vec<String>,
    /// JSON text of an object, sealed: header name to value.
    pub sealed: Option<Sealed>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How many functions there may be. Every node may come to hold all of them in memory.
pub const FUNCTIONS_MAX: i64 = 10_000;

/// Writes the function, over an earlier one of its name, whose creation date stays. True where the
/// name was new; none, and nothing is written, where it is new and [`FUNCTIONS_MAX`] are there
/// already (two at once may both pass the count). Locks the one row; served by the primary key.
pub async fn put(
    db: impl PgExecutor<'_>,
    function: &Function,
) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        INSERT INTO function
            (name, url, timeout_ms, headers, secret_names, sealed, key_version, created_at, updated_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
        WHERE EXISTS (SELECT 1 FROM function WHERE name = $1)
           OR (SELECT count(*) FROM function) < $10
        ON CONFLICT (name) DO UPDATE SET
            url = EXCLUDED.url,
            timeout_ms = EXCLUDED.timeout_ms,
            headers = EXCLUDED.headers,
            secret_names = EXCLUDED.secret_names,
            sealed = EXCLUDED.sealed,
            key_version = EXCLUDED.key_version,
            updated_at = EXCLUDED.updated_at
        RETURNING created_at = updated_at AS "is_new!"
        "#,
        function.name,
        function.url,
        function.timeout_ms,
        function.headers,
        &function.secret_names,
        function.sealed.as_ref().map(|sealed| sealed.bytes.as_slice()),
        function.sealed.as_ref().map(|sealed| sealed.key_version),
        function.created_at,
        function.updated_at,
        FUNCTIONS_MAX,
    )
    .fetch_optional(db)
    .await
}

/// The function of that name. Takes no lock; served by the primary key.
pub async fn get(db: impl PgExecutor<'_>, name: &str) -> Result<Option<Function>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "
        SELECT name, url, timeout_ms, headers, secret_names, sealed, key_version, created_at, updated_at
        FROM function
        WHERE name = $1
        ",
        name,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Function::from))
}

/// Functions in the order of their names, from the first after `after`, at most `limit` of them.
/// Takes no lock; served by the primary key.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Function>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "
        SELECT name, url, timeout_ms, headers, secret_names, sealed, key_version, created_at, updated_at
        FROM function
        WHERE name > $1
        ORDER BY name
        LIMIT $2
        ",
        after.unwrap_or(""),
        i64::from(limit),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Function::from).collect())
}

/// True where there was a function of that name. Locks the one row; served by the primary key.
pub async fn delete(db: impl PgExecutor<'_>, name: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM function WHERE name = $1", name)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

struct Row {
    name: String,
    url: String,
    timeout_ms: i32,
    headers: String,
    secret_names: Vec<String>,
    sealed: Option<Vec<u8>>,
    key_version: Option<i32>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Function {
    fn from(row: Row) -> Self {
        Self {
            name: row.name,
            url: row.url,
            timeout_ms: row.timeout_ms,
            headers: row.headers,
            secret_names: row.secret_names,
            sealed: row
                .sealed
                .zip(row.key_version)
                .map(|(bytes, key_version)| Sealed { key_version, bytes }),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
