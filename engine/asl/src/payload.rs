//! A piece of workflow data: its text as it was written, and its value, read when first asked for.

use std::sync::{Arc, OnceLock};

use crate::json::{self, Json, ParseError, bounded, parse::DEPTH_MAX};

/// JSON text that travels through an execution. Cloning is free, and a state that passes its
/// input on passes this very value on, which is how the journal knows to write it once.
#[derive(Clone)]
pub struct Payload(Arc<Inner>);

struct Inner {
    text: OnceLock<Arc<str>>,
    value: OnceLock<Json>,
    home: OnceLock<Home>,
}

/// Where in its execution's journal a payload was first written: the step's number and the
/// position among that row's payloads. Set once, by the encoder or by the fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    pub step: u64,
    pub position: u32,
}

impl Payload {
    /// The payload that `text` spells, once it is known to be JSON.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let value = json::parse(text)?;
        let payload = Self::from_trusted_text(text);
        drop(payload.0.value.set(value));
        Ok(payload)
    }

    /// The payload of a text that was checked before: one read from the journal.
    pub fn from_trusted_text(text: impl Into<Arc<str>>) -> Self {
        let inner = Inner {
            text: OnceLock::new(),
            value: OnceLock::new(),
            home: OnceLock::new(),
        };
        drop(inner.text.set(text.into()));
        Self(Arc::new(inner))
    }

    /// The text. A computed value is spelled out when first asked for: weigh it before, with
    /// [`Payload::bytes_within`], where it may be large.
    pub fn text(&self) -> &str {
        self.shared_text()
    }

    /// The bytes of the text, unless they are more than `bytes_max` or the value nests deeper than
    /// text that can be read back. A computed value is not spelled out for it: values share their
    /// parts, so a small one can spell gigabytes.
    pub fn bytes_within(&self, bytes_max: usize) -> Option<usize> {
        match (self.0.text.get(), self.0.value.get()) {
            (Some(text), _) => Some(text.len()),
            (None, Some(value)) => bounded::measure(value, bytes_max, DEPTH_MAX).ok(),
            (None, None) => None,
        }
        .filter(|bytes| *bytes <= bytes_max)
    }

    fn shared_text(&self) -> &Arc<str> {
        self.0.text.get_or_init(|| {
            self.0
                .value
                .get()
                .map_or_else(|| Arc::from("null"), |value| value.to_text().into())
        })
    }

    /// The value. A trusted text that is not JSON after all reads as null; only a damaged journal
    /// could hold one, and decoding a row checks its payloads.
    pub fn json(&self) -> &Json {
        self.0.value.get_or_init(|| {
            self.0
                .text
                .get()
                .and_then(|text| json::parse(text).ok())
                .unwrap_or(Json::Null)
        })
    }

    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What tells this payload from all others that live now, equal ones too.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    pub fn home(&self) -> Option<Home> {
        self.0.home.get().copied()
    }

    /// Says where this payload was first written. The first answer stays.
    pub fn set_home(&self, home: Home) {
        let _ = self.0.home.set(home);
    }

    /// The same text and value without a home: for another execution, whose journal must hold it
    /// for itself. The text is shared.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self(Arc::new(Inner {
            text: OnceLock::from(Arc::clone(self.shared_text())),
            value: self.0.value.clone(),
            home: OnceLock::new(),
        }))
    }
}

impl From<Json> for Payload {
    fn from(value: Json) -> Self {
        let inner = Inner {
            text: OnceLock::new(),
            value: OnceLock::new(),
            home: OnceLock::new(),
        };
        drop(inner.value.set(value));
        Self(Arc::new(inner))
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || self.text() == other.text()
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.text();
        match text.char_indices().nth(80) {
            None => f.write_str(text),
            Some((end, _)) => write!(f, "{}…", text.get(..end).unwrap_or(text)),
        }
    }
}
