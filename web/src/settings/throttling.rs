//! `[throttling]` of the settings file: the token buckets of the API.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::sections::within;

/// `[throttling]`: whether calls of the API are throttled as AWS throttles an account, for tests of what clients
/// do then. Off by default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttling {
    pub enabled: bool,
    /// By operation, where it is not AWS's: `StopExecution = { size = 10, refill = 1 }`.
    pub buckets: BTreeMap<String, Bucket>,
}

/// A bucket of tokens, of which a call takes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// How many it holds.
    pub size: u32,
    /// How many come back in a second.
    pub refill: u32,
}

impl Throttling {
    pub(super) fn check(&self) -> Result<(), String> {
        for (name, bucket) in &self.buckets {
            if !crate::wire::is_throttled(name) {
                return Err(format!(
                    "the setting throttling.buckets.{name} is of no operation that has a bucket; allowed is the \
                     name of an operation but StartSyncExecution, or `StartExecution.Express`"
                ));
            }
            let within = |field: &str, value: u32| {
                let name = format!("throttling.buckets.{name}.{field}");
                within(&name, value.into(), 1, 1_000_000)
            };
            within("size", bucket.size)?;
            within("refill", bucket.refill)?;
        }
        Ok(())
    }
}
