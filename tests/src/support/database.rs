//! A database for one test, cloned from a template that was migrated once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use embedded_pg::DATABASE;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::postgres;

/// Any number that no other user of advisory locks has.
const TEMPLATE_LOCK: i64 = 0x7465_6d70_6c61_7465;

/// A database that nobody else uses, dropped at the end.
#[derive(Debug)]
pub struct Database {
    name: String,
    url: String,
}

impl Database {
    /// With every table, and nothing in them.
    pub fn fresh() -> Self {
        Self::create(&format!(" TEMPLATE {}", template()))
    }

    /// With nothing at all, as before the very first start.
    pub fn empty() -> Self {
        Self::create("")
    }

    /// The address, as `DATABASE_URL` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of the server's socket (its port is 5432), for programs that want it apart.
    pub fn socket_dir(&self) -> &'static Path {
        postgres::server().socket_dir()
    }

    /// The name alone.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many rows a table has.
    pub fn rows(&self, table: &str) -> i64 {
        let (url, text) = (self.url.clone(), format!("SELECT count(*) FROM {table}"));
        super::block_on(|| async move {
            let mut connection = PgConnection::connect(&url)
                .await
                .expect("PostgreSQL answers");
            let rows = sqlx::query_scalar(AssertSqlSafe(text.as_str()));
            let rows = rows.fetch_one(&mut connection).await;
            drop(connection.close().await);
            rows.unwrap_or_else(|error| panic!("{text}: {error}"))
        })
    }

    /// Runs statements in it, as an operator with psql does.
    pub fn execute(&self, statements: &str) {
        let (url, statements) = (self.url.clone(), statements.to_owned());
        super::block_on(|| async move {
            let mut connection = PgConnection::connect(&url)
                .await
                .expect("PostgreSQL answers");
            let done = connection.execute(AssertSqlSafe(statements.as_str())).await;
            done.unwrap_or_else(|error| panic!("{statements}: {error}"));
            drop(connection.close().await);
        });
    }

    fn create(how: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{next}", std::process::id());
        administer(&[
            // A process of the same number may have been killed before it could.
            &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            &format!("CREATE DATABASE {name}{how}"),
        ]);
        let url = postgres::server().url(&name);
        Database { name, url }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        administer(&[&format!(
            "DROP DATABASE IF EXISTS {} WITH (FORCE)",
            self.name
        )]);
    }
}

fn administer(statements: &[&str]) {
    super::block_on(|| async {
        let url = postgres::server().url(DATABASE);
        let mut connection = PgConnection::connect(&url)
            .await
            .expect("PostgreSQL answers");
        for statement in statements {
            let done = connection.execute(AssertSqlSafe(*statement)).await;
            done.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        drop(connection.close().await);
    });
}

/// The migrated template's name. It carries a hash of the migrations, since the server may live from
/// one edit of them to the next.
fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
        let name = format!("template_{:016x}", hash_of(&migrations));
        super::block_on(|| make_template(&name, &migrations));
        name
    })
}

/// One process makes it and the others wait; it takes its name only when it is whole.
async fn make_template(name: &str, migrations: &Path) {
    let server = postgres::server();
    let mut admin = PgConnection::connect(&server.url(DATABASE))
        .await
        .expect("PostgreSQL answers");
    let locked = sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK);
    locked.execute(&mut admin).await.expect("a lock is given");
    let found = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(name);
    if found
        .fetch_optional(&mut admin)
        .await
        .expect("databases can be listed")
        .is_none()
    {
        let half_made = format!("{name}_half_made");
        for statement in [
            format!("DROP DATABASE IF EXISTS {half_made} WITH (FORCE)"),
            format!("CREATE DATABASE {half_made}"),
        ] {
            admin
                .execute(AssertSqlSafe(statement))
                .await
                .expect("a database is made");
        }
        let mut inside = PgConnection::connect(&server.url(&half_made))
            .await
            .expect("PostgreSQL answers");
        let migrator = Migrator::new(migrations.to_owned())
            .await
            .expect("migrations can be read");
        migrator.run(&mut inside).await.expect("migrations run");
        inside.close().await.expect("a connection closes");
        let rename = format!("ALTER DATABASE {half_made} RENAME TO {name}");
        admin
            .execute(AssertSqlSafe(rename))
            .await
            .expect("a database is renamed");
    }
    // Closing gives the lock back.
    admin.close().await.expect("a connection closes");
}

fn hash_of(migrations: &Path) -> u64 {
    let mut files: Vec<PathBuf> = std::fs::read_dir(migrations)
        .expect("there are migrations")
        .map(|entry| entry.expect("a folder can be read").path())
        .filter(|path| !path.ends_with("schema.sql"))
        .collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.file_name().hash(&mut hasher);
        std::fs::read(&file)
            .expect("a migration can be read")
            .hash(&mut hasher);
    }
    hasher.finish()
}
