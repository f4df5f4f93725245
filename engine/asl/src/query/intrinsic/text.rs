//! Functions over texts: formatting, splitting, encoding, hashing, JSON text.

use std::collections::HashSet;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use sha2::Digest as _;

use super::{Reason, TOO_LARGE, Value, brief, unfit};
use crate::{
    json::{self, Json, bounded},
    query::{Random, limits},
};

/// Characters that Base64 and hash functions take. Source: developer guide, "Intrinsic functions".
const DATA_CHARACTERS_MAX: usize = 10_000;

/// Standard Base64; decoding takes texts with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// `States.Format`: the first text with each `{}` replaced by the next value.
pub(super) fn format(values: &[Value<'_>]) -> Result<Json, Reason> {
    let Some((template, values)) = values.split_first() else {
        return Err("A template is needed.".to_owned());
    };
    let Json::String(text) = &template.json else {
        return Err(unfit("first", "a string", &template.json));
    };
    let mut formatted = String::with_capacity(text.len());
    let mut values_left = values.iter();
    let mut rest_at = 0;
    for (at, _) in text.match_indices("{}") {
        let escaped = |brace| template.escaped_braces.binary_search(&brace).is_ok();
        if escaped(at) || escaped(at + 1) {
            continue;
        }
        formatted.push_str(text.get(rest_at..at).unwrap_or_default());
        rest_at = at + 2;
        let Some(value) = values_left.next() else {
            return Err(format!(
                "The template has more occurrences of {{}} than the {} arguments after it.",
                values.len()
            ));
        };
        write_plain(&value.json, &mut formatted)?;
        if formatted.len() > limits::VALUE_BYTES_MAX {
            return Err(TOO_LARGE.to_owned());
        }
    }
    if values_left.next().is_some() {
        return Err(format!(
            "The template has fewer occurrences of {{}} than the {} arguments after it.",
            values.len()
        ));
    }
    formatted.push_str(text.get(rest_at..).unwrap_or_default());
    Ok(Json::from(formatted))
}

fn write_plain(value: &Json, out: &mut String) -> Result<(), Reason> {
    match value {
        Json::String(text) => out.push_str(text),
        Json::Null | Json::Bool(_) | Json::Number(_) => json::write::write(value, out),
        Json::Array(_) | Json::Object(_) => {
            return Err(format!(
                "An argument must be a string, a boolean, a number or null but was: {}",
                brief(value)
            ));
        }
    }
    Ok(())
}

/// `States.StringSplit`: the pieces between any of the separating characters, none of them empty.
pub(super) fn split(text: &Json, separators: &Json) -> Result<Json, Reason> {
    let text = string("first", text)?;
    let separators: HashSet<char> = string("second", separators)?.chars().collect();
    let pieces = text
        .split(|found| separators.contains(&found))
        .filter(|piece| !piece.is_empty())
        .map(Json::string);
    Ok(Json::array(pieces.collect()))
}

/// `States.Base64Encode`.
pub(super) fn base64_encode(data: &Json) -> Result<Json, Reason> {
    let data = short(string("first", data)?)?;
    Ok(Json::from(BASE64.encode(data)))
}

/// `States.Base64Decode`.
pub(super) fn base64_decode(data: &Json) -> Result<Json, Reason> {
    let data = short(string("first", data)?)?;
    let bytes = BASE64
        .decode(data)
        .map_err(|error| format!("The argument is not valid Base64: {error}"))?;
    Ok(Json::from(String::from_utf8_lossy(&bytes).into_owned()))
}

/// `States.Hash`, in hexadecimal digits. Data that is no string is hashed as its JSON text.
pub(super) fn hash(data: &Json, algorithm: &Json) -> Result<Json, Reason> {
    let text = if let Json::String(text) = data {
        text.to_string()
    } else {
        // A character has at most four bytes.
        let bytes_max = 4 * DATA_CHARACTERS_MAX;
        bounded::measure(data, bytes_max, limits::VALUE_DEPTH_MAX).map_err(|_| too_long())?;
        data.to_text()
    };
    let data = short(&text)?;
    let algorithm = string("second", algorithm)?;
    digest(data, algorithm).map(Json::from).ok_or_else(|| {
        format!(
            "The algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512 but was: {}",
            brief(&Json::string(algorithm))
        )
    })
}

/// The digest of a text in hexadecimal; `None` for an algorithm that is not known.
pub(in crate::query) fn digest(data: &str, algorithm: &str) -> Option<String> {
    Some(match algorithm {
        "MD5" => hex(&md5::Md5::digest(data)),
        "SHA-1" => hex(&sha1::Sha1::digest(data)),
        "SHA-256" => hex(&sha2::Sha256::digest(data)),
        "SHA-384" => hex(&sha2::Sha384::digest(data)),
        "SHA-512" => hex(&sha2::Sha512::digest(data)),
        _ => return None,
    })
}

/// `States.StringToJson`. A blank text gives null (recorded).
pub(super) fn to_json(text: &Json) -> Result<Json, Reason> {
    let text = string("first", text)?;
    if text.trim_matches([' ', '\t', '\n', '\r']).is_empty() {
        return Ok(Json::Null);
    }
    json::parse(text).map_err(|error| format!("The argument is not valid JSON: {error}"))
}

/// `States.JsonToString`.
pub(super) fn from_json(value: &Json) -> Result<Json, Reason> {
    bounded::measure(value, limits::VALUE_BYTES_MAX, limits::VALUE_DEPTH_MAX)
        .map_err(|_| TOO_LARGE.to_owned())?;
    Ok(Json::from(value.to_text()))
}

/// `States.UUID`: version 4.
pub(super) fn uuid(random: &mut dyn Random) -> Json {
    let bits = (u128::from(random.next_u64()) << 64) | u128::from(random.next_u64());
    let id = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid();
    Json::from(id.to_string())
}

fn string<'v>(position: &str, value: &'v Json) -> Result<&'v str, Reason> {
    value
        .as_str()
        .ok_or_else(|| unfit(position, "a string", value))
}

fn short(data: &str) -> Result<&str, Reason> {
    if data.chars().nth(DATA_CHARACTERS_MAX).is_some() {
        return Err(too_long());
    }
    Ok(data)
}

fn too_long() -> Reason {
    format!("The first argument may have at most {DATA_CHARACTERS_MAX} characters.")
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}
