//! Reference Paths: paths that name one place, and writing to it.
//! Source: Amazon States Language specification, "Reference Paths" and "ResultPath".

use std::sync::Arc;

use super::{
    Path,
    ast::{Root, Step},
    evaluate::position,
};
use crate::{
    error::names,
    json::{Json, Object, bounded},
    query::{EvalError, SyntaxError, limits, quote},
};

/// A path that names exactly one place in the data, so that it can be written to: `$.a.b[2]`.
#[derive(Clone, Debug)]
pub struct ReferencePath {
    path: Path,
}

impl ReferencePath {
    /// Reads a path of names and single indexes that starts at `$`.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let path = Path::parse(text)?;
        let fail = |message: &str| {
            Err(SyntaxError {
                message: message.to_owned(),
                offset: 0,
            })
        };
        if path.0.route.root != Root::Input {
            return fail("a Reference Path must begin with '$.' or '$['");
        }
        let plain = path.0.route.steps.iter().all(|step| match step {
            Step::Name(_) => true,
            Step::Index(index) => *index >= 0,
            Step::Names(_)
            | Step::Indexes(_)
            | Step::Slice { .. }
            | Step::Wildcard
            | Step::Descend
            | Step::Filter(_)
            | Step::Call(_) => false,
        });
        if !plain {
            return fail(
                "a Reference Path must name a single place: the operators '@', '..', ',', ':', '?' and '*' are not allowed",
            );
        }
        Ok(Self { path })
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        self.path.as_str()
    }

    /// The same place, to be read.
    pub fn as_path(&self) -> &Path {
        &self.path
    }

    /// `document` with `value` at this place; missing objects on the way are made, and only the
    /// nodes on the way are copied. An array takes a value where it has an item.
    ///
    /// # Errors
    /// States.ResultPathMatchFailure where the place cannot exist in the document; States.Runtime
    /// where the result would nest deeper than JSON text may.
    pub fn write(&self, document: &Json, value: Json) -> Result<Json, EvalError> {
        let written = put(document, &self.path.0.route.steps, value);
        let written = written.ok_or_else(|| EvalError {
            error: names::RESULT_PATH_MATCH_FAILURE,
            detail: format!(
                "Unable to apply ReferencePath {} to input {}",
                self.as_str(),
                quote(document)
            ),
            location: None,
        })?;
        // A loop that puts its data into itself would nest without end.
        if bounded::nests_within(&written, limits::VALUE_DEPTH_MAX).is_err() {
            return Err(EvalError::runtime(format!(
                "The value at ReferencePath {} nests more than {} levels.",
                self.as_str(),
                limits::VALUE_DEPTH_MAX
            )));
        }
        Ok(written)
    }
}

/// `node` with `value` where the steps lead; `None` where they cannot.
fn put(node: &Json, steps: &[Step], value: Json) -> Option<Json> {
    let Some((step, after)) = steps.split_first() else {
        return Some(value);
    };
    match (step, node) {
        (Step::Name(name), Json::Object(members)) => {
            let member = match members.get(name) {
                Some(member) => put(member, after, value)?,
                None => make(after, value)?,
            };
            let mut members: Arc<Object> = Arc::clone(members);
            Arc::make_mut(&mut members).insert(Arc::clone(name), member);
            Some(Json::Object(members))
        }
        (Step::Index(index), Json::Array(items)) => {
            let at = position(*index, items.len())?;
            let item = put(items.get(at)?, after, value)?;
            let mut items = Arc::clone(items);
            *Arc::make_mut(&mut items).get_mut(at)? = item;
            Some(Json::Array(items))
        }
        _ => None,
    }
}

/// Objects for steps that lead into nothing. An array cannot be made: nobody says what is before the item.
fn make(steps: &[Step], value: Json) -> Option<Json> {
    steps
        .iter()
        .rev()
        .try_fold(value, |inner, step| match step {
            Step::Name(name) => Some(Json::object(
                std::iter::once((Arc::clone(name), inner)).collect(),
            )),
            _ => None,
        })
}
