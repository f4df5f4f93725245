//! Revisions: the table `revision`, the frozen form of a definition and of how it is run. Written by
//! [`crate::machine`], never changed.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::db::Tx;

/// A revision as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    pub id: Uuid,
    pub machine_id: Uuid,
    /// Counts from 1 for each machine.
    pub number: i64,
    /// JSON text exactly as it was given, or as it was made of `source`.
    pub definition: String,
    /// What the author wrote, where that is not the definition itself.
    pub source: Option<String>,
    /// `JSON` or `YAML`.
    pub source_format: String,
    pub role_arn: String,
    /// JSON texts of the service's configuration objects, whole: with defaults for what was not given.
    pub logging: String,
    pub tracing: String,
    pub encryption: String,
    pub created_at: DateTime<Utc>,
}

impl Revision {
    /// The one that a machine was created with, whose id the API does not show.
    pub const fn is_initial(&self) -> bool {
        self.number == 1
    }

    /// Whether running under either would be the same.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.definition == other.definition
            && self.source == other.source
            && self.source_format == other.source_format
            && self.role_arn == other.role_arn
            && self.logging == other.logging
            && self.tracing == other.tracing
            && self.encryption == other.encryption
    }
}

/// The revision of that id. Takes no lock; served by the primary key.
pub async fn get(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Revision>, sqlx::Error> {
    sqlx::query_as!(
        Revision,
        "
        SELECT
            id, machine_id, number, definition, source, source_format, role_arn,
            logging, tracing, encryption, created_at
        FROM revision
        WHERE id = $1
        ",
        id,
    )
    .fetch_optional(db)
    .await
}

/// Writes a revision within the transaction that makes it current.
pub(crate) async fn insert(transaction: &mut Tx, revision: &Revision) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        INSERT INTO revision
            (id, machine_id, number, definition, source, source_format, role_arn,
             logging, tracing, encryption, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ",
        revision.id,
        revision.machine_id,
        revision.number,
        revision.definition,
        revision.source,
        revision.source_format,
        revision.role_arn,
        revision.logging,
        revision.tracing,
        revision.encryption,
        revision.created_at,
    )
    .execute(&mut *transaction)
    .await?;
    Ok(())
}
