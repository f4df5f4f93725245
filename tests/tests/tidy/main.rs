//! The rules of the house that a program can check. What it finds is told all at once, each with its
//! place and what to do.
//!
//! It reads the working tree, not git: a file that is not yet committed counts.

mod crates;
mod files;
mod links;

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold what others wrote, or what was built.
const SKIPPED: [&str; 7] = [
    ".git",
    "target",
    "node_modules",
    "dist",
    ".venv",
    ".tools",
    "__pycache__",
];

/// A text file of the project: its path from the top, and what it says.
struct File {
    path: String,
    text: String,
}

impl File {
    fn has_extension(&self, extensions: &[&str]) -> bool {
        let extension = Path::new(&self.path).extension().and_then(|e| e.to_str());
        extension.is_some_and(|extension| extensions.contains(&extension))
    }

    fn is_rust(&self) -> bool {
        self.has_extension(&["rs"])
    }

    /// Lines with their numbers, from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn all_files() -> Vec<File> {
    let mut files = Vec::new();
    gather(&root(), &root(), &mut files);
    assert!(files.len() > 20, "the tree was not found");
    files
}

fn gather(top: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let kind = entry.file_type().unwrap();
        if SKIPPED.iter().any(|skipped| name == *skipped) {
            continue;
        }
        if kind.is_dir() {
            gather(top, &entry.path(), files);
        } else if kind.is_file() {
            // What is not text has no rules here.
            let Ok(text) = fs::read_to_string(entry.path()) else {
                continue;
            };
            let path = entry
                .path()
                .strip_prefix(top)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            files.push(File { path, text });
        }
    }
}

#[track_caller]
fn check(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}
