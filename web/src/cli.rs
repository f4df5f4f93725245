//! The `stepwright` command: reads its arguments, runs one of its commands, and ends with a code that a
//! script can act on. Commands that need a server speak to it over HTTP like any other program;
//! only `serve` and `keys` open the database.

mod client;
mod database;
mod deploy;
mod execution;
mod exit;
mod function_code;
mod functions;
mod history;
mod keys;
mod log;
mod redrive;
mod rerun;
mod screen;
mod serve;
mod start;
mod test;
mod validate;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use exit::{Exit, Failure};
use screen::{Colour, Screen};

/// What every command's help ends with.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the execution ended, and did not succeed
  2  wrong usage, or something invalid: a definition, a name, an input
  3  the server cannot be reached, or is not ready
  4  there is no such thing
  5  not allowed: the key is missing or wrong
  6  it exists already, or a limit is reached
  7  the server cannot start or work";

/// A durable workflow engine that speaks the AWS Step Functions API.
#[derive(Debug, Parser)]
#[command(name = "stepwright", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,

    /// When to use colours; NO_COLOR is respected
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN"
    )]
    color: Colour,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server: API, pages and engine
    Serve(serve::Serve),
    /// Check a definition, without a server
    Validate(validate::Validate),
    /// Test one state by itself, with its input and mocks
    Test(test::Test),
    /// Create a state machine from a definition, or change one
    Deploy(deploy::Deploy),
    /// Start an execution
    Start(start::Start),
    /// Let an execution that did not succeed go on from where it failed
    Redrive(redrive::Redrive),
    /// Start an execution that goes on from a state of another one
    Rerun(rerun::Rerun),
    /// Follow an execution until it ends
    Watch(watch::Watch),
    /// Show what an execution has done
    History(history::History),
    /// Deploy, call, register, list and delete the functions that workflows call
    #[command(visible_alias = "functions")]
    Function(functions::Functions),
    /// Make, list and delete the keys that callers need
    Keys(keys::Keys),
}

/// Runs the command line; `arguments` begin with the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let mut screen = Screen::new(cli.json, cli.color);
    let result = match cli.command {
        Command::Serve(command) => command.run(&mut screen),
        Command::Validate(command) => command.run(&mut screen),
        Command::Test(command) => command.run(&mut screen),
        Command::Deploy(command) => command.run(&mut screen),
        Command::Start(command) => command.run(&mut screen),
        Command::Redrive(command) => command.run(&mut screen),
        Command::Rerun(command) => command.run(&mut screen),
        Command::Watch(command) => command.run(&mut screen),
        Command::History(command) => command.run(&mut screen),
        Command::Function(command) => command.run(&mut screen),
        Command::Keys(command) => command.run(&mut screen),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            screen.fail(&failure);
            failure.exit.into()
        }
    }
}

/// Help and version go to standard output and are no error; wrong usage says what is right.
fn usage(error: &clap::Error) -> ExitCode {
    // Where it cannot be printed there is nobody to tell.
    drop(error.print());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done.into(),
        _ => Exit::Invalid.into(),
    }
}

/// Runs a future to its end on a runtime of the right size for a command.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Broken, format!("starting: {error}")))?
        .block_on(future)
}
