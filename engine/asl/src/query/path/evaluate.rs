//! Walks a value along a path. A definite path follows references and copies nothing; any other
//! gathers what it meets, and what is missing or of another kind on its way is no error.
//! Source: recorded histories (`$.items[1:]` on `{}` gives `[]`), else Jayway JsonPath's documentation.

use super::{
    ast::{Route, Step, fragment, trail},
    pattern::Pattern,
    scope::{Failure, NotFound, Scope, Shared},
};
use crate::{
    json::{Json, Object, bounded},
    query::{Env, budget::Budget, limits},
};

/// The value of a whole path.
pub(super) fn path(
    env: &Env<'_>,
    route: &Route,
    patterns: &[Pattern],
    budget: &Budget<'_>,
) -> Result<Json, NotFound> {
    let shared = Shared::new(env, patterns, budget);
    let scope = Scope::new(&shared);
    let value = scope.evaluate(route)?;
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
        is_limit: true,
    })
}

impl Scope<'_> {
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
        self.visit(1)?;
        self.deeper(|| self.gather_step(node, steps, found))
    }

    fn gather_step(
        self,
        node: &Json,
        steps: &[Step],
        found: &mut Vec<Json>,
    ) -> Result<(), Failure> {
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
                    self.visit(1)?;
                    if filter.holds(self.with_item(item))? {
                        self.gather(item, after, found)?;
                    }
                    Ok(())
                }),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Ok(()),
            },
            Step::Descend => self.descend(node, after, found),
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
    fn descend(self, node: &Json, steps: &[Step], found: &mut Vec<Json>) -> Result<(), Failure> {
        // A list of what is still to be walked, since values nest deeper than a stack.
        let mut pending = vec![node];
        while let Some(node) = pending.pop() {
            self.visit(1)?;
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
            pending.extend(children(node).rev());
        }
        Ok(())
    }
}

fn children(node: &Json) -> impl DoubleEndedIterator<Item = &Json> {
    let items = node.as_array().unwrap_or_default();
    let members = node.as_object().into_iter().flat_map(Object::values);
    items.iter().chain(members)
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
