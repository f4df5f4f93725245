//! Collects diagnostics while a definition is walked, and puts them in document order.

use super::{Diagnostic, Severity, codes, limits};
use crate::json::{Json, pointer::Pointer};

/// The problems found so far in one document.
pub(super) struct Report<'d> {
    document: &'d Json,
    found: Vec<Diagnostic>,
    bytes: usize,
    errors: usize,
}

impl<'d> Report<'d> {
    pub(super) fn new(document: &'d Json) -> Self {
        Self {
            document,
            found: Vec::new(),
            bytes: 0,
            errors: 0,
        }
    }

    /// The code that nearly every rule has.
    pub(super) fn schema(&mut self, at: &Pointer, message: impl Into<String>) {
        self.error(codes::SCHEMA_VALIDATION_FAILED, at, message);
    }

    pub(super) fn error(&mut self, code: &'static str, at: &Pointer, message: impl Into<String>) {
        self.push(Severity::Error, code, Some(at), message.into());
    }

    /// An error of no particular place.
    pub(super) fn error_nowhere(&mut self, code: &'static str, message: impl Into<String>) {
        self.push(Severity::Error, code, None, message.into());
    }

    pub(super) fn warn(&mut self, code: &'static str, at: &Pointer, message: impl Into<String>) {
        self.push(Severity::Warning, code, Some(at), message.into());
    }

    /// The place `at` as [`Diagnostic::location`] writes it, from `base` on: `Output/a[0]`.
    pub(super) fn location_within(&self, base: &Pointer, at: &Pointer) -> String {
        let whole = location(at, self.document);
        let base = location(base, self.document);
        let inner = whole.strip_prefix(&base).unwrap_or(&whole);
        inner.trim_start_matches('/').to_owned()
    }

    pub(super) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        at: Option<&Pointer>,
        message: String,
    ) {
        self.errors += usize::from(severity == Severity::Error);
        if self.found.len() >= limits::DIAGNOSTICS_MAX || self.bytes > limits::DIAGNOSTIC_BYTES_MAX
        {
            return;
        }
        let location = at.map(|at| location(at, self.document));
        self.bytes += message.len() + location.as_ref().map_or(0, String::len);
        self.found.push(Diagnostic {
            severity,
            code,
            message,
            location,
            pointer: at.cloned(),
        });
    }

    /// Every problem in the order in which its place stands in the document, those of no place last.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        let mut found = self.found;
        found.sort_by_cached_key(|diagnostic| {
            let place = diagnostic.pointer.as_ref();
            (
                place.is_none(),
                place.map(|pointer| order(pointer, self.document)),
            )
        });
        found
    }
}

/// The place as the service writes it: names unescaped, items in brackets.
fn location(pointer: &Pointer, document: &Json) -> String {
    let mut text = String::new();
    let mut value = Some(document);
    for segment in pointer.segments() {
        if let Some(Json::Array(items)) = value {
            text.push('[');
            text.push_str(segment);
            text.push(']');
            value = segment
                .parse()
                .ok()
                .and_then(|index: usize| items.get(index));
        } else {
            text.push('/');
            text.push_str(segment);
            value = value.and_then(|value| value.get(segment));
        }
    }
    if text.is_empty() {
        text.push('/');
    }
    text
}

/// The positions of the members and items on the way, which compare as the document reads.
fn order(pointer: &Pointer, document: &Json) -> Vec<usize> {
    let mut positions = Vec::new();
    let mut value = Some(document);
    for segment in pointer.segments() {
        let found = match value {
            Some(Json::Object(members)) => members
                .get_full(segment)
                .map(|(position, _, member)| (position, member)),
            Some(Json::Array(items)) => segment
                .parse()
                .ok()
                .and_then(|position| items.get(position).map(|item| (position, item))),
            Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) | None => None,
        };
        positions.push(found.map_or(usize::MAX, |(position, _)| position));
        value = found.map(|(_, value)| value);
    }
    positions
}

/// A text of the definition as a message quotes it: whole, unless it is very long.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(limits::QUOTED_CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}
