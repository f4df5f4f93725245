//! Paths of names alone (`$states.input.order.id`, `$total`), answered without the library: most
//! expressions are such, and the value that they find is handed on as it is.

use std::sync::Arc;

use jlens_core::{Node, NodeKind};

use super::{Part, View};
use crate::json::Json;

/// A variable or a part of `$states`, and the names that lead on from it.
#[derive(Debug)]
pub(super) struct PlainPath {
    root: Root,
    names: Box<[Box<str>]>,
}

#[derive(Debug)]
enum Root {
    States(Part),
    Variable(Arc<str>),
}

impl PlainPath {
    /// The path that `node` is, where it is one.
    pub(super) fn of(node: &Node) -> Option<Self> {
        if !is_bare(node) {
            return None;
        }
        let steps = match &node.kind {
            NodeKind::Path {
                steps,
                keep_singleton_array: false,
            } => steps.as_slice(),
            NodeKind::Variable { .. } => std::slice::from_ref(node),
            _ => return None,
        };
        let (first, rest) = steps.split_first()?;
        let NodeKind::Variable { name } = &first.kind else {
            return None;
        };
        if !is_bare(first) || name.is_empty() || name == "$" {
            return None;
        }
        let mut names = rest
            .iter()
            .map(|step| match &step.kind {
                NodeKind::Name { name } if is_bare(step) => Some(Box::from(name.as_str())),
                _ => None,
            })
            .collect::<Option<Vec<Box<str>>>>()?;
        let root = if name == "states" {
            if names.is_empty() {
                return None;
            }
            Root::States(Part::named(&names.remove(0))?)
        } else {
            Root::Variable(Arc::from(name.as_str()))
        };
        Some(Self {
            root,
            names: names.into(),
        })
    }

    /// What it leads to: `Some(None)` where that is nothing, `None` where only the library can
    /// tell, since an array stands in the way or no such variable is there.
    #[expect(
        clippy::option_option,
        reason = "the outer says whether there is an answer, the inner whether there is a value"
    )]
    pub(super) fn find(&self, view: &View<'_>) -> Option<Option<Json>> {
        let mut value = match &self.root {
            Root::States(part) => match part.read(view) {
                Some(value) => value,
                None => return Some(None),
            },
            Root::Variable(name) => view.variables.get(name)?.json(),
        };
        for name in &self.names {
            value = match value {
                Json::Object(members) => match members.get(&**name) {
                    Some(member) => member,
                    None => return Some(None),
                },
                Json::Array(_) => return None,
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
                    return Some(None);
                }
            };
        }
        Some(Some(value.clone()))
    }
}

/// Neither filtered, grouped, sorted nor bound to a name.
fn is_bare(node: &Node) -> bool {
    let attrs = &node.attrs;
    !attrs.keep_array
        && !attrs.cons_array
        && !attrs.tuple
        && attrs.focus.is_none()
        && attrs.index.is_none()
        && attrs.stages.is_empty()
        && attrs.predicate.is_empty()
        && attrs.group.is_none()
        && attrs.ancestor.is_none()
        && attrs.ancestor_label.is_none()
        && attrs.seeking_parent.is_empty()
}
