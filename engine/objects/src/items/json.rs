//! A JSON document whose items are the elements of an array, or the members of an object: the document
//! itself, or what a JSON Pointer leads to. Everything beside it is read over, not kept.

use std::{collections::VecDeque, sync::Arc};

use asl::Json;

use super::{BOM, Item, ReadError, text_of};
use crate::limits::ITEM_BYTES_MAX;

/// As recorded.
const NOT_ITERABLE: &str = "Attempting to map over non-iterable node.";

/// Containers on the way to the items: a pointer is not longer.
const POINTER_PARTS_MAX: usize = 64;

#[derive(Debug)]
pub struct Splitter {
    pointer: Vec<String>,
    /// Containers on the pointer's path that are open; the last is that of the items once their number
    /// is one more than the pointer's parts.
    open: Vec<Frame>,
    expects: Expects,
    raw: Raw,
    seen_bytes: u64,
    is_done: bool,
}

#[derive(Debug)]
struct Frame {
    is_array: bool,
    /// The next element's index.
    index: u64,
    /// The name of the member at hand.
    key: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expects {
    Value,
    /// A value, or the end of an array that has just begun.
    FirstValue,
    Key,
    FirstKey,
    Colon,
    CommaOrEnd,
    /// Within a value that is taken or read over whole.
    Raw,
    /// Within a member's name.
    RawKey,
}

/// A value that is read byte by byte.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing about the byte that comes next"
)]
struct Raw {
    bytes: Vec<u8>,
    is_kept: bool,
    depth: u32,
    in_string: bool,
    is_escaped: bool,
    /// Neither a string nor a container: it ends where something else begins.
    is_scalar: bool,
}

/// What a byte did to a raw value.
#[derive(PartialEq, Eq)]
enum Taken {
    More,
    /// The value is whole.
    Ended,
    /// The value was whole before this byte.
    EndedBefore,
}

impl Raw {
    fn begin(first: u8, is_kept: bool) -> Self {
        let mut raw = Self {
            is_kept,
            in_string: first == b'"',
            depth: u32::from(matches!(first, b'{' | b'[')),
            is_scalar: !matches!(first, b'"' | b'{' | b'['),
            ..Self::default()
        };
        if is_kept {
            raw.bytes.push(first);
        }
        raw
    }

    fn take(&mut self, byte: u8) -> Result<Taken, ReadError> {
        if self.is_scalar && matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r') {
            return Ok(Taken::EndedBefore);
        }
        if self.is_kept {
            if self.bytes.len() >= ITEM_BYTES_MAX {
                let message = format!("An item of the file has more than {ITEM_BYTES_MAX} bytes.");
                return Err(ReadError::new(message));
            }
            self.bytes.push(byte);
        }
        if self.in_string {
            if std::mem::take(&mut self.is_escaped) {
                return Ok(Taken::More);
            }
            match byte {
                b'\\' => self.is_escaped = true,
                b'"' => {
                    self.in_string = false;
                    if self.depth == 0 {
                        return Ok(Taken::Ended);
                    }
                }
                _ => {}
            }
            return Ok(Taken::More);
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' if self.depth > 0 => {
                self.depth -= 1;
                if self.depth == 0 {
                    return Ok(Taken::Ended);
                }
            }
            _ => {}
        }
        Ok(Taken::More)
    }
}

impl Splitter {
    /// `pointer` is a JSON Pointer (RFC 6901); none, or the empty one, is the whole document.
    pub fn new(pointer: Option<&str>) -> Self {
        let parts = pointer.unwrap_or_default().split('/').skip(1);
        let pointer = parts
            .take(POINTER_PARTS_MAX)
            .map(|part| part.replace("~1", "/").replace("~0", "~"));
        Self {
            pointer: pointer.collect(),
            open: Vec::new(),
            expects: Expects::Value,
            raw: Raw::default(),
            seen_bytes: 0,
            is_done: false,
        }
    }

    pub const fn is_done(&self) -> bool {
        self.is_done
    }

    pub fn feed(&mut self, bytes: &[u8], items: &mut VecDeque<Item>) -> Result<(), ReadError> {
        for &byte in bytes {
            if self.is_done {
                return Ok(());
            }
            let at = usize::try_from(self.seen_bytes).unwrap_or(usize::MAX);
            self.seen_bytes += 1;
            if BOM.get(at) == Some(&byte) {
                continue;
            }
            self.byte(byte, items)?;
        }
        Ok(())
    }

    pub fn finish(&mut self) -> Result<(), ReadError> {
        if self.is_done {
            return Ok(());
        }
        // A number, or a word, alone in the file ends with it.
        let is_open = !self.open.is_empty() || self.expects != Expects::Raw;
        Err(ReadError::new(if is_open && self.seen_bytes > 0 {
            "The file is not valid JSON: it ends too early."
        } else {
            NOT_ITERABLE
        }))
    }

    fn byte(&mut self, byte: u8, items: &mut VecDeque<Item>) -> Result<(), ReadError> {
        match self.expects {
            Expects::Raw => match self.raw.take(byte)? {
                Taken::More => Ok(()),
                Taken::Ended => self.end_value(items),
                Taken::EndedBefore => {
                    self.end_value(items)?;
                    self.byte(byte, items)
                }
            },
            Expects::RawKey => {
                if self.raw.take(byte)? != Taken::Ended {
                    return Ok(());
                }
                let key = value_of(std::mem::take(&mut self.raw.bytes))?;
                if let (Some(frame), Some(key)) = (self.open.last_mut(), key.as_str()) {
                    frame.key = Some(Arc::from(key));
                }
                self.expects = Expects::Colon;
                Ok(())
            }
            _ if byte.is_ascii_whitespace() => Ok(()),
            Expects::FirstValue if byte == b']' => self.end_container(),
            Expects::Value | Expects::FirstValue => self.begin_value(byte),
            Expects::FirstKey if byte == b'}' => self.end_container(),
            Expects::Key | Expects::FirstKey if byte == b'"' => {
                self.raw = Raw::begin(byte, true);
                self.expects = Expects::RawKey;
                Ok(())
            }
            Expects::Colon if byte == b':' => {
                self.expects = Expects::Value;
                Ok(())
            }
            Expects::CommaOrEnd => self.after_value(byte),
            Expects::Key | Expects::FirstKey | Expects::Colon => Err(self.unexpected(byte)),
        }
    }

    fn begin_value(&mut self, byte: u8) -> Result<(), ReadError> {
        let depth = self.open.len();
        let is_item = depth == self.pointer.len() + 1;
        if !is_item && self.is_on_path() {
            let is_array = byte == b'[';
            if !is_array && byte != b'{' {
                return Err(ReadError::new(NOT_ITERABLE));
            }
            self.open.push(Frame {
                is_array,
                index: 0,
                key: None,
            });
            self.expects = if is_array {
                Expects::FirstValue
            } else {
                Expects::FirstKey
            };
            return Ok(());
        }
        if !matches!(
            byte,
            b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'
        ) {
            return Err(self.unexpected(byte));
        }
        self.raw = Raw::begin(byte, is_item);
        self.expects = Expects::Raw;
        Ok(())
    }

    /// Whether the value that begins is the one that the pointer goes on with.
    fn is_on_path(&self) -> bool {
        let Some(frame) = self.open.last() else {
            return true;
        };
        let Some(part) = self.pointer.get(self.open.len() - 1) else {
            return false;
        };
        if frame.is_array {
            part.parse() == Ok(frame.index)
        } else {
            frame.key.as_deref() == Some(part)
        }
    }

    fn end_value(&mut self, items: &mut VecDeque<Item>) -> Result<(), ReadError> {
        self.expects = Expects::CommaOrEnd;
        if !self.raw.is_kept {
            return Ok(());
        }
        let value = value_of(std::mem::take(&mut self.raw.bytes))?;
        let key = self.open.last_mut().and_then(|frame| frame.key.take());
        items.push_back(Item { key, value });
        Ok(())
    }

    fn after_value(&mut self, byte: u8) -> Result<(), ReadError> {
        let Some(frame) = self.open.last_mut() else {
            return Err(self.unexpected(byte));
        };
        match (byte, frame.is_array) {
            (b',', true) => {
                frame.index += 1;
                self.expects = Expects::Value;
                Ok(())
            }
            (b',', false) => {
                self.expects = Expects::Key;
                Ok(())
            }
            (b']', true) | (b'}', false) => self.end_container(),
            _ => Err(self.unexpected(byte)),
        }
    }

    /// The items are over; or a container on the way is, and had no such member.
    fn end_container(&mut self) -> Result<(), ReadError> {
        if self.open.len() <= self.pointer.len() {
            return Err(ReadError::new(NOT_ITERABLE));
        }
        self.is_done = true;
        Ok(())
    }

    fn unexpected(&self, byte: u8) -> ReadError {
        ReadError::new(format!(
            "The file is not valid JSON: unexpected '{}' at byte {}.",
            byte.escape_ascii(),
            self.seen_bytes
        ))
    }
}

fn value_of(bytes: Vec<u8>) -> Result<Json, ReadError> {
    let text = text_of(bytes)?;
    asl::json::parse(&text)
        .map_err(|error| ReadError::new(format!("The file is not valid JSON: {error}")))
}
