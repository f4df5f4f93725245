//! How large a value is as text, and its text up to a bound.
//!
//! Values share their parts, so a small value can spell a huge text: measure before writing.

use super::{Json, write};

/// Which bound a value exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    Bytes,
    Depth,
}

/// The length of the value's compact text, unless it is longer than `bytes_max` or nests deeper
/// than `depth_max`. Takes no longer than writing `bytes_max` bytes would.
pub fn measure(value: &Json, bytes_max: usize, depth_max: usize) -> Result<usize, Excess> {
    let mut bytes = 0;
    add(value, &mut bytes, bytes_max, depth_max)?;
    Ok(bytes)
}

/// That the value nests at most `depth_max` levels, without looking at its texts.
pub fn nests_within(value: &Json, depth_max: usize) -> Result<(), Excess> {
    match value {
        Json::Array(items) => {
            let depth = depth_max.checked_sub(1).ok_or(Excess::Depth)?;
            items.iter().try_for_each(|item| nests_within(item, depth))
        }
        Json::Object(members) => {
            let depth = depth_max.checked_sub(1).ok_or(Excess::Depth)?;
            members
                .values()
                .try_for_each(|member| nests_within(member, depth))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Ok(()),
    }
}

/// The value's compact text, cut off near `bytes_max` bytes with an ellipsis.
pub fn prefix(value: &Json, bytes_max: usize) -> String {
    let mut text = String::new();
    write_prefix(value, &mut text, bytes_max, super::parse::DEPTH_MAX);
    if text.len() > bytes_max {
        let end = text.floor_char_boundary(bytes_max);
        text.truncate(end);
        text.push('…');
    }
    text
}

fn add(value: &Json, bytes: &mut usize, bytes_max: usize, depth: usize) -> Result<(), Excess> {
    *bytes += match value {
        Json::Null | Json::Bool(true) => 4,
        Json::Bool(false) => 5,
        Json::Number(number) => number.as_str().len(),
        Json::String(text) => string_bytes(text),
        // Brackets and the commas between.
        Json::Array(items) => items.len().max(1) + 1,
        // Braces, colons and commas.
        Json::Object(members) => (2 * members.len()).max(1) + 1,
    };
    if *bytes > bytes_max {
        return Err(Excess::Bytes);
    }
    match value {
        Json::Array(items) => {
            let depth = depth.checked_sub(1).ok_or(Excess::Depth)?;
            for item in items.iter() {
                add(item, bytes, bytes_max, depth)?;
            }
        }
        Json::Object(members) => {
            let depth = depth.checked_sub(1).ok_or(Excess::Depth)?;
            for (name, member) in members.iter() {
                *bytes += string_bytes(name);
                add(member, bytes, bytes_max, depth)?;
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
    Ok(())
}

/// The length of a text with its quotes and escapes.
fn string_bytes(text: &str) -> usize {
    let escapes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 1,
        0..0x20 => 5,
        _ => 0,
    });
    text.len() + 2 + escapes.sum::<usize>()
}

fn write_prefix(value: &Json, text: &mut String, bytes_max: usize, depth: usize) {
    let Some(deeper) = depth.checked_sub(1) else {
        return;
    };
    match value {
        Json::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if text.len() > bytes_max {
                    return;
                }
                if index > 0 {
                    text.push(',');
                }
                write_prefix(item, text, bytes_max, deeper);
            }
            text.push(']');
        }
        Json::Object(members) => {
            text.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                if text.len() > bytes_max {
                    return;
                }
                if index > 0 {
                    text.push(',');
                }
                write::write_string(name, text);
                text.push(':');
                write_prefix(member, text, bytes_max, deeper);
            }
            text.push('}');
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            write::write(value, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[track_caller]
    fn check(text: &str) {
        let value = json::parse(text).unwrap();
        let written = value.to_text();
        assert_eq!(measure(&value, 10_000, 100), Ok(written.len()), "{text}");
        assert_eq!(prefix(&value, 10_000), written);
    }

    #[test]
    fn a_measure_is_the_length_of_the_text() {
        for text in [
            "null",
            "[]",
            "{}",
            "[1]",
            "[1,true,false,null]",
            r#"{"a":[{},[]],"b":"\" \\ \n \u0001 \b é 𝄞"}"#,
            r#""\u007f""#,
            "-1.50e3",
        ] {
            check(text);
        }
    }

    #[test]
    fn a_shared_value_that_spells_a_huge_text_is_measured_without_writing_it() {
        let mut value = Json::string("x".repeat(100));
        for _ in 0..60 {
            value = Json::array(vec![value.clone(), value]);
        }
        assert_eq!(measure(&value, 1_000_000, 100), Err(Excess::Bytes));
        assert!(prefix(&value, 500).len() < 510);
    }

    #[test]
    fn depth_counts_arrays_and_objects() {
        let value = json::parse(r#"{"a":[1]}"#).unwrap();
        assert_eq!(measure(&value, 100, 2), Ok(9));
        assert_eq!(measure(&value, 100, 1), Err(Excess::Depth));
        assert_eq!(nests_within(&value, 2), Ok(()));
        assert_eq!(nests_within(&value, 1), Err(Excess::Depth));
    }
}
