//! Reads JSON text (RFC 8259) with errors in the words of Jackson, the parser behind AWS's answers.
//!
//! The depth is bounded, so hostile text cannot exhaust the stack.

use std::sync::Arc;

use super::{Json, Number, Object};

/// How deep arrays and objects may nest: Jackson's own limit.
pub const DEPTH_MAX: usize = 1000;

/// Why a text is not JSON, and where. Lines and columns count from 1, the offset in bytes from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    pub message: String,
    pub line: usize,
    pub column: usize,
    pub offset: usize,
}

/// The value of `text`, which must hold one JSON value and nothing else. Of members with the same
/// name the last one counts.
pub fn parse(text: &str) -> Result<Json, ParseError> {
    let mut repeated = Vec::new();
    parse_noting_repeats(text, &mut repeated)
}

/// As [`parse`], and puts the byte offset of every repeated member name into `repeated`.
pub fn parse_noting_repeats(text: &str, repeated: &mut Vec<usize>) -> Result<Json, ParseError> {
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        depth: 0,
        repeated,
    };
    parser.skip_blank();
    if parser.at == text.len() {
        return Err(parser.error("No content to map due to end-of-input".to_owned()));
    }
    let value = parser.value()?;
    parser.skip_blank();
    if parser.at < text.len() {
        // Jackson reads a second token here, so it complains about that.
        if parser.value().is_ok() {
            return Err(parser.error("Trailing token found after value".to_owned()));
        }
        return Err(parser.unexpected("Expected space separating root-level values"));
    }
    Ok(value)
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    repeated: &'a mut Vec<usize>,
}

const VALUE: &str = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'";

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn error(&self, message: String) -> ParseError {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |tail| tail.chars().count())
            + 1;
        ParseError {
            message,
            line,
            column,
            offset: self.at,
        }
    }

    fn unexpected(&self, expected: &str) -> ParseError {
        match self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
        {
            None => self.error(format!("Unexpected end-of-input: {expected}")),
            Some(found) => self.error(format!(
                "Unexpected character ('{found}' (code {})): {expected}",
                found as u32
            )),
        }
    }

    fn value(&mut self) -> Result<Json, ParseError> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Json::String(Arc::from(self.string()?))),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$' => self.word(),
            Some(_) => Err(self.unexpected(&format!("expected a valid value ({VALUE})"))),
            None => Err(self.unexpected("expected a value")),
        }
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Json, ParseError>,
    ) -> Result<Json, ParseError> {
        if self.depth == DEPTH_MAX {
            return Err(self.error(format!(
                "Document nesting depth ({}) exceeds the maximum allowed ({DEPTH_MAX})",
                DEPTH_MAX + 1
            )));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Json, ParseError> {
        let mut members = Object::new();
        self.skip_blank();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("was expecting double-quote to start field name"));
            }
            let name_at = self.at;
            let name = self.string()?;
            self.skip_blank();
            if self.peek() != Some(b':') {
                return Err(
                    self.unexpected("was expecting a colon to separate field name and value")
                );
            }
            self.at += 1;
            self.skip_blank();
            let value = self.value()?;
            if members.insert(Arc::from(name), value).is_some() {
                self.repeated.push(name_at);
            }
            self.skip_blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Json::object(members));
                }
                _ => return Err(self.unexpected("was expecting comma to separate Object entries")),
            }
            self.skip_blank();
        }
    }

    fn array(&mut self) -> Result<Json, ParseError> {
        let mut items = Vec::new();
        self.skip_blank();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::array(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Json::array(items));
                }
                _ => return Err(self.unexpected("was expecting comma to separate Array entries")),
            }
            self.skip_blank();
        }
    }

    /// A string whose opening quote is at the cursor.
    fn string(&mut self) -> Result<String, ParseError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while self
                .peek()
                .is_some_and(|byte| byte != b'"' && byte != b'\\' && byte >= 0x20)
            {
                self.at += 1;
            }
            out.push_str(self.text.get(start..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                Some(control) => {
                    return Err(self.error(format!(
                        "Illegal unquoted character ((CTRL-CHAR, code {control})): has to be escaped using backslash to be included in string value"
                    )));
                }
                None => {
                    return Err(self.unexpected("was expecting closing quote for a string value"));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let plain = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            Some(_) => {
                let found = self
                    .text
                    .get(self.at..)
                    .and_then(|rest| rest.chars().next());
                let found = found.unwrap_or('\u{fffd}');
                return Err(self.error(format!(
                    "Unrecognized character escape '{found}' (code {})",
                    found as u32
                )));
            }
            None => return Err(self.unexpected("in character escape sequence")),
        };
        self.at += 1;
        Ok(plain)
    }

    /// Four hex digits after `\u`, a pair of them where they are surrogates. A lone surrogate is not text, so it
    /// becomes U+FFFD.
    fn unicode_escape(&mut self) -> Result<char, ParseError> {
        let first = self.hex4()?;
        if (0xD800..0xDC00).contains(&first) && self.bytes.get(self.at..self.at + 2) == Some(b"\\u")
        {
            let back = self.at;
            self.at += 1;
            let second = self.hex4()?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            self.at = back;
        }
        Ok(char::from_u32(first).unwrap_or('\u{fffd}'))
    }

    /// Four hex digits after the `u` at the cursor.
    fn hex4(&mut self) -> Result<u32, ParseError> {
        self.at += 1;
        let digits = self.text.get(self.at..self.at + 4);
        let code = digits
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(code) = code else {
            return Err(self.unexpected("expected a hex-digit for character escape sequence"));
        };
        self.at += 4;
        Ok(code)
    }

    fn number(&mut self) -> Result<Json, ParseError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => {
                self.at += 1;
                if matches!(self.peek(), Some(b'0'..=b'9')) {
                    return Err(
                        self.error("Invalid numeric value: Leading zeroes not allowed".to_owned())
                    );
                }
            }
            Some(b'1'..=b'9') => self.digits(),
            _ => {
                return Err(self.unexpected(
                    "expected digit (0-9) to follow minus sign, for valid numeric value",
                ));
            }
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.unexpected("Decimal point not followed by a digit"));
            }
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.unexpected("Exponent indicator not followed by a digit"));
            }
            self.digits();
        }
        if self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        {
            return Err(self.unexpected("Expected space separating root-level values"));
        }
        let spelling = self.text.get(start..self.at).unwrap_or_default();
        if spelling.len() > DEPTH_MAX {
            return Err(self.error(format!(
                "Number value length ({}) exceeds the maximum allowed ({DEPTH_MAX})",
                spelling.len()
            )));
        }
        Ok(Json::Number(Number::from_spelling(spelling)))
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> Result<Json, ParseError> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest
            .find(|found: char| !(found.is_alphanumeric() || found == '_' || found == '$'))
            .unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or(rest);
        let value = match word {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            "null" => Json::Null,
            _ => {
                return Err(self.error(format!(
                    "Unrecognized token '{word}': was expecting ({VALUE})"
                )));
            }
        };
        self.at += length;
        Ok(value)
    }
}
