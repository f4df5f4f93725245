//! Functions over arrays and objects.

use std::{collections::HashSet, sync::Arc};

use super::{Reason, brief, math::integer, unfit};
use crate::json::{Json, Number};

/// Items that `States.ArrayRange` may give. Source: developer guide, "Intrinsics for arrays".
const RANGE_MAX: i128 = 1000;

/// `States.ArrayPartition`: the list in pieces of `size`, the last one maybe shorter.
pub(super) fn partition(list: &Json, size: &Json) -> Result<Json, Reason> {
    let items = items(list)?;
    let wanted = || unfit("second", "a positive integer", size);
    let size = integer(size).ok_or_else(wanted)?;
    let size = usize::try_from(size).ok().filter(|size| *size > 0);
    let pieces = items
        .chunks(size.ok_or_else(wanted)?)
        .map(|piece| Json::array(piece.to_vec()));
    Ok(Json::array(pieces.collect()))
}

/// `States.ArrayContains`.
pub(super) fn contains(list: &Json, value: &Json) -> Result<Json, Reason> {
    Ok(Json::Bool(items(list)?.contains(value)))
}

/// `States.ArrayRange`: from `first` to `last`, both included, in steps.
pub(super) fn range(first: &Json, last: &Json, step: &Json) -> Result<Json, Reason> {
    let whole =
        |position, value| integer(value).ok_or_else(|| unfit(position, "an integer", value));
    let from = whole("first", first)?;
    let to = whole("second", last)?;
    let by = whole("third", step)?;
    if by == 0 {
        return Err("The third argument must not be zero.".to_owned());
    }
    let distance = i128::from(to) - i128::from(from);
    let count = (distance / i128::from(by)) + 1;
    // A step that leads away from the end gives nothing.
    if distance != 0 && (distance < 0) != (by < 0) {
        return Ok(Json::array(Vec::new()));
    }
    if count > RANGE_MAX {
        return Err(format!(
            "The array may have at most {RANGE_MAX} items but would have {count}."
        ));
    }
    let items = (0..i64::try_from(count).unwrap_or(0))
        .map_while(|index| index.checked_mul(by)?.checked_add(from))
        .map(Json::from);
    Ok(Json::array(items.collect()))
}

/// `States.ArrayGetItem`.
pub(super) fn item(list: &Json, index: &Json) -> Result<Json, Reason> {
    let items = items(list)?;
    let at = integer(index).ok_or_else(|| unfit("second", "an integer", index))?;
    let item = usize::try_from(at).ok().and_then(|at| items.get(at));
    item.cloned().ok_or_else(|| {
        format!(
            "The index {at} is out of range for an array of {} items.",
            items.len()
        )
    })
}

/// `States.ArrayLength`.
pub(super) fn length(list: &Json) -> Result<Json, Reason> {
    let length = u64::try_from(items(list)?.len()).unwrap_or(u64::MAX);
    Ok(Json::from(length))
}

/// `States.ArrayUnique`: each value once, where it first stood.
pub(super) fn unique(list: &Json) -> Result<Json, Reason> {
    let mut seen = HashSet::new();
    let kept = items(list)?.iter().filter(|item| {
        let mut key = String::new();
        write_key(item, &mut key);
        seen.insert(key)
    });
    Ok(Json::array(kept.cloned().collect()))
}

/// `States.JsonMerge`: the members of both, the second's over the first's.
pub(super) fn merge(left: &Json, right: &Json, deep: &Json) -> Result<Json, Reason> {
    let (Json::Object(first), Json::Object(second)) = (left, right) else {
        return Err(match left {
            Json::Object(_) => unfit("second", "an object", right),
            _ => unfit("first", "an object", left),
        });
    };
    if *deep != Json::Bool(false) {
        return Err(unfit("third", "false", deep));
    }
    let mut merged = Arc::clone(first);
    let members = Arc::make_mut(&mut merged);
    for (name, member) in second.iter() {
        members.insert(Arc::clone(name), member.clone());
    }
    Ok(Json::Object(merged))
}

fn items(list: &Json) -> Result<&[Json], Reason> {
    list.as_array().ok_or_else(|| {
        format!(
            "The first argument must be an array but was: {}",
            brief(list)
        )
    })
}

/// A text that equal values have in common: members in order of name, numbers by value.
fn write_key(value: &Json, key: &mut String) {
    match value {
        Json::Array(items) => {
            key.push('[');
            for item in items.iter() {
                write_key(item, key);
                key.push(',');
            }
            key.push(']');
        }
        Json::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            key.push('{');
            for (name, member) in members {
                crate::json::write::write_string(name, key);
                write_key(member, key);
                key.push(',');
            }
            key.push('}');
        }
        Json::Number(number) => {
            let whole = number.as_whole().map(Number::from);
            let number = whole.or_else(|| Number::from_f64(number.as_f64()));
            key.push_str(number.as_ref().map_or("?", |number| number.as_str()));
        }
        Json::Null | Json::Bool(_) | Json::String(_) => key.push_str(&value.to_text()),
    }
}
