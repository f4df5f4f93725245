//! Which crate may use which: arrows point one way, and each layer lacks the others' libraries.

use crate::{check, root};

/// A crate's folder, the crates of ours that it may use, and libraries that it may not.
const LAYERS: &[(&str, &[&str], &[&str])] = &[
    (
        "engine/asl",
        &["memory"],
        &["tokio", "sqlx", "reqwest", "hyper", "axum", "nix", "rand"],
    ),
    (
        "engine/store",
        &["asl"],
        &["axum", "reqwest", "askama", "nix"],
    ),
    ("engine/functions", &["asl"], &["axum", "sqlx", "askama"]),
    (
        "engine/launcher",
        &[],
        &["tokio", "sqlx", "axum", "askama", "reqwest"],
    ),
    (
        "engine/supervisor",
        &["asl", "functions", "launcher"],
        &["axum", "sqlx", "askama", "reqwest"],
    ),
    (
        "engine/sigv4",
        &[],
        &["tokio", "sqlx", "axum", "reqwest", "http"],
    ),
    (
        "engine/objects",
        &["asl", "sigv4"],
        &["axum", "sqlx", "askama"],
    ),
    (
        "engine/services",
        &["asl", "sigv4"],
        &["axum", "sqlx", "askama"],
    ),
    // Of the standard library alone: it is under everything.
    (
        "engine/memory",
        &[],
        &["tokio", "sqlx", "axum", "reqwest", "thiserror", "tracing"],
    ),
    (
        "engine/embedded_pg",
        &[],
        &["tokio", "sqlx", "axum", "reqwest", "anyhow"],
    ),
    (
        "engine/runtime",
        &["asl", "store", "functions", "objects", "services"],
        &["axum", "sqlx", "reqwest", "askama"],
    ),
    (
        "web",
        &[
            "asl",
            "store",
            "functions",
            "objects",
            "services",
            "embedded_pg",
            "memory",
            "runtime",
            "launcher",
            "supervisor",
        ],
        &[],
    ),
    // The cure for a store that does not compile cannot need the store.
    ("xtask", &["embedded_pg"], &["axum", "reqwest"]),
];

const OURS: [&str; 14] = [
    "asl",
    "store",
    "functions",
    "launcher",
    "supervisor",
    "objects",
    "services",
    "sigv4",
    "embedded_pg",
    "memory",
    "runtime",
    "stepwright",
    "xtask",
    "tests",
];

#[test]
fn each_crate_uses_only_what_lies_below_it() {
    let mut found = Vec::new();
    for (folder, below, forbidden) in LAYERS {
        for name in dependencies(folder) {
            let is_ours = OURS.contains(&name.as_str());
            if is_ours && !below.contains(&name.as_str()) {
                found.push(format!("{folder}/Cargo.toml: {name} is not below it"));
            }
            if forbidden.contains(&name.as_str()) {
                found.push(format!(
                    "{folder}/Cargo.toml: {name} belongs to another layer"
                ));
            }
        }
    }
    check(&found);
}

#[test]
fn every_crate_has_its_layer_and_takes_the_workspaces_lints() {
    let mut found = Vec::new();
    let workspace: toml::Table = read("Cargo.toml");
    for member in workspace["workspace"]["members"].as_array().unwrap() {
        let member = member.as_str().unwrap();
        if member == "tests" {
            continue;
        }
        if !LAYERS.iter().any(|(folder, ..)| *folder == member) {
            found.push(format!(
                "{member}: say in tests/tests/tidy/crates.rs what it may use"
            ));
        }
        let manifest = read(&format!("{member}/Cargo.toml"));
        // An allocator is unsafe code; its manifest says what differs.
        if member == "engine/memory" {
            continue;
        }
        let lints = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"));
        if lints.and_then(toml::Value::as_bool) != Some(true) {
            found.push(format!(
                "{member}/Cargo.toml: [lints] workspace = true is missing"
            ));
        }
    }
    check(&found);
}

fn dependencies(folder: &str) -> Vec<String> {
    let manifest = read(&format!("{folder}/Cargo.toml"));
    let table = manifest.get("dependencies").and_then(toml::Value::as_table);
    table
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

fn read(path: &str) -> toml::Table {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    text.parse()
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}
