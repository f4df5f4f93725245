//! Expressions: JSONPath with AWS's dialect, intrinsic functions, JSONata, payload templates, choice
//! rules.
//!
//! Everything that a state computes goes through three types, whatever its query language:
//! an [`Expression`] gives one value, a [`Template`] a value with expressions inside, a
//! [`Condition`] true or false. They are compiled when a definition is read and evaluated against
//! an [`Env`]. Nothing here knows states or history.

use std::cell::OnceCell;

use indexmap::{IndexMap, IndexSet};

use crate::{json::Json, payload::Payload, time::Timestamp};

mod budget;
pub mod condition;
mod cost;
mod cursor;
pub mod expression;
pub mod intrinsic;
pub mod jsonata;
pub mod limits;
mod number;
pub mod path;
pub mod template;

#[cfg(test)]
mod testing;

pub use condition::Condition;
pub use cost::Cost;
pub use expression::Expression;
pub use jsonata::Jsonata;
pub use path::{Path, ReferencePath};
pub use template::Template;

/// Variables by name, the inner scope's over the outer's already resolved.
pub type Variables = IndexMap<std::sync::Arc<str>, Payload>;

/// The names of variables that an expression reads, in the order of their first use.
pub type VariableNames = IndexSet<std::sync::Arc<str>>;

/// The context object, built only when an expression asks for it; reads as the [`Json`] it holds.
pub struct Context<'a> {
    value: OnceCell<Json>,
    build: Box<dyn Fn() -> Json + 'a>,
}

impl<'a> Context<'a> {
    pub fn new(build: impl Fn() -> Json + 'a) -> Self {
        Self {
            value: OnceCell::new(),
            build: Box::new(build),
        }
    }
}

impl std::ops::Deref for Context<'_> {
    type Target = Json;

    fn deref(&self) -> &Json {
        self.value.get_or_init(&self.build)
    }
}

/// What an expression can see, and the only source of chance.
pub struct Env<'a> {
    /// `$` in JSONPath: the state's input or result, as the field at hand defines it.
    /// `$states.input` in JSONata.
    pub input: &'a Json,
    /// `$states.result`, where the state has one.
    pub result: Option<&'a Json>,
    /// `$states.errorOutput`, in a catcher.
    pub error_output: Option<&'a Json>,
    /// `$$` in JSONPath, `$states.context` in JSONata: usually a [`Context`], which is not built
    /// unless it is read. (Not `&'a Context<'a>`: that would borrow the cell for its whole life.)
    pub context: &'a dyn std::ops::Deref<Target = Json>,
    pub variables: &'a Variables,
    /// What `$now()` tells.
    pub now: Timestamp,
    /// What the expressions of the state may still cost.
    pub cost: &'a Cost,
    pub random: &'a mut dyn Random,
}

/// A source of random bits; the machine's caller owns it.
pub trait Random {
    fn next_u64(&mut self) -> u64;

    /// Uniform in `0..bound`; 0 where the bound is 0.
    fn below(&mut self, bound: u64) -> u64 {
        // Widening multiplication: the bias is below 2^-64 times the bound.
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }
}

/// Why an expression has no value. The machine adds the frame "An error occurred while executing
/// the state …" and decides who may catch it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// One of [`crate::error::names`]: `States.Runtime`, `States.ParameterPathFailure`,
    /// `States.IntrinsicFailure`, `States.QueryEvaluationError`, …
    pub error: &'static str,
    /// AWS's text without the frame.
    pub detail: String,
    /// The field that failed (`Output/result`), where AWS names one.
    pub location: Option<String>,
}

impl EvalError {
    pub fn runtime(detail: impl Into<String>) -> Self {
        Self {
            error: crate::error::names::RUNTIME,
            detail: detail.into(),
            location: None,
        }
    }
}

/// Why a text is not an expression, and where in it (a byte offset).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub message: String,
    pub offset: usize,
}

/// A value's text for a message, cut off where it would be longer than a cause may be.
pub(crate) fn quote(value: &Json) -> String {
    crate::json::bounded::prefix(value, limits::QUOTED_BYTES_MAX)
}

/// The order of two texts by UTF-16 code units, as the JVM compares strings.
pub(crate) fn compare_text(left: &str, right: &str) -> std::cmp::Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}
