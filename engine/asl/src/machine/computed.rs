//! What JSONata gives for a field that needs a value of one type and range.

use std::{ops::RangeInclusive, sync::Arc};

use crate::{
    json::Json,
    query::{EvalError, Jsonata},
    time::Timestamp,
};

/// A whole number in `range`, however it is written (`5`, `5.0`).
pub(super) fn whole(
    expression: &Jsonata,
    value: &Json,
    range: RangeInclusive<u64>,
) -> Result<u64, EvalError> {
    let Some(number) = value.as_number() else {
        return Err(expression.unexpected("number", value));
    };
    number
        .as_whole()
        .and_then(|number| u64::try_from(number).ok())
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let (from, to) = range.into_inner();
            let why = if to == u64::MAX {
                format!("Expected an integer of at least {from}")
            } else {
                format!("Expected an integer from {from} to {to}")
            };
            expression.unfit(&why, value)
        })
}

/// A number from 0 to 100.
pub(super) fn percentage(expression: &Jsonata, value: &Json) -> Result<f64, EvalError> {
    let Some(number) = value.as_number() else {
        return Err(expression.unexpected("number", value));
    };
    let number = number.as_f64();
    if (0.0..=100.0).contains(&number) {
        Ok(number)
    } else {
        Err(expression.unfit("Expected a number from 0 to 100", value))
    }
}

pub(super) fn text(expression: &Jsonata, value: Json) -> Result<Arc<str>, EvalError> {
    match value {
        Json::String(text) => Ok(text),
        other => Err(expression.unexpected("string", &other)),
    }
}

pub(super) fn timestamp(expression: &Jsonata, value: Json) -> Result<Timestamp, EvalError> {
    let text = text(expression, value)?;
    Timestamp::parse_rfc3339(&text).ok_or_else(|| {
        let why = "Expected an RFC 3339 timestamp";
        expression.unfit(why, &Json::String(text))
    })
}
