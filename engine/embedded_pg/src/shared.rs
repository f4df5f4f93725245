//! A throw-away server that many processes use and none owns: for tests, of which every one may be a
//! process.
//!
//! The first that joins makes and starts it; it stays up when that one ends, for the next. Whoever
//! started the run ends it. If nobody does, PostgreSQL itself ends within a minute of its folder
//! being removed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cluster::{Cluster, Options};
use crate::error::{Doing, Error};
use crate::lock::Lock;
use crate::{occupants, socket};

/// A server found running or started; dropping it leaves it running.
#[derive(Debug, Clone)]
pub struct Shared {
    socket_dir: PathBuf,
}

impl Shared {
    /// The server of the folder `dir`, started if it is not running; then it starts empty.
    pub fn join(dir: &Path, options: &Options) -> Result<Self, Error> {
        fs::create_dir_all(dir).doing("creating the folder", dir)?;
        let dir = dir.canonicalize().doing("resolving", dir)?;
        let lock = Lock::wait(&dir)?;
        if let Some(socket_dir) = occupants::socket_of_running(&dir.join("data")) {
            return Ok(Shared { socket_dir });
        }
        clear(&dir)?;
        let cluster = Cluster::prepare(dir, lock, options)?;
        let socket_dir = cluster.socket_dir().to_owned();
        // Not waited for: it is to outlive us, and then the system's first process reaps it.
        drop(cluster.start()?);
        Ok(Shared { socket_dir })
    }

    /// Ends the server of `dir` and removes the folder; nothing happens if there is none.
    pub fn end(dir: &Path) -> Result<(), Error> {
        let Ok(dir) = dir.canonicalize() else {
            return Ok(());
        };
        let lock = Lock::wait(&dir)?;
        clear(&dir)?;
        drop(lock);
        fs::remove_dir_all(&dir).doing("removing", &dir)
    }

    /// The address of one database, as [`Running::url`](crate::Running::url).
    pub fn url(&self, database: &str) -> String {
        socket::url(&self.socket_dir, database)
    }

    /// The folder of the socket; the port is 5432.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }
}

/// The address of a database on the server that another process runs in the folder `dir`, if one is up
/// and ready there. Nothing is started, and nothing keeps that process from stopping it.
pub fn url_of_running(dir: &Path, database: &str) -> Option<String> {
    let dir = dir.canonicalize().ok()?;
    let socket_dir = occupants::socket_of_running(&dir.join("data"))?;
    Some(socket::url(&socket_dir, database))
}

fn clear(dir: &Path) -> Result<(), Error> {
    let data = dir.join("data");
    if data.exists() {
        occupants::evict(&data)?;
        fs::remove_dir_all(&data).doing("removing", &data)?;
    }
    Ok(())
}
