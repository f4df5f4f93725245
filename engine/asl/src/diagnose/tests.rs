//! Diagnostics: their order, their limits, their texts.

use super::{
    MachineType, Severity, codes, invalid_definition_message, limits, parse,
    testing::{check, check_state},
};
use crate::definition::{Kind, QueryLanguage, Transition};

#[test]
fn a_text_that_is_not_json_is_told_where_it_breaks() {
    check(
        "not a definition",
        &[
            "INVALID_JSON_DESCRIPTION: Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false') at [Source: (String)\"not a definition\"; line: 1, column: 1]",
        ],
    );
    for empty in ["", "  \n"] {
        check(
            empty,
            &["INVALID_JSON_DESCRIPTION: Definition must be a valid JSON object at null"],
        );
    }
    for other in ["[]", "\"x\"", "null", "1"] {
        check(
            other,
            &["INVALID_JSON_DESCRIPTION: Definition must be a valid JSON object at null"],
        );
    }
}

#[test]
fn a_repeated_field_is_refused() {
    check(
        "{\"StartAt\":\"S\",\n \"StartAt\":\"S\",\"States\":{\"S\":{\"Type\":\"Succeed\"}}}",
        &[
            "INVALID_JSON_DESCRIPTION: Duplicate field 'StartAt' at [Source: (String)\"{\"StartAt\":\"S\",\n \"StartAt\":\"S\",\"States\":{\"S\":{\"Type\":\"Succeed\"}}}\"; line: 2, column: 2]",
        ],
    );
}

#[test]
fn a_definition_has_at_most_so_many_bytes() {
    let machine = |comment: usize| {
        format!(
            r#"{{"Comment":"{}","StartAt":"S","States":{{"S":{{"Type":"Succeed"}}}}}}"#,
            "c".repeat(comment)
        )
    };
    let rest = machine(0).len();
    check(&machine(limits::DEFINITION_BYTES_MAX - rest), &[]);
    check(
        &machine(limits::DEFINITION_BYTES_MAX - rest + 1),
        &[
            "SCHEMA_VALIDATION_FAILED: The definition has 16777217 bytes; at most 16777216 are allowed at null",
        ],
    );
}

#[test]
fn the_top_level_has_its_fields() {
    check(
        r#"{"Comment":"c","Version":"1.0","TimeoutSeconds":5,"QueryLanguage":"JSONPath","StartAt":"S","States":{"S":{"Type":"Succeed"}}}"#,
        &[],
    );
    check(
        r#"{"Comment":1,"Version":"2.0","TimeoutSeconds":0,"Coment":"c","StartAt":"S","States":{"S":{"Type":"Succeed"}}}"#,
        &[
            "SCHEMA_VALIDATION_FAILED: Field 'Coment' is not supported at /",
            "SCHEMA_VALIDATION_FAILED: Expected value of type String, but was number at /Comment",
            "SCHEMA_VALIDATION_FAILED: Value must be one of the following: [1.0], but was '2.0' at /Version",
            "SCHEMA_VALIDATION_FAILED: Minimum value is 1 at /TimeoutSeconds",
        ],
    );
}

#[test]
fn every_problem_is_reported_in_document_order() {
    check(
        r#"{"StartAt":"A","States":{
            "A":{"Next":"nowhere","Type":"Wait","Seconds":-1,"Colour":"red"},
            "B":{"Type":"Task","Retry":[{"ErrorEquals":["x"],"MaxAttempts":"many"}]}}}"#,
        &[
            "SCHEMA_VALIDATION_FAILED: Field 'Colour' is not supported at /States/A",
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: nowhere at /States/A/Next",
            "SCHEMA_VALIDATION_FAILED: Minimum value is 0 at /States/A/Seconds",
            "SCHEMA_VALIDATION_FAILED: These fields are required: [Resource] at /States/B",
            "SCHEMA_VALIDATION_FAILED: One of the following fields is required: [Next, End] at /States/B",
            "SCHEMA_VALIDATION_FAILED: Expected value of type Integer, but was string at /States/B/Retry[0]/MaxAttempts",
            "MISSING_END_STATE: Workflow has no terminal state at null",
        ],
    );
}

#[test]
fn diagnostics_are_bounded() {
    let name = "n".repeat(80);
    let states: Vec<_> = (0..5000)
        .map(|index| format!(r#""{index}{}":{{"Type":"Pass","x":1}}"#, &name[10..]))
        .collect();
    let text = format!(r#"{{"StartAt":"S","States":{{{}}}}}"#, states.join(","));
    let (definition, found) = parse(&text, MachineType::Standard);
    assert!(definition.is_none());
    assert_eq!(found.len(), limits::DIAGNOSTICS_MAX);

    let field = "f".repeat(500_000);
    check_state(
        &format!(r#""Type":"Pass","{field}":1"#),
        &[&format!(
            "Field '{}…' is not supported",
            "f".repeat(limits::QUOTED_CHARS_MAX)
        )],
    );
}

#[test]
fn the_error_answer_lists_every_error_in_one_quote() {
    let text =
        r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"NOPE","Parameters":{"a":"$.b"}}}}"#;
    let (_, found) = parse(text, MachineType::Standard);
    assert!(found.iter().any(|one| one.severity == Severity::Warning));
    assert_eq!(
        invalid_definition_message(&found).as_deref(),
        Some(
            "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next, MISSING_END_STATE: Workflow has no terminal state at null'"
        )
    );
    assert_eq!(invalid_definition_message(&[]), None);
}

#[test]
fn a_place_is_there_for_people_and_for_programs() {
    let text =
        r#"{"StartAt":"a/b","States":{"a/b":{"Type":"Parallel","End":true,"Branches":[{}]}}}"#;
    let (_, found) = parse(text, MachineType::Standard);
    let first = found.first().unwrap();
    assert_eq!(first.code, codes::SCHEMA_VALIDATION_FAILED);
    assert_eq!(first.location.as_deref(), Some("/States/a/b/Branches[0]"));
    assert_eq!(
        first.pointer.as_ref().map(ToString::to_string).as_deref(),
        Some("/States/a~1b/Branches/0")
    );
}

#[test]
fn the_model_holds_what_was_written() {
    let text = r#"{"Comment":"c","StartAt":"A","TimeoutSeconds":60,"States":{
        "A":{"Type":"Pass","Result":{"x":1.0},"Next":"B","Comment":"first"},
        "B":{"Type":"Succeed"}}}"#;
    let (definition, found) = parse(text, MachineType::Standard);
    assert_eq!(found, []);
    let definition = definition.unwrap();
    assert_eq!(definition.comment.as_deref(), Some("c"));
    assert_eq!(definition.timeout_seconds, Some(60));
    assert_eq!(definition.language, QueryLanguage::JsonPath);
    assert_eq!(&*definition.scope.start_at, "A");
    let state = &definition.scope.states["A"];
    assert_eq!(state.comment.as_deref(), Some("first"));
    let Kind::Pass { result, then } = &state.kind else {
        panic!("not a Pass state: {state:?}");
    };
    assert_eq!(
        result.as_ref().map(crate::Payload::text),
        Some(r#"{"x":1.0}"#)
    );
    assert_eq!(*then, Transition::Next("B".into()));
}
