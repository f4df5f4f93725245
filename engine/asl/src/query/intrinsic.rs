//! The 18 intrinsic functions. (Signatures first.)

use super::{Env, EvalError, SyntaxError};
use crate::json::Json;

/// A compiled call: `States.Format('{} of {}', $.a, $.b)`.
#[derive(Clone, Debug)]
pub struct Intrinsic {}

impl Intrinsic {
    pub fn parse(_text: &str) -> Result<Self, SyntaxError> {
        Ok(Self {})
    }

    pub fn evaluate(&self, _env: &mut Env<'_>) -> Result<Json, EvalError> {
        Ok(Json::Null)
    }

    pub fn variables(&self, _names: &mut Vec<String>) {}
}
