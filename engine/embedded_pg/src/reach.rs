//! How the server's account gets to the data folder when we are root and a parent is closed to it,
//! as `/root` and most temporary folders are.
//!
//! Opening such parents to others, or moving the data elsewhere, would surprise people. Instead the
//! server is handed the folder itself as an open descriptor, and finds it as `/proc/self/fd/9`;
//! a link of that kind does not pass through the parents.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;
use crate::account::Account;
use crate::error::Doing;

/// What the shell does before it becomes the program: the folder comes in as standard input, and
/// moves out of the way, since PostgreSQL gives its helpers a standard input of their own.
const HAND_OVER: &str = r#"exec 9<&0 </dev/null; exec "$0" "$@""#;
const HANDED_OVER: &str = "/proc/self/fd/9";

/// A folder, and how the account reaches it.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    account: Account,
    folder: PathBuf,
    is_open: bool,
}

impl Reach {
    /// `folder` is absolute and has no symbolic links left in it.
    pub(crate) fn to(account: Account, folder: &Path) -> Result<Self, Error> {
        let closed = account.closed_parent(folder);
        if let Some(closed) = closed
            && !cfg!(target_os = "linux")
        {
            return Err(Error::Folder {
                path: closed.to_owned(),
                problem: "is closed to PostgreSQL's account; open it with chmod o+x, \
                          or choose another folder with --data"
                    .to_owned(),
            });
        }
        Ok(Reach {
            account,
            folder: folder.to_owned(),
            is_open: closed.is_none(),
        })
    }

    /// `program -D FOLDER`, to be given more arguments, run as the account.
    pub(crate) fn command(&self, program: &Path) -> Result<Command, Error> {
        if self.is_open {
            let mut command = self.account.command(program);
            command.arg("-D").arg(&self.folder).stdin(Stdio::null());
            return Ok(command);
        }
        let folder = File::open(&self.folder).doing("opening", &self.folder)?;
        let mut command = self.account.command("/bin/sh");
        command
            .arg("-c")
            .arg(HAND_OVER)
            .arg(program)
            .args(["-D", HANDED_OVER]);
        command.stdin(folder);
        Ok(command)
    }
}
