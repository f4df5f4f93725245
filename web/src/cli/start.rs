//! `stepwright start NAME`: starts an execution, and waits for its end where asked to. One of an Express machine
//! tells how it ended at once, since nothing else can.

use std::path::Path;

use serde_json::json;
use serde_json::value::RawValue;

use super::client::{Client, Target, segment};
use super::execution;
use super::exit::{Exit, Failure};
use super::screen::Screen;
use super::validate;

#[derive(Debug, clap::Args)]
pub(super) struct Start {
    /// The state machine's name
    machine: String,

    /// The input: JSON, @FILE, or @- for standard input
    #[arg(long, value_name = "JSON|@FILE", default_value = "{}")]
    input: String,

    /// The execution's name [default: its id]
    #[arg(long)]
    name: Option<String>,

    /// Wait until it has ended, as is always done for an Express machine; then the exit code says how
    #[arg(long)]
    wait: bool,

    #[command(flatten)]
    target: Target,
}

impl Start {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let body = self.body()?;
        let client = Client::new(&self.target)?;
        let machine = segment(&self.machine);
        // An Express machine's answer comes when the execution has closed.
        let path = format!("/machines/{machine}/executions");
        let execution = execution::ask((&client, &path), body, self.wait, screen)?;
        Ok(execution.exit())
    }

    fn body(&self) -> Result<String, Failure> {
        let input = match self.input.strip_prefix('@') {
            Some(path) => validate::read(Path::new(path))?,
            None => self.input.clone(),
        };
        // Kept as it is spelled, since that is what the server stores.
        let input = RawValue::from_string(input.trim().to_owned()).map_err(|error| {
            Failure::new(Exit::Invalid, format!("the input is not JSON: {error}"))
                .hint("a text stands in quotes, as in --input '\"text\"'; a file is named as --input @FILE")
        })?;
        let name = self.name.as_ref().map(|name| json!(name).to_string());
        let name = name.map_or_else(String::new, |name| format!(",\"name\":{name}"));
        Ok(format!("{{\"input\":{input}{name}}}"))
    }
}
