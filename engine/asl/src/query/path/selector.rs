//! Reads what stands in brackets: quoted names, indexes, slices.

use std::sync::Arc;

use super::{ast::Step, literal};
use crate::query::{SyntaxError, cursor::Cursor};

type Parsed<T> = Result<T, SyntaxError>;

/// `'a'` or `'a','b'`.
pub(super) fn names(cursor: &mut Cursor<'_>) -> Parsed<Step> {
    let mut names = Vec::new();
    loop {
        cursor.skip_blank();
        names.push(Arc::from(literal::quoted(cursor)?));
        cursor.skip_blank();
        if !cursor.eat(",") {
            break;
        }
    }
    match <[Arc<str>; 1]>::try_from(names) {
        Ok([name]) => Ok(Step::Name(name)),
        Err(names) => Ok(Step::Names(names.into())),
    }
}

/// `0`, `0,2`, `1:3`, `:3`, `1:`, `:`.
pub(super) fn indexes(cursor: &mut Cursor<'_>) -> Parsed<Step> {
    let first = optional_integer(cursor)?;
    cursor.skip_blank();
    if cursor.eat(":") {
        cursor.skip_blank();
        let to = optional_integer(cursor)?;
        cursor.skip_blank();
        if cursor.peek() == Some(':') {
            return Err(cursor.error("a slice has no step here: [from:to]"));
        }
        return Ok(Step::Slice { from: first, to });
    }
    let Some(first) = first else {
        return Err(cursor.unexpected("an index"));
    };
    let mut indexes = vec![first];
    while cursor.eat(",") {
        cursor.skip_blank();
        let Some(index) = optional_integer(cursor)? else {
            return Err(cursor.unexpected("an index after ','"));
        };
        indexes.push(index);
        cursor.skip_blank();
    }
    match <[i64; 1]>::try_from(indexes) {
        Ok([index]) => Ok(Step::Index(index)),
        Err(indexes) => Ok(Step::Indexes(indexes.into())),
    }
}

/// `(@.length-1)`: an index counted from the end, as older dialects write it.
pub(super) fn from_the_end(cursor: &mut Cursor<'_>) -> Parsed<Step> {
    cursor.expect("(")?;
    cursor.skip_blank();
    cursor.expect("@.length")?;
    cursor.skip_blank();
    if cursor.peek() != Some('-') {
        return Err(cursor.unexpected("'-' after '@.length'"));
    }
    cursor.next();
    cursor.skip_blank();
    let Some(back) = optional_integer(cursor)?.filter(|back| *back > 0) else {
        return Err(cursor.unexpected("a positive number after '@.length-'"));
    };
    cursor.skip_blank();
    cursor.expect(")")?;
    Ok(Step::Index(-back))
}

fn optional_integer(cursor: &mut Cursor<'_>) -> Parsed<Option<i64>> {
    let start = cursor.offset();
    cursor.eat("-");
    let digits = cursor.take_while(|found| found.is_ascii_digit());
    let text = cursor.since(start);
    if text.is_empty() {
        return Ok(None);
    }
    if digits.is_empty() {
        return Err(cursor.unexpected("a digit after '-'"));
    }
    text.parse().map(Some).map_err(|_| SyntaxError {
        message: format!("the index {text} is out of range"),
        offset: start,
    })
}
