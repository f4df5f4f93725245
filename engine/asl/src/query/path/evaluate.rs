//! Walks a value along a path. A definite path follows references and copies nothing; any other
//! gathers what it meets, and what is missing or of another kind on its way is no error.
//! Source: recorded histories (`$.items[1:]` on `{}` gives `[]`), else Jayway JsonPath's documentation.

use std::cell::{Cell, OnceCell};

use regex::Regex;

use super::{
    ast::{Root, Route, Step, fragment, trail},
    filter::Pattern,
};
use crate::{
    json::{Json, Object, bounded},
    query::{Env, limits},
};

/// That a path leads nowhere, and where it broke off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// `Missing property in path $['a']`, `No results for path: $['a']['b']`, …
    pub detail: String,
}

/// Why a walk ended without a value.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing there. Inside an indefinite path or a filter that is no error.
    Missing(String),
    /// A limit was met; nothing may go on.
    Exhausted(String),
}

/// What an evaluation sees. Copied for each item that a filter looks at.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    shared: &'s Shared<'s>,
    item: Option<&'s Json>,
}

struct Shared<'s> {
    input: &'s Json,
    env: &'s dyn Roots,
    patterns: &'s [Pattern],
    compiled: Vec<OnceCell<Option<Regex>>>,
    visits_left: Cell<u32>,
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

/// The value of a whole path.
pub(super) fn path(env: &Env<'_>, route: &Route, patterns: &[Pattern]) -> Result<Json, NotFound> {
    let shared = Shared {
        input: env.input,
        env,
        patterns,
        compiled: patterns.iter().map(|_| OnceCell::new()).collect(),
        visits_left: Cell::new(limits::VISITS_MAX),
    };
    let scope = Scope {
        shared: &shared,
        item: None,
    };
    let value = scope.evaluate(route).map_err(|failure| match failure {
        Failure::Missing(detail) | Failure::Exhausted(detail) => NotFound { detail },
    })?;
    // Only a path that gathers or computes can give more text than it was given.
    if route.copies_nothing()
        || bounded::measure(&value, limits::VALUE_BYTES_MAX, limits::VALUE_DEPTH_MAX).is_ok()
    {
        return Ok(value);
    }
    Err(NotFound {
        detail: format!(
            "what it finds has more than {} bytes",
            limits::VALUE_BYTES_MAX
        ),
    })
}

impl<'s> Scope<'s> {
    /// The value of a path: its one value, or the list of what it found.
    pub(super) fn evaluate(self, route: &Route) -> Result<Json, Failure> {
        let document = self.root(&route.root)?;
        let (list, after) = route.split_at_aggregate();
        if !list.is_empty() {
            let mut found = Vec::new();
            self.gather(document, list, &mut found)?;
            let found = Json::array(found);
            return self.finish(&found, after, route);
        }
        self.finish(document, after, route)
    }

    fn finish(self, document: &Json, steps: &[Step], route: &Route) -> Result<Json, Failure> {
        if route.definite {
            return self.follow(document, steps, route);
        }
        let mut found = Vec::new();
        self.gather(document, steps, &mut found)?;
        Ok(Json::array(found))
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
    pub(super) fn pattern(&self, number: usize) -> Option<&'s Regex> {
        let shared = self.shared;
        let cell = shared.compiled.get(number)?;
        cell.get_or_init(|| shared.patterns.get(number).and_then(Pattern::compile))
            .as_ref()
    }

    fn root(&self, root: &Root) -> Result<&'s Json, Failure> {
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

    /// Goes along the steps of a definite path.
    fn follow(self, document: &Json, steps: &[Step], route: &Route) -> Result<Json, Failure> {
        let mut at = document;
        let mut rest = steps;
        while let Some((step, after)) = rest.split_first() {
            let walked = || {
                let length = route.steps.len().saturating_sub(rest.len());
                route.steps.iter().take(length)
            };
            match step {
                Step::Name(name) => {
                    let Json::Object(members) = at else {
                        return Err(not_an_object(step, walked(), at));
                    };
                    let Some(member) = members.get(name) else {
                        let detail = if after.is_empty() {
                            format!("No results for path: {}", trail(&route.steps))
                        } else {
                            format!(
                                "Missing property in path {}{}",
                                trail(walked()),
                                fragment(step)
                            )
                        };
                        return Err(Failure::Missing(detail));
                    };
                    at = member;
                }
                Step::Index(index) => {
                    let Json::Array(items) = at else {
                        return Err(Failure::Missing(format!(
                            "Filter: {} can only be applied to arrays. Current context is: {}",
                            fragment(step),
                            crate::query::quote(at)
                        )));
                    };
                    let Some(item) = position(*index, items.len()).and_then(|at| items.get(at))
                    else {
                        let detail = format!("No results for path: {}", trail(&route.steps));
                        return Err(Failure::Missing(detail));
                    };
                    at = item;
                }
                Step::Names(names) => {
                    let Json::Object(members) = at else {
                        return Err(not_an_object(step, walked(), at));
                    };
                    return self.follow(&pick(members, names), after, route);
                }
                Step::Call(call) => {
                    return self.follow(&call.apply(self, at)?, after, route);
                }
                Step::Indexes(_)
                | Step::Slice { .. }
                | Step::Wildcard
                | Step::Descend
                | Step::Filter(_) => {
                    let mut found = Vec::new();
                    self.gather(at, rest, &mut found)?;
                    return Ok(Json::array(found));
                }
            }
            rest = after;
        }
        Ok(at.clone())
    }

    /// Puts every value that the steps lead to into `found`, in document order.
    fn gather(self, node: &Json, steps: &[Step], found: &mut Vec<Json>) -> Result<(), Failure> {
        self.visit()?;
        let Some((step, after)) = steps.split_first() else {
            if found.len() == limits::MATCHES_MAX {
                return Err(Failure::Exhausted(format!(
                    "more than {} values match",
                    limits::MATCHES_MAX
                )));
            }
            found.push(node.clone());
            return Ok(());
        };
        match step {
            Step::Name(name) => match node.get(name) {
                Some(member) => self.gather(member, after, found),
                None => Ok(()),
            },
            Step::Names(names) => {
                let Json::Object(members) = node else {
                    return Ok(());
                };
                if after.is_empty() {
                    return self.gather(&pick(members, names), after, found);
                }
                names
                    .iter()
                    .filter_map(|name| members.get(name))
                    .try_for_each(|member| self.gather(member, after, found))
            }
            Step::Index(index) => self.gather_at(node, &[*index], after, found),
            Step::Indexes(indexes) => self.gather_at(node, indexes, after, found),
            Step::Slice { from, to } => {
                let items = node.as_array().unwrap_or_default();
                let from = bound(from.unwrap_or(0), items.len());
                let to = to.map_or(items.len(), |to| bound(to, items.len()));
                items
                    .get(from..to.max(from))
                    .unwrap_or_default()
                    .iter()
                    .try_for_each(|item| self.gather(item, after, found))
            }
            Step::Wildcard => children(node).try_for_each(|child| self.gather(child, after, found)),
            Step::Filter(filter) => match node {
                // Jayway tests an object itself, and the items of an array.
                Json::Object(_) => {
                    if filter.holds(self.with_item(node))? {
                        self.gather(node, after, found)?;
                    }
                    Ok(())
                }
                Json::Array(items) => items.iter().try_for_each(|item| {
                    self.visit()?;
                    if filter.holds(self.with_item(item))? {
                        self.gather(item, after, found)?;
                    }
                    Ok(())
                }),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Ok(()),
            },
            Step::Descend => self.descend(node, after, found, 0),
            Step::Call(call) => match call.apply(self, node) {
                Ok(value) => self.gather(&value, after, found),
                Err(Failure::Missing(_)) => Ok(()),
                Err(exhausted @ Failure::Exhausted(_)) => Err(exhausted),
            },
        }
    }

    fn gather_at(
        self,
        node: &Json,
        indexes: &[i64],
        after: &[Step],
        found: &mut Vec<Json>,
    ) -> Result<(), Failure> {
        let items = node.as_array().unwrap_or_default();
        indexes
            .iter()
            .filter_map(|index| items.get(position(*index, items.len())?))
            .try_for_each(|item| self.gather(item, after, found))
    }

    /// The steps at this node and then below it, before its siblings.
    fn descend(
        self,
        node: &Json,
        steps: &[Step],
        found: &mut Vec<Json>,
        depth: usize,
    ) -> Result<(), Failure> {
        if depth > limits::DESCENT_MAX {
            return Err(Failure::Exhausted(format!(
                "the value nests more than {} levels",
                limits::DESCENT_MAX
            )));
        }
        let applies = match (steps.first(), node) {
            // The items of an array are tested when the walk comes to them.
            (Some(Step::Filter(_)), Json::Array(_)) => false,
            (Some(Step::Names(names)), Json::Object(members)) => {
                steps.len() > 1 || names.iter().all(|name| members.contains_key(name))
            }
            (_, Json::Object(_) | Json::Array(_)) => true,
            (_, Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => false,
        };
        if applies {
            self.gather(node, steps, found)?;
        }
        children(node).try_for_each(|child| {
            self.visit()?;
            self.descend(child, steps, found, depth + 1)
        })
    }

    fn visit(&self) -> Result<(), Failure> {
        let left = self.shared.visits_left.get();
        if left == 0 {
            return Err(Failure::Exhausted(
                "the evaluation looks at too many values".to_owned(),
            ));
        }
        self.shared.visits_left.set(left - 1);
        Ok(())
    }
}

fn children(node: &Json) -> Box<dyn Iterator<Item = &Json> + '_> {
    match node {
        Json::Array(items) => Box::new(items.iter()),
        Json::Object(members) => Box::new(members.values()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            Box::new(std::iter::empty())
        }
    }
}

/// An object of those members that are there.
fn pick(members: &Object, names: &[std::sync::Arc<str>]) -> Json {
    let picked = names
        .iter()
        .filter_map(|name| Some((name.clone(), members.get(name)?.clone())));
    Json::object(picked.collect())
}

/// The position that an index means; a negative one counts from the end.
pub(super) fn position(index: i64, length: usize) -> Option<usize> {
    if index < 0 {
        let back = usize::try_from(index.unsigned_abs()).ok()?;
        length.checked_sub(back)
    } else {
        usize::try_from(index).ok().filter(|at| *at < length)
    }
}

/// A bound of a slice, moved into the array.
fn bound(index: i64, length: usize) -> usize {
    if index < 0 {
        position(index, length).unwrap_or(0)
    } else {
        usize::try_from(index).map_or(length, |at| at.min(length))
    }
}

fn not_an_object<'a>(step: &Step, walked: impl Iterator<Item = &'a Step>, found: &Json) -> Failure {
    Failure::Missing(format!(
        "Expected to find an object with property {} in path {} but found '{}'.",
        fragment(step),
        trail(walked),
        found.kind()
    ))
}
