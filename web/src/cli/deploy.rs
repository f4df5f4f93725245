//! `stepwright deploy FILE`: a definition becomes a state machine of a running server.

use std::path::PathBuf;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::{Client, Target, read, segment};
use super::exit::{Exit, Failure};
use super::screen::{DIM, GOOD, Screen, paint, visible};
use super::validate::{self, Found, TypeName};

#[derive(Debug, clap::Args)]
pub(super) struct Deploy {
    /// The definition, in JSON; - reads standard input
    file: PathBuf,

    /// The state machine's name [default: the file's name up to its first dot]
    #[arg(long)]
    name: Option<String>,

    /// The type of a new state machine
    #[arg(
        long = "type",
        value_enum,
        default_value = "standard",
        value_name = "TYPE"
    )]
    machine_type: TypeName,

    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Deserialize)]
struct Deployed {
    arn: String,
    is_new: bool,
}

impl Deploy {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let name = self.name()?;
        let definition = validate::read(&self.file)?;
        let found = Found::new(&definition, self.machine_type);
        if found.errors > 0 {
            if screen.is_json() {
                screen.json(&found.json())?;
            }
            for line in found.lines(&self.file, &definition) {
                screen.remark(&line);
            }
            return Err(Failure::new(
                Exit::Invalid,
                "the definition is not valid; nothing was changed",
            )
            .hint(format!("stepwright validate {}", self.file.display())));
        }
        let client = Client::new(&self.target)?;
        let machine_type = match self.machine_type {
            TypeName::Standard => "STANDARD",
            TypeName::Express => "EXPRESS",
        };
        let body = json!({ "definition": definition, "type": machine_type }).to_string();
        let path = format!("/machines/{}", segment(&name));
        let text = super::block_on(client.send(Method::PUT, &path, Some(body)))?;
        if screen.is_json() {
            screen.raw(&text)?;
            return Ok(Exit::Done);
        }
        let deployed: Deployed = read(&text)?;
        let word = if deployed.is_new {
            "Created"
        } else {
            "Updated"
        };
        screen.line(&format!(
            "{} {name} {}",
            paint(GOOD, word),
            paint(DIM, &visible(&deployed.arn))
        ))?;
        let wait = match self.machine_type {
            TypeName::Standard => " --wait",
            TypeName::Express => "",
        };
        screen.remark(&format!(
            "Start it with: stepwright start {name} --input '{{}}'{wait}"
        ));
        Ok(Exit::Done)
    }

    fn name(&self) -> Result<String, Failure> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        let stem = self.file.file_name().and_then(|name| name.to_str());
        let stem = stem.and_then(|name| name.split('.').next());
        stem.filter(|stem| !stem.is_empty() && *stem != "-")
            .map(str::to_owned)
            .ok_or_else(|| {
                Failure::new(Exit::Invalid, "the state machine has no name")
                    .hint("say which with --name NAME")
            })
    }
}
