//! A value that no log line, error or panic message can show.

use serde::Deserialize;

/// Holds a secret. `Debug` hides it, there is no `Display`, and reading it takes a call that stands out.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Hidden<T>(T);

impl<T> Hidden<T> {
    pub const fn new(secret: T) -> Self {
        Self(secret)
    }

    /// The secret itself. What is done with it must not end in a log or an answer.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> std::fmt::Debug for Hidden<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

impl<T: std::str::FromStr> std::str::FromStr for Hidden<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
