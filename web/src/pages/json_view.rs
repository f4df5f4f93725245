//! JSON for reading: laid out, coloured by span classes on the server, folded where it is long.
//! Nothing of the value is trusted: every character of it is escaped.

use asl::json::{self, Json, write::write_string};

use super::moment;

/// What a page shows of a value before it offers the whole. A screenful of lines, and few enough
/// bytes that a history page of a hundred values stays light.
const LINES_MAX: usize = 60;
const BYTES_MAX: usize = 12 * 1024;
/// A string longer than this is cut in the middle of a page; its size is said.
const STRING_MAX: usize = 400;

/// A value as the JSON partial draws it.
pub struct JsonView {
    /// Safe to insert as it is.
    pub html: String,
    /// Of the text as it was written.
    pub size: String,
    pub is_folded: bool,
    /// Where the whole text can be had.
    pub whole: Option<String>,
}

impl JsonView {
    /// The value that `text` spells, laid out; the text itself where it is not JSON.
    pub fn new(text: &str) -> Self {
        let mut layout = Layout::new(LINES_MAX, BYTES_MAX, STRING_MAX);
        match json::parse(text) {
            Ok(value) => layout.value(&value, 0),
            Err(_) => layout.text(text),
        }
        Self {
            is_folded: layout.is_folded(),
            html: layout.html,
            size: moment::size(text.len()),
            whole: None,
        }
    }

    #[must_use]
    pub fn with_whole(mut self, address: String) -> Self {
        self.whole = Some(address);
        self
    }
}

/// The whole of `text` laid out with two blanks a level, uncoloured: for editors and downloads.
pub fn pretty(text: &str) -> String {
    let Ok(value) = json::parse(text) else {
        return text.to_owned();
    };
    let mut out = String::with_capacity(text.len() * 2);
    write_pretty(&value, 0, &mut out);
    out
}

/// `text` itself, coloured token by token, with every line, break and blank as it is.
pub fn coloured(text: &str) -> String {
    let mut html = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (class, length) = match first {
            '"' => {
                let length = string_length(rest);
                let after = rest.get(length..).unwrap_or_default().trim_start();
                (if after.starts_with(':') { "k" } else { "s" }, length)
            }
            '-' | '0'..='9' => (
                "n",
                run(rest, |c| c.is_ascii_alphanumeric() || "+-.".contains(c)),
            ),
            'a'..='z' | 'A'..='Z' => ("w", run(rest, char::is_alphanumeric)),
            '{' | '}' | '[' | ']' | ':' | ',' => ("p", run(rest, |c| "{}[]:,".contains(c))),
            _ => (
                "",
                run(rest, |c| {
                    !"\"{}[]:,-".contains(c) && !c.is_ascii_alphanumeric()
                })
                .max(first.len_utf8()),
            ),
        };
        let (token, tail) = rest.split_at(length.clamp(1, rest.len()));
        span(class, token, &mut html);
        rest = tail;
    }
    html
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'\n' => return index,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn span(class: &str, token: &str, html: &mut String) {
    if class.is_empty() {
        escape(token, html);
        return;
    }
    html.push_str("<span class=");
    html.push_str(class);
    html.push('>');
    escape(token, html);
    html.push_str("</span>");
}

/// Appends `text` so that no character of it can be markup.
pub fn escape(text: &str, html: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (plain, tail) = rest.split_at(at);
        html.push_str(plain);
        let mut tail = tail.chars();
        html.push_str(match tail.next() {
            Some('&') => "&amp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('"') => "&quot;",
            _ => "&#39;",
        });
        rest = tail.as_str();
    }
    html.push_str(rest);
}

fn write_pretty(value: &Json, depth: usize, out: &mut String) {
    let (open, close, length) = match value {
        Json::Array(items) if !items.is_empty() => ('[', ']', items.len()),
        Json::Object(members) if !members.is_empty() => ('{', '}', members.len()),
        scalar => {
            out.push_str(&scalar.to_text());
            return;
        }
    };
    out.push(open);
    for index in 0..length {
        out.push_str(if index > 0 { ",\n" } else { "\n" });
        indent(depth + 1, out);
        match value {
            Json::Array(items) => {
                if let Some(item) = items.get(index) {
                    write_pretty(item, depth + 1, out);
                }
            }
            Json::Object(members) => {
                if let Some((name, member)) = members.get_index(index) {
                    write_string(name, out);
                    out.push_str(": ");
                    write_pretty(member, depth + 1, out);
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
    out.push('\n');
    indent(depth, out);
    out.push(close);
}

/// Hostile nesting must not turn a short text into a huge page: past this depth lines start alike.
const INDENT_MAX: usize = 40;

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth.min(INDENT_MAX) {
        out.push_str("  ");
    }
}

/// Draws a value until its limits are met; what follows is left out and said to be.
struct Layout {
    html: String,
    lines: usize,
    bytes: usize,
    lines_max: usize,
    bytes_max: usize,
    string_max: usize,
    strings_cut: bool,
    is_full: bool,
}

impl Layout {
    fn new(lines_max: usize, bytes_max: usize, string_max: usize) -> Self {
        Self {
            html: String::new(),
            lines: 1,
            bytes: 0,
            lines_max,
            bytes_max,
            string_max,
            strings_cut: false,
            is_full: false,
        }
    }

    fn is_folded(&self) -> bool {
        self.is_full || self.strings_cut
    }

    fn token(&mut self, class: &str, token: &str) {
        self.bytes += token.len();
        span(class, token, &mut self.html);
    }

    /// Starts a line, unless the view is full.
    fn line(&mut self, depth: usize) -> bool {
        if self.is_full {
            return false;
        }
        self.html.push('\n');
        indent(depth, &mut self.html);
        self.lines += 1;
        if self.lines > self.lines_max || self.bytes > self.bytes_max {
            self.is_full = true;
            self.html.push_str("<i>…</i>");
            return false;
        }
        true
    }

    fn value(&mut self, value: &Json, depth: usize) {
        match value {
            Json::Null | Json::Bool(_) => self.token("w", &value.to_text()),
            Json::Number(number) => self.token("n", number.as_str()),
            Json::String(text) => self.string("s", text),
            Json::Array(items) if items.is_empty() => self.token("p", "[]"),
            Json::Object(members) if members.is_empty() => self.token("p", "{}"),
            Json::Array(items) => {
                self.token("p", "[");
                for (index, item) in items.iter().enumerate() {
                    if !self.line(depth + 1) {
                        return;
                    }
                    self.value(item, depth + 1);
                    self.comma(index, items.len());
                }
                self.close("]", depth);
            }
            Json::Object(members) => {
                self.token("p", "{");
                for (index, (name, member)) in members.iter().enumerate() {
                    if !self.line(depth + 1) {
                        return;
                    }
                    self.string("k", name);
                    self.token("p", ":");
                    self.html.push(' ');
                    self.value(member, depth + 1);
                    self.comma(index, members.len());
                }
                self.close("}", depth);
            }
        }
    }

    fn comma(&mut self, index: usize, length: usize) {
        if !self.is_full && index + 1 < length {
            self.token("p", ",");
        }
    }

    fn close(&mut self, bracket: &str, depth: usize) {
        if self.line(depth) {
            self.token("p", bracket);
        }
    }

    fn string(&mut self, class: &str, text: &str) {
        let end = text.char_indices().nth(self.string_max).map(|(at, _)| at);
        let mut spelled = String::new();
        let Some(end) = end else {
            write_string(text, &mut spelled);
            self.token(class, &spelled);
            return;
        };
        write_string(text.get(..end).unwrap_or_default(), &mut spelled);
        spelled.pop();
        self.token(class, &spelled);
        self.html.push_str("<i>… ");
        self.html.push_str(&moment::size(text.len()));
        self.html.push_str("</i>");
        self.strings_cut = true;
    }

    /// A text that is not JSON: as much of it as may be shown.
    fn text(&mut self, text: &str) {
        let mut end = text.len().min(self.bytes_max);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let shown = text.get(..end).unwrap_or_default();
        let end = shown
            .match_indices('\n')
            .nth(self.lines_max)
            .map_or(shown.len(), |(at, _)| at);
        escape(shown.get(..end).unwrap_or_default(), &mut self.html);
        if end < text.len() {
            self.is_full = true;
            self.html.push_str("<i>…</i>");
        }
    }
}

#[cfg(test)]
mod tests;
