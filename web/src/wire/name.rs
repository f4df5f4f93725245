//! Which names the service takes: for state machines, activities and executions alike.

use super::error::ApiError;

/// Signs that no name may have, besides white space and control characters.
const FORBIDDEN: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";

/// `Invalid Name: 'x y'` where the name cannot be one. Its length was checked with the model.
pub(super) fn check(name: &str) -> Result<(), ApiError> {
    if is_valid(name) {
        Ok(())
    } else {
        Err(ApiError::invalid_name(name))
    }
}

/// The rule, as the service's documentation of `name` has it.
pub(crate) fn is_valid(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_allowed)
}

fn is_allowed(c: char) -> bool {
    let is_noncharacter = matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}');
    !(c.is_whitespace() || c.is_control() || is_noncharacter || FORBIDDEN.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_and_plain_signs_make_a_name() {
        for name in [
            "a",
            "Activity1-x",
            "with.dots",
            "name_123",
            "naïve",
            "日本",
            "(a)+=!@'",
        ] {
            assert!(check(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn blanks_controls_and_forbidden_signs_do_not() {
        let signs = FORBIDDEN.chars().chain([
            ' ',
            '\t',
            '\n',
            '\u{a0}',
            '\0',
            '\u{1f}',
            '\u{7f}',
            '\u{9f}',
            '\u{fffe}',
            '\u{ffff}',
            '\u{10ffff}',
        ]);
        for sign in signs {
            let name = format!("activity{sign}name");
            let error = check(&name).unwrap_err();
            assert_eq!(error.message, format!("Invalid Name: '{name}'"));
        }
        assert!(check("").is_err());
    }
}
