//! Where functions come from and where records go: both are somebody else's database.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use launcher::Level;
use tokio::time::Instant;

use crate::function::Deployed;
use crate::{age, limits};

/// What knows the deployed functions.
pub trait Source: Send + Sync {
    /// The function of that name by that qualifier, or its latest form. None where there is no
    /// function of that name with code; the qualifier may be the one thing that is missing.
    fn function<'a>(&'a self, name: &'a str, qualifier: Option<&'a str>) -> Loading<'a, Deployed>;
    /// A package by its SHA-256.
    fn code<'a>(&'a self, sha256: &'a [u8; 32]) -> Loading<'a, Bytes>;
}

pub type Loading<'a, T> = Pin<Box<dyn Future<Output = Result<Option<T>, SourceError>> + Send + 'a>>;

/// What is kept could not be read. Its own cause is logged where it happens.
#[derive(Clone, Debug, thiserror::Error)]
#[error("reading what is deployed: {0}")]
pub struct SourceError(pub String);

/// What takes a record of each invocation.
pub trait Ledger: Send + Sync {
    /// Takes the record over. Called once an invocation has ended; does not wait.
    fn write(&self, record: Record);
}

/// One invocation, as it is billed and looked up: nothing is rounded.
#[derive(Clone, Debug)]
pub struct Record {
    pub request_id: Arc<str>,
    pub name: Arc<str>,
    pub version: Arc<str>,
    /// The execution whose task it was, where it was one.
    pub execution_arn: Option<Arc<str>>,
    /// When it was asked for, in microseconds since the epoch.
    pub queued_at_us: i64,
    /// What starting an instance took, where this invocation started one.
    pub init: Option<Duration>,
    /// From the event's hand-over to the answer.
    pub duration: Duration,
    pub memory_mb: u32,
    pub peak_memory_bytes: u64,
    pub event_bytes: u64,
    pub answer_bytes: u64,
    pub tries: u32,
    pub outcome: &'static str,
    pub level: Level,
    pub log: String,
}

/// A node's copy of what is deployed, at most a second old, so that a call costs no query.
pub struct Catalog {
    source: Arc<dyn Source>,
    copies: Mutex<Copies>,
}

/// By name and qualifier.
type Copies = HashMap<(Arc<str>, Option<Arc<str>>), Copied>;

struct Copied {
    value: Option<Arc<Deployed>>,
    read_at: Instant,
}

impl Catalog {
    pub fn new(source: Arc<dyn Source>) -> Self {
        Self {
            source,
            copies: Mutex::default(),
        }
    }

    /// From the copy where that is fresh. Absent ones are kept too.
    pub async fn function(
        &self,
        name: &Arc<str>,
        qualifier: Option<&Arc<str>>,
    ) -> Result<Option<Arc<Deployed>>, SourceError> {
        let key = (Arc::clone(name), qualifier.map(Arc::clone));
        let fresh = |copied: &Copied| age::now() - copied.read_at < limits::CATALOG_AGE_MAX;
        if let Some(copied) = self.lock().get(&key).filter(|copied| fresh(copied)) {
            return Ok(copied.value.clone());
        }
        // As old as the moment before it was read: a change during the reading makes it stale.
        let read_at = age::now();
        let found = self
            .source
            .function(name, qualifier.map(|text| &**text))
            .await?;
        let value = found.map(Arc::new);
        let mut copies = self.lock();
        if copies.len() >= limits::CATALOG_MAX {
            copies.clear();
        }
        let copied = Copied {
            value: value.clone(),
            read_at,
        };
        copies.insert(key, copied);
        Ok(value)
    }

    pub async fn code(&self, sha256: &[u8; 32]) -> Result<Option<Bytes>, SourceError> {
        self.source.code(sha256).await
    }

    /// Forgets a function: the next call reads it again.
    pub fn forget(&self, name: &str) {
        self.lock().retain(|(known, _), _| &**known != name);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Copies> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
