//! JSON lines: each line that is not blank is a value.

use std::collections::VecDeque;

use super::{BOM, Item, ReadError, text_of};
use crate::limits::ITEM_BYTES_MAX;

#[derive(Debug, Default)]
pub struct Splitter {
    line: Vec<u8>,
    number: u64,
}

impl Splitter {
    pub fn feed(&mut self, bytes: &[u8], items: &mut VecDeque<Item>) -> Result<(), ReadError> {
        let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = lines.next() {
            if self.line.len() + part.len() > ITEM_BYTES_MAX {
                let message = format!("A line of the file has more than {ITEM_BYTES_MAX} bytes.");
                return Err(ReadError::new(message));
            }
            self.line.extend_from_slice(part);
            if lines.peek().is_some() {
                self.end_line(items)?;
            }
        }
        Ok(())
    }

    pub fn finish(&mut self, items: &mut VecDeque<Item>) -> Result<(), ReadError> {
        self.end_line(items)
    }

    fn end_line(&mut self, items: &mut VecDeque<Item>) -> Result<(), ReadError> {
        self.number += 1;
        let mut line = std::mem::take(&mut self.line);
        if self.number == 1 && line.starts_with(&BOM) {
            line.drain(..BOM.len());
        }
        let text = text_of(line)?;
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        let value = asl::json::parse(text).map_err(|error| {
            ReadError::new(format!("Line {} is not valid JSON: {error}", self.number))
        })?;
        items.push_back(Item::of(value));
        Ok(())
    }
}
