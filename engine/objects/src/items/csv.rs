//! CSV: rows as objects of strings, by header.
//!
//! A row with fewer fields than headers gets empty strings, further fields are left out; blank rows are
//! no items. Fields in double quotes may hold delimiters, line ends and doubled quotes.
//!
//! Source: "ItemReader (Map)" in the Step Functions developer guide; the text about duplicates was
//! recorded.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use asl::{Json, json::Object};

use super::{BOM, Item, ReadError, text_of};
use crate::limits::{CSV_HEADER_BYTES_MAX, ITEM_BYTES_MAX};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub delimiter: u8,
    /// `CSVHeaders`; with none, the first row is the header.
    pub headers: Option<Vec<String>>,
}

impl Options {
    /// The delimiter that `CSVDelimiter` names; a comma without that field.
    pub fn delimiter(name: Option<&str>) -> Option<u8> {
        Some(match name {
            None | Some("COMMA") => b',',
            Some("PIPE") => b'|',
            Some("SEMICOLON") => b';',
            Some("SPACE") => b' ',
            Some("TAB") => b'\t',
            Some(_) => return None,
        })
    }
}

/// Where in a row the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote within quotes: the end, unless another quote follows.
    QuoteInQuoted,
}

#[derive(Debug)]
pub struct Splitter {
    options: Options,
    headers: Option<Vec<Arc<str>>>,
    at: At,
    field: Vec<u8>,
    row: Vec<String>,
    row_bytes: usize,
    /// Bytes at the very beginning that may be a byte order mark.
    seen: usize,
    after_return: bool,
}

impl Splitter {
    pub fn new(options: Options) -> Self {
        Self {
            options,
            headers: None,
            at: At::FieldStart,
            field: Vec::new(),
            row: Vec::new(),
            row_bytes: 0,
            seen: 0,
            after_return: false,
        }
    }

    pub fn feed(&mut self, bytes: &[u8], items: &mut VecDeque<Item>) -> Result<(), ReadError> {
        for &byte in bytes {
            if self.seen < BOM.len() {
                let is_mark = BOM.get(self.seen) == Some(&byte) && self.field.is_empty();
                self.seen = if is_mark { self.seen + 1 } else { BOM.len() };
                if is_mark {
                    continue;
                }
            }
            self.byte(byte, items)?;
        }
        Ok(())
    }

    pub fn finish(&mut self, items: &mut VecDeque<Item>) -> Result<(), ReadError> {
        if self.at == At::Quoted {
            return Err(ReadError::new("A quoted CSV field has no end."));
        }
        let is_blank = self.row.is_empty() && self.at == At::FieldStart;
        if is_blank {
            Ok(())
        } else {
            self.end_row(items)
        }
    }

    fn byte(&mut self, byte: u8, items: &mut VecDeque<Item>) -> Result<(), ReadError> {
        let was_return = std::mem::take(&mut self.after_return);
        self.row_bytes += 1;
        if self.row_bytes > ITEM_BYTES_MAX {
            let message = format!("A row of the CSV file has more than {ITEM_BYTES_MAX} bytes.");
            return Err(ReadError::new(message));
        }
        match (self.at, byte) {
            (At::Quoted, b'"') => self.at = At::QuoteInQuoted,
            (At::Quoted, _) => self.field.push(byte),
            (At::QuoteInQuoted, b'"') => {
                self.field.push(b'"');
                self.at = At::Quoted;
            }
            (At::FieldStart, b'"') => self.at = At::Quoted,
            (At::FieldStart, b'\n') if was_return => self.row_bytes = 0,
            (_, b'\n' | b'\r') => {
                self.after_return = byte == b'\r';
                let is_blank = self.row.is_empty() && self.at == At::FieldStart;
                if !is_blank {
                    self.end_row(items)?;
                }
                self.row_bytes = 0;
            }
            (_, byte) if byte == self.options.delimiter => self.end_field()?,
            (At::FieldStart | At::Plain | At::QuoteInQuoted, _) => {
                self.field.push(byte);
                self.at = At::Plain;
            }
        }
        Ok(())
    }

    fn end_field(&mut self) -> Result<(), ReadError> {
        let field = text_of(std::mem::take(&mut self.field))?;
        self.row.push(field);
        self.at = At::FieldStart;
        Ok(())
    }

    fn end_row(&mut self, items: &mut VecDeque<Item>) -> Result<(), ReadError> {
        self.end_field()?;
        let row = std::mem::take(&mut self.row);
        let headers = match (&self.headers, self.options.headers.take()) {
            (Some(headers), _) => headers,
            (None, Some(given)) => self.headers.insert(checked(given)?),
            (None, None) => {
                self.headers = Some(checked(row)?);
                return Ok(());
            }
        };
        let mut fields = row.into_iter();
        let members = headers.iter().map(|header| {
            let field = fields.next().unwrap_or_default();
            (Arc::clone(header), Json::from(field))
        });
        items.push_back(Item::of(Json::object(members.collect::<Object>())));
        Ok(())
    }
}

fn checked(headers: Vec<String>) -> Result<Vec<Arc<str>>, ReadError> {
    let bytes: usize = headers.iter().map(|header| header.len() + 1).sum();
    if bytes > CSV_HEADER_BYTES_MAX {
        let message = format!("CSV headers cannot exceed {CSV_HEADER_BYTES_MAX} bytes.");
        return Err(ReadError::new(message));
    }
    let mut seen = HashSet::new();
    if !headers.iter().all(|header| seen.insert(header.as_str())) {
        return Err(ReadError::new("CSV headers cannot contain duplicates."));
    }
    Ok(headers.into_iter().map(Arc::from).collect())
}
