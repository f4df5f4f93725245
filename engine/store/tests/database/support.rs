//! A database for each test, opened as the server opens it.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::db::{Db, Settings};

use tests::support::Pooler;

use crate::IS_POOLED;
use crate::sample::MACHINE;

/// Far longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A database of a test's own; in `tests/pooled` with a pooler before it.
pub(crate) struct Database {
    /// The direct way.
    pub(crate) url: String,
    pooler: Option<Pooler>,
    _kept: tests::support::Database,
}

impl Database {
    /// An empty one, as a person makes it before the first start.
    #[allow(
        dead_code,
        reason = "behind a pooler nothing is opened for the first time"
    )]
    pub(crate) fn empty() -> Self {
        Self::of(tests::support::Database::empty())
    }

    /// A copy of one that was migrated once.
    pub(crate) fn migrated() -> Self {
        Self::of(tests::support::Database::fresh())
    }

    pub(crate) async fn open(&self) -> Db {
        let mut settings = Settings::new(&self.url);
        if let Some(pooler) = &self.pooler {
            settings.url = pooler.url().to_owned();
            settings.direct_url = Some(self.url.clone());
        }
        let db = Db::open(&settings).await.unwrap();
        assert_eq!(db.is_pooled(), self.pooler.is_some());
        db
    }

    fn of(database: tests::support::Database) -> Self {
        Self {
            url: database.url().to_owned(),
            pooler: IS_POOLED.then(|| Pooler::start(&database)).flatten(),
            _kept: database,
        }
    }
}

/// A transaction that has claimed a name and not ended: whoever wants the name waits.
pub(crate) async fn hold_name(database: &Database, name: &str) -> PgConnection {
    let mut holder = PgConnection::connect(&database.url).await.unwrap();
    sqlx::query("BEGIN").execute(&mut holder).await.unwrap();
    sqlx::query(
        "INSERT INTO execution_name (machine_id, name, execution_id, input_sha256)
        VALUES ($1, $2, $1, sha256(''))",
    )
    .bind(MACHINE)
    .bind(name)
    .execute(&mut holder)
    .await
    .unwrap();
    holder
}

/// Waits until that many sessions of this database wait for a lock.
pub(crate) async fn until_waiting(db: &Db, sessions: i64) {
    until(db, "wait_event_type = 'Lock'", sessions).await;
}

/// Waits until no other session of this database is in the middle of a statement.
pub(crate) async fn until_idle(db: &Db) {
    until(db, "state = 'active' AND pid <> pg_backend_pid()", 0).await;
}

/// Waits until this database has one session only.
#[allow(dead_code, reason = "a pooler keeps sessions")]
pub(crate) async fn until_alone(db: &Db) {
    until(db, "true", 1).await;
}

/// Waits until so many sessions are as said, and fails where that takes far too long.
async fn until(db: &Db, condition: &str, sessions: i64) {
    let text = format!(
        "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND {condition}"
    );
    let reached = async {
        loop {
            let found: i64 = sqlx::query_scalar(AssertSqlSafe(text.as_str()))
                .fetch_one(db)
                .await
                .unwrap();
            if found == sessions {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, reached).await;
    assert!(waited.is_ok(), "not {sessions} sessions with {condition}");
}
