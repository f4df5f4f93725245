//! `cargo xtask`: the project's own build tool, for what cargo and npm do not do by themselves.
//!
//! It depends on no crate of the engine but `embedded_pg`, so that it still runs when those do not
//! compile. The list of commands is [`USAGE`]; each has a module.

#![expect(
    clippy::disallowed_methods,
    reason = "a build tool is steered by its environment"
)]
#![expect(clippy::print_stdout, reason = "a command for people talks to people")]

mod bench;
mod check;
mod db;
mod dev;
mod project;

use std::process::ExitCode;

use check::Scope;

const USAGE: &str = "\
cargo xtask COMMAND

  bench [--quick] [--full] [--binary PATH]
               measure the release build and print tables; docs/benchmarks.md explains them
  check [--no-tests]
               everything that CI runs; with --no-tests the part that runs nothing of ours
  db prepare   check every SQL query against the migrations; write engine/store/.sqlx and
               migrations/schema.sql anew
  db check     the same, but compare instead of writing
  dev server [ARGUMENTS OF serve]
               a server on a database of its own, until standard input closes
  dev stop     end the PostgreSQL that tests share
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["bench", arguments @ ..] => bench::run(arguments),
        ["check"] => check::check(Scope::All),
        ["check", "--no-tests"] => check::check(Scope::NoTests),
        ["dev", "server", arguments @ ..] => dev::server(arguments),
        ["dev", "stop"] => dev::stop(),
        ["db", "prepare"] => db::prepare(),
        ["db", "check"] => db::check(),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
