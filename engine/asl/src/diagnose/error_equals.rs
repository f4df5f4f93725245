//! `ErrorEquals` of retriers and catchers.

use std::sync::Arc;

use super::{
    codes,
    fields::{self, Fields},
    report::shortened,
    walk::Walk,
};
use crate::error::names;

/// Every name in `States.` that a state can fail with, less the wildcard.
/// Source: developer guide, "Handling errors", and Amazon States Language, appendix A.
const RESERVED: [&str; 15] = [
    names::BRANCH_FAILED,
    names::DATA_LIMIT_EXCEEDED,
    names::EXCEED_TOLERATED_FAILURE_THRESHOLD,
    names::HEARTBEAT_TIMEOUT,
    names::INTRINSIC_FAILURE,
    names::ITEM_READER_FAILED,
    names::NO_CHOICE_MATCHED,
    names::PARAMETER_PATH_FAILURE,
    names::PERMISSIONS,
    names::QUERY_EVALUATION_ERROR,
    names::RESULT_PATH_MATCH_FAILURE,
    names::RUNTIME,
    names::TASK_FAILED,
    names::TIMEOUT,
    "States.ResultWriterFailed",
];

/// Reads `ErrorEquals` of one entry. `States.ALL` must be its only name and `is_last` true.
pub(super) fn read(
    fields: &Fields<'_>,
    is_last: bool,
    walk: &mut Walk<'_>,
) -> Option<Vec<Arc<str>>> {
    let items = fields.items("ErrorEquals", false, &mut walk.report)?;
    let is_alone = items.len() == 1;
    let mut errors = Vec::with_capacity(items.len());
    for (at, item) in items {
        let Some(name) = item.as_str() else {
            fields::expected("String", item, &at, &mut walk.report);
            continue;
        };
        if name == names::ALL && !(is_alone && is_last) {
            let message = "States.ALL must appear alone and at end of list";
            walk.report.schema(&at, message);
        }
        let is_unknown = name.starts_with("States.")
            && name != names::ALL
            && !name.starts_with("States.Http.")
            && !RESERVED.contains(&name);
        if is_unknown {
            let message = format!(
                "No state fails with '{}' by itself; names in 'States.' are reserved",
                shortened(name)
            );
            walk.report.warn(codes::UNKNOWN_ERROR_NAME, &at, message);
        }
        errors.push(Arc::from(name));
    }
    Some(errors)
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::{check, check_state, check_warnings, one_state};

    fn retry(entries: &str) -> String {
        format!(
            r#""Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{{"FunctionName":"f"}},"Retry":[{entries}]"#
        )
    }

    #[test]
    fn the_wildcard_is_alone_and_last() {
        check_state(
            &retry(r#"{"ErrorEquals":["A","B"]},{"ErrorEquals":["States.ALL"]}"#),
            &[],
        );
        check_state(
            &retry(r#"{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["A"]}"#),
            &["States.ALL must appear alone and at end of list @/Retry[0]/ErrorEquals[0]"],
        );
        check_state(
            &retry(r#"{"ErrorEquals":["A","States.ALL"]}"#),
            &["States.ALL must appear alone and at end of list @/Retry[0]/ErrorEquals[1]"],
        );
    }

    #[test]
    fn an_entry_names_errors() {
        check_state(
            &retry("{}"),
            &["These fields are required: [ErrorEquals] @/Retry[0]"],
        );
        check_state(
            &retry(r#"{"ErrorEquals":[]},{"ErrorEquals":"A"},{"ErrorEquals":[1]}"#),
            &[
                "Value must not be an empty array @/Retry[0]/ErrorEquals",
                "Expected value of type Array, but was string @/Retry[1]/ErrorEquals",
                "Expected value of type String, but was number @/Retry[2]/ErrorEquals[0]",
            ],
        );
    }

    #[test]
    fn an_unknown_reserved_name_is_worth_a_warning() {
        check_warnings(
            &one_state(
                &retry(
                    r#"{"ErrorEquals":["States.Timeout","States.Http.StatusCode.500","States.Oops"]}"#,
                ),
                r#""End":true"#,
            ),
            &[
                "UNKNOWN_ERROR_NAME: No state fails with 'States.Oops' by itself; names in 'States.' are reserved at /States/S/Retry[0]/ErrorEquals[2]",
            ],
        );
        check(&one_state(&retry(""), r#""End":true"#), &[]);
    }
}
