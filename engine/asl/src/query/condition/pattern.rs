//! The patterns of `StringMatches`: `*` stands for any characters or none, `\*` and `\\` for themselves.

use std::sync::Arc;

use crate::query::EvalError;

#[derive(Clone, Debug)]
pub(super) struct Pattern {
    source: Arc<str>,
    /// The texts between the stars; `None` where a backslash stands before something else, which
    /// fails when it is tested (developer guide, "Choice workflow state").
    pieces: Option<Box<[Box<str>]>>,
}

impl Pattern {
    pub(super) fn new(source: &Arc<str>) -> Self {
        Self {
            source: Arc::clone(source),
            pieces: pieces(source),
        }
    }

    pub(super) fn matches(&self, text: &str) -> Result<bool, EvalError> {
        let Some(pieces) = &self.pieces else {
            return Err(EvalError::runtime(format!(
                "An open escape backslash was found in the StringMatches string '{}'.",
                self.source
            )));
        };
        Ok(matches(pieces, text))
    }
}

fn pieces(source: &str) -> Option<Box<[Box<str>]>> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut characters = source.chars();
    while let Some(found) = characters.next() {
        match found {
            '*' => pieces.push(std::mem::take(&mut piece).into_boxed_str()),
            '\\' => match characters.next() {
                Some(plain @ ('*' | '\\')) => piece.push(plain),
                _ => return None,
            },
            _ => piece.push(found),
        }
    }
    pieces.push(piece.into_boxed_str());
    Some(pieces.into())
}

/// The first piece must begin the text and the last one end it; those between are found one after
/// the other, each as early as it can be.
fn matches(pieces: &[Box<str>], text: &str) -> bool {
    let Some((first, after)) = pieces.split_first() else {
        return text.is_empty();
    };
    let Some(mut rest) = text.strip_prefix(&**first) else {
        return false;
    };
    let Some((last, between)) = after.split_last() else {
        return rest.is_empty();
    };
    for piece in between {
        let Some((_, tail)) = rest.split_once(&**piece) else {
            return false;
        };
        rest = tail;
    }
    rest.ends_with(&**last)
}
