//! What the evaluation of a path sees and what ends it.

use std::cell::OnceCell;

use regex::Regex;

use super::{ast::Root, pattern::Pattern};
use crate::{
    json::Json,
    query::{
        Env,
        budget::{Budget, Spent},
    },
};

/// That a path leads nowhere, and where it broke off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// `Missing property in path $['a']`, `No results for path: $['a']['b']`, …
    pub detail: String,
    /// That a limit stopped the evaluation, whether or not there is something.
    pub is_limit: bool,
}

/// Why a walk ended without a value.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing there. Inside an indefinite path or a filter that is no error.
    Missing(String),
    /// A limit was met; nothing may go on.
    Exhausted(String),
}

impl From<Spent> for Failure {
    fn from(spent: Spent) -> Self {
        Self::Exhausted(spent.0.to_owned())
    }
}

impl From<Failure> for NotFound {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Missing(detail) => Self {
                detail,
                is_limit: false,
            },
            Failure::Exhausted(detail) => Self {
                detail,
                is_limit: true,
            },
        }
    }
}

/// What an evaluation sees, copied for each item that a filter looks at.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    shared: &'s Shared<'s>,
    item: Option<&'s Json>,
}

pub(super) struct Shared<'s> {
    input: &'s Json,
    env: &'s dyn Roots,
    patterns: &'s [Pattern],
    compiled: Vec<OnceCell<Option<Regex>>>,
    budget: &'s Budget<'s>,
}

/// The context object and the variables of an [`Env`], without its lifetime.
trait Roots {
    fn context(&self) -> &Json;
    fn variable(&self, name: &str) -> Option<&Json>;
}

impl Roots for Env<'_> {
    fn context(&self) -> &Json {
        self.context
    }

    fn variable(&self, name: &str) -> Option<&Json> {
        self.variables.get(name).map(crate::Payload::json)
    }
}

impl<'s> Shared<'s> {
    pub(super) fn new(env: &'s Env<'_>, patterns: &'s [Pattern], budget: &'s Budget<'s>) -> Self {
        Self {
            input: env.input,
            env,
            patterns,
            compiled: patterns.iter().map(|_| OnceCell::new()).collect(),
            budget,
        }
    }
}

impl<'s> Scope<'s> {
    pub(super) fn new(shared: &'s Shared<'s>) -> Self {
        Self { shared, item: None }
    }

    /// The same scope for an item of a filter.
    pub(super) fn with_item<'t>(self, item: &'t Json) -> Scope<'t>
    where
        's: 't,
    {
        Scope {
            shared: self.shared,
            item: Some(item),
        }
    }

    /// The compiled regular expression of that number, `None` where there is none.
    pub(super) fn pattern(self, number: usize) -> Option<&'s Regex> {
        let shared = self.shared;
        let cell = shared.compiled.get(number)?;
        cell.get_or_init(|| shared.patterns.get(number).and_then(Pattern::compile))
            .as_ref()
    }

    pub(super) fn root(self, root: &Root) -> Result<&'s Json, Failure> {
        match root {
            Root::Input => Ok(self.shared.input),
            Root::Context => Ok(self.shared.env.context()),
            Root::Variable(name) => self
                .shared
                .env
                .variable(name)
                .ok_or_else(|| Failure::Missing(format!("No results for path: ${name}"))),
            Root::Item => self
                .item
                .ok_or_else(|| Failure::Missing("'@' has a meaning in a filter only".to_owned())),
        }
    }

    /// Pays for looking at that many values.
    pub(super) fn visit(self, count: usize) -> Result<(), Failure> {
        Ok(self.shared.budget.visit(count)?)
    }

    /// Runs `walk` one frame deeper.
    pub(super) fn deeper<T>(self, walk: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        self.shared.budget.deeper(walk)
    }
}
