//! JSONPath in AWS's dialect: Jayway's, not RFC 9535's. A definite path gives the value itself or
//! fails; any other gives a list of what it found, also of nothing.
//!
//! Reading a path is in `parse`, walking a value in `evaluate`, writing in `reference`.

mod ast;
mod evaluate;
mod filter;
mod function;
mod literal;
mod operator;
mod parse;
mod pattern;
mod reference;
mod scope;
mod selector;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use reference::ReferencePath;
pub use scope::NotFound;

use super::{Env, EvalError, SyntaxError, VariableNames, budget::Budget, cursor::Cursor};
use crate::json::Json;
use ast::Route;

/// A compiled path: `$.a[0]`, `$$.Execution.Id`, `$variable.b`. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Path(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: Box<str>,
    route: Route,
    /// Regular expressions of the filters, which name them by position.
    patterns: Box<[pattern::Pattern]>,
}

impl Path {
    /// Reads a path that is the whole of `text`.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(text);
        let path = Self::read(&mut cursor, parse::Ending::Text)?;
        if !cursor.is_at_end() {
            return Err(cursor.unexpected("'.' or '['"));
        }
        Ok(path)
    }

    /// Reads a path that is an argument of an intrinsic call, up to the `,` or `)` after it.
    pub(super) fn parse_argument(cursor: &mut Cursor<'_>) -> Result<Self, SyntaxError> {
        Self::read(cursor, parse::Ending::Argument)
    }

    fn read(cursor: &mut Cursor<'_>, ending: parse::Ending) -> Result<Self, SyntaxError> {
        let start = cursor.offset();
        let (route, patterns) = parse::path(cursor, ending)?;
        Ok(Self(Arc::new(Inner {
            text: cursor.since(start).into(),
            route,
            patterns: patterns.into(),
        })))
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// A definite path gives its one value or fails; any other gives a list.
    pub fn is_definite(&self) -> bool {
        self.0.route.definite
    }

    /// Whether this is `$`: the data as it is.
    pub fn is_whole_input(&self) -> bool {
        self.0.route.root == ast::Root::Input && self.0.route.steps.is_empty()
    }

    /// Whether it reads the context object: `$$…`.
    pub fn reads_context(&self) -> bool {
        self.0.route.root == ast::Root::Context
    }

    /// The value in `env`: `$` reads `env.input`, `$$` the context object, `$name` a variable.
    /// Nothing is copied but a reference count.
    ///
    /// # Errors
    /// States.Runtime `Invalid path '$.a.b' : Missing property in path $['a']` (recorded on AWS).
    pub fn select(&self, env: &Env<'_>) -> Result<Json, EvalError> {
        self.find(env).map_err(|reason| self.invalid(&reason))
    }

    /// As [`Self::select`], for fields that have another text for a path that leads nowhere.
    pub fn find(&self, env: &Env<'_>) -> Result<Json, NotFound> {
        self.find_within(env, &Budget::of(env.cost))
    }

    pub(super) fn find_within(&self, env: &Env<'_>, budget: &Budget<'_>) -> Result<Json, NotFound> {
        evaluate::path(env, &self.0.route, &self.0.patterns, budget)
    }

    /// The message for a path of which `reason` is to be said.
    pub(super) fn invalid(&self, reason: &NotFound) -> EvalError {
        EvalError::runtime(format!("Invalid path '{self}' : {}", reason.detail))
    }

    /// Appends the names of the variables that it reads, without repeats.
    pub fn variables(&self, names: &mut VariableNames) {
        self.0.route.variables(names);
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
