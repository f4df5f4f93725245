//! Reads choice rules, and says of each problem where it is.

use std::sync::Arc;

use super::{
    Test,
    comparison::{Comparison, Kind, NAMES, Other, Relation, timestamp},
    pattern::Pattern,
};
use crate::{
    json::{Json, Object, pointer::Pointer},
    query::{Path, SyntaxError, limits},
};

type Problems = Vec<(Pointer, SyntaxError)>;

/// The test that a rule at `at` stands for; `None` where `problems` says why not.
pub(super) fn test(
    rule: &Json,
    at: &Pointer,
    depth: usize,
    problems: &mut Problems,
) -> Option<Test> {
    if depth > limits::NESTING_MAX {
        let levels = limits::NESTING_MAX;
        return refuse(
            problems,
            at,
            format!("choice rules may nest at most {levels} levels"),
        );
    }
    let Json::Object(members) = rule else {
        return mismatch(problems, at, "Object", rule);
    };
    let mut operators = members.iter().filter(|(name, _)| is_operator(name));
    let Some((name, value)) = operators.next() else {
        let message = "a choice rule needs And, Or, Not, or Variable with a comparison";
        return refuse(problems, at, message.to_owned());
    };
    if let Some((second, _)) = operators.next() {
        let message =
            format!("a choice rule has one operator only, but here are {name} and {second}");
        return refuse(problems, &at.child(second), message);
    }
    let at_value = at.child(name);
    match &**name {
        "And" => several(value, &at_value, depth, problems).map(Test::All),
        "Or" => several(value, &at_value, depth, problems).map(Test::Any),
        "Not" => test(value, &at_value, depth + 1, problems).map(|test| Test::Not(Box::new(test))),
        _ => {
            let variable = variable(members, at, problems);
            let test = comparison(name, value, &at_value, problems);
            match (variable?, test?) {
                (variable, Compared::Present(expected)) => {
                    Some(Test::Present { variable, expected })
                }
                (variable, Compared::With(comparison)) => Some(Test::Compare {
                    variable,
                    comparison,
                }),
            }
        }
    }
}

enum Compared {
    Present(bool),
    With(Comparison),
}

fn is_operator(name: &str) -> bool {
    matches!(name, "And" | "Or" | "Not") || NAMES.contains(&name)
}

/// The rules of `And` and `Or`.
fn several(
    rules: &Json,
    at: &Pointer,
    depth: usize,
    problems: &mut Problems,
) -> Option<Box<[Test]>> {
    let Json::Array(rules) = rules else {
        return mismatch(problems, at, "Array", rules);
    };
    if rules.is_empty() {
        return refuse(problems, at, "Value must not be an empty array".to_owned());
    }
    let tests: Vec<Option<Test>> = rules
        .iter()
        .enumerate()
        .map(|(index, rule)| test(rule, &at.child(index), depth + 1, problems))
        .collect();
    tests.into_iter().collect()
}

fn variable(members: &Object, at: &Pointer, problems: &mut Problems) -> Option<Path> {
    let Some(variable) = members.get("Variable") else {
        let message = "These fields are required: [Variable]";
        return refuse(problems, at, message.to_owned());
    };
    path(variable, &at.child("Variable"), problems)
}

fn path(value: &Json, at: &Pointer, problems: &mut Problems) -> Option<Path> {
    let Some(text) = value.as_str() else {
        return mismatch(problems, at, "String", value);
    };
    let problem = if text.starts_with('$') {
        match Path::parse(text) {
            Ok(path) if path.is_definite() => return Some(path),
            Ok(_) => "the path can lead to more than one value".to_owned(),
            Err(problem) => problem.message,
        }
    } else {
        "Reference path didn't start with '$'".to_owned()
    };
    refuse(
        problems,
        at,
        format!("Value is not a Reference Path: {problem}"),
    )
}

fn comparison(name: &str, value: &Json, at: &Pointer, problems: &mut Problems) -> Option<Compared> {
    if let Some(kind) = name.strip_prefix("Is") {
        let Some(expected) = value.as_bool() else {
            return mismatch(problems, at, "Boolean", value);
        };
        let kind = match kind {
            "Null" => Kind::Null,
            "Numeric" => Kind::Numeric,
            "String" => Kind::String,
            "Boolean" => Kind::Boolean,
            "Timestamp" => Kind::Timestamp,
            _ => return Some(Compared::Present(expected)),
        };
        return Some(Compared::With(Comparison::Is { kind, expected }));
    }
    let (plain, is_path) = match name.strip_suffix("Path") {
        Some(plain) => (plain, true),
        None => (name, false),
    };
    let comparison = if let Some(relation) = plain.strip_prefix("String") {
        if relation == "Matches" {
            let Json::String(source) = value else {
                return mismatch(problems, at, "String", value);
            };
            Comparison::Matches(Pattern::new(source))
        } else {
            Comparison::Text(
                named(relation)?,
                other(value, at, is_path, "String", text, problems)?,
            )
        }
    } else if let Some(relation) = plain.strip_prefix("Numeric") {
        let number = |value: &Json| value.as_number().cloned();
        Comparison::Number(
            named(relation)?,
            other(value, at, is_path, "Number", number, problems)?,
        )
    } else if let Some(relation) = plain.strip_prefix("Timestamp") {
        if !is_path && value.as_str().is_some() && timestamp(value).is_none() {
            let message = "String does not match RFC3339 timestamp";
            return refuse(problems, at, message.to_owned());
        }
        Comparison::Timestamp(
            named(relation)?,
            other(value, at, is_path, "String", timestamp, problems)?,
        )
    } else {
        Comparison::Boolean(other(
            value,
            at,
            is_path,
            "Boolean",
            Json::as_bool,
            problems,
        )?)
    };
    Some(Compared::With(comparison))
}

/// Reads what a value is compared with.
fn other<T>(
    value: &Json,
    at: &Pointer,
    is_path: bool,
    wanted: &str,
    read: impl FnOnce(&Json) -> Option<T>,
    problems: &mut Problems,
) -> Option<Other<T>> {
    if is_path {
        return path(value, at, problems).map(Other::At);
    }
    match read(value) {
        Some(value) => Some(Other::Fixed(value)),
        None => mismatch(problems, at, wanted, value),
    }
}

fn text(value: &Json) -> Option<Arc<str>> {
    match value {
        Json::String(text) => Some(Arc::clone(text)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The relation that the end of a comparison's name says. Every name in [`NAMES`] has one.
fn named(relation: &str) -> Option<Relation> {
    match relation {
        "Equals" => Some(Relation::Equals),
        "LessThan" => Some(Relation::LessThan),
        "GreaterThan" => Some(Relation::GreaterThan),
        "LessThanEquals" => Some(Relation::LessThanEquals),
        "GreaterThanEquals" => Some(Relation::GreaterThanEquals),
        _ => None,
    }
}

/// The words of the service for a value of the wrong type.
fn mismatch<T>(problems: &mut Problems, at: &Pointer, wanted: &str, found: &Json) -> Option<T> {
    let found = found.kind();
    refuse(
        problems,
        at,
        format!("Expected value of type {wanted}, but was {found}"),
    )
}

fn refuse<T>(problems: &mut Problems, at: &Pointer, message: String) -> Option<T> {
    problems.push((at.clone(), SyntaxError { message, offset: 0 }));
    None
}
