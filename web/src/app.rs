//! What every handler of the server shares: settings, the database, the engine, and what is made of
//! them once.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SubsecRound, Utc};
use prometheus_client::registry::Registry;
use runtime::Engine;
use store::db::Db;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::access::{Access, Clock, Secrets};
use crate::live::{Registrar, stream};
use crate::settings::Settings;
use crate::wire;
use crate::wire::arn::Arns;
use crate::wire::buckets::Buckets;
use crate::wire::page::Tokens;

/// The setting, shared by all nodes, whose value signs page tokens.
const PAGE_KEY: &str = "wire.page_key";

/// The server, as its handlers see it.
pub struct App {
    pub settings: Settings,
    pub db: Db,
    pub engine: Engine,
    pub access: Arc<Access>,
    pub registrar: Arc<Registrar>,
    pub metrics: Registry,
    /// Cancelled when the server begins to stop: what waits or streams ends then.
    pub stopping: CancellationToken,
    /// Places for streams of events.
    pub(crate) streams: Arc<Semaphore>,
    clock: Clock,
    pub(crate) arns: Arns,
    pub(crate) page_tokens: Tokens,
    pub(crate) buckets: Buckets,
}

/// What an app is made of: an open, migrated database, and a node that runs on it.
pub struct Parts {
    pub settings: Settings,
    pub db: Db,
    pub engine: Engine,
    pub registrar: Arc<Registrar>,
    pub secrets: Arc<Secrets>,
    pub clock: Clock,
}

/// How handlers hold it.
pub type Shared = Arc<App>;

impl App {
    pub async fn open(parts: Parts) -> Result<Shared, sqlx::Error> {
        let Parts {
            settings,
            db,
            engine,
            registrar,
            secrets,
            clock,
        } = parts;
        #[expect(
            clippy::disallowed_methods,
            reason = "a secret comes from the system's random source"
        )]
        let fresh = STANDARD.encode(rand::random::<[u8; 32]>());
        let now = clock().to_chrono();
        let page_key = store::setting::get_or_put(&db, PAGE_KEY, &fresh, now).await?;
        let mut metrics = Registry::default();
        engine.metrics().register(&mut metrics);
        let app = Arc::new(Self {
            access: Access::new(db.clone(), &settings, secrets, Arc::clone(&clock)),
            arns: Arns::new(settings.region.as_str(), settings.account_id.as_str()),
            page_tokens: Tokens::new(page_key.as_bytes()),
            buckets: Buckets::new(&settings.throttling, settings.region.as_str()),
            stopping: CancellationToken::new(),
            streams: stream::places(),
            settings,
            db,
            engine,
            registrar,
            metrics,
            clock,
        });
        app.engine.set_own_services(wire::own::services(&app));
        Ok(app)
    }

    /// The time, to the millisecond: what the API shows of a date is what is stored of it.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)().to_chrono().trunc_subsecs(3)
    }

    /// The time, as fine as the clock has it.
    pub(crate) fn time(&self) -> asl::Timestamp {
        (self.clock)()
    }

    /// An id that is not in use: a UUIDv7, so that rows made together lie together.
    #[expect(
        clippy::unused_self,
        clippy::disallowed_methods,
        reason = "this is where the ids of what users make come from"
    )]
    pub(crate) fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}
