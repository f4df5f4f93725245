//! Operators of filters. All that may take long is paid for.
//! Source: Jayway JsonPath's documentation, "Filter Operators".

use std::cmp::Ordering;

use regex::Regex;

use super::scope::{Failure, Scope};
use crate::{
    json::{Json, Number},
    query::compare_text,
};

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

/// What an operand came to.
pub(super) enum Value<'s> {
    Json(Json),
    Pattern(Option<&'s Regex>),
    /// A path that led nowhere.
    Undefined,
}

impl Operator {
    pub(super) fn holds(
        self,
        left: &Value<'_>,
        right: &Value<'_>,
        scope: Scope<'_>,
    ) -> Result<bool, Failure> {
        if self == Self::Matches {
            return match (left, right) {
                (Value::Json(value), Value::Pattern(Some(pattern)))
                | (Value::Pattern(Some(pattern)), Value::Json(value)) => {
                    matches(value, pattern, scope)
                }
                _ => Ok(false),
            };
        }
        let (left, right) = match (left, right) {
            (Value::Json(left), Value::Json(right)) => (left, right),
            (Value::Undefined, Value::Undefined) => return Ok(self == Self::Equal),
            // Something undefined is unequal to all there is, and in no list.
            _ => return Ok(matches!(self, Self::NotEqual | Self::NotIn)),
        };
        match self {
            Self::Equal => equal(left, right, scope),
            Self::NotEqual => equal(left, right, scope).map(|is_equal| !is_equal),
            Self::Less => Ok(order(left, right, scope)? == Some(Ordering::Less)),
            Self::LessOrEqual => Ok(order(left, right, scope)?.is_some_and(Ordering::is_le)),
            Self::Greater => Ok(order(left, right, scope)? == Some(Ordering::Greater)),
            Self::GreaterOrEqual => Ok(order(left, right, scope)?.is_some_and(Ordering::is_ge)),
            Self::In => contains(right, left, scope),
            Self::NotIn => contains(right, left, scope).map(|is_in| !is_in),
            Self::SubsetOf => shared(left, right, scope)
                .map(|shared| shared.is_some_and(|shared| shared.of_left == shared.count)),
            Self::AnyOf => shared(left, right, scope)
                .map(|shared| shared.is_some_and(|shared| shared.count > 0)),
            Self::NoneOf => shared(left, right, scope)
                .map(|shared| shared.is_some_and(|shared| shared.count == 0)),
            Self::Size => {
                let expected = right.as_number().and_then(Number::as_whole);
                let expected = expected.and_then(|expected| usize::try_from(expected).ok());
                Ok(expected.is_some() && size(left, scope)? == expected)
            }
            Self::Empty => match (size(left, scope)?, right) {
                (Some(size), Json::Bool(expected)) => Ok((size == 0) == *expected),
                _ => Ok(false),
            },
            Self::Matches => Ok(false),
        }
    }
}

/// Equality of values; a number equals the text that spells it.
fn equal(left: &Json, right: &Json, scope: Scope<'_>) -> Result<bool, Failure> {
    scope.visit(1)?;
    match (left, right) {
        (Json::String(text), Json::Number(number)) => Ok(**text == *number.as_str()),
        (Json::Number(number), Json::String(text)) => Ok(text.len() <= SPELLED_MAX
            && matches!(crate::json::parse(text), Ok(Json::Number(other)) if other == *number)),
        (Json::String(left), Json::String(right)) => {
            scope.visit(left.len().min(right.len()) / BYTES_PER_VISIT)?;
            Ok(left == right)
        }
        (Json::Array(left), Json::Array(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (left, right) in left.iter().zip(right.iter()) {
                if !equal(left, right, scope)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Json::Object(left), Json::Object(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (name, left) in left.iter() {
                let Some(right) = right.get(name) else {
                    return Ok(false);
                };
                if !equal(left, right, scope)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(left == right),
    }
}

/// Bytes of the spelling of a number that a text is compared with.
const SPELLED_MAX: usize = 100;

/// Bytes of text that cost as much as looking at a value.
const BYTES_PER_VISIT: usize = 64;

/// The order of two numbers or of two texts; other values have none.
fn order(left: &Json, right: &Json, scope: Scope<'_>) -> Result<Option<Ordering>, Failure> {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => Ok(left.partial_cmp(right)),
        (Json::String(left), Json::String(right)) => {
            scope.visit(left.len().min(right.len()) / BYTES_PER_VISIT)?;
            Ok(Some(compare_text(left, right)))
        }
        _ => Ok(None),
    }
}

fn contains(list: &Json, value: &Json, scope: Scope<'_>) -> Result<bool, Failure> {
    for item in list.as_array().unwrap_or_default() {
        if equal(item, value, scope)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many items of one list another has too.
struct Shared {
    count: usize,
    of_left: usize,
}

/// `None` where one of them is no list.
fn shared(left: &Json, right: &Json, scope: Scope<'_>) -> Result<Option<Shared>, Failure> {
    let (Json::Array(items), Json::Array(_)) = (left, right) else {
        return Ok(None);
    };
    let mut count = 0;
    for item in items.iter() {
        count += usize::from(contains(right, item, scope)?);
    }
    Ok(Some(Shared {
        count,
        of_left: items.len(),
    }))
}

/// Characters of a text, items of an array, members of an object.
fn size(value: &Json, scope: Scope<'_>) -> Result<Option<usize>, Failure> {
    match value {
        Json::String(text) => {
            scope.visit(text.len() / BYTES_PER_VISIT)?;
            Ok(Some(text.encode_utf16().count()))
        }
        Json::Array(items) => Ok(Some(items.len())),
        Json::Object(members) => Ok(Some(members.len())),
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(None),
    }
}

/// Whether the whole of a value's text matches; of an array, any item's.
fn matches(value: &Json, pattern: &Regex, scope: Scope<'_>) -> Result<bool, Failure> {
    scope.visit(1)?;
    match value {
        Json::String(text) => {
            // A search costs much more than a comparison.
            scope.visit(text.len())?;
            Ok(pattern.is_match(text))
        }
        Json::Number(number) => Ok(pattern.is_match(number.as_str())),
        Json::Bool(value) => Ok(pattern.is_match(if *value { "true" } else { "false" })),
        Json::Array(items) => {
            for item in items.iter() {
                if !matches!(item, Json::Array(_)) && matches(item, pattern, scope)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Json::Null | Json::Object(_) => Ok(false),
    }
}
