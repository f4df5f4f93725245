//! Apache Parquet: every row is an object with the columns as members.
//!
//! A file is read from its end (where its description stands) and by ranges, so it never stands in memory
//! whole; decoding is computing and waits for ranges, so it happens on threads that may block. What a
//! value becomes is in [`value`].
//!
//! The format's own parser follows a schema as deep as a file claims it is. So a file is opened on a thread
//! whose stack holds the deepest schema that a footer of [`FOOTER_BYTES_MAX`] can spell, and one that is
//! deeper than [`SCHEMA_DEPTH_MAX`] is refused there.

mod ranges;
mod value;

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader as _, FileReader, SerializedFileReader},
    record::reader::RowIter,
};
use ranges::Ranges;
use tokio::sync::oneshot;

use super::{Item, ReadError};
use crate::{
    Address, Meta, Objects,
    limits::parquet::{
        BATCH_BYTES, BATCH_ROWS, FOOTER_BYTES_MAX, OPENING_STACK_BYTES, ROW_GROUP_BYTES_MAX,
        SCHEMA_DEPTH_MAX,
    },
};

/// The last bytes of every file: the length of the footer before them, and a mark.
const TAIL_BYTES: u64 = 8;

/// A file that is being read.
pub(super) struct Rows {
    /// Not there while rows are decoded, and after a reading that was broken off. Never locked: only that
    /// makes it something that threads may share.
    rows: Mutex<Option<RowIter<'static>>>,
}

impl Rows {
    pub(super) async fn open(
        objects: Objects,
        address: Address,
        meta: &Meta,
    ) -> Result<Self, ReadError> {
        let runtime = tokio::runtime::Handle::current();
        let ranges = Ranges::new(objects, address, meta, runtime);
        let (told, opened) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("parquet-open".to_owned())
            .stack_size(OPENING_STACK_BYTES);
        let thread = thread.spawn(move || {
            // Nobody waits any more: the reading was given up.
            drop(told.send(rows_of(ranges)));
        });
        thread.map_err(|error| ReadError::from(crate::Error::File(error)))?;
        let rows = opened.await.map_err(|_| broken())??;
        Ok(Self {
            rows: Mutex::new(Some(rows)),
        })
    }

    /// Decodes the next rows; false at the end of the file.
    pub(super) async fn next(&mut self, ready: &mut VecDeque<Item>) -> Result<bool, ReadError> {
        let place = self.rows.get_mut();
        let place = place.unwrap_or_else(PoisonError::into_inner);
        let mut rows = place.take().ok_or_else(broken)?;
        let batch = tokio::task::spawn_blocking(move || {
            let items = batch(&mut rows)?;
            Ok::<_, ReadError>((rows, items))
        });
        let (rows, items) = batch.await.map_err(|_| broken())??;
        *place = Some(rows);
        let is_more = !items.is_empty();
        ready.extend(items);
        Ok(is_more)
    }
}

fn rows_of(ranges: Ranges) -> Result<RowIter<'static>, ReadError> {
    let footer = footer_bytes(&ranges).map_err(unreadable)?;
    if footer > FOOTER_BYTES_MAX {
        let message = format!(
            "The description of the Parquet file has {footer} bytes; {FOOTER_BYTES_MAX} are allowed."
        );
        return Err(ReadError::new(message));
    }
    let reader = SerializedFileReader::new(ranges).map_err(unreadable)?;
    let metadata = reader.metadata();
    let columns = metadata.file_metadata().schema_descr().columns();
    let depth = columns.iter().map(|column| column.path().parts().len());
    let depth = depth.max().unwrap_or(0);
    if depth > SCHEMA_DEPTH_MAX {
        let message = format!(
            "The schema of the Parquet file is {depth} deep; {SCHEMA_DEPTH_MAX} are allowed."
        );
        return Err(ReadError::new(message));
    }
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let bytes = group.total_byte_size();
        if !(0..=ROW_GROUP_BYTES_MAX).contains(&bytes) {
            let message = format!(
                "Row group {number} of the Parquet file has {bytes} bytes; {ROW_GROUP_BYTES_MAX} are allowed."
            );
            return Err(ReadError::new(message));
        }
    }
    Ok(RowIter::from_file_into(Box::new(reader)))
}

/// What the tail says of the length of the footer.
fn footer_bytes(ranges: &Ranges) -> Result<u32, ParquetError> {
    let Some(at) = ranges.size().checked_sub(TAIL_BYTES) else {
        return Err(ParquetError::EOF("it is too short".to_owned()));
    };
    let tail = ranges.get_bytes(at, 4)?;
    let length = tail.first_chunk().copied().unwrap_or_default();
    Ok(u32::from_le_bytes(length))
}

/// Some rows: as many as make a batch.
fn batch(rows: &mut RowIter<'static>) -> Result<Vec<Item>, ReadError> {
    let mut items = Vec::new();
    let mut bytes = 0;
    while items.len() < BATCH_ROWS && bytes < BATCH_BYTES {
        let Some(row) = rows.next() else { break };
        let row = row.map_err(unreadable)?;
        items.push(Item::of(value::object(&row, &mut bytes)?));
    }
    Ok(items)
}

fn unreadable(error: ParquetError) -> ReadError {
    match error {
        // The store's own error, which says what is wrong by itself.
        ParquetError::External(error) if error.is::<crate::Error>() => {
            ReadError::new(error.to_string())
        }
        error => ReadError::new(format!("The file cannot be read as Parquet: {error}")),
    }
}

/// The decoder met what it did not expect, or its thread was stopped.
fn broken() -> ReadError {
    ReadError::new("The file cannot be read as Parquet: the decoder broke off.")
}

#[cfg(test)]
mod tests;
