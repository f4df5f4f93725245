//! A JSON number that keeps its spelling: `1.0`, `1e3` and `9007199254740993` leave as they came.

use std::sync::Arc;

/// A number as it was written. Equality and order are by value, not by spelling.
#[derive(Clone, Debug)]
pub struct Number(Arc<str>);

impl Number {
    /// Takes a spelling that the JSON grammar allows; only the parser and this module call it.
    pub(super) fn from_spelling(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The number that `text` spells, where it is one by the JSON grammar.
    pub fn parse(text: &str) -> Option<Self> {
        match super::parse(text) {
            Ok(super::Json::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// The number that a computation gave. `None` where it is not finite, since JSON has no such number.
    /// Integral values under 1e21 are written without a fraction, as ECMAScript does.
    pub fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        if value == 0.0 {
            return Some(Self(Arc::from("0")));
        }
        let text = if value.fract() == 0.0 && value.abs() < 1e21 {
            format!("{value:.0}")
        } else if value.abs() >= 1e21 || value.abs() < 1e-6 {
            let text = format!("{value:e}");
            // ECMAScript writes the sign of a positive exponent.
            match text.split_once('e') {
                Some((mantissa, exponent)) if !exponent.starts_with('-') => {
                    format!("{mantissa}e+{exponent}")
                }
                _ => text,
            }
        } else {
            format!("{value}")
        };
        Some(Self(Arc::from(text)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest double.
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The value, where it is written as an integer (no fraction, no exponent) and fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The value, where it is a whole number however it is written (`2`, `2.0`, `2e0`) and fits.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked before the cast"
    )]
    pub fn as_whole(&self) -> Option<i64> {
        self.as_i64().or_else(|| {
            let value = self.as_f64();
            (value.fract() == 0.0 && value.abs() < 9.0e15).then_some(value as i64)
        })
    }

    /// Written with neither fraction nor exponent.
    pub fn is_integer(&self) -> bool {
        !self.0.contains(['.', 'e', 'E'])
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.partial_cmp(other) == Some(std::cmp::Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self.as_i64(), other.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => self.as_f64().partial_cmp(&other.as_f64()),
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(Arc::from(value.to_string()))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(Arc::from(value.to_string()))
    }
}
