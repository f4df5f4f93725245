//! Choice rules: `And`, `Or`, `Not` and the 39 comparisons; JSONata's `Condition`.
//! Source: Amazon States Language specification, "Choice State"; recorded histories.

mod comparison;
mod parse;
mod pattern;

#[cfg(test)]
mod tests;

use super::{Env, EvalError, Jsonata, Path, SyntaxError, VariableNames, budget::Budget};
use crate::json::{Json, pointer::Pointer};
use comparison::Comparison;

pub use comparison::NAMES as COMPARISONS;

/// A compiled condition.
#[derive(Clone, Debug)]
pub struct Condition(Decision);

#[derive(Clone, Debug)]
enum Decision {
    Rule(Test),
    /// JSONata's `Condition`, where it is computed.
    Expression(Jsonata),
}

#[derive(Clone, Debug)]
enum Test {
    /// JSONata's `Condition`, where it is written down.
    Constant(bool),
    All(Box<[Test]>),
    Any(Box<[Test]>),
    Not(Box<Test>),
    /// `IsPresent`: the only test that a missing variable is no error for.
    Present {
        variable: Path,
        expected: bool,
    },
    Compare {
        variable: Path,
        comparison: Comparison,
    },
}

impl Condition {
    /// Compiles a JSONPath choice rule (an object with `Variable` and one comparison, or `And`, `Or`,
    /// `Not`), which stands at `at`; `Next`, `Assign`, `Comment` and `Output` beside it are not its concern.
    pub fn parse(rule: &Json, at: &Pointer) -> Result<Self, Vec<(Pointer, SyntaxError)>> {
        let mut problems = Vec::new();
        match parse::test(rule, at, 0, &mut problems) {
            Some(test) if problems.is_empty() => Ok(Self(Decision::Rule(test))),
            _ => Err(problems),
        }
    }

    /// A condition that always holds, or never.
    pub fn constant(holds: bool) -> Self {
        Self(Decision::Rule(Test::Constant(holds)))
    }

    /// A condition that an expression decides.
    pub fn computed(expression: Jsonata) -> Self {
        Self(Decision::Expression(expression))
    }

    /// Whether it holds. Rules of `And` and `Or` are tested in order and no further than needed.
    ///
    /// # Errors
    /// States.Runtime `Invalid path '$.x': The choice state's condition path references an invalid
    /// value.` for a variable or a `…Path` that leads nowhere. A value of another type is no error, but
    /// what JSONata gives must be a boolean.
    pub fn holds(&self, env: &mut Env<'_>) -> Result<bool, EvalError> {
        match &self.0 {
            Decision::Rule(test) => test.holds(&Scene {
                env,
                budget: Budget::of(env.cost),
            }),
            Decision::Expression(expression) => match expression.evaluate(env)? {
                Json::Bool(holds) => Ok(holds),
                other => Err(expression.unexpected("boolean", &other)),
            },
        }
    }

    /// Appends the names of the variables that it reads, in order, without repeats.
    pub fn variables(&self, names: &mut VariableNames) {
        match &self.0 {
            Decision::Rule(test) => test.variables(names),
            Decision::Expression(expression) => expression.variables(names),
        }
    }
}

/// What one evaluation of a condition reads, and what it may cost.
struct Scene<'s, 'e> {
    env: &'s Env<'e>,
    budget: Budget<'e>,
}

impl Scene<'_, '_> {
    /// The value of a path of a choice rule.
    fn value(&self, path: &Path) -> Result<Json, EvalError> {
        path.find_within(self.env, &self.budget).map_err(|reason| {
            if reason.is_limit {
                return path.invalid(&reason);
            }
            EvalError::runtime(format!(
                "Invalid path '{path}': The choice state's condition path references an invalid value."
            ))
        })
    }

    fn has(&self, path: &Path) -> Result<bool, EvalError> {
        match path.find_within(self.env, &self.budget) {
            Ok(_) => Ok(true),
            Err(reason) if reason.is_limit => Err(path.invalid(&reason)),
            Err(_) => Ok(false),
        }
    }
}

impl Test {
    fn holds(&self, scene: &Scene<'_, '_>) -> Result<bool, EvalError> {
        match self {
            Self::Constant(holds) => Ok(*holds),
            Self::All(tests) => {
                for test in tests {
                    if !test.holds(scene)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(tests) => {
                for test in tests {
                    if test.holds(scene)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(test) => Ok(!test.holds(scene)?),
            Self::Present { variable, expected } => Ok(scene.has(variable)? == *expected),
            Self::Compare {
                variable,
                comparison,
            } => comparison.holds(&scene.value(variable)?, scene),
        }
    }

    fn variables(&self, names: &mut VariableNames) {
        match self {
            Self::Constant(_) => {}
            Self::All(tests) | Self::Any(tests) => {
                tests.iter().for_each(|test| test.variables(names));
            }
            Self::Not(test) => test.variables(names),
            Self::Present { variable, .. } => variable.variables(names),
            Self::Compare {
                variable,
                comparison,
            } => {
                variable.variables(names);
                comparison.variables(names);
            }
        }
    }
}
