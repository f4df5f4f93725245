//! The items that a commit left out, by their position in the batch, and what their owners are told.

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::item::{CommitError, Item, Outcome};
use crate::db::Db;
use crate::ids::ExecutionId;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Refusals {
    pub(super) names_taken: Vec<i32>,
    pub(super) guards_lost: Vec<i32>,
    pub(super) steps_taken: Vec<i32>,
    pub(super) rejected: Vec<i32>,
}

impl Refusals {
    /// Reads the statement's answer, and checks that it wrote neither less nor more than it should.
    pub(super) fn read(row: &PgRow, items: &[Item]) -> Result<Self, CommitError> {
        // The commit has happened, so what cannot be read is to be asked for again.
        let fenced: i64 = row.try_get(0).map_err(CommitError::InDoubt)?;
        if fenced == 0 {
            return Err(CommitError::LeaseLost);
        }
        let written: i64 = row.try_get(1).map_err(CommitError::InDoubt)?;
        let list = |column: usize| -> Result<Vec<i32>, CommitError> {
            let list: Option<Vec<i32>> = row.try_get(column).map_err(CommitError::InDoubt)?;
            Ok(list.unwrap_or_default())
        };
        let refusals = Self {
            names_taken: list(2)?,
            guards_lost: list(3)?,
            steps_taken: list(4)?,
            rejected: list(5)?,
        };
        let expected: usize = (0_i32..)
            .zip(items)
            .filter(|(position, _)| !refusals.names(*position))
            .map(|(_, item)| item.steps.len())
            .sum();
        if i64::try_from(expected) == Ok(written) {
            Ok(refusals)
        } else {
            Err(CommitError::Fault(format!(
                "a commit wrote {written} rows of the journal where {expected} were sent"
            )))
        }
    }

    /// An outcome for each item. Reads the names that were taken, in one query a name, since that
    /// seldom happens; by then their owners have committed.
    pub(super) async fn outcomes(
        &self,
        db: &Db,
        items: &[Item],
    ) -> Result<Vec<Outcome>, CommitError> {
        let mut outcomes = Vec::with_capacity(items.len());
        for (position, item) in (0_i32..).zip(items) {
            outcomes.push(if self.rejected.contains(&position) {
                Outcome::Rejected
            } else if self.steps_taken.contains(&position) {
                Outcome::Conflict
            } else if self.guards_lost.contains(&position) {
                Outcome::GuardLost
            } else if self.names_taken.contains(&position) {
                name_taken(db, item).await.map_err(CommitError::InDoubt)?
            } else {
                Outcome::Committed
            });
        }
        Ok(outcomes)
    }

    fn names(&self, position: i32) -> bool {
        [
            &self.names_taken,
            &self.guards_lost,
            &self.steps_taken,
            &self.rejected,
        ]
        .into_iter()
        .any(|list| list.contains(&position))
    }
}

/// Who has the name. Where retention has freed it meanwhile, the item is to be tried again.
async fn name_taken(db: &Db, item: &Item) -> Result<Outcome, sqlx::Error> {
    let Some(start) = &item.start else {
        return Ok(Outcome::Conflict);
    };
    let owner = sqlx::query!(
        "
        SELECT execution_id, input_sha256
        FROM execution_name
        WHERE machine_id = $1 AND name = $2
        ",
        start.machine_id,
        start.name,
    )
    .fetch_optional(db)
    .await?;
    Ok(match owner {
        Some(owner) => Outcome::NameTaken {
            by: ExecutionId(owner.execution_id),
            is_same_input: owner.input_sha256 == start.input_sha256,
        },
        None => Outcome::Conflict,
    })
}
