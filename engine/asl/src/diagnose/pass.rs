//! The Pass state.

use super::{
    codes,
    language::looks_like_path,
    state::{Source, transition},
    walk::Walk,
};
use crate::{
    definition::Kind,
    json::{Json, pointer::Pointer},
    payload::Payload,
};

pub(super) const FIELDS: [&str; 9] = [
    "InputPath",
    "OutputPath",
    "Parameters",
    "ResultPath",
    "Result",
    "Output",
    "Assign",
    "Next",
    "End",
];

pub(super) fn read(source: &Source<'_>, walk: &mut Walk<'_>) -> Option<Kind> {
    let result = source.fields.get("Result");
    if let Some(result) = result {
        warn_of_paths(result, source.fields.place("Result"), walk);
    }
    let then = transition(&source.fields, walk);
    Some(Kind::Pass {
        result: result.cloned().map(Payload::from),
        then: then?,
    })
}

/// A `Result` is taken as it is written, which surprises who puts a path there.
fn warn_of_paths(result: &Json, at: Pointer, walk: &mut Walk<'_>) {
    let mut pending = vec![(at, result)];
    while let Some((at, value)) = pending.pop() {
        match value {
            Json::String(text) if looks_like_path(text) => {
                let message = "The result of a Pass state is static; a path in it is not evaluated";
                walk.report.warn(codes::PASS_RESULT_IS_STATIC, &at, message);
            }
            Json::Array(items) => {
                let items = items.iter().enumerate();
                pending.extend(items.map(|(index, item)| (at.child(index), item)));
            }
            Json::Object(members) => {
                pending.extend(
                    members
                        .iter()
                        .map(|(name, member)| (at.child(name), member)),
                );
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::{check_state, check_warnings, one_state};

    #[test]
    fn a_pass_state_has_any_result_and_parameters() {
        for value in ["1", "null", "\"I'm a parameter!\"", "[1,2]", "{\"a\":{}}"] {
            check_state(
                &format!(r#""Type":"Pass","Result":{value},"Parameters":{value}"#),
                &[],
            );
        }
    }

    #[test]
    fn a_path_in_a_result_is_worth_a_warning() {
        check_warnings(
            &one_state(
                r#""Type":"Pass","Result":{"a":["$.x"],"b.$":"$.y"}"#,
                r#""End":true"#,
            ),
            &[
                "PASS_RESULT_IS_STATIC: The result of a Pass state is static; a path in it is not evaluated at /States/S/Result/a[0]",
                "PASS_RESULT_IS_STATIC: The result of a Pass state is static; a path in it is not evaluated at /States/S/Result/b.$",
            ],
        );
    }
}
