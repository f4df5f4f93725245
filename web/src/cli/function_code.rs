//! `stepwright function deploy | invoke | logs`: functions from their code.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use supervisor::{code, limits};

use super::client::{Client, Target, read, segment};
use super::exit::{Exit, Failure};
use super::screen::{GOOD, Screen, paint, visible};

/// Folders that belong to tools and never to a package.
const LEFT_OUT: [&str; 4] = [".git", "__pycache__", ".venv", ".pytest_cache"];

#[derive(Debug, Args)]
pub(super) struct Deploy {
    /// A .py or .js file, a zip archive, or a folder
    path: PathBuf,
    /// 1 to 64 letters, digits, hyphens and underscores [default: the file's name without its ending]
    #[arg(long)]
    name: Option<String>,
    /// As python3.11, nodejs20.x or provided.al2023 [default: by the files, the newest of the server]
    #[arg(long)]
    runtime: Option<String>,
    /// FILE.FUNCTION, as in hello.handler [default: by the files]
    #[arg(long)]
    handler: Option<String>,
    /// How long an invocation may take
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
    #[arg(long, value_name = "MB")]
    memory: Option<u32>,
    /// A variable of the function's environment (may be repeated)
    #[arg(long = "env", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// A variable whose value is read from a file (may be repeated)
    #[arg(long = "secret-env", value_name = "NAME=FILE")]
    secret_variables: Vec<String>,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(super) struct Invoke {
    name: String,
    /// The event: JSON, or @FILE [default: {}]
    event: Option<String>,
    /// Print the log as well, to standard error
    #[arg(long)]
    log: bool,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(super) struct Logs {
    name: String,
    /// How many invocations, the newest
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    #[command(flatten)]
    target: Target,
}

#[derive(Deserialize)]
struct Deployed {
    name: String,
    arn: String,
    runtime: String,
    handler: String,
    isolation: String,
}

#[derive(Deserialize)]
struct Invoked {
    payload: Box<RawValue>,
    is_error: bool,
    log: String,
}

#[derive(Deserialize)]
struct Logged {
    invocations: Vec<Log>,
}

#[derive(Deserialize)]
struct Log {
    log: String,
}

impl Deploy {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let package = Package::of(&self.path)?;
        let name = self.name.clone().unwrap_or(package.name);
        let runtime = self.runtime.clone().or(package.runtime);
        let runtime = runtime.ok_or_else(|| unclear(&self.path, "runtime"))?;
        let is_provided = runtime.starts_with("provided");
        let handler = match self.handler.clone().or(package.handler) {
            Some(handler) => handler,
            None if is_provided => String::new(),
            None => return Err(unclear(&self.path, "handler")),
        };
        let mut body = json!({
            "zip": STANDARD.encode(&package.zip),
            "runtime": runtime,
            "handler": handler,
        });
        let more = [
            ("timeout", self.timeout.map(Value::from)),
            ("memory", self.memory.map(Value::from)),
            ("environment", self.environment()?),
        ];
        if let Some(object) = body.as_object_mut() {
            let given = more.into_iter();
            object.extend(given.filter_map(|(key, value)| Some((key.to_owned(), value?))));
        }
        let path = format!("/functions/{}/code", segment(&name));
        let client = Client::new(&self.target)?;
        let text = super::block_on(client.send(Method::PUT, &path, Some(body.to_string())))?;
        if screen.is_json() {
            screen.raw(&text)?;
            return Ok(Exit::Done);
        }
        let deployed: Deployed = read(&text)?;
        screen.line(&format!(
            "{} {} ({}, {}, isolation '{}')",
            paint(GOOD, "Deployed"),
            visible(&deployed.name),
            visible(&deployed.runtime),
            if deployed.handler.is_empty() {
                "bootstrap".into()
            } else {
                visible(&deployed.handler)
            },
            visible(&deployed.isolation),
        ))?;
        screen.line(&visible(&deployed.arn))?;
        Ok(Exit::Done)
    }

    fn environment(&self) -> Result<Option<Value>, Failure> {
        let mut all = Map::new();
        for text in &self.variables {
            let (name, value) = split(text, "--env")?;
            all.insert(name.to_owned(), value.into());
        }
        for text in &self.secret_variables {
            let (name, path) = split(text, "--secret-env")?;
            let value = super::validate::read(Path::new(path))?;
            all.insert(name.to_owned(), value.trim().into());
        }
        Ok((!all.is_empty()).then_some(Value::Object(all)))
    }
}

fn split<'a>(text: &'a str, flag: &str) -> Result<(&'a str, &'a str), Failure> {
    text.split_once('=').ok_or_else(|| {
        Failure::new(
            Exit::Invalid,
            format!("{flag} '{}' has no '='", visible(text)),
        )
    })
}

impl Invoke {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let event = match self.event.as_deref() {
            None => "{}".to_owned(),
            Some(text) => match text.strip_prefix('@') {
                Some(path) => super::validate::read(Path::new(path))?,
                None => text.to_owned(),
            },
        };
        let path = format!("/functions/{}/invocations", segment(&self.name));
        let client = Client::new(&self.target)?;
        let text = super::block_on(client.send(Method::POST, &path, Some(event)))?;
        let invoked: Invoked = read(&text)?;
        if screen.is_json() {
            screen.raw(&text)?;
        } else {
            if self.log {
                screen.remark(&visible_lines(&invoked.log));
            }
            screen.raw(invoked.payload.get())?;
        }
        Ok(if invoked.is_error {
            Exit::NotSucceeded
        } else {
            Exit::Done
        })
    }
}

impl Logs {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let path = format!(
            "/functions/{}/logs?limit={}",
            segment(&self.name),
            self.limit
        );
        let client = Client::new(&self.target)?;
        let text = super::block_on(client.send(Method::GET, &path, None))?;
        if screen.is_json() {
            screen.raw(&text)?;
            return Ok(Exit::Done);
        }
        let logged: Logged = read(&text)?;
        for each in logged.invocations {
            screen.line(visible_lines(&each.log).trim_end())?;
        }
        Ok(Exit::Done)
    }
}

/// A log without what could steer the terminal.
fn visible_lines(log: &str) -> String {
    let lines = log.lines().map(visible);
    lines.collect::<Vec<_>>().join("\n")
}

/// What is deployed, and what its files say of it.
struct Package {
    name: String,
    zip: Vec<u8>,
    runtime: Option<String>,
    handler: Option<String>,
}

type Files = Vec<(String, Vec<u8>, bool)>;

impl Package {
    fn of(path: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| cannot_read(path, &error);
        let whole = path.canonicalize().map_err(failed)?;
        let name = whole
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        if whole.is_dir() {
            let mut files = Files::new();
            gather(&whole, "", &mut files)?;
            let (runtime, handler) = guess(&files);
            return Ok(Self {
                name: whole
                    .file_name()
                    .map_or(name, |name| name.to_string_lossy().into_owned()),
                zip: packed(&files)?,
                runtime,
                handler,
            });
        }
        let bytes = std::fs::read(&whole).map_err(failed)?;
        if whole.extension().is_some_and(|end| end == "zip") {
            return Ok(Self {
                name,
                zip: bytes,
                runtime: None,
                handler: None,
            });
        }
        let file = whole
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let files = vec![(file.unwrap_or_default(), bytes, false)];
        let (runtime, handler) = guess(&files);
        Ok(Self {
            name,
            zip: packed(&files)?,
            runtime,
            handler,
        })
    }
}

fn packed(files: &Files) -> Result<Vec<u8>, Failure> {
    code::pack(files).map_err(|error| Failure::of(Exit::Invalid, &error))
}

fn gather(folder: &Path, prefix: &str, files: &mut Files) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;

    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error: std::io::Error| cannot_read(&path, &error)
    };
    let mut entries = std::fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(failed(folder))?;
    // The same files always make the same package.
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        let inside = format!("{prefix}{name}");
        let about = std::fs::metadata(&path).map_err(failed(&path))?;
        if about.is_dir() {
            gather(&path, &format!("{inside}/"), files)?;
        } else if about.is_file() {
            let held: usize = files.iter().map(|(_, bytes, _)| bytes.len()).sum();
            let room = limits::UNPACKED_BYTES_MAX.saturating_sub(held as u64);
            if about.len() > room || files.len() >= limits::PACKAGE_FILES_MAX {
                return Err(Failure::new(
                    Exit::Invalid,
                    format!(
                        "{}: a package may hold {} bytes in {} files",
                        path.display(),
                        limits::UNPACKED_BYTES_MAX,
                        limits::PACKAGE_FILES_MAX
                    ),
                ));
            }
            let bytes = std::fs::read(&path).map_err(failed(&path))?;
            files.push((inside, bytes, about.permissions().mode() & 0o111 != 0));
        }
    }
    Ok(())
}

/// The runtime and the handler that the files speak for.
fn guess(files: &Files) -> (Option<String>, Option<String>) {
    if files.iter().any(|(name, _, _)| name == "bootstrap") {
        return (Some("provided.al2023".to_owned()), None);
    }
    let at_top = |ends: &[&str]| -> Vec<&(String, Vec<u8>, bool)> {
        let is_meant =
            |name: &str| !name.contains('/') && ends.iter().any(|end| name.ends_with(end));
        files.iter().filter(|(name, _, _)| is_meant(name)).collect()
    };
    let languages = [
        ("python", at_top(&[".py"]), "lambda_function"),
        ("nodejs", at_top(&[".mjs", ".js", ".cjs"]), "index"),
    ];
    for (language, found, usual) in languages {
        let stem = |name: &str| {
            name.rsplit_once('.')
                .map_or("", |(stem, _)| stem)
                .to_owned()
        };
        let file = match &found[..] {
            [] => continue,
            [only] => Some(only),
            several => several.iter().find(|(name, _, _)| stem(name) == usual),
        };
        let handler = file.map(|(name, bytes, _)| {
            let text = String::from_utf8_lossy(bytes);
            let usual = "lambda_handler";
            let function = if text.contains(usual) {
                usual
            } else {
                "handler"
            };
            format!("{}.{function}", stem(name))
        });
        return (Some(language.to_owned()), handler);
    }
    (None, None)
}

fn unclear(path: &Path, what: &str) -> Failure {
    Failure::new(
        Exit::Invalid,
        format!(
            "{}: its files do not say which {what} is meant",
            path.display()
        ),
    )
    .hint(format!("say it with --{what}"))
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::Invalid,
        format!("cannot read {}: {error}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(files: &[(&str, &str)], runtime: Option<&str>, handler: Option<&str>) {
        let files = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec(), false))
            .collect();
        let guessed = guess(&files);
        assert_eq!(
            (guessed.0.as_deref(), guessed.1.as_deref()),
            (runtime, handler)
        );
    }

    #[test]
    fn files_speak_for_their_runtime_and_handler() {
        check(
            &[("a.py", "def handler(e, c): ...")],
            Some("python"),
            Some("a.handler"),
        );
        check(
            &[
                ("lambda_function.py", "def lambda_handler(e, c): ..."),
                ("b.py", ""),
            ],
            Some("python"),
            Some("lambda_function.lambda_handler"),
        );
        check(
            &[
                ("index.mjs", "export function handler() {}"),
                ("lib/a.py", ""),
            ],
            Some("nodejs"),
            Some("index.handler"),
        );
        check(
            &[("bootstrap", ""), ("a.py", "")],
            Some("provided.al2023"),
            None,
        );
        check(&[("a.py", ""), ("b.py", "")], Some("python"), None);
        check(&[("a.txt", "")], None, None);
    }
}
