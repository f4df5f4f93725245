//! Builds that are given to people contain the front end, which `make web` makes. Debug builds read it
//! from disk when it is asked for, and do without it until then.

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells build scripts in the environment what they are run for"
)]
fn main() {
    println!("cargo::rerun-if-changed=dist/designer.js");
    let is_debug = std::env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    if !is_debug && !std::path::Path::new("dist/designer.js").exists() {
        println!("cargo::error=the front end is missing: run `make web` first");
    }
}
