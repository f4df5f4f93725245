//! Where PostgreSQL's programs are: a setting, PATH, the distribution's version folders, Homebrew,
//! and last the folder that `make` fills on machines that have none.
//!
//! Nothing is downloaded here, and nothing is run but `postgres --version`.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// The oldest major version that the statements of the project are written for.
const MAJOR_MIN: u32 = 14;

/// Folders that hold one subfolder a version, each with its own `bin`.
const VERSION_FOLDERS: [&str; 3] = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/postgresql"];

/// Homebrew's prefixes; kegs are called `postgresql@16`, and so on.
const HOMEBREW: [&str; 2] = ["/opt/homebrew/opt", "/usr/local/opt"];

/// The folder, beside the sources, where `make` puts binaries that npm carried.
const PROJECT_FOLDER: &str = ".tools/postgres/bin";

/// Where to look. `Default` looks nowhere but in the fixed places.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// A folder that holds `postgres` and `initdb`; when set, no other place is looked at.
    pub bin_dir: Option<PathBuf>,
    /// The value of PATH.
    pub path: Option<OsString>,
    /// A program inside the project's tree, usually the running one: its parents are searched for
    /// the folder that `make` fills.
    pub program: Option<PathBuf>,
}

impl Search {
    /// What the environment says: `STEPWRIGHT_POSTGRES_BIN`, `PATH` and the running program.
    pub fn from_environment() -> Self {
        Search {
            bin_dir: environment("STEPWRIGHT_POSTGRES_BIN").map(PathBuf::from),
            path: environment("PATH"),
            program: std::env::current_exe().ok(),
        }
    }

    /// Every folder to look at, best first.
    fn folders(&self) -> Vec<PathBuf> {
        if let Some(bin_dir) = &self.bin_dir {
            return vec![bin_dir.clone()];
        }
        let mut folders: Vec<PathBuf> = self
            .path
            .iter()
            .flat_map(std::env::split_paths)
            .filter(|p| p.is_absolute())
            .collect();
        for parent in VERSION_FOLDERS {
            folders.extend(newest_first(Path::new(parent), "").map(|dir| dir.join("bin")));
        }
        for parent in HOMEBREW {
            folders
                .extend(newest_first(Path::new(parent), "postgresql@").map(|dir| dir.join("bin")));
        }
        if let Some(program) = &self.program {
            folders.extend(
                program
                    .ancestors()
                    .skip(1)
                    .map(|dir| dir.join(PROJECT_FOLDER)),
            );
        }
        folders
    }

    /// The places in words, for the message that nothing was found.
    fn places(&self) -> String {
        match &self.bin_dir {
            Some(bin_dir) => bin_dir.display().to_string(),
            None => format!(
                "PATH, {}, Homebrew, {PROJECT_FOLDER}",
                VERSION_FOLDERS.join(", ")
            ),
        }
    }
}

/// One installation of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The folder of its programs, symbolic links resolved.
    pub bin_dir: PathBuf,
    /// Its major version, such as 15.
    pub major: u32,
}

impl Installation {
    /// The path of one of its programs; whether it is there is not checked.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin_dir.join(name)
    }

    fn at(folder: &Path) -> Option<Self> {
        // A link in PATH leads to the folder that holds the rest: the server finds its libraries
        // and its share folder from there.
        let postgres = folder.join("postgres").canonicalize().ok()?;
        let bin_dir = postgres.parent()?.to_owned();
        if !bin_dir.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(&postgres)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let major = major_of(&String::from_utf8_lossy(&output.stdout))?;
        (major >= MAJOR_MIN).then_some(Installation { bin_dir, major })
    }
}

impl fmt::Display for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL {} in {}", self.major, self.bin_dir.display())
    }
}

/// The best installation; with `made_by`, the best one that can open a cluster of that version.
///
/// `dir` is the cluster's folder and serves the message only.
pub fn find(search: &Search, made_by: Option<u32>, dir: &Path) -> Result<Installation, Error> {
    let mut others: Vec<Installation> = Vec::new();
    for folder in search.folders() {
        let Some(found) = Installation::at(&folder) else {
            continue;
        };
        if made_by.is_none_or(|major| major == found.major) {
            return Ok(found);
        }
        if !others.contains(&found) {
            others.push(found);
        }
    }
    match made_by {
        Some(made_by) if !others.is_empty() => Err(Error::OtherVersion {
            dir: dir.to_owned(),
            made_by,
            found: others
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        }),
        _ => Err(Error::NotInstalled {
            looked: search.places(),
        }),
    }
}

/// The major version in what `postgres --version` prints: `postgres (PostgreSQL) 15.14 (Debian)`.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Subfolders called `prefix` and a number, the highest number first.
fn newest_first(parent: &Path, prefix: &str) -> impl Iterator<Item = PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry
                .file_name()
                .to_str()?
                .strip_prefix(prefix)?
                .parse()
                .ok()?;
            Some((version, entry.path()))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, dir)| dir)
}

#[expect(
    clippy::disallowed_methods,
    reason = "Search::from_environment is asked for by name"
)]
fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_major(text: &str, expected: Option<u32>) {
        assert_eq!(major_of(text), expected, "{text}");
    }

    #[test]
    fn the_major_version_is_read_from_what_postgres_prints() {
        check_major(
            "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n",
            Some(15),
        );
        check_major("postgres (PostgreSQL) 18beta2\n", Some(18));
        check_major("postgres (PostgreSQL) 17.0\n", Some(17));
        check_major("", None);
        check_major("something else 15.1", None);
    }

    #[test]
    fn a_named_folder_is_the_only_place_looked_at() {
        let search = Search {
            bin_dir: Some(PathBuf::from("/nowhere/at/all")),
            ..Search::from_environment()
        };
        let error = find(&search, None, Path::new("/data")).expect_err("nothing is there");
        let text = error.to_string();
        assert!(text.contains("looked in: /nowhere/at/all"), "{text}");
        assert!(text.contains("install the package `postgresql`"), "{text}");
    }

    #[test]
    fn a_cluster_of_another_version_names_what_is_installed() {
        let search = Search::from_environment();
        let installed = find(&search, None, Path::new("/data")).expect("PostgreSQL is installed");
        let error = find(&search, Some(11), Path::new("/data")).expect_err("11 is too old");
        let text = error.to_string();
        assert!(
            text.starts_with("/data was made by PostgreSQL 11"),
            "{text}"
        );
        assert!(text.contains(&installed.to_string()), "{text}");
    }
}
