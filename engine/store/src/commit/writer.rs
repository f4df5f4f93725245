//! The connection that commits, and what it does when it is lost.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgDatabaseError, PgRow, PgSeverity};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Postgres};

use super::columns::Columns;
use super::item::{CommitError, Fence, Item, Outcome};
use super::refusals::Refusals;
use super::statement::{self, Parts};
use crate::db::{Db, Unnamed};
use crate::fault::Point;

/// How many items one commit takes. The runtime sends far fewer; this bounds what its faults can do.
pub const ITEMS_MAX: usize = 4096;

/// A writer: one connection, one commit at a time. All commits of a shard go through the same one.
pub struct Writer {
    db: Db,
    connection: Option<PgConnection>,
    texts: HashMap<Parts, Arc<str>>,
}

impl Writer {
    /// Connects when first used.
    pub fn new(db: Db) -> Self {
        Self {
            db,
            connection: None,
            texts: HashMap::new(),
        }
    }

    /// Writes the items whose conditions hold, in one transaction, and says what became of each, in
    /// their order. An execution has at most one item.
    ///
    /// Locks the node's row (share), which a takeover waits for; then names in their order, and the
    /// rows that guards name. Served by the primary keys of all tables.
    pub async fn commit(
        &mut self,
        fence: &Fence,
        items: &[Item],
    ) -> Result<Vec<Outcome>, CommitError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        if items.len() > ITEMS_MAX {
            return Err(CommitError::Fault(format!(
                "{} items in a commit, where at most {ITEMS_MAX} are taken",
                items.len()
            )));
        }
        let refusals = match self.write(fence, items, false).await {
            // The batch is gone as a whole; the items that are not to blame are written now.
            Err(CommitError::Refused(error)) if is_step_taken(&error) => {
                self.write(fence, items, true).await?
            }
            other => other?,
        };
        refusals.outcomes(&self.db, items).await
    }

    /// What became of a commit that ended in doubt: its outcomes, or nothing where it did not happen
    /// and now never will. Waits for it where it is still under way. To be asked with the fence and
    /// the items of the commit, until it answers.
    ///
    /// The name of the commit is written into the log in its stead: where the commit has written it
    /// already this finds it, and where it has not, the commit fails on it. Locks that row only.
    pub async fn resolve(
        &mut self,
        fence: &Fence,
        items: &[Item],
    ) -> Result<Option<Vec<Outcome>>, CommitError> {
        self.connection = None;
        match super::log::resolve(&self.db, fence).await {
            Ok(Some(refusals)) => refusals.outcomes(&self.db, items).await.map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(CommitError::InDoubt(error)),
        }
    }

    async fn write(
        &mut self,
        fence: &Fence,
        items: &[Item],
        is_careful: bool,
    ) -> Result<Refusals, CommitError> {
        let columns = Columns::of(items, is_careful);
        let text = self.text(columns.parts);
        // Out of its place while in use: a future that is dropped half-way leaves no connection with
        // half an answer behind.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self
                .db
                .connect_alone()
                .await
                .map_err(CommitError::Refused)?,
        };
        let query = columns.query(AssertSqlSafe(text), fence);
        self.db
            .faults()
            .reach(Point::BeforeCommit)
            .await
            .map_err(CommitError::InDoubt)?;
        let row = if self.db.is_pooled() {
            fetch_in_transaction(&mut connection, query).await
        } else {
            connection.fetch_one(query).await
        };
        let row = match row {
            Ok(row) => row,
            Err(error) if is_final(&error) => {
                self.connection = Some(connection);
                return Err(CommitError::Refused(error));
            }
            Err(error) => return Err(CommitError::InDoubt(error)),
        };
        self.db
            .faults()
            .reach(Point::InDoubt)
            .await
            .map_err(CommitError::InDoubt)?;
        self.connection = Some(connection);
        self.db
            .faults()
            .reach(Point::AfterCommit)
            .await
            .map_err(CommitError::InDoubt)?;
        Refusals::read(&row, items)
    }

    fn text(&mut self, parts: Parts) -> Arc<str> {
        let text = self
            .texts
            .entry(parts)
            .or_insert_with(|| statement::text(parts).into());
        Arc::clone(text)
    }
}

/// As a transaction of three statements, for a pooler.
async fn fetch_in_transaction(
    connection: &mut PgConnection,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<PgRow, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let row = transaction.fetch_one(Unnamed(query)).await?;
    transaction.commit().await?;
    Ok(row)
}

/// Whether the error says that nothing was written. An error of the statement does; one that ends
/// the session may come after the commit, as when a wait for a replica is broken off.
fn is_final(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|error| error.severity() == PgSeverity::Error),
        sqlx::Error::Encode(_) => true,
        _ => false,
    }
}

/// Whether a row was there already that only an earlier commit of the same step can have written.
fn is_step_taken(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            error.is_unique_violation() && error.table() != Some("commit_log")
        }
        _ => false,
    }
}
