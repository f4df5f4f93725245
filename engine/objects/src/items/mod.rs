//! The items of a Distributed Map, read from objects as their bytes come: never a whole dataset.
//!
//! [`Source`] says what is read, [`Items`] gives one item after another. What the bytes of a file mean
//! is in [`csv`], [`json`] and [`lines`], which do no I/O; [`manifest`] reads lists of files. A Parquet file
//! does not come from its beginning: `parquet`, a feature of this crate, fetches what it needs.
//!
//! Source of the rules: "ItemReader (Map)" in the Step Functions developer guide.

pub mod csv;
pub mod json;
pub mod lines;
mod manifest;
#[cfg(feature = "parquet")]
mod parquet;
mod reader;
mod unpack;

use std::{collections::VecDeque, sync::Arc};

use asl::Json;

pub use reader::Items;

use crate::{Address, Error};

/// One item of a dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The member's name, where the dataset is an object.
    pub key: Option<Arc<str>>,
    pub value: Json,
}

impl Item {
    const fn of(value: Json) -> Self {
        Self { key: None, value }
    }
}

/// What the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    Csv(csv::Options),
    /// The array or object that the JSON Pointer leads to; the whole document without one.
    Json {
        pointer: Option<String>,
    },
    JsonLines,
    /// Rows; read where this crate has the feature `parquet`.
    Parquet,
}

/// Where items come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The items in one object.
    Object { address: Address, format: Format },
    /// Each object is an item: what a listing says of it.
    Listing { bucket: String, prefix: String },
    /// The items in every object of a listing: `LOAD_AND_FLATTEN`.
    Contents {
        bucket: String,
        prefix: String,
        format: Format,
    },
    /// The rows of the files that an S3 Inventory manifest names.
    Inventory { address: Address },
    /// The items in every file that an Athena manifest names.
    Athena { address: Address, format: Format },
}

/// Why a dataset cannot be read. The message is the cause of `States.ItemReaderFailed`.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Object(#[from] Error),
    #[error("{0}")]
    Malformed(String),
}

impl ReadError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Malformed(message.into())
    }
}

/// Takes the bytes of one file and gives items.
#[derive(Debug)]
pub enum Splitter {
    Csv(csv::Splitter),
    Json(json::Splitter),
    Lines(lines::Splitter),
}

impl Splitter {
    /// Nothing for a format that is not read from its beginning to its end.
    pub fn new(format: &Format) -> Option<Self> {
        Some(match format {
            Format::Csv(options) => Self::Csv(csv::Splitter::new(options.clone())),
            Format::Json { pointer } => Self::Json(json::Splitter::new(pointer.as_deref())),
            Format::JsonLines => Self::Lines(lines::Splitter::default()),
            Format::Parquet => return None,
        })
    }

    /// Takes the next bytes; items that became whole are put behind those in `items`.
    pub fn feed(&mut self, bytes: &[u8], items: &mut VecDeque<Item>) -> Result<(), ReadError> {
        match self {
            Self::Csv(splitter) => splitter.feed(bytes, items),
            Self::Json(splitter) => splitter.feed(bytes, items),
            Self::Lines(splitter) => splitter.feed(bytes, items),
        }
    }

    /// The file is over.
    pub fn finish(&mut self, items: &mut VecDeque<Item>) -> Result<(), ReadError> {
        match self {
            Self::Csv(splitter) => splitter.finish(items),
            Self::Json(splitter) => splitter.finish(),
            Self::Lines(splitter) => splitter.finish(items),
        }
    }

    /// Whether what follows in the file does not matter any more.
    pub const fn is_done(&self) -> bool {
        match self {
            Self::Json(splitter) => splitter.is_done(),
            Self::Csv(_) | Self::Lines(_) => false,
        }
    }
}

/// The mark that some programs put before UTF-8.
pub(crate) const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

pub(crate) fn text_of(bytes: Vec<u8>) -> Result<String, ReadError> {
    String::from_utf8(bytes).map_err(|_| ReadError::new("The file is not encoded in UTF-8."))
}

#[cfg(test)]
mod tests;
