//! One comparison of a value with a constant or with another value.

use std::{cmp::Ordering, sync::Arc};

use super::{Scene, pattern::Pattern};
use crate::{
    json::{Json, Number},
    query::{EvalError, Path, VariableNames, compare_text},
    time::Timestamp,
};

/// All comparisons, as they are written.
pub const NAMES: [&str; 39] = [
    "StringEquals",
    "StringEqualsPath",
    "StringLessThan",
    "StringLessThanPath",
    "StringGreaterThan",
    "StringGreaterThanPath",
    "StringLessThanEquals",
    "StringLessThanEqualsPath",
    "StringGreaterThanEquals",
    "StringGreaterThanEqualsPath",
    "StringMatches",
    "NumericEquals",
    "NumericEqualsPath",
    "NumericLessThan",
    "NumericLessThanPath",
    "NumericGreaterThan",
    "NumericGreaterThanPath",
    "NumericLessThanEquals",
    "NumericLessThanEqualsPath",
    "NumericGreaterThanEquals",
    "NumericGreaterThanEqualsPath",
    "BooleanEquals",
    "BooleanEqualsPath",
    "TimestampEquals",
    "TimestampEqualsPath",
    "TimestampLessThan",
    "TimestampLessThanPath",
    "TimestampGreaterThan",
    "TimestampGreaterThanPath",
    "TimestampLessThanEquals",
    "TimestampLessThanEqualsPath",
    "TimestampGreaterThanEquals",
    "TimestampGreaterThanEqualsPath",
    "IsNull",
    "IsPresent",
    "IsNumeric",
    "IsString",
    "IsBoolean",
    "IsTimestamp",
];

/// A comparison. One with a value of another type does not hold.
#[derive(Clone, Debug)]
pub(super) enum Comparison {
    Text(Relation, Other<Arc<str>>),
    Matches(Pattern),
    Number(Relation, Other<Number>),
    Boolean(Other<bool>),
    Timestamp(Relation, Other<Timestamp>),
    Is { kind: Kind, expected: bool },
}

/// What a value is compared with: written down, or at a path.
#[derive(Clone, Debug)]
pub(super) enum Other<T> {
    Fixed(T),
    At(Path),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equals,
    LessThan,
    GreaterThan,
    LessThanEquals,
    GreaterThanEquals,
}

/// What `IsNull` and its like ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Numeric,
    String,
    Boolean,
    Timestamp,
}

impl Comparison {
    pub(super) fn holds(&self, found: &Json, scene: &Scene<'_, '_>) -> Result<bool, EvalError> {
        match self {
            Self::Text(relation, other) => {
                let other = other.get(scene, |value| match value {
                    Json::String(text) => Some(Arc::clone(text)),
                    _ => None,
                })?;
                let order = found
                    .as_str()
                    .zip(other.as_deref())
                    .map(|(found, other)| compare_text(found, other));
                Ok(relation.admits(order))
            }
            Self::Matches(pattern) => match found {
                Json::String(text) => pattern.matches(text),
                _ => Ok(false),
            },
            Self::Number(relation, other) => {
                let other = other.get(scene, |value| value.as_number().cloned())?;
                let order = found
                    .as_number()
                    .zip(other.as_ref())
                    .and_then(|(found, other)| found.partial_cmp(other));
                Ok(relation.admits(order))
            }
            Self::Boolean(other) => {
                let other = other.get(scene, Json::as_bool)?;
                Ok(other.is_some() && found.as_bool() == other)
            }
            Self::Timestamp(relation, other) => {
                let other = other.get(scene, timestamp)?;
                let order = timestamp(found)
                    .zip(other)
                    .map(|(found, other)| found.cmp(&other));
                Ok(relation.admits(order))
            }
            Self::Is { kind, expected } => Ok(kind.admits(found) == *expected),
        }
    }

    pub(super) fn variables(&self, names: &mut VariableNames) {
        let path = match self {
            Self::Text(_, Other::At(path))
            | Self::Number(_, Other::At(path))
            | Self::Boolean(Other::At(path))
            | Self::Timestamp(_, Other::At(path)) => path,
            Self::Text(..)
            | Self::Matches(_)
            | Self::Number(..)
            | Self::Boolean(_)
            | Self::Timestamp(..)
            | Self::Is { .. } => return,
        };
        path.variables(names);
    }
}

impl<T: Clone> Other<T> {
    /// The value to compare with; `None` where the path has one of another type.
    fn get(
        &self,
        scene: &Scene<'_, '_>,
        read: impl FnOnce(&Json) -> Option<T>,
    ) -> Result<Option<T>, EvalError> {
        match self {
            Self::Fixed(fixed) => Ok(Some(fixed.clone())),
            Self::At(path) => Ok(read(&scene.value(path)?)),
        }
    }
}

impl Relation {
    /// Whether the order of two values is as asked. Values of different types have no order.
    fn admits(self, order: Option<Ordering>) -> bool {
        let Some(order) = order else {
            return false;
        };
        match self {
            Self::Equals => order.is_eq(),
            Self::LessThan => order.is_lt(),
            Self::GreaterThan => order.is_gt(),
            Self::LessThanEquals => order.is_le(),
            Self::GreaterThanEquals => order.is_ge(),
        }
    }
}

impl Kind {
    fn admits(self, found: &Json) -> bool {
        match self {
            Self::Null => matches!(found, Json::Null),
            Self::Numeric => matches!(found, Json::Number(_)),
            Self::String => matches!(found, Json::String(_)),
            Self::Boolean => matches!(found, Json::Bool(_)),
            Self::Timestamp => timestamp(found).is_some(),
        }
    }
}

/// The instant that a text spells. Two spellings of one instant are equal.
pub(super) fn timestamp(value: &Json) -> Option<Timestamp> {
    value.as_str().and_then(Timestamp::parse_rfc3339)
}
