//! Payload templates: JSON with expressions inside. In JSONPath a member whose name ends in `.$`
//! holds one, in JSONata a text in `{% %}` is one; `compile` alone decides that.

mod compile;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::{
    Env, EvalError, Expression, Jsonata, SyntaxError, VariableNames, budget::Budget, jsonata::Text,
    limits,
};
use crate::{
    error::names,
    json::{
        Json, Object,
        bounded::{self, Excess},
        pointer::Pointer,
    },
};

/// A compiled `Parameters`, `ResultSelector`, `Assign`, `Arguments`, `Output` …
#[derive(Clone, Debug)]
pub struct Template {
    node: Node,
    /// How many expressions it holds.
    expressions: usize,
}

#[derive(Clone, Debug)]
enum Node {
    /// A part without an expression, shared with the definition.
    Literal(Json),
    Dynamic {
        expression: Expression,
        /// The member's name as messages give it: `address.$`.
        name: Arc<str>,
    },
    Array(Box<[Node]>),
    Object(Box<[(Arc<str>, Node)]>),
}

impl Template {
    /// Compiles `source` in JSONPath, which stands at `at`; gives every expression that does not
    /// parse with its place.
    pub fn parse(source: &Json, at: &Pointer) -> Result<Self, Vec<(Pointer, SyntaxError)>> {
        let mut compiler = compile::Compiler::default();
        let node = compiler.node(source, at, 0);
        compiler.finish(node)
    }

    /// As [`Self::parse`] in JSONata. `compile` makes an expression of each text that is one; where
    /// it cannot, it is the one to tell why, and the template is of no use.
    pub fn parse_jsonata(
        source: &Json,
        at: &Pointer,
        compile: &mut dyn FnMut(Text<'_>, &Pointer) -> Option<Jsonata>,
    ) -> Result<Self, Vec<(Pointer, SyntaxError)>> {
        let mut compiler = compile::Compiler::jsonata(compile);
        let node = compiler.node(source, at, 0);
        compiler.finish(node)
    }

    /// The expression that the whole template is, where it is one.
    pub fn as_expression(&self) -> Option<&Expression> {
        match &self.node {
            Node::Dynamic { expression, .. } => Some(expression),
            Node::Literal(_) | Node::Array(_) | Node::Object(_) => None,
        }
    }

    /// The value with every expression replaced by its own. `field` names the field for messages
    /// (`Parameters`, `Output`). Parts without expressions are shared, not copied.
    ///
    /// # Errors
    /// States.Runtime for a path that leads nowhere (see [`Expression::evaluate_field`]),
    /// States.IntrinsicFailure, States.QueryEvaluationError, States.DataLimitExceeded.
    pub fn render(&self, env: &mut Env<'_>, field: &str) -> Result<Json, EvalError> {
        let value = {
            let cost = env.cost;
            self.node.render(env, &Budget::of(cost))?
        };
        let excess = match self.expressions {
            0 => return Ok(value),
            // A few values of a payload's size need no measuring.
            1..=8 => bounded::nests_within(&value, limits::VALUE_DEPTH_MAX),
            _ => bounded::measure(&value, limits::VALUE_BYTES_MAX, limits::VALUE_DEPTH_MAX)
                .map(|_| ()),
        };
        match excess {
            Ok(()) => Ok(value),
            Err(Excess::Bytes) => Err(EvalError {
                error: names::DATA_LIMIT_EXCEEDED,
                detail: format!(
                    "The value of the field '{field}' has a size exceeding the maximum number of bytes service limit."
                ),
                location: None,
            }),
            Err(Excess::Depth) => Err(EvalError::runtime(format!(
                "The value of the field '{field}' nests more than {} levels.",
                limits::VALUE_DEPTH_MAX
            ))),
        }
    }

    /// Appends the names of the variables that it reads, in order, without repeats.
    pub fn variables(&self, names: &mut VariableNames) {
        self.node.variables(names);
    }
}

impl Node {
    fn render(&self, env: &mut Env<'_>, budget: &Budget<'_>) -> Result<Json, EvalError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Dynamic { expression, name } => expression.evaluate_within(env, name, budget),
            Self::Array(items) => items
                .iter()
                .map(|item| item.render(env, budget))
                .collect::<Result<_, _>>()
                .map(Json::array),
            Self::Object(members) => {
                let mut rendered = Object::with_capacity(members.len());
                for (name, member) in members {
                    rendered.insert(Arc::clone(name), member.render(env, budget)?);
                }
                Ok(Json::object(rendered))
            }
        }
    }

    fn variables(&self, names: &mut VariableNames) {
        match self {
            Self::Literal(_) => {}
            Self::Dynamic { expression, .. } => expression.variables(names),
            Self::Array(items) => items.iter().for_each(|item| item.variables(names)),
            Self::Object(members) => {
                members
                    .iter()
                    .for_each(|(_, member)| member.variables(names));
            }
        }
    }
}
