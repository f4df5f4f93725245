//! The lock file that makes a data folder belong to one server at a time.
//!
//! The kernel drops the lock when the process ends, however it ends, so a lock can never be stale.
//! PostgreSQL's own `postmaster.pid` cannot serve: it may name a dead server or a zombie.

use std::fs::{self, File, TryLockError};
use std::io::{Seek, Write};
use std::path::Path;

use crate::Error;
use crate::error::Doing;

/// Held for as long as the folder is ours.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of `dir`, or says who has it.
    pub(crate) fn take(dir: &Path) -> Result<Self, Error> {
        let path = dir.join("lock");
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => Self::sign(file, &path),
            Err(TryLockError::WouldBlock) => {
                let text = fs::read_to_string(&path).unwrap_or_default();
                let holder = match text.trim() {
                    "" => "unknown".to_owned(),
                    pid => pid.to_owned(),
                };
                Err(Error::InUse {
                    dir: dir.to_owned(),
                    holder,
                })
            }
            Err(TryLockError::Error(error)) => Err(error).doing("locking", &path),
        }
    }

    /// Takes the lock of `dir` as soon as it is free.
    pub(crate) fn wait(dir: &Path) -> Result<Self, Error> {
        let path = dir.join("lock");
        let file = open(&path)?;
        file.lock().doing("locking", &path)?;
        Self::sign(file, &path)
    }

    /// Writes who we are, for the message that the next one gets.
    fn sign(mut file: File, path: &Path) -> Result<Self, Error> {
        file.set_len(0).doing("writing", path)?;
        file.rewind().doing("writing", path)?;
        writeln!(file, "{}", std::process::id()).doing("writing", path)?;
        Ok(Lock { _file: file })
    }
}

/// Opens without truncating: until we hold the lock, the text is the holder's.
fn open(path: &Path) -> Result<File, Error> {
    File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .doing("opening", path)
}
