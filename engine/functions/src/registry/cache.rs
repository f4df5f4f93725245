//! A node's copy of the registry, at most a second old, so that a call costs no query. The node
//! that changes an entry forgets its copy at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use super::{Connection, Endpoint, Registry, RegistryError};
use crate::{age, limits};

/// A registry behind a copy.
pub struct Cached {
    source: Arc<dyn Registry>,
    functions: Copies<Endpoint>,
    connections: Copies<Connection>,
    age_max: Duration,
}

struct Copies<T> {
    entries: RwLock<HashMap<Arc<str>, Copied<T>>>,
    /// Counts what was forgotten, so that a reading which began before is not kept after it.
    forgotten: AtomicU64,
}

impl<T> Default for Copies<T> {
    fn default() -> Self {
        Self {
            entries: RwLock::default(),
            forgotten: AtomicU64::default(),
        }
    }
}

struct Copied<T> {
    /// Absent names are kept too: a workflow that calls a missing function asks once a second.
    value: Option<Arc<T>>,
    read_at: Instant,
    /// When somebody last set out to read it again. Others use the copy meanwhile.
    asked_at: Instant,
}

impl Cached {
    pub fn new(source: Arc<dyn Registry>) -> Self {
        Self::with_age_max(source, limits::REGISTRY_AGE_MAX)
    }

    pub fn with_age_max(source: Arc<dyn Registry>, age_max: Duration) -> Self {
        Self {
            source,
            functions: Copies::default(),
            connections: Copies::default(),
            age_max,
        }
    }

    /// The endpoint of that name, from the copy where it is fresh.
    pub async fn function(&self, name: &str) -> Result<Option<Arc<Endpoint>>, RegistryError> {
        match self.functions.fresh(name, self.age_max) {
            Fresh::Yes(value) => Ok(value),
            Fresh::No { forgotten } => {
                let found = self.source.function(name).await;
                self.functions.keep(name, found, forgotten)
            }
        }
    }

    /// The connection of that name, from the copy where it is fresh.
    pub async fn connection(&self, name: &str) -> Result<Option<Arc<Connection>>, RegistryError> {
        match self.connections.fresh(name, self.age_max) {
            Fresh::Yes(value) => Ok(value),
            Fresh::No { forgotten } => {
                let found = self.source.connection(name).await;
                self.connections.keep(name, found, forgotten)
            }
        }
    }

    /// Forgets the copy: the next call reads it again.
    pub fn forget_function(&self, name: &str) {
        self.functions.forget(name);
    }

    /// Forgets the copy: the next call reads it again.
    pub fn forget_connection(&self, name: &str) {
        self.connections.forget(name);
    }
}

enum Fresh<T> {
    Yes(Option<Arc<T>>),
    No { forgotten: u64 },
}

impl<T> Copies<T> {
    fn fresh(&self, name: &str, age_max: Duration) -> Fresh<T> {
        let now = age::now();
        let is_fresh = |copy: &Copied<T>| {
            // While somebody reads it again, a copy that was fresh a moment ago will do.
            now.duration_since(copy.read_at) < age_max
                || now.duration_since(copy.asked_at) < age_max
        };
        let no = || Fresh::No {
            forgotten: self.forgotten.load(Ordering::Acquire),
        };
        {
            let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
            match entries.get(name) {
                Some(copy) if is_fresh(copy) => return Fresh::Yes(copy.value.clone()),
                Some(_) => {}
                None => return no(),
            }
        }
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        match entries.get_mut(name) {
            Some(copy) if is_fresh(copy) => Fresh::Yes(copy.value.clone()),
            Some(copy) => {
                copy.asked_at = now;
                no()
            }
            None => no(),
        }
    }

    fn keep(
        &self,
        name: &str,
        found: Result<Option<T>, RegistryError>,
        forgotten: u64,
    ) -> Result<Option<Arc<T>>, RegistryError> {
        let now = age::now();
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        match found {
            Ok(value) => {
                let value = value.map(Arc::new);
                if self.forgotten.load(Ordering::Acquire) == forgotten {
                    if entries.len() >= limits::REGISTRY_ENTRIES_MAX && !entries.contains_key(name)
                    {
                        entries.clear();
                    }
                    let copy = Copied {
                        value: value.clone(),
                        read_at: now,
                        asked_at: now,
                    };
                    entries.insert(Arc::from(name), copy);
                }
                Ok(value)
            }
            Err(error) => match entries.get(name) {
                // A database that is away for a while need not fail calls that do not need it.
                Some(copy) if now.duration_since(copy.read_at) < limits::REGISTRY_STALE_MAX => {
                    Ok(copy.value.clone())
                }
                _ => Err(error),
            },
        }
    }

    fn forget(&self, name: &str) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        entries.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use super::super::{EndpointSettings, Lookup};
    use super::*;

    /// A registry with one function, whose URL says how often it was asked.
    #[derive(Default)]
    struct Counting {
        asked: AtomicU64,
        is_down: Mutex<bool>,
    }

    impl Registry for Counting {
        fn function<'a>(&'a self, name: &'a str) -> Lookup<'a, Endpoint> {
            Box::pin(async move {
                let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
                if *self.is_down.lock().unwrap() {
                    return Err(RegistryError("the database is away".to_owned()));
                }
                if name != "known" {
                    return Ok(None);
                }
                let settings = EndpointSettings::new(format!("http://localhost/{asked}"));
                Ok(Some(Endpoint::new(&settings).unwrap()))
            })
        }

        fn connection<'a>(&'a self, _: &'a str) -> Lookup<'a, Connection> {
            Box::pin(async { Ok(None) })
        }
    }

    async fn path(cached: &Cached) -> String {
        let endpoint = cached.function("known").await.unwrap().unwrap();
        endpoint.url().path().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_copy_serves_until_it_is_a_second_old() {
        let source = Arc::new(Counting::default());
        let cached = Cached::new(source.clone());
        assert_eq!(path(&cached).await, "/1");
        tokio::time::advance(Duration::from_millis(999)).await;
        assert_eq!(path(&cached).await, "/1");
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(path(&cached).await, "/2");
    }

    #[tokio::test(start_paused = true)]
    async fn a_forgotten_copy_is_read_again_at_once() {
        let cached = Cached::new(Arc::new(Counting::default()));
        assert_eq!(path(&cached).await, "/1");
        cached.forget_function("known");
        assert_eq!(path(&cached).await, "/2");
    }

    #[tokio::test(start_paused = true)]
    async fn a_reading_that_began_before_a_change_is_not_kept() {
        let cached = Cached::new(Arc::new(Counting::default()));
        let Fresh::No { forgotten } = cached.functions.fresh("known", cached.age_max) else {
            panic!("there is no copy yet");
        };
        let old = cached.source.function("known").await;
        cached.forget_function("known");
        let served = cached.functions.keep("known", old, forgotten).unwrap();
        assert_eq!(served.unwrap().url().path(), "/1");
        assert_eq!(path(&cached).await, "/2");
    }

    #[tokio::test(start_paused = true)]
    async fn only_one_caller_reads_an_old_copy_again() {
        let cached = Cached::new(Arc::new(Counting::default()));
        assert_eq!(path(&cached).await, "/1");
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(matches!(
            cached.functions.fresh("known", cached.age_max),
            Fresh::No { .. }
        ));
        assert_eq!(path(&cached).await, "/1", "the copy serves meanwhile");
    }

    #[tokio::test(start_paused = true)]
    async fn absent_names_are_remembered_too() {
        let source = Arc::new(Counting::default());
        let cached = Cached::new(source.clone());
        for _ in 0..3 {
            assert!(cached.function("gone").await.unwrap().is_none());
        }
        assert_eq!(source.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_copy_serves_while_the_registry_is_away_but_not_for_ever() {
        let source = Arc::new(Counting::default());
        let cached = Cached::new(source.clone());
        assert_eq!(path(&cached).await, "/1");
        *source.is_down.lock().unwrap() = true;
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(path(&cached).await, "/1");
        tokio::time::advance(limits::REGISTRY_STALE_MAX).await;
        assert!(cached.function("known").await.is_err());
    }
}
