//! An expression compiled by the library, and one evaluation of it within its limits.

use std::{borrow::Cow, cell::RefCell, collections::HashMap, rc::Rc, sync::Arc};

use jlens_core::{Bindings, CancelToken, Error, Expression, Options, input::Source};
use serde_json::Value;

use super::{
    Part, View,
    analysis::Reading,
    functions,
    output::Writer,
    plain::PlainPath,
    source::{Data, Document, Nothing, member_name},
    spelling,
};
use crate::{
    json::Json,
    query::{Random, SyntaxError, limits},
};

/// The compiled forms of one expression.
#[derive(Debug)]
pub(super) struct Program {
    /// As it is written.
    bare: Expression,
    /// With its variables bound from the document: `($x := …; EXPRESSION)`. Absent where it has none.
    bound: Option<Expression>,
    /// It looks at its context in a way that such a document would show up in.
    sees_document: bool,
    names: Box<[Arc<str>]>,
}

/// Why an evaluation gave nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// An error of the language.
    Thrown {
        code: String,
        message: String,
        /// Where in the expression.
        offset: Option<usize>,
    },
    Memory,
    Stack,
    Time,
}

impl Failure {
    pub(super) fn offset(&self) -> Option<usize> {
        match self {
            Self::Thrown { offset, .. } => *offset,
            Self::Memory | Self::Stack | Self::Time => None,
        }
    }

    /// Its place in an expression that stands behind so many bytes.
    fn without(mut self, before: usize) -> Self {
        if let Self::Thrown { offset, .. } = &mut self {
            *offset = offset.and_then(|at| at.checked_sub(before));
        }
        self
    }
}

/// What the library gave, and the numbers in it.
struct Answer {
    value: Option<Json>,
    numbers: Vec<u64>,
    spellings: Vec<Arc<str>>,
}

impl Program {
    pub(super) fn compile(text: &str) -> Result<(Self, Reading), SyntaxError> {
        let bare = compile(text)?;
        let reading = Reading::of(&bare.ast().root);
        let mut names: Vec<Arc<str>> = Vec::new();
        if reading.reads_states {
            names.push(Arc::from("states"));
        }
        names.extend(reading.variables.iter().map(Arc::clone));
        // There is no `$eval`: bound to nothing, it cannot be called.
        names.extend(reading.functions.get("eval").map(Arc::clone));
        let reads = bare.reads_with(functions::bindings());
        let sees_document = reads.input().is_some_and(jlens_core::reads::Read::is_whole);
        let bound = if names.is_empty() || sees_document {
            None
        } else {
            Some(compile(&with_bound(text, &names))?)
        };
        let program = Self {
            bare,
            bound,
            sees_document,
            names: names.into(),
        };
        Ok((program, reading))
    }

    pub(super) fn plain(&self) -> Option<PlainPath> {
        PlainPath::of(&self.bare.ast().root)
    }

    /// The value, or nothing.
    pub(super) fn evaluate(
        &self,
        reading: &Reading,
        view: &View<'_>,
        random: &mut dyn Random,
    ) -> Result<Option<Json>, Failure> {
        const CHANCE: [&str; 3] = ["random", "shuffle", "uuid"];
        let seed = if CHANCE.iter().any(|name| reading.functions.contains(*name)) {
            random.next_u64()
        } else {
            0
        };
        // Variables that bear a function's name take its place.
        let hidden: Vec<_> = reading
            .functions
            .iter()
            .filter(|name| view.variables.contains_key(*name))
            .map(Arc::clone)
            .collect();
        let first = self.answer(&hidden, view, seed, None)?;
        let Some(value) = first.value else {
            return Ok(None);
        };
        if first.spellings.is_empty() || !spelling::may_be_copied(&first.spellings, &first.numbers)
        {
            return Ok(Some(value));
        }
        let moved = spelling::moved(&first.spellings, &first.numbers);
        match self.answer(&hidden, view, seed, Some(&moved)) {
            Ok(Answer {
                value: Some(second),
                ..
            }) => Ok(Some(spelling::merge(&value, &second))),
            Ok(Answer { value: None, .. }) | Err(_) => Ok(Some(value)),
        }
    }

    /// Whether an expression without a value gives a function.
    pub(super) fn gives_function(&self, view: &View<'_>) -> bool {
        let text = format!("$type((\n{}\n))", self.bare.source());
        let Ok((program, _)) = Self::compile(&text) else {
            return false;
        };
        // Another seed would do as well: what it draws is not part of the answer.
        let answer = program.answer(&[], view, 0, None);
        matches!(answer, Ok(Answer { value: Some(Json::String(kind)), .. }) if &*kind == "function")
    }

    fn answer(
        &self,
        hidden: &[Arc<str>],
        view: &View<'_>,
        seed: u64,
        moved: Option<&HashMap<Arc<str>, f64>>,
    ) -> Result<Answer, Failure> {
        // The library looks at the clock only every few hundred steps, which many an expression never takes.
        if view.cost.patience().is_zero() {
            return Err(Failure::Time);
        }
        let options = options(view, seed);
        functions::set_chance(seed);
        if self.names.is_empty() && hidden.is_empty() {
            return view
                .cost
                .timed(|| ask(&self.bare, &Nothing, functions::bindings(), &options, None));
        }
        if self.sees_document {
            let mut bindings = functions::bindings().clone();
            for name in self.names.iter().chain(hidden) {
                bindings = bindings.var(&**name, spelled_out(name, view));
            }
            return view
                .cost
                .timed(|| ask(&self.bare, &Nothing, &bindings, &options, None));
        }
        let (names, compiled): (Cow<'_, [Arc<str>]>, _) = match &self.bound {
            Some(bound) if hidden.is_empty() => (Cow::Borrowed(&*self.names), Cow::Borrowed(bound)),
            _ => {
                let names: Vec<_> = self.names.iter().chain(hidden).map(Arc::clone).collect();
                let text = with_bound(self.bare.source(), &names);
                let bound = compile(&text).map_err(|error| Failure::Thrown {
                    code: "S0201".to_owned(),
                    message: error.message,
                    offset: None,
                })?;
                (Cow::Owned(names), Cow::Owned(bound))
            }
        };
        let data = Data::new(*view, &names, moved);
        let document = Document(Rc::clone(&data));
        let asked = Some((&data, moved));
        let before = compiled.source().len() - self.bare.source().len() - END.len();
        let answer = view
            .cost
            .timed(|| ask(&compiled, &document, functions::bindings(), &options, asked));
        answer.map_err(|failure| failure.without(before))
    }
}

fn compile(text: &str) -> Result<Expression, SyntaxError> {
    Expression::compile(text).map_err(|error| SyntaxError {
        message: error.message(),
        offset: error.span().map_or(0, |span| span.start),
    })
}

/// What closes such a block.
const END: &str = "\n)";

/// The expression in a block that binds `names` from members of the document.
fn with_bound(text: &str, names: &[Arc<str>]) -> String {
    let mut bound = String::from("(");
    for (index, name) in names.iter().enumerate() {
        let member = member_name(index);
        bound.extend(["$", name, " := `", &member, "`; "]);
    }
    // A comment may come last in the expression.
    bound.push_str(text);
    bound.push_str(END);
    bound
}

fn options(view: &View<'_>, seed: u64) -> Options {
    Options::new()
        .now(view.now.as_millis())
        .seed(seed)
        .timeout(view.cost.patience())
        .max_steps(limits::JSONATA_STEPS_MAX)
        .max_depth(limits::JSONATA_DEPTH_MAX)
        .max_string_length(limits::JSONATA_STRING_BYTES_MAX)
        .max_array_length(limits::JSONATA_ARRAY_MAX)
        .max_result_size(limits::VALUE_BYTES_MAX)
        .cancel_token(stop_token())
}

thread_local! {
    /// Ends the evaluation on this thread.
    static STOP: RefCell<CancelToken> = RefCell::new(CancelToken::new());
}

/// The thread's token; a new one where the last was used up.
fn stop_token() -> CancelToken {
    STOP.with_borrow_mut(|token| {
        if token.is_cancelled() {
            *token = CancelToken::new();
        }
        token.clone()
    })
}

/// The library bounds each text and array; this is for their sum, which it cannot see. Called in the midst
/// of an allocation, so it makes nothing.
fn stop() {
    STOP.with(|token| {
        if let Ok(token) = token.try_borrow() {
            token.cancel();
        }
    });
}

type Asked<'w, 'e> = (&'w Rc<Data<'e>>, Option<&'w HashMap<Arc<str>, f64>>);

fn ask<'e>(
    expression: &Expression,
    source: &dyn Source<'e>,
    bindings: &'e Bindings,
    options: &Options,
    asked: Option<Asked<'_, 'e>>,
) -> Result<Answer, Failure> {
    let data = asked.map(|(data, _)| data);
    let spelled: Option<HashMap<u64, Arc<str>>> = asked.and_then(|(_, moved)| moved).map(|moved| {
        let stands_for = |(text, value): (&Arc<str>, &f64)| (value.to_bits(), Arc::clone(text));
        moved.iter().map(stands_for).collect()
    });
    let mut writer = Writer {
        data,
        spelled: spelled.as_ref(),
        numbers: Vec::new(),
    };
    let value = memory::within(limits::JSONATA_MEMORY_BYTES_MAX, stop, || {
        expression.evaluate_source_to(source, bindings, options, |output| {
            output.write(&mut writer)
        })
    })
    .map_err(|error| failure(&error))?;
    Ok(Answer {
        value,
        numbers: writer.numbers,
        spellings: data.map_or_else(Vec::new, |data| data.spellings()),
    })
}

fn failure(error: &Error) -> Failure {
    match error.code() {
        "D1011" => Failure::Stack,
        "D1012" | "U1006" => Failure::Time,
        // Cancelled: only `stop` does that.
        "U1001" | "U1003" => Failure::Memory,
        code => Failure::Thrown {
            code: code.to_owned(),
            message: error.message(),
            offset: error.span().map(|span| span.start),
        },
    }
}

/// A bound value for the library to keep, where the expression looks at its context in a way that
/// a document of ours would show up in.
fn spelled_out(name: &str, view: &View<'_>) -> Value {
    if name != "states" {
        let value = view.variables.get(name).map(crate::Payload::json);
        return value.map_or(Value::Null, plain_value);
    }
    let parts = Part::ALL
        .into_iter()
        .filter_map(|part| Some((part.as_str().to_owned(), plain_value(part.read(view)?))));
    Value::Object(parts.collect())
}

fn plain_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::from(spelling::value(number)),
        Json::String(text) => Value::from(&**text),
        Json::Array(items) => items.iter().map(plain_value).collect(),
        Json::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| (name.to_string(), plain_value(member)))
                .collect(),
        ),
    }
}
