//! Whether arguments are what an operation takes, told in Step Functions' words.
//!
//! Source of the texts: what the service answers when a Task's parameters do not fit ("could not be
//! used to start the Task"), as users report them.

use asl::Json;

use crate::limits::DEPTH_MAX;
use crate::model::{Operation, Service, Shape, Target};
use crate::names::is_pascal_of;

/// The argument for a member of the model; a null is no argument.
pub(crate) fn argument<'a>(arguments: &'a Json, member: &str) -> Option<&'a Json> {
    let members = arguments.as_object()?;
    let found = members.iter().find(|(name, _)| is_pascal_of(name, member));
    found
        .map(|(_, value)| value)
        .filter(|value| **value != Json::Null)
}

/// All that is wrong with them; nothing where they fit.
pub(crate) fn problems(service: &Service, operation: &Operation, arguments: &Json) -> Vec<String> {
    let mut problems = Vec::new();
    if arguments.as_object().is_none() {
        return vec!["The parameters must be a JSON object".to_owned()];
    }
    match &operation.input {
        Some(input) => check(service, input, arguments, "", 0, &mut problems),
        None => unknown(arguments, &mut problems, |_| false),
    }
    problems
}

fn unknown(value: &Json, problems: &mut Vec<String>, is_known: impl Fn(&str) -> bool) {
    let names = value
        .as_object()
        .into_iter()
        .flat_map(|members| members.keys());
    for name in names.filter(|name| !is_known(name)) {
        problems.push(format!(
            "The field \"{name}\" is not supported by Step Functions"
        ));
    }
}

fn check(
    service: &Service,
    reference: &str,
    value: &Json,
    field: &str,
    depth: usize,
    problems: &mut Vec<String>,
) {
    if depth > DEPTH_MAX {
        problems.push(format!(
            "The value for the field '{field}' nests deeper than {DEPTH_MAX}"
        ));
        return;
    }
    let mut expect = |is_it: bool, kind: &str| {
        if !is_it {
            problems.push(format!(
                "The value for the field '{field}' must be a {kind}"
            ));
        }
    };
    match service.target(reference) {
        Target::String => expect(value.as_str().is_some(), "STRING"),
        Target::Integer => {
            let is_whole = value
                .as_number()
                .is_some_and(|number| number.as_whole().is_some());
            expect(is_whole, "whole NUMBER");
        }
        Target::Float => expect(value.as_number().is_some(), "NUMBER"),
        Target::Boolean => expect(value.as_bool().is_some(), "BOOLEAN"),
        Target::Timestamp(_) => {
            expect(crate::protocol::time_of(value).is_some(), "TIMESTAMP");
        }
        // Bytes are taken from text as they are, and from anything else as its JSON.
        Target::Blob | Target::JsonText | Target::Shape(Shape::Document { .. }) => {}
        Target::Shape(Shape::Structure {
            members, required, ..
        }) => {
            expect(value.as_object().is_some(), "STRUCTURE");
            for name in required {
                if argument(value, name).is_none() && value.as_object().is_some() {
                    let name = crate::names::pascal(name);
                    problems.push(format!("The field \"{name}\" is required but was missing"));
                }
            }
            unknown(value, problems, |name| {
                members.keys().any(|member| is_pascal_of(name, member))
            });
            for (name, member) in members {
                if let Some(value) = argument(value, name) {
                    let field = crate::names::pascal(name);
                    check(service, &member.target, value, &field, depth + 1, problems);
                }
            }
        }
        Target::Shape(Shape::List { list, .. }) => {
            expect(value.as_array().is_some(), "LIST");
            for item in value.as_array().unwrap_or_default() {
                check(service, list, item, field, depth + 1, problems);
            }
        }
        Target::Shape(Shape::Map { map, .. }) => {
            expect(value.as_object().is_some(), "MAP");
            let values = value
                .as_object()
                .into_iter()
                .flat_map(|members| members.values());
            for value in values {
                check(service, map, value, field, depth + 1, problems);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model;

    #[track_caller]
    fn check(action: &str, arguments: &str, expected: &[&str]) {
        let service = model::service("dynamodb").unwrap();
        let (_, operation) = service.operation(action).unwrap();
        let arguments = asl::json::parse(arguments).unwrap();
        assert_eq!(problems(&service, operation, &arguments), expected);
    }

    #[test]
    fn what_fits_has_no_problem() {
        check(
            "getItem",
            r#"{"TableName":"t","Key":{"id":{"S":"1"}},"ConsistentRead":true,"AttributesToGet":null}"#,
            &[],
        );
        check("listTables", r#"{"Limit":10.0}"#, &[]);
    }

    #[test]
    fn every_problem_is_named_with_its_field() {
        check(
            "getItem",
            r#"{"tableName":"t","Key":{"id":{"S":1,"X":true}},"ConsistentRead":"yes"}"#,
            &[
                "The field \"TableName\" is required but was missing",
                "The field \"tableName\" is not supported by Step Functions",
                "The field \"X\" is not supported by Step Functions",
                "The value for the field 'S' must be a STRING",
                "The value for the field 'ConsistentRead' must be a BOOLEAN",
            ],
        );
        check(
            "listTables",
            r#"{"Limit":1.5}"#,
            &["The value for the field 'Limit' must be a whole NUMBER"],
        );
        check(
            "listTables",
            "[]",
            &["The parameters must be a JSON object"],
        );
    }
}
