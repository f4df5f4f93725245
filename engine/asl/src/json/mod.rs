//! JSON values as workflows see them: member order and the spelling of numbers survive, and a
//! clone costs one reference count, however large the value.
//!
//! Not a general serde replacement: reading is in [`parse`], writing in [`write`].

pub mod bounded;
mod number;
pub mod parse;
pub mod pointer;
pub mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use indexmap::IndexMap;

pub use number::Number;
pub use parse::{ParseError, parse};

/// The members of an object, in the order in which they were written.
pub type Object = IndexMap<Arc<str>, Json>;

/// A JSON value that is cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(Number),
    String(Arc<str>),
    Array(Arc<Vec<Json>>),
    Object(Arc<Object>),
}

impl Json {
    pub fn string(text: impl AsRef<str>) -> Self {
        Self::String(Arc::from(text.as_ref()))
    }

    pub fn array(items: Vec<Json>) -> Self {
        Self::Array(Arc::new(items))
    }

    pub fn object(members: Object) -> Self {
        Self::Object(Arc::new(members))
    }

    /// An object of the given members, for places that spell them out.
    pub fn members<const N: usize>(members: [(&str, Json); N]) -> Self {
        Self::object(
            members
                .into_iter()
                .map(|(name, value)| (Arc::from(name), value))
                .collect(),
        )
    }

    pub fn empty_object() -> Self {
        Self::object(Object::new())
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    pub fn as_number(&self) -> Option<&Number> {
        if let Self::Number(number) = self {
            Some(number)
        } else {
            None
        }
    }

    pub fn as_array(&self) -> Option<&[Json]> {
        if let Self::Array(items) = self {
            Some(items)
        } else {
            None
        }
    }

    pub fn as_object(&self) -> Option<&Object> {
        if let Self::Object(members) = self {
            Some(members)
        } else {
            None
        }
    }

    /// The member of that name, where this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.as_object()?.get(name)
    }

    /// The word that messages use for this kind of value.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// Compact JSON text.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        write::write(self, &mut text);
        text
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(Arc::from(text))
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Number(Number::from(value))
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Self::Number(Number::from(value))
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Self::array(items)
    }
}
