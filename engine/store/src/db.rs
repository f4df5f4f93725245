//! The way to the database: opening it, its pools, its transactions.
//!
//! A [`Db`] is what every function of this crate takes. It hides whether a transaction-mode pooler
//! stands in between: then each statement runs inside a transaction and none is prepared under a
//! name, since two statements outside a transaction may reach two different servers. Whatever needs
//! a session of its own (migrations, LISTEN) uses the direct way.
//!
//! Migrations are in `migrate.rs`, what the server must promise in `promises.rs`, and the executors
//! that know about the pooler in `executor.rs`. No statement of an aggregate is here.

mod executor;
pub(crate) mod migrate;
mod promises;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};

use crate::fault::Faults;
pub use executor::Tx;
pub(crate) use executor::Unnamed;
pub use promises::Promises;

/// How long a caller waits for a free connection before it is told that the database is busy.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that rested for longer is tried before it is used; the others are trusted.
const IDLE_TRUSTED: Duration = Duration::from_secs(1);
/// Connections past the pooler: one for LISTEN and one for whatever else asks.
const DIRECT_CONNECTIONS_MAX: u32 = 4;
/// Connections for what keeps a node alive, which must not wait behind its callers.
const RESERVED_CONNECTIONS_MAX: u32 = 1;
/// Distinct statements that a connection keeps prepared. The commit statement alone has some dozens.
const STATEMENTS_MAX: usize = 256;

/// Where the database is and how to use it. `Debug` shows no URL, since those hold passwords.
#[derive(Clone)]
pub struct Settings {
    /// `postgres://…`; with a `direct_url`, that of a pooler in transaction mode.
    pub url: String,
    /// The same database past the pooler. Absent where there is none.
    pub direct_url: Option<String>,
    /// How many connections the pool may open; the commit pipeline's are its own and come on top.
    pub connections_max: u32,
    /// Whether a server that may forget a commit is refused. Only tests may turn this off.
    pub durability_required: bool,
}

impl Settings {
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            direct_url: None,
            connections_max: 10,
            durability_required: true,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Settings")
            .field("pooler", &self.direct_url.is_some())
            .field("connections_max", &self.connections_max)
            .field("durability_required", &self.durability_required)
            .finish_non_exhaustive()
    }
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("reading {name}: it is not a postgres:// URL")]
    Url {
        /// `DATABASE_URL` or `DATABASE_DIRECT_URL`.
        name: &'static str,
        #[source]
        source: sqlx::Error,
    },
    #[error("connecting to the database")]
    Connect(#[source] sqlx::Error),
    #[error("migrating the database")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error("reading the settings of the database server")]
    Promises(#[source] sqlx::Error),
    #[error(
        "the database server runs with {setting} = {value}, so it may forget what it has committed; \
         set {setting} = on"
    )]
    Forgetful {
        setting: &'static str,
        value: String,
    },
    #[error("the database server is PostgreSQL {found}; at least {needed} is needed")]
    TooOld { found: i32, needed: i32 },
}

/// A database that is open, migrated and checked. Cloning is free.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    direct: PgPool,
    reserved: PgPool,
    is_pooled: bool,
    promises: Promises,
    faults: Faults,
}

impl fmt::Debug for Db {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Db")
            .field("is_pooled", &self.is_pooled)
            .field("promises", &self.promises)
            .finish_non_exhaustive()
    }
}

impl Db {
    /// Connects, migrates, and checks that the server keeps what it commits. Several nodes may do
    /// this at the same moment.
    pub async fn open(settings: &Settings) -> Result<Self, OpenError> {
        let plain = read_url("DATABASE_URL", &settings.url)?;
        let is_pooled = settings.direct_url.is_some();
        let direct_options = match &settings.direct_url {
            Some(url) => with_session_settings(read_url("DATABASE_DIRECT_URL", url)?),
            None => with_session_settings(plain.clone()),
        };
        let options = if is_pooled {
            plain.statement_cache_capacity(0)
        } else {
            direct_options.clone()
        };

        let mut first = direct_options.connect().await.map_err(OpenError::Connect)?;
        migrate::run(&mut first).await.map_err(OpenError::Migrate)?;
        let promises = Promises::read(&mut first)
            .await
            .map_err(OpenError::Promises)?;
        promises.check(settings.durability_required)?;
        // A farewell that fails says nothing about the database that was just read.
        drop(first.close().await);

        Ok(Self {
            reserved: pool(RESERVED_CONNECTIONS_MAX, options.clone()),
            pool: pool(settings.connections_max.max(1), options),
            direct: pool(DIRECT_CONNECTIONS_MAX, direct_options),
            is_pooled,
            promises,
            faults: Faults::none(),
        })
    }

    /// The same database over connections that no caller waits for: for the lease of a node, which is lost
    /// when its renewal stands in a queue for too long.
    #[must_use]
    pub fn reserved(&self) -> Self {
        Self {
            pool: self.reserved.clone(),
            ..self.clone()
        }
    }

    /// Begins a transaction; dropped without [`Tx::commit`], it is rolled back.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(Tx::new(self.pool.begin().await?, self.is_pooled))
    }

    /// Begins a transaction past the pooler: for what takes long or changes tables.
    pub async fn begin_direct(&self) -> Result<Tx, sqlx::Error> {
        Ok(Tx::new(self.direct.begin().await?, false))
    }

    /// Listens on a session of its own. A notice is a hint: whoever listens also polls.
    pub async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.direct).await?;
        listener.ignore_pool_close_event(false);
        Ok(listener)
    }

    /// What the server said about itself when it was opened.
    pub fn promises(&self) -> &Promises {
        &self.promises
    }

    /// Whether a transaction-mode pooler stands in between.
    pub fn is_pooled(&self) -> bool {
        self.is_pooled
    }

    /// Where tests make commits fail; without the feature `fault-points` nothing ever does.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Waits until every connection is given back and closes them.
    pub async fn close(&self) {
        self.pool.close().await;
        self.direct.close().await;
        self.reserved.close().await;
    }

    /// A connection outside the pool, for one that uses it alone and for long.
    ///
    /// Its plans are generic from the start. Behind a pooler plans are made for each statement anyway.
    pub(crate) async fn connect_alone(&self) -> Result<PgConnection, sqlx::Error> {
        let options = self.pool.connect_options();
        if self.is_pooled {
            return options.connect().await;
        }
        PgConnectOptions::clone(&options)
            .options([("plan_cache_mode", "force_generic_plan")])
            .connect()
            .await
    }

    /// A connection past the pooler, outside the pools: for work of many transactions that takes long.
    pub(crate) async fn connect_direct(&self) -> Result<PgConnection, sqlx::Error> {
        self.direct.connect_options().connect().await
    }
}

fn read_url(name: &'static str, url: &str) -> Result<PgConnectOptions, OpenError> {
    let options =
        PgConnectOptions::from_str(url).map_err(|source| OpenError::Url { name, source })?;
    Ok(options
        .application_name("stepwright")
        .statement_cache_capacity(STATEMENTS_MAX)
        .disable_statement_logging())
}

/// What every session is set to, but those behind a pooler, which would refuse the parameters.
///
/// A plan is kept, and one that was made while its table was empty would scan the whole of it for as
/// long as nobody analyzes it: in the first minute of a fresh database that halves what it does. Every
/// statement here has its index, and those with a limit are to follow its order, not to gather all
/// matches in a bitmap first. Just-in-time compilation never pays for statements of a few rows.
fn with_session_settings(options: PgConnectOptions) -> PgConnectOptions {
    options.options([
        ("enable_seqscan", "off"),
        ("enable_bitmapscan", "off"),
        ("jit", "off"),
    ])
}

fn pool(connections_max: u32, options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > IDLE_TRUSTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options)
}
