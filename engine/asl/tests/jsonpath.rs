//! Paths against the conformance data and against the dialect's own rules in `cases/jsonpath`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/env.rs"]
mod env;
mod support;

use std::{fs, path::PathBuf};

use asl::{
    Json, json,
    query::{Path, ReferencePath},
};

use env::with_env;
use support::{conformance, read_json, text};

/// Cases whose `definite` in the data is false though Jayway's rule makes the path definite: a
/// negative index and a name beyond ASCII or with an escape are still one place. What they find is
/// compared all the same.
const DEFINITE_AFTER_ALL: [&str; 7] = [
    "basic, name shorthand, extended unicode ☺",
    "index selector, min exact index",
    "index selector, negative",
    "index selector, more negative",
    "index selector, negative out of bound",
    "name selector, double quotes, escaped double quote",
    "name selector, single quotes, escaped single quote",
];

#[test]
fn the_conformance_cases_of_both_dialects_hold() {
    let Some(file) = conformance("jsonpath/rfc9535.json") else {
        return;
    };
    let cases = read_json(&fs::read_to_string(file).unwrap());
    let cases = cases.as_array().unwrap();
    let mut failures = Vec::new();
    for case in cases {
        let name = text(case, "name");
        let selector = text(case, "selector");
        let expected = case.get("result").unwrap();
        let definite = case.get("definite").and_then(Json::as_bool).unwrap();
        let path = match Path::parse(selector) {
            Ok(path) => path,
            Err(error) => {
                failures.push(format!("{name}: {selector} is refused: {}", error.message));
                continue;
            }
        };
        if path.is_definite() != definite && !DEFINITE_AFTER_ALL.contains(&name) {
            failures.push(format!(
                "{name}: {selector} definite {}",
                path.is_definite()
            ));
        }
        let found = select(&path, case.get("document").unwrap(), case);
        let found = match (path.is_definite(), found) {
            (true, Ok(value)) => Json::array(vec![value]),
            (true, Err(_)) => Json::array(Vec::new()),
            (false, Ok(list)) => list,
            (false, Err(error)) => Json::from(error),
        };
        if found != *expected {
            failures.push(format!(
                "{name}: {selector} gave {found}, expected {expected}"
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(cases.len() >= 51, "only {} cases", cases.len());
}

#[test]
fn the_rules_of_the_dialect_hold() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/jsonpath");
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        let document = json::parse(&fs::read_to_string(&file).unwrap());
        let document = document.unwrap_or_else(|error| panic!("{file:?}: {error}"));
        assert_ne!(text(&document, "source"), "", "{file:?} names no source");
        for case in document.get("cases").and_then(Json::as_array).unwrap() {
            count += 1;
            let path = text(case, "path");
            let input = case.get("input").or_else(|| document.get("input"));
            let input = input.unwrap_or(&Json::Null);
            let outcome = match case.get("write") {
                None => Path::parse(path)
                    .map_err(|error| ("syntax", error.message))
                    .and_then(|path| {
                        select(&path, input, &document).map_err(|detail| ("error", detail))
                    }),
                Some(value) => ReferencePath::parse(path)
                    .map_err(|error| ("syntax", error.message))
                    .and_then(|path| {
                        let written = path.write(input, value.clone());
                        written.map_err(|error| ("error", error.detail))
                    }),
            };
            let found = match outcome {
                Ok(value) => Json::members([("value", value)]),
                Err((kind, text)) => Json::members([(kind, Json::from(text))]),
            };
            let expected = ["value", "error", "syntax"]
                .iter()
                .find_map(|kind| Some(Json::members([(*kind, case.get(kind)?.clone())])))
                .unwrap();
            if found.to_text() != expected.to_text() {
                failures.push(format!(
                    "{path} on {input:?}\n  gave     {found}\n  expected {expected}"
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count > 100, "only {count} cases");
}

/// The value of a path, with `context` and `variables` from the case; an error as its text.
fn select(path: &Path, input: &Json, case: &Json) -> Result<Json, String> {
    let context = case.get("context").unwrap_or(&Json::Null);
    let variables = case.get("variables").unwrap_or(&Json::Null);
    with_env(input, context, variables, |env| path.select(env)).map_err(|error| error.detail)
}
