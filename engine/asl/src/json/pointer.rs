//! JSON Pointers (RFC 6901), built up while a definition is walked: `/States/Pay/Retry/0`.

use std::sync::Arc;

use super::Json;

/// A place in a document. A child shares its parent's steps, so walking a large document with long
/// member names costs no more than the names.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer(Option<Arc<Step>>);

#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Step {
    parent: Pointer,
    segment: Box<str>,
}

impl Pointer {
    pub fn root() -> Self {
        Self::default()
    }

    /// The pointer of a member or of an item below this place.
    #[must_use]
    pub fn child(&self, segment: impl std::fmt::Display) -> Self {
        Self(Some(Arc::new(Step {
            parent: self.clone(),
            segment: segment.to_string().into_boxed_str(),
        })))
    }

    /// The place that holds this one; the whole document for itself.
    #[must_use]
    pub fn parent(&self) -> Self {
        self.0
            .as_ref()
            .map_or_else(Self::root, |step| step.parent.clone())
    }

    /// The last member name or index; none for the whole document.
    pub fn last(&self) -> Option<&str> {
        self.0.as_ref().map(|step| &*step.segment)
    }

    /// Member names and indexes from the root on, as they are (nothing escaped).
    pub fn segments(&self) -> Vec<&str> {
        let mut segments = Vec::new();
        let mut place = self;
        while let Some(step) = &place.0 {
            segments.push(&*step.segment);
            place = &step.parent;
        }
        segments.reverse();
        segments
    }

    /// What stands at this place of `document`, where it exists.
    pub fn find<'d>(&self, document: &'d Json) -> Option<&'d Json> {
        self.segments()
            .into_iter()
            .try_fold(document, |value, segment| match value {
                Json::Object(members) => members.get(segment),
                Json::Array(items) => items.get(segment.parse::<usize>().ok()?),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
            })
    }
}

/// The text of the pointer; the whole document is `/`, as diagnostics show it.
impl std::fmt::Display for Pointer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_none() {
            return f.write_str("/");
        }
        for segment in self.segments() {
            write!(f, "/{}", segment.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Pointer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Pointer;
    use crate::json::{Json, parse};

    #[test]
    fn a_pointer_is_written_as_rfc_6901_says() {
        let place = Pointer::root().child("States").child("a/b~c").child(0);
        assert_eq!(place.to_string(), "/States/a~1b~0c/0");
        assert_eq!(place.parent().last(), Some("a/b~c"));
        assert_eq!(Pointer::root().to_string(), "/");
        assert_eq!(Pointer::root().parent(), Pointer::root());
    }

    #[test]
    fn a_pointer_finds_members_and_items() {
        let document = parse(r#"{"a/b":[{"0":true}]}"#).expect("is JSON");
        let place = Pointer::root().child("a/b").child(0).child("0");
        assert_eq!(place.find(&document), Some(&Json::Bool(true)));
        assert_eq!(place.child("x").find(&document), None);
    }
}
