//! Choice rules: And, Or, Not and the 39 comparisons. (Signatures first.)

use super::{Env, EvalError, SyntaxError};
use crate::json::{Json, pointer::Pointer};

/// A compiled condition.
#[derive(Clone, Debug)]
pub struct Condition {}

impl Condition {
    /// Compiles a JSONPath choice rule (an object with `Variable` and one comparison, or `And`, `Or`,
    /// `Not`), which stands at `at`; `Next`, `Assign`, `Comment` and `Output` beside it are not its concern.
    pub fn parse(_rule: &Json, _at: &Pointer) -> Result<Self, Vec<(Pointer, SyntaxError)>> {
        Ok(Self {})
    }

    pub fn holds(&self, _env: &mut Env<'_>) -> Result<bool, EvalError> {
        Ok(false)
    }

    pub fn variables(&self, _names: &mut Vec<String>) {}
}
