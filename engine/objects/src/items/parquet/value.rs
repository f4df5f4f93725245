//! What a Parquet value is in JSON.
//!
//! AWS documents no table of it. Ours keeps what JSON can keep: numbers and decimals digit by digit, lists,
//! groups and maps as they nest. Dates, times and timestamps are ISO 8601 texts, as the context object has
//! them; bytes are text where they are UTF-8 (older writers mark no text as such), else Base64; a number
//! that is not finite is null.

use std::sync::Arc;

use asl::{Json, json::Number};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, NaiveTime, SecondsFormat, TimeDelta};
use parquet::record::{Field, Row};

use crate::{items::ReadError, limits::ITEM_BYTES_MAX};

/// A row. The bytes that it takes, roughly, are added to `bytes`.
pub(super) fn object(row: &Row, bytes: &mut usize) -> Result<Json, ReadError> {
    let mut size = 0;
    let value = members(row, &mut size)?;
    *bytes += size;
    Ok(value)
}

fn members(row: &Row, size: &mut usize) -> Result<Json, ReadError> {
    let members = row.get_column_iter().map(|(name, field)| {
        count(size, name.len())?;
        Ok((Arc::from(name.as_str()), json(field, size)?))
    });
    Ok(Json::object(members.collect::<Result<_, ReadError>>()?))
}

fn count(size: &mut usize, more: usize) -> Result<(), ReadError> {
    *size += more;
    if *size > ITEM_BYTES_MAX {
        let message = format!("A row of the file has more than {ITEM_BYTES_MAX} bytes.");
        return Err(ReadError::new(message));
    }
    Ok(())
}

fn json(field: &Field, size: &mut usize) -> Result<Json, ReadError> {
    count(size, size_of::<Field>())?;
    Ok(match field {
        Field::Null => Json::Null,
        Field::Bool(value) => Json::from(*value),
        Field::Byte(value) => Json::from(i64::from(*value)),
        Field::Short(value) => Json::from(i64::from(*value)),
        Field::Int(value) => Json::from(i64::from(*value)),
        Field::Long(value) => Json::from(*value),
        Field::UByte(value) => Json::from(u64::from(*value)),
        Field::UShort(value) => Json::from(u64::from(*value)),
        Field::UInt(value) => Json::from(u64::from(*value)),
        Field::ULong(value) => Json::from(*value),
        Field::Float16(value) => number(&value.to_string()),
        // By its own digits: 0.1 stays 0.1 and does not become the double next to it.
        Field::Float(value) => number(&value.to_string()),
        Field::Double(value) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
        Field::Decimal(_) => number(&field.to_string()),
        Field::Str(text) => {
            count(size, text.len())?;
            Json::from(text.as_str())
        }
        Field::Bytes(value) => {
            count(size, value.len())?;
            match value.as_utf8() {
                Ok(text) => Json::from(text),
                Err(_) => Json::from(STANDARD.encode(value.data())),
            }
        }
        Field::Date(days) => {
            let seconds = i64::from(*days) * 86_400;
            let date = DateTime::from_timestamp(seconds, 0);
            text(date.map(|date| date.format("%Y-%m-%d").to_string()))
        }
        Field::TimeMillis(millis) => time(TimeDelta::milliseconds(i64::from(*millis))),
        Field::TimeMicros(micros) => time(TimeDelta::microseconds(*micros)),
        Field::TimestampMillis(millis) => {
            let at = DateTime::from_timestamp_millis(*millis);
            text(at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
        }
        Field::TimestampMicros(micros) => {
            let at = DateTime::from_timestamp_micros(*micros);
            text(at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
        }
        Field::Group(row) => members(row, size)?,
        Field::ListInternal(list) => {
            let items = list.elements().iter().map(|item| json(item, size));
            Json::array(items.collect::<Result<_, ReadError>>()?)
        }
        Field::MapInternal(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map.entries() {
                let key = match json(key, size)? {
                    Json::String(text) => text,
                    other => Arc::from(other.to_text()),
                };
                entries.push((key, json(value, size)?));
            }
            Json::object(entries.into_iter().collect())
        }
    })
}

fn number(text: &str) -> Json {
    Number::parse(text).map_or(Json::Null, Json::Number)
}

fn text(text: Option<String>) -> Json {
    text.map_or(Json::Null, Json::from)
}

fn time(since_midnight: TimeDelta) -> Json {
    let (time, days) = NaiveTime::MIN.overflowing_add_signed(since_midnight);
    text((days == 0).then(|| time.format("%H:%M:%S%.f").to_string()))
}
