//! State machines: the table `state_machine` with the current row of `revision`.
//!
//! Older revisions are in [`crate::revision`], versions in [`crate::version`]. Whether a definition is
//! valid was decided before it comes here.

mod create;
mod update;

use asl::diagnose::MachineType;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::db::Db;
use crate::revision::Revision;

pub use create::{Created, New, create};
pub(crate) use update::lock_current;
pub use update::{Change, Updated, update};

/// A live state machine with its current revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    pub id: Uuid,
    /// 1 to 80 characters, unique among live machines.
    pub name: String,
    pub machine_type: MachineType,
    pub is_deleting: bool,
    /// Whether its creation asked for version 1 as well.
    pub publish_on_create: bool,
    pub created_at: DateTime<Utc>,
    pub revision: Revision,
}

/// What a listing shows of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub id: Uuid,
    pub name: String,
    pub machine_type: MachineType,
    pub created_at: DateTime<Utc>,
}

/// The live machine of that name. Takes no lock; served by `state_machine_live`.
pub async fn get(db: impl PgExecutor<'_>, name: &str) -> Result<Option<Machine>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "
        SELECT
            machine.id, machine.name, machine.type AS machine_type, machine.status,
            machine.publish_on_create, machine.created_at,
            revision.id AS revision_id, revision.number, revision.definition, revision.source,
            revision.source_format, revision.role_arn, revision.logging, revision.tracing,
            revision.encryption, revision.created_at AS revised_at
        FROM state_machine AS machine
        JOIN revision ON revision.id = machine.revision_id
        WHERE machine.name = $1 AND machine.deleted_at IS NULL
        ",
        name,
    )
    .fetch_optional(db)
    .await?;
    row.map(Machine::try_from).transpose()
}

/// The machine of that id, deleted or not: what an execution that outlives it belongs to.
/// Takes no lock; served by the primary key.
pub async fn get_by_id(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Machine>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "
        SELECT
            machine.id, machine.name, machine.type AS machine_type, machine.status,
            machine.publish_on_create, machine.created_at,
            revision.id AS revision_id, revision.number, revision.definition, revision.source,
            revision.source_format, revision.role_arn, revision.logging, revision.tracing,
            revision.encryption, revision.created_at AS revised_at
        FROM state_machine AS machine
        JOIN revision ON revision.id = machine.revision_id
        WHERE machine.id = $1
        ",
        id,
    )
    .fetch_optional(db)
    .await?;
    row.map(Machine::try_from).transpose()
}

/// Live machines in the order of their names, from the first after `after`, at most `limit` of them.
/// Takes no lock; served by `state_machine_live`.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Summary>, sqlx::Error> {
    let rows = sqlx::query!(
        "
        SELECT id, name, type AS machine_type, created_at
        FROM state_machine
        WHERE deleted_at IS NULL AND name > $1
        ORDER BY name
        LIMIT $2
        ",
        after.unwrap_or(""),
        i64::from(limit),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Summary {
                machine_type: read_type(&row.machine_type, row.id)?,
                id: row.id,
                name: row.name,
                created_at: row.created_at,
            })
        })
        .collect()
}

/// Starts the deletion of a live machine: it can no longer be started, changed or created anew, and
/// its aliases, versions, draft and tags go. Gives its id. Locks its row and those that go.
pub async fn begin_delete(db: &Db, name: &str) -> Result<Option<Uuid>, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let id = sqlx::query_scalar!(
        "
        UPDATE state_machine
        SET status = 'DELETING'
        WHERE name = $1 AND deleted_at IS NULL
        RETURNING id
        ",
        name,
    )
    .fetch_optional(&mut transaction)
    .await?;
    if let Some(id) = id {
        sqlx::query!("DELETE FROM alias WHERE machine_id = $1", id)
            .execute(&mut transaction)
            .await?;
        sqlx::query!("DELETE FROM alias_move WHERE machine_id = $1", id)
            .execute(&mut transaction)
            .await?;
        sqlx::query!("DELETE FROM version WHERE machine_id = $1", id)
            .execute(&mut transaction)
            .await?;
        sqlx::query!("DELETE FROM draft WHERE machine_id = $1", id)
            .execute(&mut transaction)
            .await?;
        sqlx::query!("DELETE FROM tag WHERE resource_id = $1", id)
            .execute(&mut transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(id)
}

/// Ends the deletion of machines that are being deleted and of which no execution runs any more; their
/// names are free again. How many. Locks their rows; served by `state_machine_live`, which holds few
/// that are being deleted, and by `execution_open_machine`.
pub async fn finish_deletions(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "
        UPDATE state_machine
        SET deleted_at = $1
        WHERE status = 'DELETING' AND deleted_at IS NULL
            AND NOT EXISTS (
                SELECT FROM execution_open WHERE execution_open.machine_id = state_machine.id
            )
        ",
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

pub(crate) const fn type_text(machine_type: MachineType) -> &'static str {
    match machine_type {
        MachineType::Standard => "STANDARD",
        MachineType::Express => "EXPRESS",
    }
}

/// The type that a row names. Its CHECK allows no other text, so another is our fault.
pub(crate) fn read_type(text: &str, id: Uuid) -> Result<MachineType, sqlx::Error> {
    match text {
        "STANDARD" => Ok(MachineType::Standard),
        "EXPRESS" => Ok(MachineType::Express),
        other => Err(sqlx::Error::Decode(
            format!("state_machine.type of {id} is {other}").into(),
        )),
    }
}

struct Row {
    id: Uuid,
    name: String,
    machine_type: String,
    status: String,
    publish_on_create: bool,
    created_at: DateTime<Utc>,
    revision_id: Uuid,
    number: i64,
    definition: String,
    source: Option<String>,
    source_format: String,
    role_arn: String,
    logging: String,
    tracing: String,
    encryption: String,
    revised_at: DateTime<Utc>,
}

impl TryFrom<Row> for Machine {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            machine_type: read_type(&row.machine_type, row.id)?,
            is_deleting: row.status == "DELETING",
            publish_on_create: row.publish_on_create,
            created_at: row.created_at,
            revision: Revision {
                id: row.revision_id,
                machine_id: row.id,
                number: row.number,
                definition: row.definition,
                source: row.source,
                source_format: row.source_format,
                role_arn: row.role_arn,
                logging: row.logging,
                tracing: row.tracing,
                encryption: row.encryption,
                created_at: row.revised_at,
            },
            id: row.id,
            name: row.name,
        })
    }
}
