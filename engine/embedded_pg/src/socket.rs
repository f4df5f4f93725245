//! Where the unix socket lies, and the address that clients use for it.

use std::fmt::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::account::Account;
use crate::cluster::USER;
use crate::error::Doing;

/// A unix address holds 108 bytes with its final zero.
const PATH_BYTES_MAX: usize = 106;
/// What PostgreSQL adds to the folder.
const FILE_NAME: &str = "/.s.PGSQL.5432";

/// Chooses and makes the socket's folder: in the cluster's folder if its path is short enough and
/// open to the account, else under a name of its own in the temporary folder.
pub(crate) fn folder(dir: &Path, account: Account) -> Result<PathBuf, Error> {
    let inside = dir.join("socket");
    let socket_dir = if fits(&inside) && account.closed_parent(&inside).is_none() {
        inside
    } else {
        outside(dir, account)?
    };
    account.private_folder(&socket_dir)?;
    Ok(socket_dir)
}

/// Removes what a server that is gone left behind; PostgreSQL would refuse to start over it if the
/// process number in the lock had gone to someone else.
pub(crate) fn remove_leftovers(socket_dir: &Path) {
    for name in [".s.PGSQL.5432", ".s.PGSQL.5432.lock"] {
        // Not being there is the usual case, and any other trouble is the server's to report.
        drop(std::fs::remove_file(socket_dir.join(name)));
    }
}

/// Removes a socket folder that lies outside the cluster's folder.
pub(crate) fn remove_outside(socket_dir: &Path, dir: &Path) {
    if !socket_dir.starts_with(dir) {
        remove_leftovers(socket_dir);
        // What stays behind is an empty folder that the next start takes up again.
        drop(std::fs::remove_dir(socket_dir));
    }
}

/// `postgres://…` for one database, as sqlx, libpq and psycopg read it.
pub(crate) fn url(socket_dir: &Path, database: &str) -> String {
    format!(
        "postgres://{USER}@localhost/{}?host={}&sslmode=disable",
        encoded(database),
        encoded(&socket_dir.to_string_lossy())
    )
}

/// The device and inode name the folder, so the next start finds the same name again.
fn outside(dir: &Path, account: Account) -> Result<PathBuf, Error> {
    let meta = std::fs::metadata(dir).doing("reading", dir)?;
    let name = format!("stepwright-{:x}-{:x}", meta.dev(), meta.ino());
    let temporary = std::env::temp_dir().join(&name);
    if temporary.is_absolute() && fits(&temporary) && account.closed_parent(&temporary).is_none() {
        return Ok(temporary);
    }
    Ok(Path::new("/tmp").join(name))
}

fn fits(socket_dir: &Path) -> bool {
    socket_dir.as_os_str().len() + FILE_NAME.len() <= PATH_BYTES_MAX
}

/// Percent-encoded but for letters, digits and what never needs it.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_escapes_what_an_address_must() {
        assert_eq!(
            url(Path::new("/tmp/a b&c"), "one?two"),
            "postgres://stepwright@localhost/one%3Ftwo?host=/tmp/a%20b%26c&sslmode=disable"
        );
    }

    #[test]
    fn a_long_path_does_not_fit_a_unix_address() {
        assert!(fits(Path::new(&format!("/{}", "a".repeat(91)))));
        assert!(!fits(Path::new(&format!("/{}", "a".repeat(92)))));
    }
}
