//! The launcher by itself, for this crate's tests; the server has it as a mode of its own binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    launcher::run(std::env::args_os().nth(1).as_deref()).unwrap_or(ExitCode::FAILURE)
}
