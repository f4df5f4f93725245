//! Paths against the conformance data and against the dialect's own rules in `cases/jsonpath`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::PathBuf};

use asl::{
    Json, Payload, json,
    query::{Context, Env, Path, Random, Variables},
};

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
    let folder = std::env::var("STEPWRIGHT_CONFORMANCE").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    let file = folder.join("jsonpath/rfc9535.json");
    let Ok(text) = fs::read_to_string(&file) else {
        eprintln!(
            "no conformance data at {}: nothing compared",
            file.display()
        );
        return;
    };
    let cases = json::parse(&text).unwrap();
    let cases = cases.as_array().unwrap();
    let mut failures = Vec::new();
    for case in cases {
        let name = case.get("name").and_then(Json::as_str).unwrap();
        let selector = case.get("selector").and_then(Json::as_str).unwrap();
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
        let text = fs::read_to_string(&file).unwrap();
        let document = json::parse(&text).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        let source = document.get("source").and_then(Json::as_str);
        assert!(
            source.is_some_and(|text| !text.is_empty()),
            "{file:?} names no source"
        );
        for case in document.get("cases").and_then(Json::as_array).unwrap() {
            count += 1;
            let path = case.get("path").and_then(Json::as_str).unwrap();
            let input = case.get("input").or_else(|| document.get("input"));
            let outcome = Path::parse(path)
                .map_err(|error| ("syntax", error.message))
                .and_then(|path| {
                    select(&path, input.unwrap_or(&Json::Null), &document)
                        .map_err(|detail| ("error", detail))
                });
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
    let context = case.get("context").cloned().unwrap_or(Json::Null);
    let context: Context<'_> = Context::new(move || context.clone());
    let mut variables = Variables::new();
    if let Some(values) = case.get("variables").and_then(Json::as_object) {
        variables.extend(
            values
                .iter()
                .map(|(name, value)| (name.clone(), Payload::from(value.clone()))),
        );
    }
    let env = Env {
        input,
        result: None,
        error_output: None,
        context: &context,
        variables: &variables,
        random: &mut NoChance,
    };
    path.select(&env).map_err(|error| error.detail)
}

struct NoChance;

impl Random for NoChance {
    fn next_u64(&mut self) -> u64 {
        0
    }
}
