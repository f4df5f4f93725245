//! As much XML as S3's answers have: elements without attributes that matter, text with entities.

/// The inside of the first element of that name.
pub(super) fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    elements(text, name).next()
}

/// The insides of the elements of that name, in order; one inside another of its name is not told apart,
/// which S3 never sends.
pub(super) fn elements<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find(&open)? + open.len();
            rest = rest.get(at..)?;
            // `<Keys>` begins with `<Key`.
            let is_whole =
                rest.starts_with(|next: char| next == '>' || next == '/' || next.is_whitespace());
            if !is_whole {
                continue;
            }
            let end = rest.find('>')?;
            let is_empty = rest.get(..end)?.ends_with('/');
            rest = rest.get(end + 1..)?;
            if is_empty {
                return Some("");
            }
            let end = rest.find(&close)?;
            let inside = rest.get(..end)?;
            rest = rest.get(end + close.len()..)?;
            return Some(inside);
        }
    })
}

/// The text of the first element of that name.
pub(super) fn value(text: &str, name: &str) -> Option<String> {
    element(text, name).map(unescape)
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let entity = after
            .find(';')
            .and_then(|end| Some((after.get(1..end)?, end)));
        let Some((entity, end)) = entity else {
            out.push_str(after);
            return out;
        };
        let number = entity.strip_prefix('#').and_then(|number| {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => number.parse().ok(),
            };
            code.and_then(char::from_u32)
        });
        match (entity, number) {
            ("amp", _) => out.push('&'),
            ("lt", _) => out.push('<'),
            ("gt", _) => out.push('>'),
            ("quot", _) => out.push('"'),
            ("apos", _) => out.push('\''),
            (_, Some(one)) => out.push(one),
            (_, None) => {
                out.push('&');
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
        }
        rest = after.get(end + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// `text` as the content of an element.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{element, elements, escape, value};

    #[test]
    fn elements_are_found_by_their_whole_name() {
        let text = "<?xml version=\"1.0\"?><R xmlns=\"x\"><Keys>no</Keys><Key>a&amp;b&#33;</Key><E/><Key>c</Key></R>";
        assert_eq!(value(text, "Key").as_deref(), Some("a&b!"));
        let all: Vec<&str> = elements(text, "Key").collect();
        assert_eq!(all, ["a&amp;b&#33;", "c"]);
        assert_eq!(element(text, "E"), Some(""));
        assert_eq!(element(text, "Missing"), None);
        assert_eq!(value("<A>&amp", "A"), None);
        assert_eq!(
            value("<A>1 & 2 &nope; &lt;</A>", "A").as_deref(),
            Some("1 & 2 &nope; <")
        );
        assert_eq!(escape("<a>&"), "&lt;a&gt;&amp;");
    }
}
