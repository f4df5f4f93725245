//! The clock of what runs outside the engine: deciding who may call, sealing, registering. The engine has
//! its own, which it measures against the database's.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use asl::Timestamp;

use crate::access::Clock;

/// The system's time.
pub(crate) fn system() -> Clock {
    Arc::new(now)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that others are given"
)]
fn now() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
