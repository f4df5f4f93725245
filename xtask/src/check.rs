//! `cargo xtask check`: everything that decides whether a change is fit, in the order in which it is
//! quickest to fail. CI runs this and nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::{db, dev, project};

/// How much is run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    /// All but the tests.
    NoTests,
}

type Step = (&'static str, fn() -> Result<()>);

/// These hold without running anything of ours.
const CHECKS: &[Step] = &[
    ("format", format),
    ("clippy", clippy),
    ("front end", front_end),
    ("queries and schema", db::check),
    ("licences", licences),
];

/// These run it.
const TESTS: &[Step] = &[
    ("front end tests", front_end_tests),
    ("tests", rust_tests),
    ("examples in the documentation", doc_tests),
    ("client tests", client_tests),
    ("browser tests", browser_tests),
];

/// Runs the steps until one fails.
pub(crate) fn check(scope: Scope) -> Result<()> {
    let started = Instant::now();
    let outcome = match scope {
        Scope::All => steps(CHECKS).and_then(|()| steps(TESTS)),
        Scope::NoTests => steps(CHECKS),
    };
    // The server that the tests shared goes in any case, and a failed test is the better message.
    let ended = dev::stop();
    outcome.and(ended)?;
    println!("all is well after {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn steps(steps: &[Step]) -> Result<()> {
    for (name, step) in steps {
        println!("== {name}");
        let started = Instant::now();
        step().map_err(|error| error.context(format!("the step `{name}`")))?;
        println!("== {name}: {:.1} s", started.elapsed().as_secs_f64());
    }
    Ok(())
}

fn format() -> Result<()> {
    project::run(project::cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    let arguments = [
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    project::run(project::cargo().args(arguments))
}

/// cargo-deny where it is installed; deny.toml says what is allowed.
fn licences() -> Result<()> {
    if !project::is_installed("cargo-deny") {
        println!("left out: cargo-deny is not installed");
        return Ok(());
    }
    project::run(project::cargo().args(["deny", "check", "licenses", "bans", "sources"]))
}

/// Its packages and the bundle that the server serves, where `make web` has not run, then its types.
fn front_end() -> Result<()> {
    project::run(project::command("sh").arg("scripts/web.sh"))?;
    npm_script("web/designer", "check")
}

fn front_end_tests() -> Result<()> {
    npm_script("web/designer", "test")
}

/// All Rust tests, against the debug build of the server, which is made once.
fn rust_tests() -> Result<()> {
    project::run(project::cargo().args(["build", "--quiet", "--workspace", "--bins"]))?;
    let mut tests = if project::is_installed("cargo-nextest") {
        let mut tests = project::cargo();
        tests.args(["nextest", "run", "--workspace"]);
        tests
    } else {
        let mut tests = project::cargo();
        tests.args([
            "test",
            "--quiet",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
        ]);
        tests
    };
    project::run(with_programs(&mut tests))
}

fn doc_tests() -> Result<()> {
    project::run(project::cargo().args(["test", "--quiet", "--workspace", "--doc"]))
}

/// The official AWS clients against the server.
fn client_tests() -> Result<()> {
    let folder = project::root().join("tests/client");
    if !has_file(&folder, |name| name.starts_with("test_")) {
        println!("left out: there are none");
        return Ok(());
    }
    let python = project::root().join(".venv/bin/python");
    if !python.exists() {
        bail!("there is no .venv; `make clients` makes it");
    }
    let mut pytest = Command::new(python);
    pytest.args(["-m", "pytest", "-q"]).current_dir(folder);
    project::run(with_programs(&mut pytest))
}

/// Chromium against the server.
fn browser_tests() -> Result<()> {
    let folder = project::root().join("tests/browser");
    if !folder.join("cases").exists() {
        println!("left out: there are none");
        return Ok(());
    }
    let browser = project::command("sh").arg("scripts/browser.sh").output()?;
    let browser = String::from_utf8_lossy(&browser.stdout).trim().to_owned();
    if browser.is_empty() {
        println!("left out: there is no Chromium; install the package `chromium`");
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["test", "--silent"])
        .current_dir(folder)
        .env("CHROMIUM", browser);
    project::run(with_programs(&mut npm))
}

/// Tells tests of any language which server to run.
fn with_programs(command: &mut Command) -> &mut Command {
    let debug = project::target().join("debug");
    command
        .env("STEPWRIGHT_TEST_BIN", debug.join("stepwright"))
        .env("STEPWRIGHT_TEST_SERVER", debug.join("test-server"))
        .env_remove("DATABASE_URL")
        .env_remove("DATABASE_DIRECT_URL")
}

/// Runs a script of a package, if there is such a package.
fn npm_script(folder: &str, script: &str) -> Result<()> {
    let folder: PathBuf = project::root().join(folder);
    if !folder.join("package.json").exists() {
        println!("left out: there is no {}", folder.display());
        return Ok(());
    }
    project::run(
        Command::new("npm")
            .args(["run", "--silent", script])
            .current_dir(folder),
    )
}

fn has_file(folder: &Path, is_it: impl Fn(&str) -> bool) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name())
        .any(|name| name.to_str().is_some_and(&is_it))
}
