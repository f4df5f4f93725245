//! Creation of a state machine, with its first revision, its tags and, where asked, version 1.

use chrono::{DateTime, Utc};

use super::{Machine, get, type_text};
use crate::db::Db;
use crate::tag::Tag;

/// What a creation writes.
#[derive(Clone, Debug)]
pub struct New {
    /// With revision number 1, whose `machine_id` is the machine's `id`.
    pub machine: Machine,
    pub tags: Vec<Tag>,
    /// The description of version 1, where one is published at once.
    pub version_description: Option<String>,
    /// How many live machines there may be.
    pub machines_max: i64,
}

/// What came of a creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    New,
    /// A live machine has the name; whether the request is a repetition is the caller's to say.
    Exists(Box<Machine>),
    LimitReached,
}

/// Creates a machine unless its name is taken. One transaction; of two creations of one name the later
/// waits for the earlier, at the index `state_machine_live`. The limit is counted without a lock, so
/// creations at the same moment may pass it by their number.
pub async fn create(db: &Db, new: &New, now: DateTime<Utc>) -> Result<Created, sqlx::Error> {
    let machine = &new.machine;
    debug_assert!(
        machine.revision.is_initial() && machine.revision.machine_id == machine.id,
        "a new machine comes with its own revision 1"
    );
    let mut transaction = db.begin().await?;
    // The machine refers to its revision and the revision to its machine, so both are one statement.
    let inserted = sqlx::query_scalar!(
        r#"
        WITH machine AS (
            INSERT INTO state_machine
                (id, name, type, revision_id, last_version, publish_on_create, created_at)
            SELECT $1, $2, $3, $4, $5, $6, $7
            WHERE (
                SELECT count(*)
                FROM (SELECT FROM state_machine WHERE deleted_at IS NULL LIMIT $16) AS live
            ) < $16
            ON CONFLICT (name) WHERE deleted_at IS NULL DO NOTHING
            RETURNING id
        )
        INSERT INTO revision
            (id, machine_id, number, definition, source, source_format, role_arn,
             logging, tracing, encryption, created_at)
        SELECT $4, id, 1, $8, $9, $10, $11, $12, $13, $14, $15
        FROM machine
        RETURNING id
        "#,
        machine.id,
        machine.name,
        type_text(machine.machine_type),
        machine.revision.id,
        i64::from(new.version_description.is_some()),
        machine.publish_on_create,
        machine.created_at,
        machine.revision.definition,
        machine.revision.source,
        machine.revision.source_format,
        machine.revision.role_arn,
        machine.revision.logging,
        machine.revision.tracing,
        machine.revision.encryption,
        machine.revision.created_at,
        new.machines_max,
    )
    .fetch_optional(&mut transaction)
    .await?;
    if inserted.is_none() {
        // The conflicting row may have been committed after our snapshot: look with a new one.
        let existing = get(&mut transaction, &machine.name).await?;
        return Ok(existing.map_or(Created::LimitReached, |it| Created::Exists(Box::new(it))));
    }
    crate::tag::insert(&mut transaction, machine.id, &new.tags).await?;
    if let Some(description) = &new.version_description {
        crate::version::insert(
            &mut transaction,
            &crate::version::Version {
                machine_id: machine.id,
                number: 1,
                revision_id: machine.revision.id,
                description: description.clone(),
                created_at: now,
            },
        )
        .await?;
    }
    transaction.commit().await?;
    Ok(Created::New)
}
