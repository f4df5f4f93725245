//! Values that have no parts, as each place of a message writes them.

use asl::{Json, Timestamp, json::Number};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat};

use crate::model::{Target, TimeFormat};

/// The time that an argument or an answer means: RFC 3339, an HTTP date, or seconds since 1970.
pub(crate) fn time_of(value: &Json) -> Option<Timestamp> {
    match value {
        Json::String(text) => time_in(text),
        Json::Number(number) => seconds(number.as_f64()),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

pub(super) fn time_in(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let parsed = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text));
    match parsed {
        Ok(time) => Some(Timestamp(time.timestamp_micros())),
        Err(_) => text.parse().ok().and_then(seconds),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded before")]
fn seconds(seconds: f64) -> Option<Timestamp> {
    // The years that four digits can write.
    let is_sensible = (-62_135_596_800.0..253_402_300_800.0).contains(&seconds);
    is_sensible.then(|| Timestamp((seconds * 1e6).round() as i64))
}

/// As an output has it: what Java's `Instant` prints.
pub(super) fn time_output(time: Timestamp) -> Json {
    Json::string(
        time.to_chrono()
            .to_rfc3339_opts(SecondsFormat::AutoSi, true),
    )
}

/// Seconds since 1970 as a number, without a fraction where there is none.
pub(super) fn time_number(time: Timestamp) -> Json {
    let millis = time.as_millis();
    if millis % 1000 == 0 {
        return Json::from(millis / 1000);
    }
    Number::from_f64(time.as_seconds_f64()).map_or(Json::Null, Json::Number)
}

/// A leaf as text: what URLs, headers, forms and XML carry. `default` is the place's own form of times.
pub(super) fn text(target: Target<'_>, value: &Json, default: TimeFormat) -> String {
    match target {
        Target::Timestamp(format) => match (time_of(value), format.unwrap_or(default)) {
            (None, _) => plain(value),
            (Some(time), TimeFormat::Iso) => time
                .to_chrono()
                .to_rfc3339_opts(SecondsFormat::AutoSi, true),
            (Some(time), TimeFormat::Unix) => time_number(time).to_text(),
            (Some(time), TimeFormat::Rfc822) => time
                .to_chrono()
                .format("%a, %d %b %Y %H:%M:%S GMT")
                .to_string(),
        },
        Target::Blob => STANDARD.encode(plain(value)),
        Target::JsonText => STANDARD.encode(value.to_text()),
        _ => plain(value),
    }
}

/// A string's text, anything else as JSON.
pub(super) fn plain(value: &Json) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_text(), str::to_owned)
}

/// A leaf that came as text.
pub(super) fn from_text(target: Target<'_>, text: &str) -> Json {
    match target {
        Target::Boolean => Json::Bool(text.trim().eq_ignore_ascii_case("true")),
        Target::Integer | Target::Float => {
            let number = asl::json::parse(text.trim()).ok();
            let number = number.filter(|value| value.as_number().is_some());
            // Not a number after all, as NaN is not: its text says what it was.
            number.unwrap_or_else(|| Json::string(text))
        }
        Target::Timestamp(_) => time_in(text).map_or_else(|| Json::string(text), time_output),
        Target::Blob => match STANDARD.decode(text.trim()) {
            Ok(bytes) => from_bytes(bytes),
            Err(_) => Json::string(text),
        },
        Target::JsonText => match STANDARD.decode(text.trim()) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                asl::json::parse(&text).unwrap_or_else(|_| Json::string(text))
            }
            Err(_) => Json::string(text),
        },
        Target::String | Target::Shape(_) => Json::string(text),
    }
}

/// Bytes in an output: their text where they are UTF-8, else in base64, since JSON holds no bytes.
pub(super) fn from_bytes(bytes: Vec<u8>) -> Json {
    match String::from_utf8(bytes) {
        Ok(text) => Json::string(text),
        Err(error) => Json::string(STANDARD.encode(error.as_bytes())),
    }
}
