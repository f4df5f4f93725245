//! Text as PostgreSQL can hold it.

use std::borrow::Cow;

/// The text without the character U+0000, which PostgreSQL's text has no place for. JSON texts have it
/// escaped if at all, but a name or an error that was read out of one may hold it.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The same, cut to so many characters, for columns with an index: its entries have a greatest size.
pub(crate) fn indexable(text: &str, chars_max: usize) -> Cow<'_, str> {
    let text = storable(text);
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => Cow::Owned(text.get(..end).unwrap_or_default().to_owned()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_null_character_is_replaced() {
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
        assert!(matches!(storable("ab"), Cow::Borrowed("ab")));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(indexable("äöü", 2), "äö");
        assert_eq!(indexable("äöü", 3), "äöü");
        assert_eq!(indexable("ä\0ü", 2), "ä\u{fffd}");
    }
}
