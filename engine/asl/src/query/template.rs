//! Payload templates: JSON with expressions inside. (Signatures first.)

use super::{Env, EvalError, SyntaxError};
use crate::{
    definition::QueryLanguage,
    json::{Json, pointer::Pointer},
};

/// A compiled `Parameters`, `ResultSelector`, `Assign`, `Arguments`, `Output` …
#[derive(Clone, Debug)]
pub struct Template {
    source: Json,
}

impl Template {
    /// Compiles `source`, which stands at `at`; gives every expression that does not parse with its place.
    pub fn parse(
        source: &Json,
        _language: QueryLanguage,
        _at: &Pointer,
    ) -> Result<Self, Vec<(Pointer, SyntaxError)>> {
        Ok(Self {
            source: source.clone(),
        })
    }

    /// The value with every expression replaced by its own. `field` names the field for messages
    /// (`Parameters`, `Output`).
    pub fn render(&self, _env: &mut Env<'_>, _field: &str) -> Result<Json, EvalError> {
        Ok(self.source.clone())
    }

    pub fn variables(&self, _names: &mut Vec<String>) {}
}
