//! `keep-postgres DIR`: a private PostgreSQL in DIR, for as long as standard input stays open.
//!
//! Prints the server's address when it answers. For tests, which need an owner that they can kill,
//! and for scripts that want a database while they run.

#![expect(clippy::print_stdout, reason = "the address is this program's output")]

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use embedded_pg::{Cluster, DATABASE, Options};

fn main() -> ExitCode {
    let Some(dir) = std::env::args_os().nth(1) else {
        eprintln!("usage: keep-postgres DIR");
        return ExitCode::from(2);
    };
    let running = match Cluster::open(Path::new(&dir), &Options::from_environment()) {
        Ok(running) => running,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{}", running.url(DATABASE));
    // Reading ends when the other side closes, or goes away; what it sends does not matter.
    drop(std::io::stdin().lock().read_to_end(&mut Vec::new()));
    running.stop();
    ExitCode::SUCCESS
}
