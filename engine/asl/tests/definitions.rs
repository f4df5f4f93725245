//! Definitions with verdicts: samples that were deployed on AWS, all valid, and the fixtures of two
//! validators, valid and invalid. The folder is found by the setting STEPWRIGHT_CONFORMANCE; where it is
//! absent, the test says so and passes.
//!
//! `GAPS` names the definitions on which we differ, with the reason. It may only shrink: an entry that
//! agrees again fails the test.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use asl::{
    Json,
    diagnose::{MachineType, Severity, parse},
};

use support::{conformance, read_json, text};

/// (name as the file has it, why we differ)
const GAPS: &[(&str, &str)] = &[
    (
        "shared-fallback-state-jsonata/statemachine/statemachine.asl.json",
        "its QueryLanguage stands among the states, so no state may use JSONata fields",
    ),
    (
        "word-filtering-script-generator/template.yaml#/Resources/FilteringStateMachine/Properties/Definition",
        "placeholders stand where its Resources had ARNs",
    ),
    (
        "fixtures/activities/serverless.yml#/stepFunctions/stateMachines/activityMachine/definition",
        "its Resource is a template's reference, not yet a text",
    ),
    (
        "valid-task-intrisic-function.json",
        "its Resources are a template's references, which AWS never sees",
    ),
    (
        "valid-task-parameters.json",
        "its Resource is of Simple Workflow, which a Task cannot call",
    ),
    (
        "task-with-credentials.json",
        "Credentials need a RoleArn: recorded on AWS",
    ),
    (
        "valid-map-with-item-batcher-jsonata.json",
        "a state cannot go back to JSONPath: recorded on AWS",
    ),
];

/// The cases of a file of JSON lines, or none where the folder is absent.
fn cases(file: &str) -> Vec<Json> {
    let Some(path) = conformance(&format!("definitions/{file}")) else {
        return Vec::new();
    };
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(read_json).collect()
}

/// Every error of the definition, one a line; nothing for a valid one.
fn errors(definition: &str) -> Vec<String> {
    let (model, found) = parse(definition, MachineType::Standard);
    let errors: Vec<_> = found
        .into_iter()
        .filter(|one| one.severity == Severity::Error)
        .map(|one| {
            let location = one.location.unwrap_or_default();
            format!("{}: {} at {location}", one.code, one.message)
        })
        .collect();
    assert_eq!(model.is_some(), errors.is_empty());
    errors
}

#[track_caller]
fn compare(file: &str) {
    let mut wrong = Vec::new();
    for case in cases(file) {
        let name = text(&case, "name");
        let errors = errors(text(&case, "definition"));
        let agrees = errors.is_empty() == (text(&case, "expected") == "valid");
        let is_gap = GAPS.iter().any(|(gap, _)| *gap == name);
        if agrees && is_gap {
            wrong.push(format!("{name}: agrees now, take it off the list of gaps"));
        } else if !agrees && !is_gap {
            wrong.push(format!(
                "{name}: expected {}, found {errors:#?}",
                text(&case, "expected")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_was_deployed_is_valid() {
    compare("deployed.jsonl");
}

#[test]
fn the_validators_fixtures_have_their_verdict() {
    compare("fixtures.jsonl");
}
