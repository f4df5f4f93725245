//! Which instance takes an invocation: pure, time comes in.
//!
//! One event at a time per instance; of idle ones the most recently used is taken, so that the others
//! may grow old and go. An invocation that finds none idle gets a new one or is turned away: nothing
//! waits here, as on Lambda.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Names an instance on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub u64);

/// What instances have to share to take each other's events.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub name: Arc<str>,
    pub version: Arc<str>,
    pub revision: Arc<str>,
}

/// What becomes of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// An idle instance takes it.
    Reuse(InstanceId),
    /// A new one is to be started under this number.
    Start(InstanceId),
    Throttled(Throttle),
}

/// Which bound is reached. Source: `ThrottleReason` in Lambda's service model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttle {
    ReservedFunctionConcurrentInvocationLimitExceeded,
    ConcurrentInvocationLimitExceeded,
}

impl Throttle {
    /// Lambda's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReservedFunctionConcurrentInvocationLimitExceeded => {
                "ReservedFunctionConcurrentInvocationLimitExceeded"
            }
            Self::ConcurrentInvocationLimitExceeded => "ConcurrentInvocationLimitExceeded",
        }
    }
}

/// All instances of a node.
#[derive(Debug)]
pub struct Pool {
    concurrency_max: usize,
    idle_time_max: Duration,
    last_id: u64,
    instances: HashMap<InstanceId, Instance>,
    /// Idle ones by what they run, the most recently used last.
    idle: HashMap<Key, Vec<InstanceId>>,
    /// Busy ones by function, over all its versions.
    busy: HashMap<Arc<str>, u32>,
    busy_count: usize,
}

#[derive(Debug)]
struct Instance {
    key: Key,
    /// Since when it has had nothing to do.
    idle_since: Option<Duration>,
}

impl Pool {
    pub fn new(concurrency_max: usize, idle_time_max: Duration) -> Self {
        Self {
            concurrency_max,
            idle_time_max,
            last_id: 0,
            instances: HashMap::new(),
            idle: HashMap::new(),
            busy: HashMap::new(),
            busy_count: 0,
        }
    }

    /// Finds an instance for one invocation, which is busy from now on.
    pub fn take(&mut self, key: &Key, reserved: Option<u32>) -> Decision {
        let running = self.busy.get(&key.name).copied().unwrap_or(0);
        if reserved.is_some_and(|most| running >= most) {
            return Decision::Throttled(
                Throttle::ReservedFunctionConcurrentInvocationLimitExceeded,
            );
        }
        if self.busy_count >= self.concurrency_max {
            return Decision::Throttled(Throttle::ConcurrentInvocationLimitExceeded);
        }
        self.busy_count += 1;
        *self.busy.entry(Arc::clone(&key.name)).or_insert(0) += 1;
        if let Some(id) = self.idle.get_mut(key).and_then(Vec::pop) {
            if let Some(instance) = self.instances.get_mut(&id) {
                instance.idle_since = None;
            }
            return Decision::Reuse(id);
        }
        self.last_id += 1;
        let id = InstanceId(self.last_id);
        let instance = Instance {
            key: key.clone(),
            idle_since: None,
        };
        self.instances.insert(id, instance);
        Decision::Start(id)
    }

    /// A busy instance has answered and may take another event.
    pub fn give_back(&mut self, id: InstanceId, now: Duration) {
        let Some(instance) = self.instances.get_mut(&id) else {
            return;
        };
        if instance.idle_since.is_some() {
            return;
        }
        instance.idle_since = Some(now);
        let key = instance.key.clone();
        self.no_longer_busy(&key.name);
        self.idle.entry(key).or_default().push(id);
    }

    /// An instance has ended, busy or not.
    pub fn remove(&mut self, id: InstanceId) {
        let Some(instance) = self.instances.remove(&id) else {
            return;
        };
        if instance.idle_since.is_none() {
            self.no_longer_busy(&instance.key.name);
            return;
        }
        if let Some(idle) = self.idle.get_mut(&instance.key) {
            idle.retain(|other| *other != id);
            if idle.is_empty() {
                self.idle.remove(&instance.key);
            }
        }
    }

    /// Takes out those that have been idle for too long.
    pub fn expired(&mut self, now: Duration) -> Vec<InstanceId> {
        let most = self.idle_time_max;
        self.take_idle(|_, since| now.saturating_sub(since) >= most)
    }

    /// Takes out the idle instances of a function, but for those of `keep`.
    pub fn retire(&mut self, name: &str, keep: Option<&str>) -> Vec<InstanceId> {
        self.take_idle(|key, _| &*key.name == name && keep != Some(&*key.revision))
    }

    /// Takes out every idle instance.
    pub fn retire_all(&mut self) -> Vec<InstanceId> {
        self.take_idle(|_, _| true)
    }

    fn take_idle(&mut self, is_meant: impl Fn(&Key, Duration) -> bool) -> Vec<InstanceId> {
        let meant = self.instances.iter().filter(|(_, instance)| {
            instance
                .idle_since
                .is_some_and(|since| is_meant(&instance.key, since))
        });
        let mut found: Vec<_> = meant.map(|(id, _)| *id).collect();
        found.sort_unstable();
        for id in &found {
            self.remove(*id);
        }
        found
    }

    /// Busy instances, and all of them.
    pub fn counts(&self) -> (usize, usize) {
        (self.busy_count, self.instances.len())
    }

    fn no_longer_busy(&mut self, name: &Arc<str>) {
        self.busy_count = self.busy_count.saturating_sub(1);
        if let Some(count) = self.busy.get_mut(name) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.busy.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn key(name: &str) -> Key {
        Key {
            name: Arc::from(name),
            version: Arc::from("$LATEST"),
            revision: Arc::from("r"),
        }
    }

    fn pool() -> Pool {
        Pool::new(3, MINUTE)
    }

    #[track_caller]
    fn started(pool: &mut Pool, name: &str) -> InstanceId {
        match pool.take(&key(name), None) {
            Decision::Start(id) => id,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_most_recently_used_idle_instance_is_taken() {
        let mut pool = pool();
        let (a, b) = (started(&mut pool, "f"), started(&mut pool, "f"));
        pool.give_back(b, MINUTE);
        pool.give_back(a, MINUTE);
        assert_eq!(pool.take(&key("f"), None), Decision::Reuse(a));
        assert_eq!(pool.take(&key("f"), None), Decision::Reuse(b));
    }

    #[test]
    fn a_busy_instance_takes_no_second_event() {
        let mut pool = pool();
        let a = started(&mut pool, "f");
        let b = started(&mut pool, "f");
        assert_ne!(a, b);
    }

    #[test]
    fn other_code_gets_another_instance() {
        let mut pool = pool();
        let a = started(&mut pool, "f");
        pool.give_back(a, MINUTE);
        let changed = Key {
            revision: Arc::from("other"),
            ..key("f")
        };
        assert!(matches!(pool.take(&changed, None), Decision::Start(_)));
        assert_eq!(pool.retire("f", Some("other")), [a]);
        assert_eq!(pool.counts(), (1, 1));
    }

    #[test]
    fn reserved_and_whole_concurrency_turn_away() {
        let mut pool = pool();
        let reserved = Throttle::ReservedFunctionConcurrentInvocationLimitExceeded;
        let whole = Throttle::ConcurrentInvocationLimitExceeded;
        assert_eq!(pool.take(&key("f"), Some(0)), Decision::Throttled(reserved));
        let a = started(&mut pool, "f");
        assert_eq!(pool.take(&key("f"), Some(1)), Decision::Throttled(reserved));
        started(&mut pool, "g");
        started(&mut pool, "g");
        assert_eq!(pool.take(&key("h"), None), Decision::Throttled(whole));
        pool.give_back(a, MINUTE);
        assert_eq!(pool.take(&key("f"), Some(1)), Decision::Reuse(a));
    }

    #[test]
    fn what_is_idle_for_too_long_goes() {
        let mut pool = pool();
        let (a, b) = (started(&mut pool, "f"), started(&mut pool, "f"));
        pool.give_back(a, Duration::ZERO);
        pool.give_back(b, Duration::from_secs(30));
        assert_eq!(pool.expired(Duration::from_secs(59)), []);
        assert_eq!(pool.expired(MINUTE), [a]);
        assert_eq!(pool.take(&key("f"), None), Decision::Reuse(b));
    }

    #[test]
    fn an_instance_that_ended_is_never_taken_again() {
        let mut pool = pool();
        let a = started(&mut pool, "f");
        pool.remove(a);
        pool.give_back(a, MINUTE);
        assert_eq!(pool.counts(), (0, 0));
        let b = started(&mut pool, "f");
        pool.give_back(b, MINUTE);
        pool.give_back(b, MINUTE);
        pool.remove(b);
        assert_eq!(pool.counts(), (0, 0));
        assert!(matches!(pool.take(&key("f"), None), Decision::Start(_)));
    }
}
