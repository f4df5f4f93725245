//! How old a copy is: of the registry, of a token. Nothing of a workflow depends on it.

use tokio::time::Instant;

/// Now, by a clock that only goes forward and that a test can stop.
#[expect(
    clippy::disallowed_methods,
    reason = "the age of a cached copy is no workflow's time and is never stored"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
