//! `test-server [ARGUMENTS OF serve]`: a server on a database of its own, for tests in Python and
//! Node.
//!
//! Prints one line of JSON and stops the server and drops the database when standard input closes.
//! The line has `url`, `database_url`, `pid`, its `data` folder and the `program` that serves, with
//! which a test makes keys. Fails if the server did not end well.

use std::io::Read;
use std::process::ExitCode;

use tests::support::{Database, Folder, Server, program};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (database, data) = (Database::fresh(), Folder::new());
    let server = Server::start_in(&database, &data, &arguments, &[]);
    let line = serde_json::json!({
        "url": server.url(),
        "database_url": database.url(),
        "pid": server.id(),
        "data": data.path(),
        "program": program(),
    });
    println!("{line}");
    // Reading ends when the other side closes, or goes away; what it sends does not matter.
    drop(std::io::stdin().lock().read_to_end(&mut Vec::new()));
    if server.stop().success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
