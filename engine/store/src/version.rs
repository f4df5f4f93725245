//! Versions: the table `version`, revisions under numbers that users start and aliases point at.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::db::{Db, Tx};
use crate::{machine::lock_current, revision::Revision};

/// A published revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub machine_id: Uuid,
    /// Rises from 1; the number of a deleted version does not come back.
    pub number: i64,
    pub revision_id: Uuid,
    /// Empty where none was given; at most 256 characters.
    pub description: String,
    pub created_at: DateTime<Utc>,
}

/// Which revision a publication expects to be the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Any,
    Initial,
    Revision(Uuid),
}

/// What came of a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// The version of the current revision: a new one, or the one that it had already.
    Done(Version),
    /// The current revision is not the expected one.
    OtherRevision,
    /// The machine was deleted, or began to be, since it was looked up.
    Gone,
    TooMany,
}

/// Publishes the current revision of a machine. One transaction, which locks the machine's row. Served
/// by primary keys.
pub async fn publish(
    db: &Db,
    machine_id: Uuid,
    expected: Expected,
    description: &str,
    versions_max: i64,
    now: DateTime<Utc>,
) -> Result<Published, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let Some(revision) = lock_current(&mut transaction, machine_id).await? else {
        return Ok(Published::Gone);
    };
    let is_expected = match expected {
        Expected::Any => true,
        Expected::Initial => revision.is_initial(),
        Expected::Revision(id) => !revision.is_initial() && revision.id == id,
    };
    if !is_expected {
        return Ok(Published::OtherRevision);
    }
    let version =
        publish_locked(&mut transaction, &revision, description, versions_max, now).await?;
    let Some(version) = version else {
        return Ok(Published::TooMany);
    };
    transaction.commit().await?;
    Ok(Published::Done(version))
}

/// The version of that number. Takes no lock; served by the primary key.
pub async fn get(
    db: impl PgExecutor<'_>,
    machine_id: Uuid,
    number: i64,
) -> Result<Option<Version>, sqlx::Error> {
    sqlx::query_as!(
        Version,
        "
        SELECT machine_id, number, revision_id, description, created_at
        FROM version
        WHERE machine_id = $1 AND number = $2
        ",
        machine_id,
        number,
    )
    .fetch_optional(db)
    .await
}

/// The version that a revision was published as. Takes no lock; served by the unique index.
pub async fn of_revision(
    db: impl PgExecutor<'_>,
    machine_id: Uuid,
    revision_id: Uuid,
) -> Result<Option<Version>, sqlx::Error> {
    sqlx::query_as!(
        Version,
        "
        SELECT machine_id, number, revision_id, description, created_at
        FROM version
        WHERE machine_id = $1 AND revision_id = $2
        ",
        machine_id,
        revision_id,
    )
    .fetch_optional(db)
    .await
}

/// Versions of a machine, highest number first, from the first below `before`, at most `limit` of them.
/// Takes no lock; served by the primary key.
pub async fn list(
    db: impl PgExecutor<'_>,
    machine_id: Uuid,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Version>, sqlx::Error> {
    sqlx::query_as!(
        Version,
        "
        SELECT machine_id, number, revision_id, description, created_at
        FROM version
        WHERE machine_id = $1 AND number < $2
        ORDER BY number DESC
        LIMIT $3
        ",
        machine_id,
        before.unwrap_or(i64::MAX),
        i64::from(limit),
    )
    .fetch_all(db)
    .await
}

/// What came of a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleted {
    Done,
    NotThere,
    /// These aliases point at the version.
    InUse(Vec<String>),
}

/// Deletes a version that no alias points at. Locks the version's row; an alias that is made meanwhile
/// waits for it, by its foreign key. Served by the primary key and `alias_route_version`.
pub async fn delete(db: &Db, machine_id: Uuid, number: i64) -> Result<Deleted, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let found = sqlx::query_scalar!(
        "SELECT number FROM version WHERE machine_id = $1 AND number = $2 FOR UPDATE",
        machine_id,
        number,
    )
    .fetch_optional(&mut transaction)
    .await?;
    if found.is_none() {
        return Ok(Deleted::NotThere);
    }
    let aliases = sqlx::query_scalar!(
        "
        SELECT alias.name
        FROM alias_route AS route
        JOIN alias ON alias.id = route.alias_id
        WHERE route.machine_id = $1 AND route.version = $2
        ORDER BY alias.name
        ",
        machine_id,
        number,
    )
    .fetch_all(&mut transaction)
    .await?;
    if !aliases.is_empty() {
        return Ok(Deleted::InUse(aliases));
    }
    sqlx::query!(
        "DELETE FROM version WHERE machine_id = $1 AND number = $2",
        machine_id,
        number,
    )
    .execute(&mut transaction)
    .await?;
    transaction.commit().await?;
    Ok(Deleted::Done)
}

/// Publishes a revision of a machine whose row the transaction has locked. `None` where the machine has
/// `versions_max` versions.
pub(crate) async fn publish_locked(
    transaction: &mut Tx,
    revision: &Revision,
    description: &str,
    versions_max: i64,
    now: DateTime<Utc>,
) -> Result<Option<Version>, sqlx::Error> {
    let earlier = of_revision(&mut *transaction, revision.machine_id, revision.id).await?;
    if earlier.is_some() {
        return Ok(earlier);
    }
    let number = sqlx::query_scalar!(
        "
        UPDATE state_machine
        SET last_version = last_version + 1
        WHERE id = $1 AND (SELECT count(*) FROM version WHERE machine_id = $1) < $2
        RETURNING last_version
        ",
        revision.machine_id,
        versions_max,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(number) = number else {
        return Ok(None);
    };
    let version = Version {
        machine_id: revision.machine_id,
        number,
        revision_id: revision.id,
        description: description.to_owned(),
        created_at: now,
    };
    insert(transaction, &version).await?;
    Ok(Some(version))
}

/// Writes a version within the transaction that gave it its number.
pub(crate) async fn insert(transaction: &mut Tx, version: &Version) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        INSERT INTO version (machine_id, number, revision_id, description, created_at)
        VALUES ($1, $2, $3, $4, $5)
        ",
        version.machine_id,
        version.number,
        version.revision_id,
        version.description,
        version.created_at,
    )
    .execute(&mut *transaction)
    .await?;
    Ok(())
}
