//! Which node this is. With the private database the id stays in the data folder, so that a restarted
//! server takes its own shards back at once; with a shared one every process is a node of its own.

use std::io::{ErrorKind, Write};

use runtime::NodeId;
use uuid::Uuid;

use crate::access::token;
use crate::cli::exit::{Exit, Failure};
use crate::settings::Settings;

const FILE: &str = "node.id";

pub(super) fn of(settings: &Settings) -> Result<NodeId, Failure> {
    if settings.database_url.is_some() {
        return Ok(NodeId(fresh()));
    }
    let path = settings.data.join(FILE);
    let failed = |problem: &dyn std::fmt::Display| {
        Failure::new(Exit::Broken, format!("{}: {problem}", path.display()))
    };
    // The private database is this process's alone, so nobody else is making the file.
    match std::fs::read_to_string(&path) {
        Ok(text) => text
            .trim()
            .parse()
            .map(NodeId)
            .map_err(|error| failed(&error).hint("remove the file; a new id is made")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let id = fresh();
            let new = path.with_extension("id.new");
            let write = || {
                let mut file = std::fs::File::create(&new)?;
                writeln!(file, "{id}")?;
                file.sync_all()?;
                std::fs::rename(&new, &path)
            };
            write().map_err(|error: std::io::Error| failed(&error))?;
            Ok(NodeId(id))
        }
        Err(error) => Err(failed(&error)),
    }
}

fn fresh() -> Uuid {
    uuid::Builder::from_random_bytes(token::random_bytes()).into_uuid()
}
