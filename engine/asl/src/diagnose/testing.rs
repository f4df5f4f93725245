//! What the tables of this module's tests share.

use super::{Diagnostic, MachineType, Severity, parse};

/// Reads `text` as a Standard machine's definition, whose errors must be `expected`, in order, each
/// written as an `InvalidDefinition` error writes it: `CODE: message at /location`.
#[track_caller]
pub(super) fn check(text: &str, expected: &[&str]) {
    check_type(text, MachineType::Standard, expected);
}

#[track_caller]
pub(super) fn check_type(text: &str, machine_type: MachineType, expected: &[&str]) {
    let (definition, found) = parse(text, machine_type);
    assert_eq!(listed(&found, Severity::Error), expected, "{text}");
    assert_eq!(definition.is_some(), expected.is_empty(), "{text}");
}

/// As [`check`] for the warnings of a valid definition.
#[track_caller]
pub(super) fn check_warnings(text: &str, expected: &[&str]) {
    let (_, found) = parse(text, MachineType::Standard);
    assert_eq!(listed(&found, Severity::Error), [""; 0], "{text}");
    assert_eq!(listed(&found, Severity::Warning), expected, "{text}");
}

/// Checks one state called `S` that ends the machine, given by its fields but `End`. Expected
/// messages have no code where it is SCHEMA_VALIDATION_FAILED, and places are below the state.
#[track_caller]
pub(super) fn check_state(fields: &str, expected: &[&str]) {
    let text = one_state(fields, r#""End":true"#);
    let expected: Vec<_> = expected.iter().map(|one| full(one)).collect();
    let expected: Vec<_> = expected.iter().map(String::as_str).collect();
    check(&text, &expected);
}

/// As [`check_state`] for a state that has no `End`: Choice, Succeed and Fail. A state `Z` follows.
#[track_caller]
pub(super) fn check_last_state(fields: &str, expected: &[&str]) {
    let text = format!(r#"{{"StartAt":"S","States":{{"S":{{{fields}}}}}}}"#);
    let expected: Vec<_> = expected.iter().map(|one| full(one)).collect();
    let expected: Vec<_> = expected.iter().map(String::as_str).collect();
    check(&text, &expected);
}

pub(super) fn one_state(fields: &str, end: &str) -> String {
    format!(r#"{{"StartAt":"S","States":{{"S":{{{fields},{end}}}}}}}"#)
}

/// `message @ /Field` as the whole line.
fn full(short: &str) -> String {
    let (message, place) = short.split_once(" @").unwrap_or((short, ""));
    let code = if message.starts_with(char::is_uppercase)
        && message.split_once(": ").is_some_and(|(code, _)| {
            code.chars()
                .all(|one| one.is_ascii_uppercase() || one == '_')
        }) {
        ""
    } else {
        "SCHEMA_VALIDATION_FAILED: "
    };
    format!("{code}{message} at /States/S{place}")
}

fn listed(found: &[Diagnostic], severity: Severity) -> Vec<String> {
    found
        .iter()
        .filter(|one| one.severity == severity)
        .map(|one| {
            let location = one.location.as_deref().unwrap_or("null");
            format!("{}: {} at {location}", one.code, one.message)
        })
        .collect()
}
