//! Filters `[?(…)]`: what they test, and testing it.
//! Source: Jayway JsonPath's documentation, "Filter Operators".

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};

use super::{
    ast::Route,
    evaluate::{Failure, Scope},
};
use crate::{
    json::{Json, Number},
    query::{SyntaxError, cursor::Cursor, limits},
};

#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) test: Test,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Exists(Route),
    Compare {
        left: Operand,
        operator: Operator,
        right: Operand,
    },
}

#[derive(Clone, Debug)]
pub(super) enum Operand {
    Path(Route),
    Value(Json),
    /// The number of a regular expression of the path.
    Pattern(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    In,
    NotIn,
    SubsetOf,
    AnyOf,
    NoneOf,
    Size,
    Empty,
}

/// A regular expression as it was written. It is compiled for an evaluation and not kept: a
/// definition full of large ones would hold memory for as long as it is loaded.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    source: Box<str>,
}

/// What an operand came to.
enum Value<'s> {
    Json(Json),
    Pattern(Option<&'s Regex>),
    /// A path that led nowhere.
    Undefined,
}

impl Filter {
    /// Whether the item of `scope` passes.
    pub(super) fn holds(&self, scope: Scope<'_>) -> Result<bool, Failure> {
        self.test.holds(scope)
    }

    pub(super) fn routes(&self, visit: &mut dyn FnMut(&Route)) {
        self.test.routes(visit);
    }
}

impl Test {
    fn holds(&self, scope: Scope<'_>) -> Result<bool, Failure> {
        match self {
            Self::All(tests) => {
                for test in tests {
                    if !test.holds(scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(tests) => {
                for test in tests {
                    if test.holds(scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(test) => Ok(!test.holds(scope)?),
            Self::Exists(route) => Ok(defined(scope.evaluate(route))?.is_some()),
            Self::Compare {
                left,
                operator,
                right,
            } => {
                let left = left.value(scope)?;
                let right = right.value(scope)?;
                Ok(operator.holds(&left, &right))
            }
        }
    }

    fn routes(&self, visit: &mut dyn FnMut(&Route)) {
        match self {
            Self::All(tests) | Self::Any(tests) => {
                for test in tests {
                    test.routes(visit);
                }
            }
            Self::Not(test) => test.routes(visit),
            Self::Exists(route) => visit(route),
            Self::Compare { left, right, .. } => {
                left.route(visit);
                right.route(visit);
            }
        }
    }
}

impl Operand {
    fn value<'s>(&self, scope: Scope<'s>) -> Result<Value<'s>, Failure> {
        match self {
            Self::Path(route) => {
                let found = defined(scope.evaluate(route))?;
                Ok(found.map_or(Value::Undefined, Value::Json))
            }
            Self::Value(value) => Ok(Value::Json(value.clone())),
            Self::Pattern(number) => Ok(Value::Pattern(scope.pattern(*number))),
        }
    }

    pub(super) fn route(&self, visit: &mut dyn FnMut(&Route)) {
        if let Self::Path(route) = self {
            visit(route);
        }
    }
}

/// A path that leads nowhere is undefined here, not a failure.
fn defined(found: Result<Json, Failure>) -> Result<Option<Json>, Failure> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(Failure::Missing(_)) => Ok(None),
        Err(exhausted @ Failure::Exhausted(_)) => Err(exhausted),
    }
}

impl Operator {
    fn holds(self, left: &Value<'_>, right: &Value<'_>) -> bool {
        if self == Self::Matches {
            return match (left, right) {
                (Value::Json(value), Value::Pattern(Some(pattern)))
                | (Value::Pattern(Some(pattern)), Value::Json(value)) => matches(value, pattern),
                _ => false,
            };
        }
        let (left, right) = match (left, right) {
            (Value::Json(left), Value::Json(right)) => (left, right),
            (Value::Undefined, Value::Undefined) => return self == Self::Equal,
            // Something undefined is unequal to all there is, and in no list.
            _ => return matches!(self, Self::NotEqual | Self::NotIn),
        };
        match self {
            Self::Equal => equal(left, right),
            Self::NotEqual => !equal(left, right),
            Self::Less => order(left, right) == Some(Ordering::Less),
            Self::LessOrEqual => order(left, right).is_some_and(Ordering::is_le),
            Self::Greater => order(left, right) == Some(Ordering::Greater),
            Self::GreaterOrEqual => order(left, right).is_some_and(Ordering::is_ge),
            Self::In => contains(right, left),
            Self::NotIn => !contains(right, left),
            Self::SubsetOf => lists(left, right)
                .is_some_and(|(items, _)| items.iter().all(|item| contains(right, item))),
            Self::AnyOf => lists(left, right)
                .is_some_and(|(items, _)| items.iter().any(|item| contains(right, item))),
            Self::NoneOf => lists(left, right)
                .is_some_and(|(items, _)| !items.iter().any(|item| contains(right, item))),
            Self::Size => {
                let expected = right.as_number().and_then(Number::as_whole);
                let expected = expected.and_then(|expected| usize::try_from(expected).ok());
                expected.is_some() && size(left) == expected
            }
            Self::Empty => match (size(left), right) {
                (Some(size), Json::Bool(expected)) => (size == 0) == *expected,
                _ => false,
            },
            Self::Matches => false,
        }
    }
}

/// Equality of values; a number equals the text that spells it.
fn equal(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::String(text), Json::Number(number)) => **text == *number.as_str(),
        (Json::Number(number), Json::String(text)) => {
            matches!(crate::json::parse(text), Ok(Json::Number(other)) if other == *number)
        }
        _ => left == right,
    }
}

/// The order of two numbers or of two texts; other values have none.
fn order(left: &Json, right: &Json) -> Option<Ordering> {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left.partial_cmp(right),
        (Json::String(left), Json::String(right)) => Some(crate::query::compare_text(left, right)),
        _ => None,
    }
}

fn contains(list: &Json, value: &Json) -> bool {
    let items = list.as_array().unwrap_or_default();
    items.iter().any(|item| equal(item, value))
}

fn lists<'a>(left: &'a Json, right: &'a Json) -> Option<(&'a [Json], &'a [Json])> {
    Some((left.as_array()?, right.as_array()?))
}

/// Characters of a text, items of an array, members of an object.
fn size(value: &Json) -> Option<usize> {
    match value {
        Json::String(text) => Some(text.encode_utf16().count()),
        Json::Array(items) => Some(items.len()),
        Json::Object(members) => Some(members.len()),
        Json::Null | Json::Bool(_) | Json::Number(_) => None,
    }
}

/// Whether the whole of a value's text matches; of an array, any item's.
fn matches(value: &Json, pattern: &Regex) -> bool {
    match value {
        Json::String(text) => pattern.is_match(text),
        Json::Number(number) => pattern.is_match(number.as_str()),
        Json::Bool(_) => pattern.is_match(&value.to_text()),
        Json::Array(items) => items
            .iter()
            .any(|item| !matches!(item, Json::Array(_)) && matches(item, pattern)),
        Json::Null | Json::Object(_) => false,
    }
}

impl Pattern {
    /// Reads `/pattern/flags`.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, SyntaxError> {
        let start = cursor.offset();
        let fail = |message: String| SyntaxError {
            message,
            offset: start,
        };
        cursor.expect("/")?;
        let mut source = String::new();
        loop {
            match cursor.next() {
                Some('/') => break,
                Some('\\') if cursor.peek() == Some('/') => {
                    cursor.next();
                    source.push('/');
                }
                Some('\\') => {
                    source.push('\\');
                    source.extend(cursor.next());
                }
                Some(found) => source.push(found),
                None => {
                    return Err(fail(
                        "the regular expression is not closed by '/'".to_owned(),
                    ));
                }
            }
        }
        let mut flags = String::new();
        for flag in cursor
            .take_while(|found| found.is_ascii_alphabetic())
            .chars()
        {
            match flag {
                'i' | 'm' | 's' | 'x' => flags.push(flag),
                // Unicode case and Unicode classes are always on here, and `\n` the only line end.
                'u' | 'U' | 'd' => {}
                _ => return Err(fail(format!("{flag} is not a flag of regular expressions"))),
            }
        }
        let flags = if flags.is_empty() {
            flags
        } else {
            format!("(?{flags})")
        };
        let pattern = Self {
            source: format!(r"{flags}\A(?:{source})\z").into(),
        };
        match pattern.build() {
            Ok(_) => Ok(pattern),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim();
                let reason = reason.strip_prefix("error: ").unwrap_or(reason);
                Err(fail(format!(
                    "the regular expression is not valid: {reason}"
                )))
            }
        }
    }

    pub(super) fn compile(&self) -> Option<Regex> {
        self.build().ok()
    }

    fn build(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.source)
            .size_limit(limits::PATTERN_BYTES_MAX)
            .dfa_size_limit(limits::PATTERN_BYTES_MAX)
            .nest_limit(50)
            .build()
    }
}
