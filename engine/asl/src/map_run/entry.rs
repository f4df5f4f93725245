//! What the journal of a Map Run keeps, and how a row spells it.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

use super::{Policy, Status};
use crate::machine::Fault;

/// The format of a row: no execution's row has it.
pub const FORMAT: i16 = 101;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// The first entry; `spec` is JSON text.
    Started {
        at: i64,
        #[serde(serialize_with = "raw", deserialize_with = "unraw")]
        spec: Arc<str>,
    },
    /// The children `first` and the `count - 1` after it have been started.
    Dispatched {
        first: u64,
        count: u64,
        /// How many items each has; empty where that is one each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        items: Vec<u32>,
        /// Items of the dataset that are in these children or in earlier ones.
        read: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        etag: Option<Arc<str>>,
    },
    ReadWhole,
    /// Children from, to (inclusive) ended like this; see [`super::End::number`].
    Ended {
        ends: Vec<(u64, u64, u8)>,
    },
    Updated {
        policy: Policy,
    },
    Failing {
        error: Option<Arc<str>>,
        cause: Option<Arc<str>>,
    },
    Stopping,
    /// It had closed and goes on, for the `count`th time.
    Redriven {
        at: i64,
        count: u64,
    },
    /// Children from, to (inclusive), which had not succeeded, run again.
    Again {
        children: Vec<(u64, u64)>,
    },
    Closed {
        at: i64,
        status: Status,
    },
}

/// The text of the row that holds `entries`.
pub fn encode(entries: &[Entry]) -> Result<String, Fault> {
    serde_json::to_string(entries)
        .map_err(|error| Fault::new(format!("a Map Run's step cannot be written: {error}")))
}

/// The entries of a row.
pub fn decode(format: i16, body: &str) -> Result<Vec<Entry>, Fault> {
    if format != FORMAT {
        return Err(Fault::new(format!(
            "a Map Run's step is in format {format}"
        )));
    }
    serde_json::from_str(body)
        .map_err(|error| Fault::new(format!("a Map Run's step cannot be read: {error}")))
}

fn raw<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    let raw: &RawValue = serde_json::from_str(text).map_err(S::Error::custom)?;
    raw.serialize(serializer)
}

fn unraw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    let raw: Box<RawValue> = Deserialize::deserialize(deserializer)?;
    Ok(Arc::from(raw.get()))
}
