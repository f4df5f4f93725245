//! A private server that lives while any test holds it, and a fresh migrated database for each test.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use embedded_pg::{Cluster, DATABASE, Options, Running};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::db::{Db, Settings};

static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The server, stopped and removed when the last test that holds it ends.
struct Server {
    running: Option<Running>,
    dir: PathBuf,
    template: tokio::sync::OnceCell<()>,
}

impl Server {
    fn shared() -> Arc<Self> {
        let mut shared = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("store-{}", std::process::id()));
        let running = Cluster::open(&dir, &Options::from_environment()).unwrap();
        let server = Arc::new(Self {
            running: Some(running),
            dir,
            template: tokio::sync::OnceCell::new(),
        });
        *shared = Arc::downgrade(&server);
        server
    }

    fn url(&self, database: &str) -> String {
        self.running.as_ref().unwrap().url(database)
    }

    async fn run(&self, statement: String) {
        let mut connection = PgConnection::connect(&self.url(DATABASE)).await.unwrap();
        connection.execute(AssertSqlSafe(statement)).await.unwrap();
        connection.close().await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Held, so that a test that comes now waits with its own server until the folder is free.
        let _shared = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.running.take());
        drop(fs::remove_dir_all(&self.dir));
    }
}

/// A database of a test's own.
pub(crate) struct Database {
    pub(crate) url: String,
    _server: Arc<Server>,
}

impl Database {
    /// An empty one, as a person makes it before the first start.
    pub(crate) async fn empty() -> Self {
        let server = Server::shared();
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        server.run(format!("CREATE DATABASE {name}")).await;
        Self {
            url: server.url(&name),
            _server: server,
        }
    }

    /// A copy of one that was migrated once.
    pub(crate) async fn migrated() -> Self {
        let server = Server::shared();
        server
            .template
            .get_or_init(async || {
                server.run("CREATE DATABASE migrated".to_owned()).await;
                let db = Db::open(&Settings::new(server.url("migrated")))
                    .await
                    .unwrap();
                db.close().await;
            })
            .await;
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        server
            .run(format!("CREATE DATABASE {name} TEMPLATE migrated"))
            .await;
        Self {
            url: server.url(&name),
            _server: server,
        }
    }

    pub(crate) async fn open(&self) -> Db {
        Db::open(&Settings::new(&self.url)).await.unwrap()
    }
}
