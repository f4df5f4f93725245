//! Under whose account the server runs: our own, or `postgres` when we are root, because
//! PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Gid, Uid, User};

use crate::Error;
use crate::error::Doing;

/// The account that owns the cluster's files and runs its processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Whether it is another account than ours, which only root can arrange.
    is_other: bool,
}

impl Account {
    /// Our own account; when we are root, the owner of the cluster `data` that is already there, or
    /// else the account called `name`.
    ///
    /// The owner comes first, so that root can serve what a user made, and so that data outlives a
    /// change of the numbers behind names, as between two container images.
    pub(crate) fn choose(name: &str, data: &Path) -> Result<Self, Error> {
        if !Uid::effective().is_root() {
            let (uid, gid) = (Uid::effective().as_raw(), Gid::effective().as_raw());
            return Ok(Account {
                uid,
                gid,
                is_other: false,
            });
        }
        let other = |uid, gid| Account {
            uid,
            gid,
            is_other: true,
        };
        match fs::symlink_metadata(data) {
            Ok(meta) if meta.is_dir() && meta.uid() != 0 => {
                return Ok(other(meta.uid(), meta.gid()));
            }
            _ => {}
        }
        match User::from_name(name) {
            Ok(Some(user)) if !user.uid.is_root() => {
                Ok(other(user.uid.as_raw(), user.gid.as_raw()))
            }
            _ => Err(Error::NoAccount {
                name: name.to_owned(),
            }),
        }
    }

    /// A command that runs as this account and inherits nothing that could steer PostgreSQL
    /// (`PGDATA`, `PGPORT`) and no secret of ours.
    pub(crate) fn command(self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC");
        command.current_dir("/");
        if self.is_other {
            // std drops the supplementary groups with this, as it must.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Makes `path` a folder of this account that nobody else may enter.
    pub(crate) fn private_folder(self, path: &Path) -> Result<(), Error> {
        let made = fs::DirBuilder::new().mode(0o700).create(path);
        if let Err(error) = made
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(error).doing("creating the folder", path);
        }
        // Not through a link: in a shared temporary folder it could be someone's trap.
        let meta = fs::symlink_metadata(path).doing("reading", path)?;
        if !meta.is_dir() {
            return Err(folder(path, "is not a folder"));
        }
        if meta.uid() != self.uid {
            if !(self.is_other && meta.uid() == 0) {
                return Err(folder(path, "belongs to another account"));
            }
            std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid))
                .doing("giving to PostgreSQL's account", path)?;
        }
        if meta.permissions().mode() & 0o777 != 0o700 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))
                .doing("closing to others", path)?;
        }
        Ok(())
    }

    /// Writes a file of this account, whole or not at all.
    pub(crate) fn write_file(self, path: &Path, text: &str) -> Result<(), Error> {
        let new = path.with_extension("new");
        fs::write(&new, text).doing("writing", &new)?;
        if self.is_other {
            std::os::unix::fs::lchown(&new, Some(self.uid), Some(self.gid))
                .doing("giving to PostgreSQL's account", &new)?;
        }
        fs::rename(&new, path).doing("replacing", path)
    }

    /// The first parent of `path` that this account may not pass through, if there is one.
    ///
    /// Access lists beyond the mode bits are not looked at.
    pub(crate) fn closed_parent(self, path: &Path) -> Option<&Path> {
        path.ancestors()
            .skip(1)
            .filter(|parent| parent.is_absolute())
            .find(|parent| {
                let Ok(meta) = fs::metadata(parent) else {
                    return true;
                };
                let bit = if meta.uid() == self.uid {
                    0o100
                } else if meta.gid() == self.gid {
                    0o010
                } else {
                    0o001
                };
                self.is_other && meta.mode() & bit == 0
            })
    }
}

fn folder(path: &Path, problem: &str) -> Error {
    Error::Folder {
        path: path.to_owned(),
        problem: problem.to_owned(),
    }
}
