//! Reads a call: `States.Name(argument, …)` with texts in single quotes, numbers, words, paths and calls.

use std::sync::Arc;

use super::{Argument, Call, Text, function::Function};
use crate::{
    json::{self, Json},
    query::{Path, SyntaxError, cursor::Cursor, limits},
};

/// The call that is the whole of `text`.
pub(super) fn call(text: &str) -> Result<Call, SyntaxError> {
    let mut cursor = Cursor::new(text);
    if text.len() > limits::EXPRESSION_BYTES_MAX {
        return Err(cursor.error(format!(
            "an intrinsic call may have at most {} bytes",
            limits::EXPRESSION_BYTES_MAX
        )));
    }
    let call = nested_call(&mut cursor, 1)?;
    if !cursor.is_at_end() {
        return Err(cursor.unexpected("the end of the text"));
    }
    Ok(call)
}

fn nested_call(cursor: &mut Cursor<'_>, depth: usize) -> Result<Call, SyntaxError> {
    let start = cursor.offset();
    let fail = |message: String| SyntaxError {
        message,
        offset: start,
    };
    if depth > limits::CALL_NESTING_MAX {
        return Err(fail(format!(
            "intrinsic calls may nest at most {} levels",
            limits::CALL_NESTING_MAX
        )));
    }
    cursor.expect("States.")?;
    let name = cursor.take_while(|found| found.is_ascii_alphanumeric() || found == '_');
    let Some(function) = Function::named(name) else {
        return Err(fail(format!("States.{name} is not an intrinsic function")));
    };
    cursor.expect("(")?;
    let arguments = arguments(cursor, depth)?;
    if let Some(problem) = function.signature().problem(&arguments) {
        return Err(fail(format!("States.{name} {problem}")));
    }
    if function == Function::JsonMerge
        && matches!(arguments.get(2), Some(Argument::Value(Json::Bool(true))))
    {
        return Err(fail(
            "States.JsonMerge merges shallowly only: its third argument must be false".to_owned(),
        ));
    }
    Ok(Call {
        text: cursor.since(start).into(),
        function,
        arguments: arguments.into(),
    })
}

/// Arguments up to and over the closing parenthesis.
fn arguments(cursor: &mut Cursor<'_>, depth: usize) -> Result<Vec<Argument>, SyntaxError> {
    let mut arguments = Vec::new();
    cursor.skip_blank();
    if cursor.eat(")") {
        return Ok(arguments);
    }
    loop {
        cursor.skip_blank();
        arguments.push(argument(cursor, depth)?);
        cursor.skip_blank();
        if cursor.eat(")") {
            return Ok(arguments);
        }
        if !cursor.eat(",") {
            return Err(cursor.unexpected("',' or ')'"));
        }
    }
}

fn argument(cursor: &mut Cursor<'_>, depth: usize) -> Result<Argument, SyntaxError> {
    match cursor.peek() {
        Some('\'') => text(cursor).map(Argument::Text),
        Some('$') => Path::parse_argument(cursor).map(Argument::Path),
        Some('-' | '0'..='9') => {
            let offset = cursor.offset();
            let number =
                cursor.take_while(|found| matches!(found, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
            json::parse(number)
                .map(Argument::Value)
                .map_err(|_| SyntaxError {
                    message: format!("{number} is not a number"),
                    offset,
                })
        }
        _ if cursor.rest().starts_with("States.") => {
            nested_call(cursor, depth + 1).map(Argument::Call)
        }
        _ => {
            let offset = cursor.offset();
            match cursor.take_while(char::is_alphanumeric) {
                "true" => Ok(Argument::Value(Json::Bool(true))),
                "false" => Ok(Argument::Value(Json::Bool(false))),
                "null" => Ok(Argument::Value(Json::Null)),
                "" => Err(cursor
                    .unexpected("a path, a text in single quotes, a number or an intrinsic call")),
                word => Err(SyntaxError {
                    message: format!("{word} is not a value; texts need single quotes"),
                    offset,
                }),
            }
        }
    }
}

/// A text in single quotes. A backslash goes before `'`, `{`, `}` and `\`.
fn text(cursor: &mut Cursor<'_>) -> Result<Text, SyntaxError> {
    let start = cursor.offset();
    cursor.expect("'")?;
    let mut value = String::new();
    let mut escaped_braces = Vec::new();
    let mut open_escape = false;
    loop {
        match cursor.next() {
            Some('\'') => {
                return Ok(Text {
                    value: Arc::from(value),
                    escaped_braces: escaped_braces.into(),
                    open_escape,
                });
            }
            Some('\\') => match cursor.next() {
                Some(brace @ ('{' | '}')) => {
                    escaped_braces.push(value.len());
                    value.push(brace);
                }
                Some(plain @ ('\'' | '\\')) => value.push(plain),
                Some(_) => open_escape = true,
                None => {}
            },
            Some(found) => value.push(found),
            None => {
                return Err(SyntaxError {
                    message: "the quote ' is not closed".to_owned(),
                    offset: start,
                });
            }
        }
    }
}
