//! How commands end. The codes are part of the interface: scripts act on them.

use std::error::Error;
use std::fmt::Write;
use std::process::ExitCode;

/// An exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// 0
    Done,
    /// 1: the execution ended, and did not succeed.
    NotSucceeded,
    /// 2: wrong usage, or something that is not valid.
    Invalid,
    /// 3: the server cannot be reached, or is not ready.
    Unreachable,
    /// 4: there is no such thing.
    NotFound,
    /// 5: the key is missing or wrong.
    NotAllowed,
    /// 6: it exists already, or a limit is reached.
    Conflict,
    /// 7: the server cannot start or work.
    Broken,
}

impl Exit {
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotSucceeded => 1,
            Self::Invalid => 2,
            Self::Unreachable => 3,
            Self::NotFound => 4,
            Self::NotAllowed => 5,
            Self::Conflict => 6,
            Self::Broken => 7,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a command did not do what was asked, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
        }
    }

    /// An error with all that led to it.
    pub(super) fn of(exit: Exit, error: &dyn Error) -> Self {
        Self::new(exit, chain(error))
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// An error and its sources in one line. A source that its error repeats is left out.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            // Writing to a String cannot fail.
            let _ = write!(text, ": {words}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_with_what_led_to_it_and_nothing_twice() {
        #[derive(Debug, thiserror::Error)]
        #[error("opening the door")]
        struct Door(#[source] std::io::Error);
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Same(#[source] std::io::Error);
        let no_key = || std::io::Error::other("no key");
        assert_eq!(chain(&Door(no_key())), "opening the door: no key");
        assert_eq!(chain(&Same(no_key())), "no key");
    }
}
