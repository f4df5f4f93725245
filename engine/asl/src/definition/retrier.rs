//! An entry of `Retry`.

use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub struct Retrier {
    pub error_equals: Vec<Arc<str>>,
    /// Before the first retry; 1 by default.
    pub interval_seconds: u64,
    /// 3 by default; 0 means never.
    pub attempts_max: u64,
    /// 2.0 by default, at least 1.
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`: no interval grows beyond it.
    pub delay_seconds_max: Option<u64>,
    pub jitter: Jitter,
}

/// `JitterStrategy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    #[default]
    None,
    /// A random time between zero and the interval.
    Full,
}
