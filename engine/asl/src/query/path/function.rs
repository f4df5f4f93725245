//! Functions at the end of a path: `$.items.length()`, `$..price.sum()`.
//! Source: Jayway JsonPath's documentation, "Functions".

use super::{
    ast::Route,
    evaluate::position,
    filter::Operand,
    scope::{Failure, Scope},
};
use crate::{
    json::{Json, Number, bounded},
    query::{limits, number},
};

#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) function: Function,
    pub(super) arguments: Vec<Operand>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Min,
    Max,
    Avg,
    Stddev,
    Sum,
    Length,
    Size,
    Keys,
    Concat,
    Append,
    First,
    Last,
    Index,
}

impl Function {
    const ALL: [Self; 13] = [
        Self::Min,
        Self::Max,
        Self::Avg,
        Self::Stddev,
        Self::Sum,
        Self::Length,
        Self::Size,
        Self::Keys,
        Self::Concat,
        Self::Append,
        Self::First,
        Self::Last,
        Self::Index,
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::Avg => "avg",
            Self::Stddev => "stddev",
            Self::Sum => "sum",
            Self::Length => "length",
            Self::Size => "size",
            Self::Keys => "keys",
            Self::Concat => "concat",
            Self::Append => "append",
            Self::First => "first",
            Self::Last => "last",
            Self::Index => "index",
        }
    }
}

impl Call {
    /// The function's value for `subject`, the value of the path before it.
    pub(super) fn apply(&self, scope: Scope<'_>, subject: &Json) -> Result<Json, Failure> {
        // What it takes to go through an array once.
        scope.visit(subject.as_array().map_or(1, <[Json]>::len))?;
        let arguments = self.values(scope)?;
        match self.function {
            Function::Length | Function::Size => Ok(match (arguments.first(), subject) {
                (Some(Json::Array(items)), _) | (_, Json::Array(items)) => count(items.len()),
                (_, Json::Object(members)) => count(members.len()),
                _ => Json::Null,
            }),
            Function::Keys => Ok(subject.as_object().map_or(Json::Null, |members| {
                let names = members.keys().map(|name| Json::String(name.clone()));
                Json::array(names.collect())
            })),
            Function::Concat => concat(subject, &arguments).map(Json::from),
            Function::Append => {
                let mut items = subject.as_array().unwrap_or_default().to_vec();
                items.extend(arguments);
                Ok(Json::array(items))
            }
            Function::First => Self::item(subject, 0),
            Function::Last => Self::item(subject, -1),
            Function::Index => {
                let index = arguments.first().and_then(Json::as_number);
                let Some(index) = index.and_then(Number::as_whole) else {
                    return Err(Failure::Missing(
                        "index() needs a whole number as argument".to_owned(),
                    ));
                };
                Self::item(subject, index)
            }
            Function::Min | Function::Max | Function::Avg | Function::Stddev | Function::Sum => {
                self.aggregate(subject, &arguments)
            }
        }
    }

    pub(super) fn routes(&self, visit: &mut dyn FnMut(&Route)) {
        for argument in &self.arguments {
            argument.route(visit);
        }
    }

    fn values(&self, scope: Scope<'_>) -> Result<Vec<Json>, Failure> {
        let value = |argument: &Operand| match argument {
            Operand::Path(route) => scope.evaluate(route),
            Operand::Value(value) => Ok(value.clone()),
            Operand::Pattern(_) => Ok(Json::Null),
        };
        self.arguments.iter().map(value).collect()
    }

    fn item(subject: &Json, index: i64) -> Result<Json, Failure> {
        let items = subject.as_array().unwrap_or_default();
        let item = position(index, items.len()).and_then(|at| items.get(at));
        item.cloned().ok_or_else(nothing)
    }

    /// Over the numbers of the subject and of the arguments.
    fn aggregate(&self, subject: &Json, arguments: &[Json]) -> Result<Json, Failure> {
        let of_subject = subject.as_array().unwrap_or_default().iter();
        let of_arguments = arguments.iter().flat_map(|argument| {
            argument
                .as_array()
                .unwrap_or(std::slice::from_ref(argument))
        });
        let numbers: Vec<f64> = of_subject
            .chain(of_arguments)
            .filter_map(|value| value.as_number().map(Number::as_f64))
            .collect();
        if numbers.is_empty() {
            return Err(nothing());
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a payload has far fewer than 2^52 numbers"
        )]
        let count = numbers.len() as f64;
        let sum: f64 = numbers.iter().sum();
        let value = match self.function {
            Function::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
            Function::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Function::Avg => sum / count,
            Function::Stddev => {
                let squares: f64 = numbers.iter().map(|value| value * value).sum();
                (squares / count - (sum / count).powi(2)).max(0.0).sqrt()
            }
            _ => sum,
        };
        number::double(value).ok_or_else(|| {
            Failure::Missing(format!("{}() is not a finite number", self.function.name()))
        })
    }
}

fn nothing() -> Failure {
    Failure::Missing(
        "Aggregation function attempted to calculate value using empty array".to_owned(),
    )
}

/// The texts of the subject, and all arguments as texts.
fn concat(subject: &Json, arguments: &[Json]) -> Result<String, Failure> {
    let mut text = String::new();
    let of_subject = subject.as_array().unwrap_or_default().iter();
    let of_subject = of_subject.filter(|item| matches!(item, Json::String(_)));
    let of_arguments = arguments.iter().flat_map(|argument| {
        argument
            .as_array()
            .unwrap_or(std::slice::from_ref(argument))
    });
    for item in of_subject.chain(of_arguments) {
        match item {
            Json::Null => {}
            Json::String(item) => text.push_str(item),
            Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                text.push_str(&bounded::prefix(item, limits::VALUE_BYTES_MAX));
            }
        }
        if text.len() > limits::VALUE_BYTES_MAX {
            return Err(Failure::Exhausted("the result is too large".to_owned()));
        }
    }
    Ok(text)
}

fn count(length: usize) -> Json {
    Json::from(u64::try_from(length).unwrap_or(u64::MAX))
}
