//! `stepwright redrive ID`: lets an execution that did not succeed go on from where it failed, and waits
//! for its end where asked to.

use reqwest::Method;

use super::client::{Client, Target, read, segment};
use super::execution::{self, Execution};
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
        let (execution, text) = super::block_on(async {
            let body = Some("{}".to_owned());
            let text = client.send(Method::POST, &path, body).await?;
            let execution: Execution = read(&text)?;
            if self.wait && execution.is_running() {
                return execution::wait(&client, &execution.id).await;
            }
            Ok((execution, text))
        })?;
        if screen.is_json() {
            screen.raw(&text)?;
        } else {
            screen.line(&execution.show())?;
        }
        if execution.is_running() {
            screen.remark(&format!(
                "Follow it with: stepwright watch {}",
                execution.id
            ));
        }
        Ok(if self.wait {
            execution.exit()
        } else {
            Exit::Done
        })
    }
}
