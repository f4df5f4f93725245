//! Whatever the text: reading it never panics, gives a definition exactly where there is no error, and
//! names only places that the document has.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use asl::{
    Json,
    diagnose::{MachineType, Severity, limits, parse, variable_references},
    json::{Object, pointer::Pointer},
};
use proptest::prelude::*;

use support::{conformance, read_json, text};

fn check(document: &Json) -> Result<(), TestCaseError> {
    for machine_type in [MachineType::Standard, MachineType::Express] {
        let written = document.to_text();
        let (definition, found) = parse(&written, machine_type);
        let is_valid = found.iter().all(|one| one.severity != Severity::Error);
        prop_assert_eq!(definition.is_some(), is_valid, "{}", written);
        prop_assert!(found.len() <= limits::DIAGNOSTICS_MAX);
        for one in found {
            if let Some(pointer) = &one.pointer {
                prop_assert!(pointer.find(document).is_some(), "{one:?} in {written}");
                prop_assert!(one.location.is_some());
            }
        }
        if let Some(definition) = definition {
            variable_references(&definition);
        }
    }
    Ok(())
}

/// Names of fields and states, so that random objects come near to definitions.
fn name() -> impl Strategy<Value = String> {
    let fields = [
        "StartAt",
        "States",
        "Type",
        "Next",
        "End",
        "Comment",
        "QueryLanguage",
        "Version",
        "TimeoutSeconds",
        "InputPath",
        "OutputPath",
        "ResultPath",
        "Parameters",
        "ResultSelector",
        "Arguments",
        "Output",
        "Assign",
        "Resource",
        "Credentials",
        "RoleArn.$",
        "Retry",
        "Catch",
        "ErrorEquals",
        "MaxAttempts",
        "Choices",
        "Default",
        "Variable",
        "StringEquals",
        "And",
        "Or",
        "Not",
        "IsPresent",
        "NumericLessThanPath",
        "Condition",
        "Seconds",
        "SecondsPath",
        "Timestamp",
        "TimestampPath",
        "Error",
        "CausePath",
        "Branches",
        "ItemProcessor",
        "Iterator",
        "ItemsPath",
        "ItemSelector",
        "ProcessorConfig",
        "Mode",
        "ExecutionType",
        "MaxConcurrency",
        "Label",
        "ToleratedFailurePercentagePath",
        "ItemReader",
        "ReaderConfig",
        "CSVHeaders",
        "ItemBatcher",
        "MaxItemsPerBatch",
        "ResultWriter",
        "Result",
        "a",
        "a.$",
        "b.$",
        "S",
        "T",
        "a/b",
        "~",
        "",
    ];
    prop_oneof![
        9 => prop::sample::select(fields.to_vec()).prop_map(str::to_owned),
        1 => ".{0,90}",
    ]
}

fn words() -> impl Strategy<Value = String> {
    let words = [
        "Task",
        "Pass",
        "Choice",
        "Wait",
        "Succeed",
        "Fail",
        "Parallel",
        "Map",
        "S",
        "T",
        "JSONPath",
        "JSONata",
        "$",
        "$.a",
        "$$",
        "$$.Execution.Id",
        "$v",
        "$.a[*]",
        "$..a",
        "$[?(@.a == 1)]",
        "{% $states.input %}",
        "{% 1",
        "States.ALL",
        "States.Timeout",
        "States.Format('{}', $.a)",
        "States.UUID()",
        "arn:aws:lambda:us-east-1:1:function:f",
        "arn:aws:states:::lambda:invoke",
        "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws:states:us-east-1:1:activity:a",
        "2024-01-01T00:00:00Z",
        "DISTRIBUTED",
        "INLINE",
        "EXPRESS",
        "STANDARD",
        "CSV",
        "FIRST_ROW",
    ];
    prop_oneof![
        9 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => ".{0,20}",
    ]
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-2_i64..200).prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        Just(read_json("1.5")),
        Just(read_json("1e400")),
        words().prop_map(Json::from),
    ];
    leaf.prop_recursive(7, 80, 8, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            4 => prop::collection::vec((name(), inner), 0..8).prop_map(object),
        ]
    })
}

fn object(members: Vec<(String, Json)>) -> Json {
    let members = members
        .into_iter()
        .map(|(name, value)| (name.into(), value));
    Json::object(members.collect::<Object>())
}

/// A machine around random states, so that the walk gets to them.
fn machine() -> impl Strategy<Value = Json> {
    let state = prop::collection::vec((name(), value()), 0..8);
    let typed = (words(), state).prop_map(|(kind, mut fields)| {
        fields.insert(0, ("Type".to_owned(), Json::from(kind)));
        object(fields)
    });
    let states = prop::collection::vec((name(), typed), 1..4);
    (
        name(),
        states,
        prop::collection::vec((name(), value()), 0..2),
    )
        .prop_map(|(start, states, mut rest)| {
            rest.push(("StartAt".to_owned(), Json::from(start)));
            rest.push(("States".to_owned(), object(states)));
            object(rest)
        })
}

/// A change somewhere in a document.
#[derive(Clone, Debug)]
enum Change {
    Replace(Json),
    Remove,
    Add(String, Json),
    Double,
}

fn change() -> impl Strategy<Value = (prop::sample::Index, Change)> {
    let change = prop_oneof![
        value().prop_map(Change::Replace),
        Just(Change::Remove),
        (name(), value()).prop_map(|(name, value)| Change::Add(name, value)),
        Just(Change::Double),
    ];
    (any::<prop::sample::Index>(), change)
}

/// Every place of a document, the root first.
fn places(document: &Json) -> Vec<Pointer> {
    let mut places = Vec::new();
    let mut pending = vec![(Pointer::root(), document)];
    while let Some((at, value)) = pending.pop() {
        match value {
            Json::Object(members) => {
                pending.extend(
                    members
                        .iter()
                        .map(|(name, member)| (at.child(name), member)),
                );
            }
            Json::Array(items) => {
                let items = items.iter().enumerate();
                pending.extend(items.map(|(index, item)| (at.child(index), item)));
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
        places.push(at);
    }
    places
}

/// `value` changed at the place that `way` leads to; `None` where it is removed.
fn changed(value: &Json, way: &[&str], change: &Change) -> Option<Json> {
    let Some((step, rest)) = way.split_first() else {
        return match (change, value) {
            (Change::Replace(other), _) => Some(other.clone()),
            (Change::Remove, _) => None,
            (Change::Add(name, member), Json::Object(members)) => {
                let mut members = (**members).clone();
                members.insert(name.as_str().into(), member.clone());
                Some(Json::object(members))
            }
            (Change::Double, Json::Array(items)) => Some(Json::array([&items[..], items].concat())),
            _ => Some(value.clone()),
        };
    };
    match value {
        Json::Object(members) => Some(Json::object(
            members
                .iter()
                .filter_map(|(name, member)| {
                    let member = if **name == **step {
                        changed(member, rest, change)?
                    } else {
                        member.clone()
                    };
                    Some((name.clone(), member))
                })
                .collect(),
        )),
        Json::Array(items) => Some(Json::array(
            items
                .iter()
                .enumerate()
                .filter_map(|(index, item)| {
                    if index.to_string() == **step {
                        changed(item, rest, change)
                    } else {
                        Some(item.clone())
                    }
                })
                .collect(),
        )),
        _ => Some(value.clone()),
    }
}

/// Definitions to change: one that has nearly everything, and the conformance data's where it is there.
fn samples() -> Vec<Json> {
    let mut samples = vec![read_json(include_str!("support/everything.json"))];
    for file in ["deployed.jsonl", "fixtures.jsonl"] {
        if let Some(path) = conformance(&format!("definitions/{file}")) {
            let cases = std::fs::read_to_string(path).unwrap();
            let definitions = cases
                .lines()
                .map(|line| read_json(text(&read_json(line), "definition")));
            samples.extend(definitions);
        }
    }
    samples
}

#[test]
fn the_sample_with_everything_is_valid() {
    let everything = include_str!("support/everything.json");
    let (definition, found) = parse(everything, MachineType::Standard);
    assert!(definition.is_some(), "{found:?}");
    assert_eq!(found, []);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,200}") {
        let (definition, found) = parse(&text, MachineType::Standard);
        prop_assert!(definition.is_none() && !found.is_empty());
    }

    #[test]
    fn any_json_is_read_without_a_panic(document in value()) {
        check(&document)?;
    }

    #[test]
    fn any_machine_is_read_without_a_panic(document in machine()) {
        check(&document)?;
    }

    #[test]
    fn a_changed_definition_is_read_without_a_panic(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let samples = SAMPLES.get_or_init(samples);
        let mut document = which.get(samples).clone();
        for (place, change) in changes {
            let places = places(&document);
            let way = place.get(&places).segments();
            if let Some(next) = changed(&document, &way, &change) {
                document = next;
            }
        }
        check(&document)?;
    }
}

static SAMPLES: std::sync::OnceLock<Vec<Json>> = std::sync::OnceLock::new();
