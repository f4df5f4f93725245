//! `stepwright redrive ID`: lets an execution that did not succeed go on from where it failed, and waits
//! for its end where asked to.

use super::client::{Client, Target, segment};
use super::execution;
use super::exit::{Exit, Failure};
use super::screen::Screen;

#[derive(Debug, clap::Args)]
pub(super) struct Redrive {
    /// The execution's id or its ARN
    execution: String,

    /// Wait until it has ended; then the exit code says how
    #[arg(long)]
    wait: bool,

    #[command(flatten)]
    target: Target,
}

impl Redrive {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let client = Client::new(&self.target)?;
        let path = format!("/executions/{}/redrive", segment(&self.execution));
        let body = "{}".to_owned();
        let execution = execution::ask((&client, &path), body, self.wait, screen)?;
        Ok(if self.wait {
            execution.exit()
        } else {
            Exit::Done
        })
    }
}
