//! A database for each test, opened as the server opens it.

use store::db::{Db, Settings};

/// A database of a test's own.
pub(crate) struct Database {
    pub(crate) url: String,
    _database: tests::support::Database,
}

impl Database {
    /// An empty one, as a person makes it before the first start.
    pub(crate) fn empty() -> Self {
        Self::of(tests::support::Database::empty())
    }

    /// A copy of one that was migrated once.
    pub(crate) fn migrated() -> Self {
        Self::of(tests::support::Database::fresh())
    }

    pub(crate) async fn open(&self) -> Db {
        Db::open(&Settings::new(&self.url)).await.unwrap()
    }

    fn of(database: tests::support::Database) -> Self {
        Self {
            url: database.url().to_owned(),
            _database: database,
        }
    }
}
