//! Making a cluster: `initdb` in a folder beside the final one, which then takes the final name, so
//! that a half-made cluster is never mistaken for a whole one.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Error;
use crate::account::Account;
use crate::cluster::USER;
use crate::error::Doing;
use crate::find::Installation;
use crate::reach::Reach;

/// The major version that made the cluster in `data`, or nothing if there is no cluster.
pub(crate) fn made_by(data: &Path) -> Result<Option<u32>, Error> {
    let path = data.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(major) => Ok(Some(major)),
            Err(_) => Err(Error::Folder {
                path,
                problem: format!("holds `{}`, which is not a version number", text.trim()),
            }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).doing("reading", &path),
    }
}

/// Makes a cluster at `data`, which does not exist or is empty.
pub(crate) fn create(
    data: &Path,
    account: Account,
    installation: &Installation,
) -> Result<(), Error> {
    let unfinished = data.with_file_name("data.unfinished");
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).doing("removing the unfinished", &unfinished);
        }
        _ => {}
    }
    account.private_folder(&unfinished)?;
    let mut initdb = Reach::to(account, &unfinished)?.command(&installation.program("initdb"))?;
    // The C locale sorts by bytes, alike on every machine; the text is UTF-8 all the same.
    initdb.args([
        "--username",
        USER,
        "--auth",
        "trust",
        "--encoding",
        "UTF8",
        "--locale",
        "C",
    ]);
    run(&mut initdb, "initdb")?;
    // An empty folder of that name may be there; a cluster in it would have been found before.
    fs::rename(&unfinished, data).doing("putting in place", data)
}

/// Runs a program to its end; its words are the error if it fails.
pub(crate) fn run(command: &mut Command, program: &str) -> Result<(), Error> {
    let failed = |output: String| Error::Program {
        program: program.to_owned(),
        output,
    };
    let output = command
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let words = [output.stdout, output.stderr].concat();
    Err(failed(format!(
        "{}\n{}",
        output.status,
        String::from_utf8_lossy(&words).trim()
    )))
}
