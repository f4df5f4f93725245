//! JSON Pointers (RFC 6901), built up while a definition is walked: `/States/Pay/Retry/0`.

/// A place in a document. Pushing and popping follow the walk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer(String);

impl Pointer {
    pub fn root() -> Self {
        Self::default()
    }

    /// The pointer of a member or of an item below this place.
    #[must_use]
    pub fn child(&self, segment: impl std::fmt::Display) -> Self {
        let segment = segment.to_string().replace('~', "~0").replace('/', "~1");
        Self(format!("{}/{segment}", self.0))
    }

    /// The text, as diagnostics show it: the whole document is `/`.
    pub fn as_location(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }
}

impl std::fmt::Display for Pointer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_location())
    }
}
