//! The 18 intrinsic functions: `States.Format('{} of {}', $.a, $.b)`.
//!
//! Reading a call is in `parse`, what each function takes in `function`, and what it gives in
//! `array`, `math` and `text`.
//! Source: developer guide, "Intrinsic functions"; Amazon States Language specification, appendix B.

mod array;
mod function;
mod math;
mod parse;
mod text;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::{Env, EvalError, Path, Random, SyntaxError, VariableNames, budget::Budget, quote};
use crate::{
    error::names,
    json::{Json, bounded},
};
use function::Function;

pub(super) use text::digest;

/// A compiled call. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Intrinsic(Arc<Call>);

#[derive(Debug)]
struct Call {
    text: Box<str>,
    function: Function,
    arguments: Box<[Argument]>,
}

#[derive(Debug)]
enum Argument {
    /// A number, `true`, `false` or `null`.
    Value(Json),
    Text(Text),
    Path(Path),
    Call(Call),
}

/// A text in quotes.
#[derive(Debug)]
struct Text {
    value: Arc<str>,
    /// Where in it the braces are that a backslash kept from being a placeholder.
    escaped_braces: Box<[usize]>,
    /// A backslash before something else: the call fails when it runs, as documented.
    open_escape: bool,
}

/// An argument's value; a template remembers which of its braces are plain.
struct Value<'c> {
    json: Json,
    escaped_braces: &'c [usize],
}

/// Why a function has no value.
type Reason = String;

const TOO_LARGE: &str = "The result is too large.";

impl Intrinsic {
    /// Reads a call that is the whole of `text`, and checks the number of its arguments and the
    /// types of those that are written down.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        parse::call(text).map(|call| Self(Arc::new(call)))
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The function's value in `env`.
    ///
    /// # Errors
    /// States.Runtime for an argument that is not in the input, States.IntrinsicFailure for one
    /// that the function does not take.
    pub fn evaluate(&self, env: &mut Env<'_>) -> Result<Json, EvalError> {
        self.evaluate_within(env, &Budget::of(env.cost))
    }

    pub(super) fn evaluate_within(
        &self,
        env: &mut Env<'_>,
        budget: &Budget<'_>,
    ) -> Result<Json, EvalError> {
        self.0.evaluate(env, budget)
    }

    /// Appends the names of the variables that it reads, in order, without repeats.
    pub fn variables(&self, names: &mut VariableNames) {
        self.0.variables(names);
    }
}

impl Call {
    fn evaluate(&self, env: &mut Env<'_>, budget: &Budget<'_>) -> Result<Json, EvalError> {
        let mut values = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            values.push(self.value(argument, env, budget)?);
        }
        let value = self
            .apply(&values, env.random)
            .map_err(|reason| self.fail(&reason))?;
        match budget.compute(&value) {
            Ok(()) => Ok(value),
            Err(_) => Err(self.fail(TOO_LARGE)),
        }
    }

    fn value<'c>(
        &self,
        argument: &'c Argument,
        env: &mut Env<'_>,
        budget: &Budget<'_>,
    ) -> Result<Value<'c>, EvalError> {
        let plain = |json| Value {
            json,
            escaped_braces: &[],
        };
        match argument {
            Argument::Value(value) => Ok(plain(value.clone())),
            Argument::Text(text) if text.open_escape => {
                Err(self.fail("An open escape backslash was found in the invocation string."))
            }
            Argument::Text(text) => Ok(Value {
                json: Json::String(Arc::clone(&text.value)),
                escaped_braces: &text.escaped_braces,
            }),
            Argument::Path(path) => path.find_within(env, budget).map(plain).map_err(|reason| {
                if reason.is_limit {
                    return path.invalid(&reason);
                }
                EvalError::runtime(self.framed(&format!(
                    "The JSONPath argument for the field '{path}' could not be found in the input '{}'",
                    quote(env.input)
                )))
            }),
            Argument::Call(call) => call.evaluate(env, budget).map(plain),
        }
    }

    fn apply(&self, values: &[Value<'_>], random: &mut dyn Random) -> Result<Json, Reason> {
        let arguments: Vec<&Json> = values.iter().map(|value| &value.json).collect();
        match (self.function, arguments.as_slice()) {
            (Function::Array, items) => Ok(Json::array(
                items.iter().map(|item| (*item).clone()).collect(),
            )),
            (Function::ArrayPartition, [list, size]) => array::partition(list, size),
            (Function::ArrayContains, [list, value]) => array::contains(list, value),
            (Function::ArrayRange, [first, last, step]) => array::range(first, last, step),
            (Function::ArrayGetItem, [list, index]) => array::item(list, index),
            (Function::ArrayLength, [list]) => array::length(list),
            (Function::ArrayUnique, [list]) => array::unique(list),
            (Function::Base64Encode, [data]) => text::base64_encode(data),
            (Function::Base64Decode, [data]) => text::base64_decode(data),
            (Function::Hash, [data, algorithm]) => text::hash(data, algorithm),
            (Function::JsonMerge, [left, right, deep]) => array::merge(left, right, deep),
            (Function::StringToJson, [text]) => text::to_json(text),
            (Function::JsonToString, [value]) => text::from_json(value),
            (Function::MathRandom, [first, end]) => math::random(first, end, None, random),
            (Function::MathRandom, [first, end, seed]) => {
                math::random(first, end, Some(seed), random)
            }
            (Function::MathAdd, [left, right]) => math::add(left, right),
            (Function::StringSplit, [text, separators]) => text::split(text, separators),
            (Function::Uuid, []) => Ok(text::uuid(random)),
            (Function::Format, _) => text::format(values),
            // The parser counted the arguments.
            _ => Err("Invalid number of arguments.".to_owned()),
        }
    }

    fn fail(&self, reason: &str) -> EvalError {
        EvalError {
            error: names::INTRINSIC_FAILURE,
            detail: self.framed(reason),
            location: None,
        }
    }

    fn framed(&self, reason: &str) -> String {
        format!(
            "The function '{}' had the following error: {reason}",
            self.text
        )
    }

    fn variables(&self, names: &mut VariableNames) {
        for argument in &self.arguments {
            match argument {
                Argument::Path(path) => path.variables(names),
                Argument::Call(call) => call.variables(names),
                Argument::Value(_) | Argument::Text(_) => {}
            }
        }
    }
}

/// What a function says of an argument of the wrong type.
fn unfit(position: &str, wanted: &str, found: &Json) -> Reason {
    format!(
        "The {position} argument must be {wanted} but was: {}",
        brief(found)
    )
}

/// A value's text, short enough for a message.
fn brief(value: &Json) -> String {
    bounded::prefix(value, 200)
}
