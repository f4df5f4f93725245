//! What every handler of the server shares: settings, the database, and what is made of both once.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SubsecRound, Utc};
use runtime::Engine;
use store::db::Db;
use uuid::Uuid;

use crate::settings::Settings;
use crate::wire::arn::Arns;
use crate::wire::page::Tokens;

/// The setting, shared by all nodes, whose value signs page tokens.
const PAGE_KEY: &str = "wire.page_key";

/// The server, as its handlers see it.
pub struct App {
    pub settings: Settings,
    pub db: Db,
    pub engine: Engine,
    pub(crate) arns: Arns,
    pub(crate) page_tokens: Tokens,
}

/// How handlers hold it.
pub type Shared = Arc<App>;

impl App {
    /// The app of a database that is open and migrated, and of a node that runs on it.
    pub async fn open(settings: Settings, db: Db, engine: Engine) -> Result<Shared, sqlx::Error> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a secret comes from the system's random source"
        )]
        let fresh = STANDARD.encode(rand::random::<[u8; 32]>());
        let page_key = store::setting::get_or_put(&db, PAGE_KEY, &fresh, now()).await?;
        Ok(Arc::new(Self {
            arns: Arns::new(settings.region.as_str(), settings.account_id.as_str()),
            page_tokens: Tokens::new(page_key.as_bytes()),
            settings,
            db,
            engine,
        }))
    }

    /// The time, to the millisecond: what the API shows of a date is what is stored of it.
    #[expect(
        clippy::unused_self,
        reason = "time is asked of the server, not of the machine"
    )]
    pub(crate) fn now(&self) -> DateTime<Utc> {
        now().trunc_subsecs(3)
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

#[expect(clippy::disallowed_methods, reason = "this is the clock of the API")]
fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}
