//! `stepwright functions`: the HTTP endpoints that workflows call as functions.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::{Client, Target, read, segment};
use super::exit::{Exit, Failure};
use super::function_code::{Deploy, Invoke, Logs};
use super::screen::{Cell, GOOD, Screen, paint, visible};

#[derive(Debug, Args)]
pub(super) struct Functions {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Deploy a function from its code, or change one
    Deploy(Box<Deploy>),
    /// Call a function with code, and print its answer
    Invoke(Invoke),
    /// Print what a function with code has written
    Logs(Logs),
    /// Register an HTTP endpoint as a function, or change one
    Put {
        /// 1 to 64 letters, digits, hyphens and underscores
        name: String,
        /// Where it is called with POST
        #[arg(long)]
        url: String,
        /// How long a call may take
        #[arg(long, value_name = "MS")]
        timeout_ms: Option<u32>,
        /// A header that goes with every call (may be repeated)
        #[arg(long = "header", value_name = "NAME: VALUE")]
        headers: Vec<String>,
        /// A header whose value is read from a file and kept sealed (may be repeated)
        #[arg(long = "secret-header", value_name = "NAME=FILE")]
        secret_headers: Vec<String>,
        #[command(flatten)]
        target: Target,
    },
    /// List the functions
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Delete a function
    Delete {
        name: String,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    kind: String,
    url: Option<String>,
    runtime: Option<String>,
    timeout_ms: u32,
    updated_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Debug, Deserialize)]
struct List {
    functions: Vec<Value>,
    next: Option<String>,
}

impl Functions {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        match &self.action {
            Action::Deploy(command) => return command.run(screen),
            Action::Invoke(command) => return command.run(screen),
            Action::Logs(command) => return command.run(screen),
            Action::Put {
                name,
                url,
                timeout_ms,
                headers,
                secret_headers,
                target,
            } => {
                let mut body = json!({ "url": url });
                let members = [
                    ("timeout_ms", timeout_ms.map(Value::from)),
                    ("headers", some(plain_headers(headers)?)),
                    ("secret_headers", some(sealed_headers(secret_headers)?)),
                ];
                if let Some(object) = body.as_object_mut() {
                    let given = members.into_iter();
                    let given = given.filter_map(|(key, value)| Some((key.to_owned(), value?)));
                    object.extend(given);
                }
                let path = format!("/functions/{}", segment(name));
                let client = Client::new(target)?;
                let sending = client.send(Method::PUT, &path, Some(body.to_string()));
                let text = super::block_on(sending)?;
                if screen.is_json() {
                    screen.raw(&text)?;
                } else {
                    screen.line(&format!("{} {name}", paint(GOOD, "Registered")))?;
                }
            }
            Action::List { target } => list(screen, &Client::new(target)?)?,
            Action::Delete { name, target } => {
                let path = format!("/functions/{}", segment(name));
                let client = Client::new(target)?;
                super::block_on(client.send(Method::DELETE, &path, None))?;
                if screen.is_json() {
                    screen.json(&json!({ "deleted": name }))?;
                } else {
                    screen.line(&format!("Deleted {}", visible(name)))?;
                }
            }
        }
        Ok(Exit::Done)
    }
}

fn list(screen: &mut Screen, client: &Client) -> Result<(), Failure> {
    let mut functions = Vec::new();
    super::block_on(async {
        let mut after = String::new();
        loop {
            let page: List = client.get(&format!("/functions?limit=1000{after}")).await?;
            functions.extend(page.functions);
            match page.next {
                Some(next) => after = format!("&after={}", segment(&next)),
                None => return Ok(()),
            }
        }
    })?;
    if screen.is_json() {
        return screen.json(&json!({ "functions": functions }));
    }
    if functions.is_empty() {
        screen.remark(
            "There are no functions.\n\
             Deploy one with: stepwright function deploy FILE_OR_FOLDER\n\
             Register an endpoint with: stepwright function put NAME --url URL",
        );
        return Ok(());
    }
    let mut rows = Vec::with_capacity(functions.len());
    for function in functions {
        let function: Function = read(&function.to_string())?;
        rows.push(vec![
            Cell::plain(function.name),
            Cell::plain(function.url.or(function.runtime).unwrap_or(function.kind)),
            Cell::plain(format!("{} s", f64::from(function.timeout_ms) / 1000.0)),
            Cell::plain(function.updated_at.format("%Y-%m-%d %H:%M").to_string()),
        ]);
    }
    screen.table(&["NAME", "URL OR RUNTIME", "TIMEOUT", "CHANGED"], &rows)
}

fn some(headers: Map<String, Value>) -> Option<Value> {
    (!headers.is_empty()).then_some(Value::Object(headers))
}

fn plain_headers(texts: &[String]) -> Result<Map<String, Value>, Failure> {
    texts
        .iter()
        .map(|text| match text.split_once(':') {
            Some((name, value)) => Ok((name.trim().to_owned(), value.trim().into())),
            None => Err(Failure::new(
                Exit::Invalid,
                format!("--header '{}' has no ':'", visible(text)),
            )
            .hint("write it as in --header 'X-Team: blue'")),
        })
        .collect()
}

/// From files, since every user of a machine can read flags.
fn sealed_headers(texts: &[String]) -> Result<Map<String, Value>, Failure> {
    texts
        .iter()
        .map(|text| {
            let Some((name, path)) = text.split_once('=') else {
                return Err(Failure::new(
                    Exit::Invalid,
                    "--secret-header has no '='; it names a file, not the secret",
                )
                .hint("write it as in --secret-header Authorization=token.txt"));
            };
            let value = super::validate::read(std::path::Path::new(path))?;
            Ok((name.trim().to_owned(), value.trim().into()))
        })
        .collect()
}
