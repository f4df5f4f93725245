//! Drafts: the table `draft`, what is being made of a machine before it is saved as a revision.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

/// A draft as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub machine_id: Uuid,
    /// Counts its writes from 1.
    pub number: i64,
    /// The revision that the definition was made from.
    pub base_revision: Uuid,
    /// As it was typed; it need not be valid.
    pub definition: String,
    /// JSON texts of what states are tried with.
    pub samples: String,
    pub mocks: String,
    /// Who wrote it last.
    pub author: String,
    pub updated_at: DateTime<Utc>,
}

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Done,
    /// Somebody else wrote meanwhile, or there is no draft of that number.
    Other,
}

/// The draft of a machine. Takes no lock; served by the primary key.
pub async fn get(db: impl PgExecutor<'_>, machine_id: Uuid) -> Result<Option<Draft>, sqlx::Error> {
    sqlx::query_as!(
        Draft,
        "
        SELECT
            machine_id, number, base_revision, definition, samples, mocks, author, updated_at
        FROM draft
        WHERE machine_id = $1
        ",
        machine_id,
    )
    .fetch_optional(db)
    .await
}

/// Writes a draft in the place of the one before it, whose number is one less; number 1 where there was
/// none. Locks the one row; served by the primary key.
pub async fn put(db: impl PgExecutor<'_>, draft: &Draft) -> Result<Written, sqlx::Error> {
    let done = if draft.number == 1 {
        sqlx::query!(
            "
            INSERT INTO draft
                (machine_id, number, base_revision, definition, samples, mocks, author, updated_at)
            VALUES ($1, 1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (machine_id) DO NOTHING
            ",
            draft.machine_id,
            draft.base_revision,
            draft.definition,
            draft.samples,
            draft.mocks,
            draft.author,
            draft.updated_at,
        )
        .execute(db)
        .await?
    } else {
        sqlx::query!(
            "
            UPDATE draft
            SET number = number + 1, base_revision = $3, definition = $4, samples = $5, mocks = $6,
                author = $7, updated_at = $8
            WHERE machine_id = $1 AND number + 1 = $2::bigint
            ",
            draft.machine_id,
            draft.number,
            draft.base_revision,
            draft.definition,
            draft.samples,
            draft.mocks,
            draft.author,
            draft.updated_at,
        )
        .execute(db)
        .await?
    };
    Ok(if done.rows_affected() == 1 {
        Written::Done
    } else {
        Written::Other
    })
}
