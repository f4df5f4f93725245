//! One dynamic value: a path, an intrinsic call, or (with the JSONata dialect) a `{% %}` text.

use super::{Env, EvalError, Path, SyntaxError, intrinsic::Intrinsic};
use crate::json::Json;

/// A compiled expression of either query language.
#[derive(Clone, Debug)]
pub enum Expression {
    Path(Path),
    Intrinsic(Intrinsic),
}

impl Expression {
    /// Reads the value of a `.$` field or of a `…Path` field: a path, or `States.X(…)`.
    pub fn parse_json_path(text: &str) -> Result<Self, SyntaxError> {
        if text.starts_with("States.") {
            Intrinsic::parse(text).map(Self::Intrinsic)
        } else {
            Path::parse(text).map(Self::Path)
        }
    }

    /// The value in `env`.
    pub fn evaluate(&self, env: &mut Env<'_>) -> Result<Json, EvalError> {
        match self {
            Self::Path(path) => path.select(env),
            Self::Intrinsic(call) => call.evaluate(env),
        }
    }

    /// Appends the names of the variables that it reads, in order, without repeats.
    pub fn variables(&self, names: &mut Vec<String>) {
        match self {
            Self::Path(path) => path.variables(names),
            Self::Intrinsic(call) => call.variables(names),
        }
    }
}
