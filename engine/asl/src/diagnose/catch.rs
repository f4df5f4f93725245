//! `Catch` of Task, Parallel and Map states.

use std::sync::Arc;

use super::{
    data, error_equals, fields::Fields, language, state::Source, template, variables, walk::Walk,
};
use crate::definition::Catcher;

const FIELDS: [&str; 6] = [
    "Comment",
    "ErrorEquals",
    "Next",
    "ResultPath",
    "Output",
    "Assign",
];

/// The catchers of a state, in order; none where there is no `Catch`.
pub(super) fn read<'d>(source: &Source<'d>, walk: &mut Walk<'d>) -> Vec<Catcher> {
    let items = source
        .fields
        .items("Catch", true, &mut walk.report)
        .unwrap_or_default();
    let count = items.len();
    let mut catchers = Vec::with_capacity(count);
    for (index, (at, item)) in items.into_iter().enumerate() {
        if let Some(mut fields) = Fields::of(item, at, &mut walk.report) {
            fields.only(&FIELDS, &mut walk.report);
            language::refuse_foreign_fields(&mut fields, source.language, walk);
            let entry = Source {
                fields,
                language: source.language,
            };
            catchers.extend(catcher(&entry, index + 1 == count, walk));
        }
    }
    catchers
}

fn catcher(entry: &Source<'_>, is_last: bool, walk: &mut Walk<'_>) -> Option<Catcher> {
    let fields = &entry.fields;
    fields.text("Comment", &mut walk.report);
    fields.require(&["ErrorEquals", "Next"], &mut walk.report);
    let error_equals = error_equals::read(fields, is_last, walk);
    let next = fields.text("Next", &mut walk.report);
    let result_path = data::result_path(fields, walk);
    let output = template::field(entry, "Output", walk);
    let assign = variables::assign(fields, entry.language, walk);
    Some(Catcher {
        error_equals: error_equals?,
        next: Arc::from(next?),
        result_path,
        output,
        assign,
    })
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::check_state;

    fn with_catch(catch: &str) -> String {
        format!(
            r#""Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f","Catch":{catch}"#
        )
    }

    #[test]
    fn a_catcher_says_which_errors_and_where_to() {
        check_state(
            &with_catch(
                r#"[{"ErrorEquals":["A"],"Next":"S","Comment":"c","ResultPath":"$.e","Assign":{"x.$":"$.Error"}}]"#,
            ),
            &[],
        );
        check_state(
            &with_catch(r#"[{"Error Equals":["A"],"Next":"S"}]"#),
            &[
                "Field 'Error Equals' is not supported @/Catch[0]",
                "These fields are required: [ErrorEquals] @/Catch[0]",
            ],
        );
        check_state(
            &with_catch(
                r#"[{"ErrorEquals":["States.ALL"],"Next":"S","ResultPath":"e","Output":1}]"#,
            ),
            &[
                "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage @/Catch[0]",
                "Value is not a Reference Path: Reference path didn't start with '$' @/Catch[0]/ResultPath",
            ],
        );
        check_state(
            &with_catch(
                r#"[{"ErrorEquals":["States.ALL"],"Next":"S"},{"ErrorEquals":["A"],"Next":"S"}]"#,
            ),
            &["States.ALL must appear alone and at end of list @/Catch[0]/ErrorEquals[0]"],
        );
    }
}
