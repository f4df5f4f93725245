//! `dev …`: what is handy at work and takes no part in a check.

use anyhow::Result;
use embedded_pg::Shared;

use crate::project;

/// A server on a database of its own, for as long as standard input stays open.
pub(crate) fn server(arguments: &[&str]) -> Result<()> {
    project::run(project::cargo().args(["build", "--quiet", "--workspace", "--bins"]))?;
    let debug = project::target().join("debug");
    let mut server = std::process::Command::new(debug.join("test-server"));
    project::run(
        server
            .args(arguments)
            .env("STEPWRIGHT_TEST_BIN", debug.join("stepwright")),
    )
}

/// Ends the PostgreSQL that tests share and removes its folder.
pub(crate) fn stop() -> Result<()> {
    Ok(Shared::end(&project::target().join("tmp/test-postgres"))?)
}
