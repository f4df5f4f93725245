//! What can go wrong between a folder and a running server, in words for the person who starts it.

use std::path::PathBuf;

/// Why the private PostgreSQL could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No installation was found in any of the places that were looked at.
    #[error(
        "found no PostgreSQL binaries (looked in: {looked}); install the package `postgresql`, \
         or name the folder that holds `postgres` and `initdb` in STEPWRIGHT_POSTGRES_BIN, \
         or set DATABASE_URL to use a server of your own"
    )]
    NotInstalled { looked: String },
    /// Installations were found, but none that can open this cluster.
    #[error(
        "{} was made by PostgreSQL {made_by}, and only other versions are installed ({found}); \
         install PostgreSQL {made_by} or move the data with pg_dump", dir.display()
    )]
    OtherVersion {
        dir: PathBuf,
        made_by: u32,
        found: String,
    },
    /// Another process holds the folder.
    #[error(
        "the data folder {} is in use by another server (process {holder}); \
         stop that one first, or choose another folder with --data", dir.display()
    )]
    InUse { dir: PathBuf, holder: String },
    /// We run as root, PostgreSQL refuses to, and there is no account to run it as.
    #[error(
        "PostgreSQL refuses to run as root, and the account `{name}` to run it as does not exist; \
         create it (`adduser --system --group {name}`) or start this program as an ordinary user"
    )]
    NoAccount { name: String },
    /// A folder cannot be used as it is.
    #[error("{} {problem}", path.display())]
    Folder { path: PathBuf, problem: String },
    /// A program of PostgreSQL ended with an error.
    #[error("{program} failed: {output}")]
    Program { program: String, output: String },
    /// The server ended, or did not become ready in time.
    #[error("PostgreSQL in {} {problem}; the end of its log:\n{log}", dir.display())]
    NotReady {
        dir: PathBuf,
        problem: String,
        log: String,
    },
    /// Processes of an earlier server are there and cannot be ended.
    #[error("processes of an earlier PostgreSQL in {} do not end: {pids}", dir.display())]
    Occupied { dir: PathBuf, pids: String },
    /// The operating system refused something.
    #[error("{doing} {}", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
}

/// Names what was being done, and to which path, when the system refused.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str, path: &std::path::Path) -> Result<T, Error>;
}

impl<T, E: Into<std::io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str, path: &std::path::Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io {
            doing,
            path: path.to_owned(),
            source: source.into(),
        })
    }
}
