//! Numbers that keep their spelling on the way through an evaluation.
//!
//! The library knows doubles only: `1.10` and `9007199254740993` would leave as `1.1` and
//! `9007199254740992`. Whole arrays and objects come back as they were; for a number that stands
//! alone in a result and equals one of the data with a spelling of its own, the evaluation is done
//! again with each such number moved by a few units in the last place. What moved along in the
//! result was copied and gets its spelling back; what did not was computed.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::json::{Json, Number};

/// The double that stands for a number: the largest where it is larger than any.
pub(super) fn value(number: &Number) -> f64 {
    number.as_f64().clamp(f64::MIN, f64::MAX)
}

/// Whether a number is spelled as a computed one would be.
pub(super) fn is_usual(number: &Number) -> bool {
    let text = number.as_str();
    // An integer of up to fifteen digits is exact and has one spelling.
    if text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    Number::from_f64(number.as_f64()).is_some_and(|usual| usual.as_str() == text)
}

/// What each spelling is to be read as in the second evaluation: doubles near by that neither the
/// data nor the result holds.
pub(super) fn moved(spellings: &[Arc<str>], numbers: &[u64]) -> HashMap<Arc<str>, f64> {
    let mut taken: HashSet<u64> = numbers.iter().copied().collect();
    let values: Vec<f64> = spellings
        .iter()
        .map(|text| Number::parse(text).map_or(0.0, |number| value(&number)))
        .collect();
    taken.extend(values.iter().map(|value| value.to_bits()));
    let mut moved = HashMap::with_capacity(spellings.len());
    for (text, value) in spellings.iter().zip(values) {
        let mut near = value;
        let free = (0..spellings.len() + numbers.len() + 2).find_map(|_| {
            // Towards zero, so that the largest stays finite.
            near = if near == 0.0 {
                f64::from_bits(1)
            } else {
                f64::from_bits(near.to_bits() - 1)
            };
            (near != 0.0 && !taken.contains(&near.to_bits())).then_some(near)
        });
        if let Some(near) = free {
            taken.insert(near.to_bits());
            moved.insert(Arc::clone(text), near);
        }
    }
    moved
}

/// Whether a number of the result could be one of `spellings`.
pub(super) fn may_be_copied(spellings: &[Arc<str>], numbers: &[u64]) -> bool {
    let numbers: HashSet<u64> = numbers.iter().copied().collect();
    spellings
        .iter()
        .filter_map(|text| Number::parse(text))
        .any(|number| numbers.contains(&value(&number).to_bits()))
}

/// `first` with the spellings of `second`, the result of the second evaluation, wherever a number
/// of the same value stands at the same place.
pub(super) fn merge(first: &Json, second: &Json) -> Json {
    match (first, second) {
        (Json::Number(plain), Json::Number(spelled)) => {
            let is_same = plain.as_f64().to_bits() == value(spelled).to_bits();
            Json::Number(if is_same { spelled } else { plain }.clone())
        }
        (Json::Array(left), Json::Array(right))
            if left.len() == right.len() && !Arc::ptr_eq(left, right) =>
        {
            Json::array(
                left.iter()
                    .zip(right.iter())
                    .map(|(left, right)| merge(left, right))
                    .collect(),
            )
        }
        (Json::Object(left), Json::Object(right)) if !Arc::ptr_eq(left, right) => Json::object(
            left.iter()
                .map(|(name, left)| {
                    let merged = right.get(name).map(|right| merge(left, right));
                    (Arc::clone(name), merged.unwrap_or_else(|| left.clone()))
                })
                .collect(),
        ),
        _ => first.clone(),
    }
}
