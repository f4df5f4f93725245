//! `stepwright rerun ID --from STATE`: starts an execution that goes on from a state of another one, and waits
//! for its end where asked to.

use std::path::Path;

use serde_json::json;
use serde_json::value::RawValue;

use super::client::{Client, Target, segment};
use super::execution;
use super::exit::{Exit, Failure};
use super::screen::Screen;
use super::validate;

#[derive(Debug, clap::Args)]
pub(super) struct Rerun {
    /// The id or ARN of the execution to go on from
    execution: String,

    /// The state to go on from: its last visit
    #[arg(long, value_name = "STATE", required_unless_present = "event")]
    from: Option<String>,

    /// The visit to go on from, by the number of the event that entered it
    #[arg(long, conflicts_with = "from")]
    event: Option<u64>,

    /// Another input for the state: JSON, @FILE, or @- for standard input
    #[arg(long, value_name = "JSON|@FILE")]
    input: Option<String>,

    /// Other values for variables, as an object
    #[arg(long, value_name = "JSON|@FILE")]
    variables: Option<String>,

    /// A result that stands in for the work of the state, which is then not done
    #[arg(long, value_name = "JSON|@FILE")]
    result: Option<String>,

    /// Which definition runs: same, newest, the number of a version, or an alias
    #[arg(long, default_value = "same")]
    definition: String,

    /// The new execution's name [default: its id]
    #[arg(long)]
    name: Option<String>,

    /// Wait until it has ended; then the exit code says how
    #[arg(long)]
    wait: bool,

    #[command(flatten)]
    target: Target,
}

impl Rerun {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let body = self.body()?;
        let client = Client::new(&self.target)?;
        let path = format!("/executions/{}/rerun", segment(&self.execution));
        let execution = execution::ask((&client, &path), body, self.wait, screen)?;
        Ok(if self.wait {
            execution.exit()
        } else {
            Exit::Done
        })
    }

    fn body(&self) -> Result<String, Failure> {
        let mut members = vec![format!("\"definition\":{}", json!(self.definition))];
        for (field, text) in [("state", &self.from), ("name", &self.name)] {
            members.extend(
                text.as_ref()
                    .map(|text| format!("\"{field}\":{}", json!(text))),
            );
        }
        members.extend(self.event.map(|event| format!("\"event\":{event}")));
        for (field, text) in [
            ("input", &self.input),
            ("variables", &self.variables),
            ("result", &self.result),
        ] {
            let Some(text) = text else { continue };
            let text = match text.strip_prefix('@') {
                Some(path) => validate::read(Path::new(path))?,
                None => text.clone(),
            };
            // Kept as it is spelled, since that is what the server stores.
            let value = RawValue::from_string(text.trim().to_owned()).map_err(|error| {
                let told = format!("the {field} is not JSON: {error}");
                Failure::new(Exit::Invalid, told).hint("a file is named as @FILE")
            })?;
            members.push(format!("\"{field}\":{value}"));
        }
        Ok(format!("{{{}}}", members.join(",")))
    }
}
