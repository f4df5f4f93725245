//! JSONPath in AWS's dialect. (Signatures first.)

use super::{Env, EvalError, SyntaxError};
use crate::json::Json;

/// A compiled path: `$.a[0]`, `$$.Execution.Id`, `$variable.b`.
#[derive(Clone, Debug)]
pub struct Path {
    text: std::sync::Arc<str>,
}

/// A path that names exactly one place, so that it can be written to: `$.a.b[2]`.
#[derive(Clone, Debug)]
pub struct ReferencePath {
    path: Path,
}

impl Path {
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self { text: text.into() })
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A definite path gives its one value or fails; any other gives a list.
    pub fn is_definite(&self) -> bool {
        false
    }

    /// The value in `env`: `$` reads `env.input`, `$$` the context object, `$name` a variable.
    pub fn select(&self, env: &Env<'_>) -> Result<Json, EvalError> {
        Ok(env.input.clone())
    }

    pub fn variables(&self, _names: &mut Vec<String>) {}
}

impl ReferencePath {
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Path::parse(text).map(|path| Self { path })
    }

    pub fn as_str(&self) -> &str {
        self.path.as_str()
    }

    /// `document` with `value` at this place; missing objects on the way are made.
    /// Fails with States.ResultPathMatchFailure where the place cannot exist in it.
    pub fn write(&self, document: &Json, value: Json) -> Result<Json, EvalError> {
        let _ = document;
        Ok(value)
    }
}
