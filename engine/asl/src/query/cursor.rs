//! A reading position in an expression's text, shared by the hand-written parsers.

use super::SyntaxError;

pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The text from `start` up to here.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let found = self.peek()?;
        self.at += found.len_utf8();
        Some(found)
    }

    /// Moves over `wanted` if it comes next.
    pub(super) fn eat(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    /// Moves over everything that `accept` takes, and gives it.
    pub(super) fn take_while(&mut self, mut accept: impl FnMut(char) -> bool) -> &'a str {
        let start = self.at;
        while let Some(found) = self.peek().filter(|found| accept(*found)) {
            self.at += found.len_utf8();
        }
        self.since(start)
    }

    pub(super) fn skip_blank(&mut self) {
        self.take_while(|found| matches!(found, ' ' | '\t' | '\n' | '\r'));
    }

    pub(super) fn expect(&mut self, wanted: &str) -> Result<(), SyntaxError> {
        if self.eat(wanted) {
            return Ok(());
        }
        Err(self.unexpected(&format!("'{wanted}'")))
    }

    /// The error that something else stands here than `wanted`.
    pub(super) fn unexpected(&self, wanted: &str) -> SyntaxError {
        match self.peek() {
            Some(found) => self.error(format!("expected {wanted} but found '{found}'")),
            None => self.error(format!("expected {wanted} but the text ends")),
        }
    }

    pub(super) fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            message: message.into(),
            offset: self.at,
        }
    }
}
