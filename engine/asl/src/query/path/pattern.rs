//! Regular expressions of filters: `/pattern/flags`, matched against the whole of a text.
//!
//! Matching takes time in proportion to the text, so look-around and back references, which cannot,
//! are refused.

use regex::{Regex, RegexBuilder};

use crate::query::{SyntaxError, cursor::Cursor, limits};

/// A regular expression as it was written. It is compiled for an evaluation and not kept: a
/// definition full of large ones would hold memory for as long as it is loaded.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    source: Box<str>,
}

impl Pattern {
    /// Reads `/pattern/flags`.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, SyntaxError> {
        let start = cursor.offset();
        let fail = |message: String| SyntaxError {
            message,
            offset: start,
        };
        cursor.expect("/")?;
        let mut source = String::new();
        loop {
            match cursor.next() {
                Some('/') => break,
                Some('\\') if cursor.peek() == Some('/') => {
                    cursor.next();
                    source.push('/');
                }
                Some('\\') => {
                    source.push('\\');
                    source.extend(cursor.next());
                }
                Some(found) => source.push(found),
                None => {
                    return Err(fail(
                        "the regular expression is not closed by '/'".to_owned(),
                    ));
                }
            }
        }
        let mut flags = String::new();
        for flag in cursor
            .take_while(|found| found.is_ascii_alphabetic())
            .chars()
        {
            match flag {
                'i' | 'm' | 's' | 'x' => flags.push(flag),
                // Unicode case and Unicode classes are always on here, and `\n` the only line end.
                'u' | 'U' | 'd' => {}
                _ => return Err(fail(format!("{flag} is not a flag of regular expressions"))),
            }
        }
        let flags = if flags.is_empty() {
            flags
        } else {
            format!("(?{flags})")
        };
        let pattern = Self {
            source: format!(r"{flags}\A(?:{source})\z").into(),
        };
        match pattern.build() {
            Ok(_) => Ok(pattern),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim();
                let reason = reason.strip_prefix("error: ").unwrap_or(reason);
                Err(fail(format!(
                    "the regular expression is not valid: {reason}"
                )))
            }
        }
    }

    pub(super) fn compile(&self) -> Option<Regex> {
        self.build().ok()
    }

    fn build(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.source)
            .size_limit(limits::PATTERN_BYTES_MAX)
            .dfa_size_limit(limits::PATTERN_BYTES_MAX)
            .nest_limit(50)
            .build()
    }
}
