//! How long something took. Wall-clock time comes from outside; this clock only measures.

use tokio::time::Instant;

/// Now, by a clock that only goes forward.
#[expect(
    clippy::disallowed_methods,
    reason = "durations of invocations are measured where they happen; nothing of a workflow depends on them"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
