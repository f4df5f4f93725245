//! The Fail state.

use super::{setting, state::Source, walk::Walk};
use crate::definition::Fail;

pub(super) const FIELDS: [&str; 4] = ["Error", "ErrorPath", "Cause", "CausePath"];

pub(super) fn read(source: &Source<'_>, walk: &mut Walk<'_>) -> Fail {
    Fail {
        error: setting::text(source, "Error", walk),
        cause: setting::text(source, "Cause", walk),
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::{check_last_state, check_warnings};

    #[test]
    fn error_and_cause_are_written_or_computed() {
        for fields in [
            "",
            r#","Error":"e","Cause":"c""#,
            r#","Error":"States.Custom""#,
            r#","ErrorPath":"$.e","CausePath":"$$.Execution.Id""#,
            r#","ErrorPath":"States.Format('{}', $.e)","CausePath":"States.UUID()""#,
        ] {
            check_last_state(&format!(r#""Type":"Fail"{fields}"#), &[]);
        }
        check_last_state(
            r#""Type":"Fail","Cause":"c","CausePath":"$.c""#,
            &["There should only be one of the following fields: [Cause, CausePath]"],
        );
        check_last_state(
            r#""Type":"Fail","Error":1,"CausePath":2"#,
            &[
                "Expected value of type String, but was number @/Error",
                "Expected value of type String, but was number @/CausePath",
            ],
        );
        check_last_state(
            r#""Type":"Fail","ErrorPath":"States.MathAdd(1, 2)""#,
            &[
                "Value must be a path or a call of one of [States.Format, States.JsonToString, States.ArrayGetItem, States.Base64Encode, States.Base64Decode, States.Hash, States.UUID] @/ErrorPath",
            ],
        );
    }

    #[test]
    fn a_literal_that_looks_like_a_path_is_worth_a_warning() {
        check_warnings(
            r#"{"StartAt":"S","States":{"S":{"Type":"Fail","Cause":"$.cause"}}}"#,
            &[
                "NO_PATH: The value of 'Cause' looks like a path, but the field name does not end with 'Path' at /States/S/Cause",
            ],
        );
    }
}
