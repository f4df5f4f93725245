//! Filters `[?(…)]`: what they test, and testing it.
//! Source: Jayway JsonPath's documentation, "Predicates".

use super::{
    ast::Route,
    operator::{Operator, Value},
    scope::{Failure, Scope},
};
use crate::json::Json;

#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) test: Test,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Exists(Route),
    Compare {
        left: Operand,
        operator: Operator,
        right: Operand,
    },
}

#[derive(Clone, Debug)]
pub(super) enum Operand {
    Path(Route),
    Value(Json),
    /// The number of a regular expression of the path.
    Pattern(usize),
}

impl Filter {
    /// Whether the item of `scope` passes.
    pub(super) fn holds(&self, scope: Scope<'_>) -> Result<bool, Failure> {
        self.test.holds(scope)
    }

    pub(super) fn routes(&self, visit: &mut dyn FnMut(&Route)) {
        self.test.routes(visit);
    }
}

impl Test {
    fn holds(&self, scope: Scope<'_>) -> Result<bool, Failure> {
        match self {
            Self::All(tests) => {
                for test in tests {
                    if !test.holds(scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(tests) => {
                for test in tests {
                    if test.holds(scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(test) => Ok(!test.holds(scope)?),
            Self::Exists(route) => Ok(defined(scope.evaluate(route))?.is_some()),
            Self::Compare {
                left,
                operator,
                right,
            } => {
                let left = left.value(scope)?;
                let right = right.value(scope)?;
                operator.holds(&left, &right, scope)
            }
        }
    }

    fn routes(&self, visit: &mut dyn FnMut(&Route)) {
        match self {
            Self::All(tests) | Self::Any(tests) => {
                for test in tests {
                    test.routes(visit);
                }
            }
            Self::Not(test) => test.routes(visit),
            Self::Exists(route) => visit(route),
            Self::Compare { left, right, .. } => {
                left.route(visit);
                right.route(visit);
            }
        }
    }
}

impl Operand {
    fn value<'s>(&self, scope: Scope<'s>) -> Result<Value<'s>, Failure> {
        match self {
            Self::Path(route) => {
                let found = defined(scope.evaluate(route))?;
                Ok(found.map_or(Value::Undefined, Value::Json))
            }
            Self::Value(value) => Ok(Value::Json(value.clone())),
            Self::Pattern(number) => Ok(Value::Pattern(scope.pattern(*number))),
        }
    }

    pub(super) fn route(&self, visit: &mut dyn FnMut(&Route)) {
        if let Self::Path(route) = self {
            visit(route);
        }
    }
}

/// A path that leads nowhere is undefined here, not a failure.
fn defined(found: Result<Json, Failure>) -> Result<Option<Json>, Failure> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(Failure::Missing(_)) => Ok(None),
        Err(exhausted @ Failure::Exhausted(_)) => Err(exhausted),
    }
}
