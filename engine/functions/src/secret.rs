//! Values that must not be seen, and taking them out of text that is shown.
//!
//! Not encryption: a secret is in the clear here, since it is about to be sent.

use std::borrow::Cow;
use std::sync::Arc;

use asl::Json;
use asl::json::Object;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A text that neither `Debug` nor an error shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The value itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// Below this length a secret is masked only where it is a whole text: taking every `a` out of an
/// answer because the password is `a` would say more than it hides.
const INSIDE_BYTES_MIN: usize = 4;

/// Takes known secrets out of answers, in case the other side sends them back.
#[derive(Clone, Default)]
pub struct Redactor(Vec<Box<str>>);

impl Redactor {
    /// Knows each secret as it is and in base64, as `Authorization: Basic` carries it.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles: Vec<Box<str>> = Vec::new();
        for secret in secrets {
            if !secret.is_empty() {
                needles.push(Box::from(secret));
                needles.push(STANDARD.encode(secret).into_boxed_str());
            }
        }
        // The longest first, so that a secret which holds another goes as a whole.
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        needles.dedup();
        Self(needles)
    }

    /// Knows one secret more.
    #[must_use]
    pub fn with(&self, secret: &str) -> Self {
        let known = self.0.iter().map(AsRef::as_ref);
        Self::new(known.chain([secret]))
    }

    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut shown = Cow::Borrowed(text);
        for needle in &self.0 {
            let needle = needle.as_ref();
            if shown == needle {
                return Cow::Borrowed(MASK);
            }
            if needle.len() >= INSIDE_BYTES_MIN && shown.contains(needle) {
                shown = Cow::Owned(shown.replace(needle, MASK));
            }
        }
        shown
    }

    /// The same value with masked strings, names and numbers.
    #[must_use]
    pub fn json(&self, value: &Json) -> Json {
        if self.0.is_empty() {
            return value.clone();
        }
        match value {
            Json::Null | Json::Bool(_) => value.clone(),
            Json::Number(number) => match self.text(number.as_str()) {
                Cow::Borrowed(same) if same == number.as_str() => value.clone(),
                masked => Json::string(masked),
            },
            Json::String(text) => match self.text(text) {
                Cow::Borrowed(same) if same == text.as_ref() => value.clone(),
                masked => Json::string(masked),
            },
            Json::Array(items) => Json::array(items.iter().map(|item| self.json(item)).collect()),
            Json::Object(members) => Json::object(
                members
                    .iter()
                    .map(|(name, member)| (Arc::from(self.text(name)), self.json(member)))
                    .collect::<Object>(),
            ),
        }
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(secrets: &[&str], text: &str, expected: &str) {
        assert_eq!(Redactor::new(secrets.iter().copied()).text(text), expected);
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands() {
        check(
            &["hunter22"],
            "token=hunter22&x=hunter22",
            "token=***&x=***",
        );
        check(&["hunter22"], "nothing here", "nothing here");
        check(&["user:pass"], "Basic dXNlcjpwYXNz", "Basic ***");
        check(&["abcd", "abcdef"], "abcdef", "***");
    }

    #[test]
    fn a_short_secret_is_masked_only_as_a_whole_text() {
        check(&["a"], "banana", "banana");
        check(&["a"], "a", "***");
        check(&[""], "banana", "banana");
    }

    #[test]
    fn json_is_masked_in_names_strings_and_numbers() {
        let value = asl::json::parse(r#"{"k":["my hunter22"],"hunter22":1,"n":12345678}"#).unwrap();
        let masked = Redactor::new(["hunter22", "12345678"]).json(&value);
        assert_eq!(masked.to_text(), r#"{"k":["my ***"],"***":1,"n":"***"}"#);
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Secret::new("hunter22")), "Secret(***)");
        assert_eq!(
            format!("{:?}", Redactor::new(["hunter22"])),
            "Redactor(2 secrets)"
        );
    }
}
