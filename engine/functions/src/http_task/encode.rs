//! Form encoding of JSON bodies, with the four ways to write arrays.
//! Source: developer guide, "Applying URL-encoding on request body".

use asl::Json;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// How the items of an array are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ArrayFormat {
    /// `a[0]=x&a[1]=y`
    #[default]
    Indices,
    /// `a=x&a=y`
    Repeat,
    /// `a=x,y`
    Commas,
    /// `a[]=x&a[]=y`
    Brackets,
}

impl ArrayFormat {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "INDICES" => Some(Self::Indices),
            "REPEAT" => Some(Self::Repeat),
            "COMMAS" => Some(Self::Commas),
            "BRACKETS" => Some(Self::Brackets),
            _ => None,
        }
    }
}

/// RFC 3986's unreserved characters stay.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The members of `body` as a form. A body that is not an object has no names to give.
pub(super) fn form(body: &Json, format: ArrayFormat) -> Option<String> {
    let mut pairs = Vec::new();
    for (name, value) in body.as_object()? {
        collect(name, value, format, &mut pairs);
    }
    Some(join(
        pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    ))
}

/// Names and values, escaped and joined.
pub(super) fn join<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut form = String::new();
    for (name, value) in pairs {
        if !form.is_empty() {
            form.push('&');
        }
        form.extend(utf8_percent_encode(name, ESCAPED));
        form.push('=');
        form.extend(utf8_percent_encode(value, ESCAPED));
    }
    form
}

fn collect(name: &str, value: &Json, format: ArrayFormat, pairs: &mut Vec<(String, String)>) {
    match value {
        Json::Object(members) => {
            for (member, value) in members.iter() {
                collect(&format!("{name}[{member}]"), value, format, pairs);
            }
        }
        Json::Array(items) if format == ArrayFormat::Commas => {
            let texts: Vec<_> = items.iter().map(scalar).collect();
            pairs.push((name.to_owned(), texts.join(",")));
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let name = match format {
                    ArrayFormat::Indices => format!("{name}[{index}]"),
                    ArrayFormat::Brackets => format!("{name}[]"),
                    ArrayFormat::Repeat | ArrayFormat::Commas => name.to_owned(),
                };
                collect(&name, item, format, pairs);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            pairs.push((name.to_owned(), scalar(value)));
        }
    }
}

/// A value as the text of a form field: what has no plain text is written as JSON.
fn scalar(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.to_string(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => value.to_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, format: ArrayFormat, expected: &str) {
        let body = asl::json::parse(body).unwrap();
        let form = form(&body, format).unwrap();
        let shown = percent_encoding::percent_decode_str(&form)
            .decode_utf8()
            .unwrap()
            .into_owned();
        assert_eq!(shown, expected);
    }

    #[test]
    fn arrays_are_written_in_four_ways() {
        let body = r#"{"array":["a","b","c"]}"#;
        check(
            body,
            ArrayFormat::Indices,
            "array[0]=a&array[1]=b&array[2]=c",
        );
        check(body, ArrayFormat::Repeat, "array=a&array=b&array=c");
        check(body, ArrayFormat::Commas, "array=a,b,c");
        check(body, ArrayFormat::Brackets, "array[]=a&array[]=b&array[]=c");
    }

    #[test]
    fn members_nest_and_values_keep_their_spelling() {
        check(
            r#"{"a":{"b":{"c":1.0}},"d":null,"e":true,"f":[{"g":1},[2]]}"#,
            ArrayFormat::Indices,
            "a[b][c]=1.0&d=&e=true&f[0][g]=1&f[1][0]=2",
        );
        check(
            r#"{"f":[{"g":1},null,"x"]}"#,
            ArrayFormat::Commas,
            r#"f={"g":1},,x"#,
        );
    }

    #[test]
    fn names_and_values_are_escaped() {
        let body = asl::json::parse(
            r#"{"customer":"1234567890","description":"Monthly subscription","metadata":{"order_details":"ä&="}}"#,
        )
        .unwrap();
        assert_eq!(
            form(&body, ArrayFormat::Indices).unwrap(),
            "customer=1234567890&description=Monthly%20subscription&metadata%5Border_details%5D=%C3%A4%26%3D"
        );
        assert_eq!(form(&Json::string("x"), ArrayFormat::Indices), None);
    }
}
