//! Which runtimes this node has: found by running what is on PATH, once, and told where a deploy asks
//! for another.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::function::Runtime;

/// Where to look.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The value of PATH.
    pub path: Option<std::ffi::OsString>,
    /// Folders that may hold the official Python client, each in a folder named as the runtime:
    /// `python3.11/awslambdaric`.
    pub clients: Vec<PathBuf>,
}

/// A runtime that can be started here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    pub runtime: Runtime,
    pub program: PathBuf,
    /// The folder of the official client, for Python.
    pub client: Option<PathBuf>,
    /// Folders and files of the host that it consists of, where they are not among the system's.
    pub parts: Vec<PathBuf>,
}

/// What a node can run.
#[derive(Clone, Debug, Default)]
pub struct Interpreters {
    found: Vec<Interpreter>,
    /// Interpreters without their client.
    incomplete: Vec<String>,
}

const MINORS: std::ops::RangeInclusive<u8> = 8..=20;

impl Interpreters {
    /// Runs each candidate. Blocks for some tenths of a second.
    pub fn find(search: &Search) -> Self {
        let mut all = Self::default();
        for program in named("python3", search).chain(
            MINORS.flat_map(|minor| named(&format!("python3.{minor}"), search).collect::<Vec<_>>()),
        ) {
            let told = "import os, sys; print(sys.version_info.minor); print(os.path.realpath(sys.executable)); print(sys.base_prefix)";
            if let Some([minor, program, home]) = told_by(&program, &["-c", told])
                && let Ok(minor) = minor.parse()
            {
                all.add_python(minor, PathBuf::from(program), Path::new(&home), search);
            }
        }
        for program in named("node", search) {
            let told = "console.log(process.versions.node.split('.')[0]); console.log(process.execPath); console.log()";
            if let Some([major, program, _]) = told_by(&program, &["-e", told])
                && let Ok(major) = major.parse()
            {
                let program = PathBuf::from(program);
                all.add(Interpreter {
                    runtime: Runtime::Node { major },
                    parts: elsewhere([program.clone()]),
                    program,
                    client: None,
                });
            }
        }
        all
    }

    pub fn get(&self, runtime: &Runtime) -> Option<&Interpreter> {
        self.found.iter().find(|each| each.runtime == *runtime)
    }

    /// Whether this node can run it: a package brings its own `provided` one.
    pub fn has(&self, runtime: &Runtime) -> bool {
        matches!(runtime, Runtime::Provided(_)) || self.get(runtime).is_some()
    }

    /// The newest of a language, by the beginning of its name.
    pub fn newest(&self, language: &str) -> Option<&Runtime> {
        let all = self.found.iter().map(|each| &each.runtime);
        all.filter(|runtime| runtime.name().starts_with(language))
            .max_by_key(|runtime| match runtime {
                Runtime::Python { minor } => *minor,
                Runtime::Node { major } => *major,
                Runtime::Provided(_) => 0,
            })
    }

    /// What there is, for an error that says why something is refused.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.found.iter().map(|each| each.runtime.name()).collect();
        names.push("provided.al2023".to_owned());
        names
    }

    /// Interpreters that are here but whose client is not.
    pub fn incomplete(&self) -> &[String] {
        &self.incomplete
    }

    fn add_python(&mut self, minor: u8, program: PathBuf, home: &Path, search: &Search) {
        let runtime = Runtime::Python { minor };
        let name = runtime.name();
        let holds_client = |folder: &&PathBuf| folder.join("awslambdaric").is_dir();
        let folders: Vec<_> = search.clients.iter().map(|each| each.join(&name)).collect();
        match folders.iter().find(holds_client) {
            Some(client) => self.add(Interpreter {
                runtime,
                // Not the whole of it: that may be somebody's home.
                parts: elsewhere([program.clone(), home.join("lib")]),
                program,
                client: Some(client.clone()),
            }),
            None if !self.incomplete.contains(&name) => self.incomplete.push(name),
            None => {}
        }
    }

    fn add(&mut self, interpreter: Interpreter) {
        if self.get(&interpreter.runtime).is_none() {
            self.found.push(interpreter);
        }
    }
}

fn named(name: &str, search: &Search) -> impl Iterator<Item = PathBuf> {
    let folders = search.path.clone().unwrap_or_default();
    let all: Vec<_> = std::env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .filter(|path| path.is_file())
        .collect();
    all.into_iter()
}

/// Those that are not in every function's root already.
fn elsewhere(parts: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let is_elsewhere = |path: &PathBuf| !launcher::is_in_every_root(path);
    parts.into_iter().filter(is_elsewhere).collect()
}

/// The three lines that a program prints.
fn told_by(program: &Path, arguments: &[&str]) -> Option<[String; 3]> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut lines = text.lines().map(str::to_owned);
    Some([lines.next()?, lines.next()?, lines.next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_found_where_nothing_is() {
        let none = Interpreters::find(&Search::default());
        assert_eq!(none.names(), ["provided.al2023"]);
        assert!(none.has(&Runtime::parse("provided").unwrap()));
        assert!(!none.has(&Runtime::Python { minor: 11 }));
    }

    #[test]
    fn an_interpreter_without_its_client_is_not_offered() {
        let mut all = Interpreters::default();
        let home = Path::new("/usr");
        all.add_python(
            11,
            PathBuf::from("/usr/bin/python3"),
            home,
            &Search::default(),
        );
        assert!(!all.has(&Runtime::Python { minor: 11 }));
        assert_eq!(all.incomplete(), ["python3.11"]);
    }
}
