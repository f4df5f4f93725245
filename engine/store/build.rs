//! Migrations are compiled in; this makes a new file among them count as a change.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
