//! The keys of this server, held in memory: a call costs no query, and whether keys exist at all is
//! known without one. A look at the table, at most a second old, notices every key made or deleted
//! elsewhere.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use asl::Timestamp;
use chrono::{DateTime, Utc};
use store::api_key::{self, ApiKey, Census};
use store::db::Db;
use subtle::ConstantTimeEq;

use super::{Secrets, secrets, token};
use crate::hidden::Hidden;

/// How old the look at the table may be.
const AGE_MICROS_MAX: i64 = 1_000_000;
/// How often the use of one key is written down.
const USE_SECONDS: i64 = 15 * 60;

/// The record name under which a key's secret is sealed.
pub fn record(key_id: &str) -> String {
    format!("api_key/{key_id}")
}

/// A new key, ready to be stored, and its secret, to be shown once.
pub fn make(
    secrets: &Secrets,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(ApiKey, Hidden<String>), secrets::Fault> {
    let (id, secret) = (token::key_id(), token::secret());
    let sealed = secrets.seal(&record(&id), secret.reveal().as_bytes())?;
    let key = ApiKey {
        id,
        name: name.to_owned(),
        sealed,
        created_at: now,
        last_used_at: None,
    };
    Ok((key, secret))
}

/// The keys, and when they were last looked at.
#[derive(Debug)]
pub struct Keys {
    db: Db,
    secrets: Arc<Secrets>,
    held: RwLock<Arc<Held>>,
    looked_at: AtomicI64,
    looking: tokio::sync::Mutex<()>,
}

/// All keys as they were at one moment.
#[derive(Debug, Default)]
pub struct Held {
    census: Option<Census>,
    by_id: HashMap<String, Arc<Key>>,
}

/// One key, opened.
#[derive(Debug)]
pub struct Key {
    pub id: String,
    pub name: Arc<str>,
    secret: Hidden<Vec<u8>>,
    was_used: AtomicBool,
    /// Microseconds since 1970; 0 where its use was never written down.
    use_noted_at: AtomicI64,
}

impl Key {
    pub fn secret(&self) -> &[u8] {
        self.secret.reveal()
    }

    /// Whether this is its secret; how long the answer takes says nothing.
    pub fn is_secret(&self, shown: &str) -> bool {
        bool::from(self.secret().ct_eq(shown.as_bytes()))
    }

    /// Notes that it proved a caller just now.
    pub fn note_use(&self) {
        self.was_used.store(true, Ordering::Relaxed);
    }
}

impl Held {
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty() && self.census.is_none_or(|census| census.count == 0)
    }

    pub fn get(&self, id: &str) -> Option<&Arc<Key>> {
        self.by_id.get(id)
    }
}

impl Keys {
    pub fn new(db: Db, secrets: Arc<Secrets>) -> Self {
        Self {
            db,
            secrets,
            held: RwLock::default(),
            looked_at: AtomicI64::new(i64::MIN),
            looking: tokio::sync::Mutex::default(),
        }
    }

    /// The keys as they were at most a second ago. An error where the database cannot be asked: then
    /// nobody can be let in, since a key may be gone.
    pub async fn current(&self, now: Timestamp) -> Result<Arc<Held>, sqlx::Error> {
        if self.is_fresh(now) {
            return Ok(self.held());
        }
        // One asks; the others wait for its answer.
        let looking = self.looking.lock().await;
        if !self.is_fresh(now) {
            let census = api_key::census(&self.db).await?;
            if self.held().census != Some(census) {
                let held = Arc::new(self.read(census).await?);
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = held;
            }
            self.looked_at.store(now.as_micros(), Ordering::Release);
        }
        drop(looking);
        Ok(self.held())
    }

    /// Writes down which keys were used, each at most four times an hour.
    pub async fn note_uses(&self, now: Timestamp) -> Result<(), sqlx::Error> {
        let held = self.held();
        for key in held.by_id.values() {
            let noted_at = Timestamp(key.use_noted_at.load(Ordering::Relaxed));
            if now < noted_at.plus_seconds(USE_SECONDS)
                || !key.was_used.swap(false, Ordering::Relaxed)
            {
                continue;
            }
            api_key::touch(&self.db, &key.id, now.to_chrono()).await?;
            key.use_noted_at.store(now.as_micros(), Ordering::Relaxed);
        }
        Ok(())
    }

    fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        let looked_at = self.looked_at.load(Ordering::Acquire);
        // A clock that was set back makes the look old, not eternally young.
        (0..AGE_MICROS_MAX).contains(&now.as_micros().saturating_sub(looked_at))
    }

    async fn read(&self, census: Census) -> Result<Held, sqlx::Error> {
        let before = self.held();
        let mut by_id = HashMap::new();
        for row in api_key::list(&self.db).await? {
            if let Some(key) = before.by_id.get(&row.id) {
                by_id.insert(row.id, Arc::clone(key));
                continue;
            }
            // A key that does not open is no reason to lock out all others; it opens for nobody.
            match self.secrets.open(&record(&row.id), &row.sealed) {
                Ok(secret) => {
                    let key = Key {
                        id: row.id.clone(),
                        name: row.name.into(),
                        secret,
                        was_used: AtomicBool::new(false),
                        use_noted_at: AtomicI64::new(
                            row.last_used_at.map_or(0, |at| at.timestamp_micros()),
                        ),
                    };
                    by_id.insert(row.id, Arc::new(key));
                }
                Err(error) => tracing::error!(key.id = row.id, %error, "a key cannot be used"),
            }
        }
        Ok(Held {
            census: Some(census),
            by_id,
        })
    }
}
