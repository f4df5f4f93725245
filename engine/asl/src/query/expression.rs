//! One dynamic value: a path, an intrinsic call, or JSONata in a `{% %}` text.

use super::{
    Env, EvalError, Jsonata, Path, SyntaxError, VariableNames, budget::Budget,
    intrinsic::Intrinsic, quote,
};
use crate::json::Json;

/// A compiled expression of either query language. One of JSONata knows the field that it stands in.
#[derive(Clone, Debug)]
pub enum Expression {
    Path(Path),
    Intrinsic(Intrinsic),
    Jsonata(Jsonata),
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

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Path(path) => path.as_str(),
            Self::Intrinsic(call) => call.as_str(),
            Self::Jsonata(expression) => expression.as_str(),
        }
    }

    /// The value in `env`.
    pub fn evaluate(&self, env: &mut Env<'_>) -> Result<Json, EvalError> {
        match self {
            Self::Path(path) => path.select(env),
            Self::Intrinsic(call) => call.evaluate(env),
            Self::Jsonata(expression) => expression.evaluate(env),
        }
    }

    /// The value in `env`, for a field whose messages name it (`ErrorPath`, `address.$`).
    ///
    /// # Errors
    /// States.Runtime `The JSONPath '$.x' specified for the field 'address.$' could not be found in
    /// the input '{…}'` for a path that leads nowhere; else as [`Self::evaluate`].
    pub fn evaluate_field(&self, env: &mut Env<'_>, field: &str) -> Result<Json, EvalError> {
        let cost = env.cost;
        self.evaluate_within(env, field, &Budget::of(cost))
    }

    pub(super) fn evaluate_within(
        &self,
        env: &mut Env<'_>,
        field: &str,
        budget: &Budget<'_>,
    ) -> Result<Json, EvalError> {
        match self {
            Self::Path(path) => path.find_within(env, budget).map_err(|reason| {
                if reason.is_limit {
                    return path.invalid(&reason);
                }
                EvalError::runtime(format!(
                    "The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{}'",
                    quote(env.input)
                ))
            }),
            Self::Intrinsic(call) => call.evaluate_within(env, budget),
            Self::Jsonata(expression) => expression.evaluate(env),
        }
    }

    /// Appends the names of the variables that it reads, in order, without repeats.
    pub fn variables(&self, names: &mut VariableNames) {
        match self {
            Self::Path(path) => path.variables(names),
            Self::Intrinsic(call) => call.variables(names),
            Self::Jsonata(expression) => expression.variables(names),
        }
    }
}
