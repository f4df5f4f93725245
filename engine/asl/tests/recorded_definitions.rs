//! What AWS was recorded to answer about definitions: the errors of CreateStateMachine, the diagnostics of
//! ValidateStateMachineDefinition, the variable references of DescribeStateMachine. Every other definition of
//! a recorded case was accepted, so it is valid.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;

use asl::{
    Json,
    diagnose::{
        Diagnostic, MachineType, Severity, invalid_definition_message, parse, variable_references,
    },
};

use support::{conformance, read_json, text};

/// The cases by name; none where the folder is absent.
fn cases() -> Vec<(String, Json)> {
    let Some(folder) = conformance("histories/cases") else {
        return Vec::new();
    };
    let mut cases: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, read_json(&std::fs::read_to_string(path).unwrap()))
        })
        .collect();
    cases.sort_by(|left, right| left.0.cmp(&right.0));
    cases
}

/// The definition in `holder` with what stands for ARNs put in.
fn definition(holder: &Json) -> Option<String> {
    let written = match holder.get("definition")? {
        Json::String(text) => text.to_string(),
        other => other.to_text(),
    };
    let written = written
        .replace(
            "{{f1.FunctionArn}}",
            "arn:aws:lambda:us-east-1:000000000000:function:f1",
        )
        .replace(
            "{{1.activityArn}}",
            "arn:aws:states:us-east-1:000000000000:activity:a1",
        );
    Some(written)
}

fn machine_type(holder: &Json) -> MachineType {
    if text(holder, "type") == "EXPRESS" {
        MachineType::Express
    } else {
        MachineType::Standard
    }
}

fn errors(found: &[Diagnostic]) -> Vec<&Diagnostic> {
    found
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .collect()
}

#[test]
fn what_aws_accepted_is_valid_and_what_it_refused_is_refused_in_its_words() {
    let mut compared = 0;
    for (name, case) in cases() {
        let steps = case
            .get("steps")
            .and_then(Json::as_array)
            .unwrap_or_default();
        let machines = case
            .get("machines")
            .and_then(Json::as_array)
            .unwrap_or_default();
        let holders = steps
            .iter()
            .map(|step| (step.get("params").unwrap_or(step), step.get("expect")))
            .chain(machines.iter().map(|machine| (machine, None)))
            .chain([(&case, None)]);
        for (holder, expected) in holders {
            let Some(written) = definition(holder) else {
                continue;
            };
            let (model, found) = parse(&written, machine_type(holder));
            compared += 1;
            let refused = expected
                .filter(|answer| text(answer, "error") == "InvalidDefinition")
                .map(|answer| text(answer, "message"));
            let diagnostics = expected
                .and_then(|answer| answer.get("answer")?.get("diagnostics"))
                .and_then(Json::as_array);
            if let Some(message) = refused {
                let ours = invalid_definition_message(&found);
                assert_eq!(ours.as_deref(), Some(message), "{name}");
            } else if let Some(diagnostics) = diagnostics {
                let ours = errors(&found);
                assert_eq!(ours.len(), diagnostics.len(), "{name}: {ours:?}");
                for (one, expected) in ours.into_iter().zip(diagnostics) {
                    assert_eq!(one.code, text(expected, "code"), "{name}");
                    assert_eq!(one.message, text(expected, "message"), "{name}");
                    assert_eq!(
                        one.location.as_deref().unwrap_or_default(),
                        text(expected, "location"),
                        "{name}"
                    );
                }
            } else {
                assert!(model.is_some(), "{name}: {found:?}");
            }
        }
    }
    eprintln!("{compared} definitions compared");
}

#[test]
fn variable_references_are_those_of_aws() {
    for (name, case) in cases() {
        let steps = case
            .get("steps")
            .and_then(Json::as_array)
            .unwrap_or_default();
        let mut ours: Option<BTreeMap<String, Vec<String>>> = None;
        for step in steps {
            let params = step.get("params").unwrap_or(step);
            if let Some(written) = definition(params)
                && let (Some(model), _) = parse(&written, machine_type(params))
            {
                ours = Some(variable_references(&model));
            }
            let answer = step.get("expect").and_then(|expect| expect.get("answer"));
            let (Some(ours), Some(answer)) = (&ours, answer) else {
                continue;
            };
            if text(step, "op") != "DescribeStateMachine" {
                continue;
            }
            let expected: BTreeMap<String, Vec<String>> = answer
                .get("variableReferences")
                .and_then(Json::as_object)
                .into_iter()
                .flatten()
                .map(|(state, names)| {
                    let names = names.as_array().unwrap_or_default();
                    let mut names: Vec<_> = names
                        .iter()
                        .filter_map(Json::as_str)
                        .map(str::to_owned)
                        .collect();
                    names.sort();
                    (state.to_string(), names)
                })
                .collect();
            assert_eq!(ours, &expected, "{name}");
        }
    }
}
