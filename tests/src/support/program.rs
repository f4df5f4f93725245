//! Where the built programs are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The folder `target`, found from the running test: `target/PROFILE/deps/NAME`.
pub fn target() -> PathBuf {
    profile_folder()
        .parent()
        .expect("a profile's folder is in target")
        .to_owned()
}

/// The `stepwright` program to test: the one that `STEPWRIGHT_TEST_BIN` names, else the debug build,
/// which is brought up to date first.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(named) = std::env::var_os("STEPWRIGHT_TEST_BIN") {
            return PathBuf::from(named);
        }
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--package", "stepwright"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cargo runs");
        assert!(built.success(), "stepwright does not build");
        target().join("debug/stepwright")
    })
}

fn profile_folder() -> PathBuf {
    let running = std::env::current_exe().expect("a program knows its path");
    let folder = running.parent().expect("a program is in a folder");
    if folder.ends_with("deps") {
        folder
            .parent()
            .expect("deps is in a profile's folder")
            .to_owned()
    } else {
        folder.to_owned()
    }
}
