//! Functions with code: the tables `deployed_function`, `function_version` and `function_package`.
//! What a configuration says, and what is sealed of it, is the business of those above.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::db::Db;
use crate::sealed::Sealed;

/// The number of the form that changes, `$LATEST`.
pub const LATEST: i64 = 0;

/// How many functions with code there may be.
pub const FUNCTIONS_MAX: i64 = 10_000;

/// One form of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub name: String,
    /// [`LATEST`], or that of a published one.
    pub number: i64,
    pub revision: Uuid,
    /// JSON text.
    pub configuration: String,
    /// The environment, sealed.
    pub sealed: Option<Sealed>,
    pub sha256: Vec<u8>,
    pub code_bytes: i64,
    pub updated_at: DateTime<Utc>,
    /// Invocations at once that are reserved for the function.
    pub reserved: Option<i32>,
    /// When the function was made.
    pub created_at: DateTime<Utc>,
}

/// How writing a function ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    Created,
    Changed,
    /// It was expected to be absent.
    Exists,
    /// It was expected to be another revision.
    OtherRevision,
    /// An endpoint has the name.
    NameTaken,
    /// There are [`FUNCTIONS_MAX`] already.
    TooMany,
}

/// What a writer takes to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// A function or none.
    Anything,
    /// None of that name.
    Absent,
    /// Its latest form, at this revision.
    Revision(Uuid),
}

/// Writes the latest form of a function, over an earlier one, with its package unless that is there already. One
/// transaction: it locks the function's rows; served by primary keys.
pub async fn put(
    db: &Db,
    version: &Version,
    package: Option<&[u8]>,
    expect: Expect,
) -> Result<Put, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let name = version.name.as_str();
    let is_endpoint = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM function WHERE name = $1) AS "is_endpoint!""#,
        name,
    )
    .fetch_one(&mut transaction)
    .await?;
    if is_endpoint {
        return Ok(Put::NameTaken);
    }
    let written = sqlx::query_scalar!(
        "
        INSERT INTO deployed_function (name, created_at)
        SELECT $1, $2
        WHERE EXISTS (SELECT 1 FROM deployed_function WHERE name = $1)
           OR (SELECT count(*) FROM deployed_function) < $3
        ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name
        RETURNING name
        ",
        name,
        version.updated_at,
        FUNCTIONS_MAX,
    )
    .fetch_optional(&mut transaction)
    .await?;
    if written.is_none() {
        return Ok(Put::TooMany);
    }
    // The row above is locked from here on, so nobody changes what this reads.
    let revision = sqlx::query_scalar!(
        "SELECT revision FROM function_version WHERE name = $1 AND number = 0",
        name,
    )
    .fetch_optional(&mut transaction)
    .await?;
    match expect {
        Expect::Anything => {}
        Expect::Absent if revision.is_some() => return Ok(Put::Exists),
        Expect::Absent => {}
        Expect::Revision(known) if revision == Some(known) => {}
        Expect::Revision(_) => return Ok(Put::OtherRevision),
    }
    if let Some(package) = package {
        sqlx::query!(
            "
            INSERT INTO function_package (sha256, bytes, created_at)
            VALUES ($1, $2, $3)
            ON CONFLICT (sha256) DO UPDATE SET created_at = EXCLUDED.created_at
            ",
            version.sha256,
            package,
            version.updated_at,
        )
        .execute(&mut transaction)
        .await?;
    }
    write(&mut transaction, version).await?;
    transaction.commit().await?;
    Ok(match revision {
        None => Put::Created,
        Some(_) => Put::Changed,
    })
}

async fn write(db: impl PgExecutor<'_>, version: &Version) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        INSERT INTO function_version
            (name, number, revision, configuration, sealed, key_version, sha256, code_bytes, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (name, number) DO UPDATE SET
            revision = EXCLUDED.revision,
            configuration = EXCLUDED.configuration,
            sealed = EXCLUDED.sealed,
            key_version = EXCLUDED.key_version,
            sha256 = EXCLUDED.sha256,
            code_bytes = EXCLUDED.code_bytes,
            updated_at = EXCLUDED.updated_at
        ",
        version.name,
        version.number,
        version.revision,
        version.configuration,
        version.sealed.as_ref().map(|sealed| sealed.bytes.as_slice()),
        version.sealed.as_ref().map(|sealed| sealed.key_version),
        version.sha256,
        version.code_bytes,
        version.updated_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One form of a function. Takes no lock; served by the primary keys.
pub async fn get(
    db: impl PgExecutor<'_>,
    name: &str,
    number: i64,
) -> Result<Option<Version>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "
        SELECT version.name, number, revision, configuration, sealed, key_version, sha256, code_bytes,
               updated_at, reserved, created_at
        FROM function_version AS version
        JOIN deployed_function AS deployed ON deployed.name = version.name
        WHERE version.name = $1 AND number = $2
        ",
        name,
        number,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Version::from))
}

/// The latest forms of functions by name, from the first after `after`, at most `limit` of them. Takes no
/// lock; served by the primary keys.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Version>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "
        SELECT version.name, number, revision, configuration, sealed, key_version, sha256, code_bytes,
               updated_at, reserved, created_at
        FROM function_version AS version
        JOIN deployed_function AS deployed ON deployed.name = version.name
        WHERE version.name > $1 AND number = 0
        ORDER BY version.name
        LIMIT $2
        ",
        after.unwrap_or(""),
        i64::from(limit),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Version::from).collect())
}

/// A package by its hash. Takes no lock; served by the primary key.
pub async fn package(
    db: impl PgExecutor<'_>,
    sha256: &[u8],
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT bytes FROM function_package WHERE sha256 = $1",
        sha256
    )
    .fetch_optional(db)
    .await
}

/// True where there was such a function; its versions and its packages that nobody else uses go with it.
/// One transaction: it locks the function's rows.
pub async fn delete(db: &Db, name: &str) -> Result<bool, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let done = sqlx::query!("DELETE FROM deployed_function WHERE name = $1", name)
        .execute(&mut transaction)
        .await?;
    transaction.commit().await?;
    Ok(done.rows_affected() == 1)
}

/// Removes packages that no version uses and that were stored before `before`; how many there were. A deploy
/// stores its package and its version in one transaction, so one that is under way is not yet seen here.
pub async fn sweep_packages(
    db: impl PgExecutor<'_>,
    before: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "
        DELETE FROM function_package AS package
        WHERE created_at < $1
          AND NOT EXISTS (SELECT 1 FROM function_version AS version WHERE version.sha256 = package.sha256)
        ",
        before,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

struct Row {
    name: String,
    number: i64,
    revision: Uuid,
    configuration: String,
    sealed: Option<Vec<u8>>,
    key_version: Option<i32>,
    sha256: Vec<u8>,
    code_bytes: i64,
    updated_at: DateTime<Utc>,
    reserved: Option<i32>,
    created_at: DateTime<Utc>,
}

impl From<Row> for Version {
    fn from(row: Row) -> Self {
        Self {
            name: row.name,
            number: row.number,
            revision: row.revision,
            configuration: row.configuration,
            sealed: row
                .sealed
                .zip(row.key_version)
                .map(|(bytes, key_version)| Sealed { key_version, bytes }),
            sha256: row.sha256,
            code_bytes: row.code_bytes,
            updated_at: row.updated_at,
            reserved: row.reserved,
            created_at: row.created_at,
        }
    }
}
