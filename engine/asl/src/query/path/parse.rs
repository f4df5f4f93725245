//! Reads the text of a path. The dialect takes names as they come (`$.a-b`, `$.1`, `$.$t`); blanks
//! are allowed inside brackets only.

use std::sync::Arc;

use super::{
    ast::{Root, Route, Step},
    filter::{Filter, Operand, Test},
    function::{Call, Function},
    literal,
    operator::Operator,
    pattern::Pattern,
    selector,
};
use crate::query::{SyntaxError, cursor::Cursor, limits};

/// What may follow the path, and so what ends a loose name in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The path is the whole text.
    Text,
    /// An argument of an intrinsic function or of a path function.
    Argument,
    /// An operand inside a filter.
    Operand,
}

/// A path and the regular expressions of its filters.
pub(super) fn path(
    cursor: &mut Cursor<'_>,
    ending: Ending,
) -> Result<(Route, Vec<Pattern>), SyntaxError> {
    if ending == Ending::Text && cursor.rest().len() > limits::EXPRESSION_BYTES_MAX {
        return Err(cursor.error(format!(
            "a path may have at most {} bytes",
            limits::EXPRESSION_BYTES_MAX
        )));
    }
    let mut parser = Parser {
        patterns: Vec::new(),
        depth: 0,
    };
    let route = parser.route(cursor, ending)?;
    Ok((route, parser.patterns))
}

struct Parser {
    patterns: Vec<Pattern>,
    depth: usize,
}

type Parsed<T> = Result<T, SyntaxError>;

impl Parser {
    fn route(&mut self, cursor: &mut Cursor<'_>, ending: Ending) -> Parsed<Route> {
        let root = root(cursor, ending)?;
        let mut steps = Vec::new();
        loop {
            match cursor.peek() {
                Some('.') => {
                    cursor.next();
                    if cursor.eat(".") {
                        steps.push(Step::Descend);
                    }
                    match cursor.peek() {
                        Some('[') => steps.push(self.bracket(cursor)?),
                        Some('*') => {
                            cursor.next();
                            steps.push(Step::Wildcard);
                        }
                        _ => steps.push(self.loose_name(cursor, ending)?),
                    }
                }
                Some('[') => steps.push(self.bracket(cursor)?),
                _ => break,
            }
            if steps.len() > limits::STEPS_MAX {
                return Err(cursor.error(format!(
                    "a path may have at most {} steps",
                    limits::STEPS_MAX
                )));
            }
        }
        Ok(Route::new(root, steps))
    }

    /// A name after a dot, or a function where `(` follows.
    fn loose_name(&mut self, cursor: &mut Cursor<'_>, ending: Ending) -> Parsed<Step> {
        let name = cursor.take_while(|found| !ends_name(found, ending));
        if name.is_empty() {
            return Err(cursor.unexpected("a name after '.'"));
        }
        if ending == Ending::Text && cursor.peek() == Some(' ') {
            return Err(
                cursor.error("use bracket notation ['my prop'] for a name that contains a blank")
            );
        }
        if cursor.peek() != Some('(') {
            return Ok(Step::Name(Arc::from(name)));
        }
        let Some(function) = Function::named(name) else {
            return Err(cursor.error(format!("Function with name: {name} does not exist.")));
        };
        cursor.next();
        let arguments = self.nested(cursor, Self::arguments)?;
        Ok(Step::Call(Box::new(Call {
            function,
            arguments,
        })))
    }

    /// Arguments up to and over the closing parenthesis.
    fn arguments(&mut self, cursor: &mut Cursor<'_>) -> Parsed<Vec<Operand>> {
        let mut arguments = Vec::new();
        cursor.skip_blank();
        if cursor.eat(")") {
            return Ok(arguments);
        }
        loop {
            cursor.skip_blank();
            let argument = if matches!(cursor.peek(), Some('$' | '@')) {
                Operand::Path(self.route(cursor, Ending::Argument)?)
            } else {
                Operand::Value(literal::read(cursor)?)
            };
            arguments.push(argument);
            cursor.skip_blank();
            if cursor.eat(")") {
                return Ok(arguments);
            }
            cursor.expect(",")?;
        }
    }

    fn bracket(&mut self, cursor: &mut Cursor<'_>) -> Parsed<Step> {
        cursor.expect("[")?;
        cursor.skip_blank();
        let step = match cursor.peek() {
            Some('*') => {
                cursor.next();
                Step::Wildcard
            }
            Some('?') => {
                cursor.next();
                cursor.skip_blank();
                cursor.expect("(")?;
                let filter = self.nested(cursor, |parser, cursor| {
                    let test = parser.any(cursor)?;
                    cursor.skip_blank();
                    cursor.expect(")")?;
                    Ok(Filter { test })
                })?;
                Step::Filter(Box::new(filter))
            }
            Some('\'' | '"') => selector::names(cursor)?,
            Some('0'..='9' | '-' | ':') => selector::indexes(cursor)?,
            Some('(') => selector::from_the_end(cursor)?,
            _ => {
                return Err(
                    cursor.unexpected("a quoted name, an index, a slice, '*' or '?(' after '['")
                );
            }
        };
        cursor.skip_blank();
        cursor.expect("]")?;
        Ok(step)
    }

    /// Runs `read` one level deeper.
    fn nested<T>(
        &mut self,
        cursor: &mut Cursor<'_>,
        read: impl FnOnce(&mut Self, &mut Cursor<'_>) -> Parsed<T>,
    ) -> Parsed<T> {
        if self.depth == limits::NESTING_MAX {
            return Err(cursor.error(format!(
                "a path may nest at most {} filters, parentheses and calls",
                limits::NESTING_MAX
            )));
        }
        self.depth += 1;
        let value = read(self, cursor)?;
        self.depth -= 1;
        Ok(value)
    }

    /// Tests joined by `||`.
    fn any(&mut self, cursor: &mut Cursor<'_>) -> Parsed<Test> {
        let mut tests = vec![self.all(cursor)?];
        loop {
            cursor.skip_blank();
            if !cursor.eat("||") {
                break;
            }
            tests.push(self.all(cursor)?);
        }
        Ok(single_or(tests, Test::Any))
    }

    /// Tests joined by `&&`, which binds stronger.
    fn all(&mut self, cursor: &mut Cursor<'_>) -> Parsed<Test> {
        let mut tests = vec![self.test(cursor)?];
        loop {
            cursor.skip_blank();
            if !cursor.eat("&&") {
                break;
            }
            tests.push(self.test(cursor)?);
        }
        Ok(single_or(tests, Test::All))
    }

    fn test(&mut self, cursor: &mut Cursor<'_>) -> Parsed<Test> {
        cursor.skip_blank();
        if cursor.eat("!") {
            let test = self.nested(cursor, Self::test)?;
            return Ok(Test::Not(Box::new(test)));
        }
        if cursor.eat("(") {
            return self.nested(cursor, |parser, cursor| {
                let test = parser.any(cursor)?;
                cursor.skip_blank();
                cursor.expect(")")?;
                Ok(test)
            });
        }
        let start = cursor.offset();
        let left = self.operand(cursor)?;
        cursor.skip_blank();
        let Some(operator) = operator(cursor) else {
            return match left {
                Operand::Path(route) => Ok(Test::Exists(route)),
                Operand::Value(_) | Operand::Pattern(_) => Err(SyntaxError {
                    message: "a value alone is no filter: compare it, or name a path".to_owned(),
                    offset: start,
                }),
            };
        };
        cursor.skip_blank();
        let right = self.operand(cursor)?;
        Ok(Test::Compare {
            left,
            operator,
            right,
        })
    }

    fn operand(&mut self, cursor: &mut Cursor<'_>) -> Parsed<Operand> {
        match cursor.peek() {
            Some('$' | '@') => self.nested(cursor, |parser, cursor| {
                parser.route(cursor, Ending::Operand).map(Operand::Path)
            }),
            Some('/') => {
                if self.patterns.len() == limits::PATTERNS_MAX {
                    return Err(cursor.error(format!(
                        "a path may hold at most {} regular expressions",
                        limits::PATTERNS_MAX
                    )));
                }
                self.patterns.push(Pattern::read(cursor)?);
                Ok(Operand::Pattern(self.patterns.len() - 1))
            }
            _ => literal::read(cursor).map(Operand::Value),
        }
    }
}

/// `$`, `$$`, `$name`, and inside a filter `@`.
fn root(cursor: &mut Cursor<'_>, ending: Ending) -> Parsed<Root> {
    if ending != Ending::Text && cursor.eat("@") {
        return Ok(Root::Item);
    }
    if cursor.eat("$$") {
        return Ok(Root::Context);
    }
    if !cursor.eat("$") {
        return Err(cursor.unexpected("'$'"));
    }
    let mut length = 0;
    let name = cursor.take_while(|found| {
        let accepted = if length == 0 {
            unicode_ident::is_xid_start(found) || found == '_'
        } else {
            unicode_ident::is_xid_continue(found)
        };
        length += 1;
        accepted
    });
    if name.is_empty() {
        Ok(Root::Input)
    } else {
        Ok(Root::Variable(Arc::from(name)))
    }
}

fn ends_name(found: char, ending: Ending) -> bool {
    match found {
        '.' | '[' | '(' | ' ' => true,
        ',' | ')' | '\t' | '\n' | '\r' => ending != Ending::Text,
        '=' | '<' | '>' | '!' | '~' | '&' | '|' | ']' => ending == Ending::Operand,
        _ => false,
    }
}

fn operator(cursor: &mut Cursor<'_>) -> Option<Operator> {
    const SIGNS: [(&str, Operator); 7] = [
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("=~", Operator::Matches),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ];
    for (sign, operator) in SIGNS {
        if cursor.eat(sign) {
            return Some(operator);
        }
    }
    let word = cursor
        .rest()
        .split(|found: char| !found.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    let operator = match word.to_ascii_lowercase().as_str() {
        "in" => Operator::In,
        "nin" => Operator::NotIn,
        "subsetof" => Operator::SubsetOf,
        "anyof" => Operator::AnyOf,
        "noneof" => Operator::NoneOf,
        "size" => Operator::Size,
        "empty" => Operator::Empty,
        _ => return None,
    };
    cursor.eat(word);
    Some(operator)
}

fn single_or(tests: Vec<Test>, join: fn(Vec<Test>) -> Test) -> Test {
    match <[Test; 1]>::try_from(tests) {
        Ok([test]) => test,
        Err(tests) => join(tests),
    }
}
