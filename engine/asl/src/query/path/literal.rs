//! Values written inside a path: strings in either kind of quotes, numbers, words, lists, objects.

use std::sync::Arc;

use crate::{
    json::{self, Json, Object},
    query::{SyntaxError, cursor::Cursor, limits},
};

/// The value that starts here.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Json, SyntaxError> {
    value(cursor, 0)
}

/// A string in single or double quotes, with backslash escapes.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Result<String, SyntaxError> {
    let start = cursor.offset();
    let Some(quote @ ('\'' | '"')) = cursor.peek() else {
        return Err(cursor.unexpected("a name or text in quotes"));
    };
    cursor.next();
    let mut text = String::new();
    loop {
        match cursor.next() {
            Some(found) if found == quote => return Ok(text),
            Some('\\') => text.push(escaped(cursor)?),
            Some(found) => text.push(found),
            None => {
                return Err(SyntaxError {
                    message: format!("the quote {quote} is not closed"),
                    offset: start,
                });
            }
        }
    }
}

/// What the backslash before the cursor stands for. Any other character stands for itself.
fn escaped(cursor: &mut Cursor<'_>) -> Result<char, SyntaxError> {
    match cursor.next() {
        Some('n') => Ok('\n'),
        Some('t') => Ok('\t'),
        Some('r') => Ok('\r'),
        Some('b') => Ok('\u{8}'),
        Some('f') => Ok('\u{c}'),
        Some('u') => {
            let first = hex4(cursor)?;
            if (0xD800..0xDC00).contains(&first) && cursor.eat("\\u") {
                let second = hex4(cursor)?;
                let pair = second.checked_sub(0xDC00).filter(|low| *low < 0x400);
                let code = pair.map(|low| 0x1_0000 + ((first - 0xD800) << 10) + low);
                return Ok(code.and_then(char::from_u32).unwrap_or('\u{fffd}'));
            }
            Ok(char::from_u32(first).unwrap_or('\u{fffd}'))
        }
        Some(plain) => Ok(plain),
        None => Err(cursor.unexpected("a character after '\\'")),
    }
}

fn hex4(cursor: &mut Cursor<'_>) -> Result<u32, SyntaxError> {
    let mut code = 0;
    for _ in 0..4 {
        let Some(digit) = cursor.peek().and_then(|found| found.to_digit(16)) else {
            return Err(cursor.unexpected("four hexadecimal digits after '\\u'"));
        };
        cursor.next();
        code = code * 16 + digit;
    }
    Ok(code)
}

fn value(cursor: &mut Cursor<'_>, depth: usize) -> Result<Json, SyntaxError> {
    if depth > limits::NESTING_MAX {
        return Err(cursor.error(format!(
            "a literal may nest at most {} levels",
            limits::NESTING_MAX
        )));
    }
    match cursor.peek() {
        Some('\'' | '"') => quoted(cursor).map(Json::from),
        Some('-' | '0'..='9') => number(cursor),
        Some('[') => {
            cursor.next();
            let mut items = Vec::new();
            sequence(cursor, "]", |cursor| {
                items.push(value(cursor, depth + 1)?);
                Ok(())
            })?;
            Ok(Json::array(items))
        }
        Some('{') => {
            cursor.next();
            let mut members = Object::new();
            sequence(cursor, "}", |cursor| {
                let name = quoted(cursor)?;
                cursor.skip_blank();
                cursor.expect(":")?;
                cursor.skip_blank();
                members.insert(Arc::from(name), value(cursor, depth + 1)?);
                Ok(())
            })?;
            Ok(Json::object(members))
        }
        _ => word(cursor),
    }
}

/// Elements separated by commas, up to and over `close`.
fn sequence(
    cursor: &mut Cursor<'_>,
    close: &str,
    mut element: impl FnMut(&mut Cursor<'_>) -> Result<(), SyntaxError>,
) -> Result<(), SyntaxError> {
    cursor.skip_blank();
    if cursor.eat(close) {
        return Ok(());
    }
    loop {
        cursor.skip_blank();
        element(cursor)?;
        cursor.skip_blank();
        if cursor.eat(close) {
            return Ok(());
        }
        cursor.expect(",")?;
    }
}

fn number(cursor: &mut Cursor<'_>) -> Result<Json, SyntaxError> {
    let offset = cursor.offset();
    let text = cursor.take_while(|found| matches!(found, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
    json::parse(text).map_err(|_| SyntaxError {
        message: format!("{text} is not a number"),
        offset,
    })
}

/// `true`, `false`, `null`, or a text without quotes: deployed definitions have `[?(@.Name==Receipt)]`.
fn word(cursor: &mut Cursor<'_>) -> Result<Json, SyntaxError> {
    let word = cursor.take_while(|found| found.is_alphanumeric() || matches!(found, '_' | '-'));
    match word {
        "true" => Ok(Json::Bool(true)),
        "false" => Ok(Json::Bool(false)),
        "null" => Ok(Json::Null),
        "" => Err(cursor.unexpected("a path or a value")),
        text => Ok(Json::from(text)),
    }
}
