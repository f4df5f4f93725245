//! Instances in sandboxes: that each layer holds, and that nothing of one is left however it ends.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "a test looks for programs as the server's command line does"
)]

mod isolation;
mod killed;
#[path = "../instances/support.rs"]
mod support;

/// These tests look at processes and control groups of the whole test process, so they take turns.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
