//! How long something may still take.

use std::time::Duration;

use tokio::time::Instant;

/// A wait that ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience(Instant);

impl Patience {
    #[expect(
        clippy::disallowed_methods,
        reason = "waiting is by tokio's clock, which tests can turn"
    )]
    fn now() -> Instant {
        Instant::now()
    }

    pub(crate) fn new(duration: Duration) -> Self {
        Self(Self::now() + duration)
    }

    /// Zero when it is over.
    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(Self::now())
    }

    pub(crate) fn is_over(self) -> bool {
        self.left().is_zero()
    }
}
