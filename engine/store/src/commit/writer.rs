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
        let refusals = match self.write(fence, items, None).await {
            Err(CommitError::Refused(error)) if is_about_rows(&error) => {
                self.write_carefully(fence, items).await?
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

    /// After the batch has failed as a whole: finds the items that are to blame and writes the others.
    async fn write_carefully(
        &mut self,
        fence: &Fence,
        items: &[Item],
    ) -> Result<Refusals, CommitError> {
        // Most often it is a step that was written before, which looking first settles.
        match self.write(fence, items, Some(&[])).await {
            Err(CommitError::Refused(error)) if is_about_rows(&error) => {}
            other => return other,
        }
        let mut rejected = Vec::new();
        for (position, item) in (0_i32..).zip(items) {
            match self.rehearse(fence, item).await {
                Ok(()) => {}
                Err(error) if is_about_rows(&error) => {
                    tracing::error!(
                        execution.id = %item.execution,
                        error = %error,
                        "the database cannot hold a step"
                    );
                    rejected.push(position);
                }
                Err(error) => return Err(CommitError::Refused(error)),
            }
        }
        self.write(fence, items, Some(&rejected)).await
    }

    /// Writes one item alone and takes it back.
    async fn rehearse(&mut self, fence: &Fence, item: &Item) -> Result<(), sqlx::Error> {
        let columns = Columns::of(std::slice::from_ref(item), Some(&[]));
        let text = self.text(columns.parts);
        let mut connection = self.connection().await?;
        let query = columns.query(AssertSqlSafe(text), fence);
        let mut transaction = connection.begin().await?;
        let row = transaction.fetch_one(Unnamed(query)).await;
        transaction.rollback().await?;
        self.connection = Some(connection);
        row.map(drop)
    }

    async fn write(
        &mut self,
        fence: &Fence,
        items: &[Item],
        care: Option<&[i32]>,
    ) -> Result<Refusals, CommitError> {
        let columns = Columns::of(items, care);
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
            .reach(Point::BeforeCommit, items)
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
            .reach(Point::InDoubt, items)
            .await
            .map_err(CommitError::InDoubt)?;
        self.connection = Some(connection);
        self.db
            .faults()
            .reach(Point::AfterCommit, items)
            .await
            .map_err(CommitError::InDoubt)?;
        Refusals::read(&row, items)
    }

    /// The connection, out of its place while in use: a future that is dropped half-way leaves none
    /// with half an answer behind.
    async fn connection(&mut self) -> Result<PgConnection, sqlx::Error> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.db.connect_alone().await,
        }
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

/// Whether the error is about what was to be written, so that trying again is of no use: a key that
/// is taken, a value that its column cannot hold. A name of a commit that is spent, and a partition
/// that is missing, are not.
pub(crate) fn is_about_rows(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    let is_missing_partition = error.is_check_violation() && error.constraint().is_none();
    let class = error
        .code()
        .and_then(|code| code.get(..2).map(str::to_owned));
    matches!(class.as_deref(), Some("22" | "23" | "54"))
        && error.table() != Some("commit_log")
        && !is_missing_partition
}
