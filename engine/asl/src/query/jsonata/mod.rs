//! JSONata as Step Functions speaks it: no document of its own, `$states` and the workflow's
//! variables instead, six more functions, no `$eval`.
//!
//! The language itself is a library's (`jlens-core`), which no other module names. What it reads
//! and writes are our own values, so that a number leaves as it was spelled unless JSONata
//! computed it: [`plain`] answers simple paths without the library, [`source`] and [`output`]
//! hand whole parts of the data through, [`spelling`] finds the single numbers that were copied.

mod analysis;
mod functions;
mod output;
mod plain;
mod program;
mod source;
mod spelling;

#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::Arc};

use super::{Cost, Env, EvalError, SyntaxError, VariableNames, Variables, limits};
use crate::{
    error::names,
    json::{
        Json,
        bounded::{self, Excess},
    },
    time::Timestamp,
};
use analysis::Reading;
use plain::PlainPath;
use program::{Failure, Program};

/// A compiled expression: what stands between `{%` and `%}`. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Jsonata(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: Box<str>,
    location: Box<str>,
    reading: Reading,
    plain: Option<PlainPath>,
    program: Program,
}

/// What a text of a definition is in JSONata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text<'a> {
    Literal,
    /// What stands between `{%` and `%}`, trimmed.
    Expression(&'a str),
    /// Opened but not closed, or closed but not opened.
    Broken,
}

/// Sorts a text. Source: developer guide, "Transforming data with JSONata": the text must start
/// with `{%` and end with `%}`, without blanks around; "improperly opening or closing the expression
/// will result in a validation error".
pub fn text(written: &str) -> Text<'_> {
    let inner = written
        .strip_prefix("{%")
        .and_then(|rest| rest.strip_suffix("%}"));
    match inner {
        Some(inner) => Text::Expression(inner.trim()),
        None if written.starts_with("{%") || written.ends_with("%}") => Text::Broken,
        None => Text::Literal,
    }
}

/// A part of `$states`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Input,
    Result,
    ErrorOutput,
    Context,
}

impl Part {
    pub const ALL: [Self; 4] = [Self::Input, Self::Result, Self::ErrorOutput, Self::Context];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Result => "result",
            Self::ErrorOutput => "errorOutput",
            Self::Context => "context",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == name)
    }

    /// Its value, where the state at hand has one.
    fn read<'e>(self, view: &View<'e>) -> Option<&'e Json> {
        match self {
            Self::Input => Some(view.input),
            Self::Result => view.result,
            Self::ErrorOutput => view.error_output,
            Self::Context => Some(view.context),
        }
    }
}

/// What an evaluation reads: an [`Env`] without its source of chance.
#[derive(Clone, Copy)]
struct View<'e> {
    input: &'e Json,
    result: Option<&'e Json>,
    error_output: Option<&'e Json>,
    context: &'e dyn std::ops::Deref<Target = Json>,
    variables: &'e Variables,
    now: Timestamp,
    cost: &'e Cost,
}

impl<'e> View<'e> {
    fn of(env: &Env<'e>) -> Self {
        Self {
            input: env.input,
            result: env.result,
            error_output: env.error_output,
            context: env.context,
            variables: env.variables,
            now: env.now,
            cost: env.cost,
        }
    }
}

impl Jsonata {
    /// Compiles `text`, which stands in the field `location` of its state (`Output/total`).
    pub fn parse(text: &str, location: &str) -> Result<Self, SyntaxError> {
        let text = text.trim();
        if text.len() > limits::EXPRESSION_BYTES_MAX {
            let message = format!(
                "an expression may have at most {} bytes",
                limits::EXPRESSION_BYTES_MAX
            );
            return Err(SyntaxError { message, offset: 0 });
        }
        let (program, reading) = Program::compile(text)?;
        Ok(Self(Arc::new(Inner {
            text: text.into(),
            location: location.into(),
            plain: program.plain(),
            reading,
            program,
        })))
    }

    /// The text between `{%` and `%}`, trimmed.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The field of the state that it stands in: `Output/total`, `Choices[0]/Condition`.
    pub fn location(&self) -> &str {
        &self.0.location
    }

    /// What it reads of a document that there is not: `$`, `$$`, names that no path leads to.
    /// With each, whether AWS was seen to refuse it: `$` and `$$` anywhere, a name where the
    /// expression opens with it. Any other is nothing when it is evaluated.
    pub fn top_level_references(&self) -> impl Iterator<Item = (&str, bool)> {
        let reading = &self.0.reading;
        reading.top_level.iter().map(|name| {
            let is_refused = name.starts_with('$') || reading.opening.as_ref() == Some(name);
            (&**name, is_refused)
        })
    }

    /// Whether it reads that part of `$states` by name.
    pub fn reads(&self, part: Part) -> bool {
        self.0.reading.parts.contains(&part)
    }

    /// Whether it gives `$states`, which is reserved, another value.
    pub fn assigns_states(&self) -> bool {
        self.0.reading.assigns_states
    }

    /// Whether its cost can grow faster than the data: it has functions, ranges, patterns or loops
    /// inside loops.
    pub fn may_run_long(&self) -> bool {
        self.0.reading.may_run_long
    }

    /// Appends the names of the variables that it reads, in order, without repeats.
    pub fn variables(&self, names: &mut VariableNames) {
        names.extend(self.0.reading.variables.iter().map(Arc::clone));
    }

    /// The value in `env`.
    ///
    /// # Errors
    /// States.QueryEvaluationError, in AWS's words: the expression returned nothing, a function, or
    /// threw an error of the language or at a limit.
    pub fn evaluate(&self, env: &mut Env<'_>) -> Result<Json, EvalError> {
        self.evaluate_located(env).map_err(|(error, _)| error)
    }

    /// As [`Self::evaluate`], with the place in the expression where it failed, where there is one: a
    /// byte offset.
    pub fn evaluate_located(&self, env: &mut Env<'_>) -> Result<Json, (EvalError, Option<usize>)> {
        let view = View::of(env);
        if let Some(found) = self.0.plain.as_ref().and_then(|path| path.find(&view)) {
            return found.ok_or_else(|| (self.error("returned nothing (undefined)."), None));
        }
        match self.0.program.evaluate(&self.0.reading, &view, env.random) {
            Ok(Some(value)) => {
                match bounded::measure(&value, limits::VALUE_BYTES_MAX, limits::VALUE_DEPTH_MAX) {
                    Ok(_) => Ok(value),
                    Err(Excess::Bytes | Excess::Depth) => {
                        Err((self.failed(&Failure::Memory), None))
                    }
                }
            }
            Ok(None) if self.0.program.gives_function(&view) => {
                Err((self.error("returned an unsupported result type."), None))
            }
            Ok(None) => Err((self.error("returned nothing (undefined)."), None)),
            Err(failure) => Err((self.failed(&failure), failure.offset())),
        }
    }

    /// That the value is not of the type that the field needs (`boolean`, `string`, `array`, …).
    pub fn unexpected(&self, expected: &str, value: &Json) -> EvalError {
        self.error(&format!(
            "returned an unexpected result type. Expected '{expected}', but was '{}' for value: {}",
            value.kind(),
            bounded::prefix(value, QUOTED_MAX)
        ))
    }

    /// That the value is of the right type, but not one that the field allows: `why`.
    pub fn unfit(&self, why: &str, value: &Json) -> EvalError {
        self.error(&format!(
            "returned an invalid result. {why}, but was: {}",
            bounded::prefix(value, QUOTED_MAX)
        ))
    }

    fn failed(&self, failure: &Failure) -> EvalError {
        self.error(&match failure {
            Failure::Thrown { code, message, .. } => {
                // `$error` takes any text.
                let message = shortened(message, QUOTED_MAX);
                format!("threw an error during evaluation. {code}: {message}")
            }
            Failure::Memory => {
                "threw an error during evaluation: Expression evaluation memory limit \
                 exceeded: Check for excessive memory usage"
                    .to_owned()
            }
            Failure::Stack => "threw an error during evaluation: Stack overflow error: Check for \
                 non-terminating recursive function. Consider rewriting as tail-recursive."
                .to_owned(),
            Failure::Time => {
                "threw an error during evaluation: Expression evaluation timeout: Check \
                 for infinite loop"
                    .to_owned()
            }
        })
    }

    fn error(&self, what: &str) -> EvalError {
        let Inner { text, location, .. } = &*self.0;
        let shown = shortened(text, QUOTED_MAX);
        let location = shortened(location, LOCATION_BYTES_MAX);
        EvalError {
            error: names::QUERY_EVALUATION_ERROR,
            detail: format!(
                "The JSONata expression '{shown}' specified for the field '{location}' {what}"
            ),
            location: Some(location.into_owned()),
        }
    }
}

/// Bytes of an expression, and of a value or a message, that a cause quotes: both fit into the 32,768
/// characters that it may have.
const QUOTED_MAX: usize = limits::QUOTED_BYTES_MAX / 2;

/// Bytes of a location. Source: API reference, EvaluationFailedEventDetails, 256 characters.
const LOCATION_BYTES_MAX: usize = 250;

fn shortened(text: &str, bytes_max: usize) -> Cow<'_, str> {
    if text.len() <= bytes_max {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(bytes_max);
    Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()))
}
