//! Changes of a state machine: each makes a new revision the current one.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    db::{Db, Tx},
    revision::{self, Revision},
    version::{self, Version},
};

/// What a change says; an absent part stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Becomes the definition, as JSON.
    pub definition: Option<String>,
    pub role_arn: Option<String>,
    pub logging: Option<String>,
    pub tracing: Option<String>,
    pub encryption: Option<String>,
    /// Publish the revision under this description.
    pub version_description: Option<String>,
    /// How many versions the machine may have.
    pub versions_max: i64,
    /// The revision that the change was made from: nothing happens when another is current.
    pub expected_revision: Option<Uuid>,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Updated {
    /// The revision that is now current (an earlier one where nothing changes) and its version, where
    /// one was to be published.
    Done {
        revision: Box<Revision>,
        version: Option<Version>,
    },
    /// The machine was deleted, or began to be, since it was looked up.
    Gone,
    TooManyVersions,
    /// Not the expected revision is current, but this one.
    Moved(Box<Revision>),
}

/// Changes the machine of that id. One transaction, which locks the machine's row, so that changes and
/// publications of one machine follow one another. Served by primary keys.
pub async fn update(
    db: &Db,
    machine_id: Uuid,
    change: &Change,
    revision_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Updated, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let Some(current) = lock_current(&mut transaction, machine_id).await? else {
        return Ok(Updated::Gone);
    };
    if change
        .expected_revision
        .is_some_and(|expected| expected != current.id)
    {
        return Ok(Updated::Moved(Box::new(current)));
    }
    let mut next = current.clone();
    if let Some(definition) = &change.definition {
        next.definition.clone_from(definition);
        next.source = None;
        "JSON".clone_into(&mut next.source_format);
    }
    if let Some(role_arn) = &change.role_arn {
        next.role_arn.clone_from(role_arn);
    }
    for (field, given) in [
        (&mut next.logging, &change.logging),
        (&mut next.tracing, &change.tracing),
        (&mut next.encryption, &change.encryption),
    ] {
        if let Some(given) = given {
            field.clone_from(given);
        }
    }
    let revision = if next.says_the_same(&current) {
        current
    } else {
        next.id = revision_id;
        next.number = current.number + 1;
        next.created_at = now;
        revision::insert(&mut transaction, &next).await?;
        sqlx::query!(
            "UPDATE state_machine SET revision_id = $2 WHERE id = $1",
            machine_id,
            next.id,
        )
        .execute(&mut transaction)
        .await?;
        next
    };
    let version = if let Some(description) = &change.version_description {
        let found = version::publish_locked(
            &mut transaction,
            &revision,
            description,
            change.versions_max,
            now,
        )
        .await?;
        let Some(version) = found else {
            return Ok(Updated::TooManyVersions);
        };
        Some(version)
    } else {
        None
    };
    transaction.commit().await?;
    Ok(Updated::Done {
        revision: Box::new(revision),
        version,
    })
}

/// Locks the row of an active machine and gives its current revision.
pub(crate) async fn lock_current(
    transaction: &mut Tx,
    machine_id: Uuid,
) -> Result<Option<Revision>, sqlx::Error> {
    // Two statements: a join under FOR UPDATE would give the revision that was current before the wait.
    let revision_id = sqlx::query_scalar!(
        "
        SELECT revision_id
        FROM state_machine
        WHERE id = $1 AND status = 'ACTIVE'
        FOR UPDATE
        ",
        machine_id,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(revision_id) = revision_id else {
        return Ok(None);
    };
    revision::get(&mut *transaction, revision_id).await
}
