//! The Parallel state.

use super::{
    catch,
    fields::Fields,
    retry, scope,
    state::{Source, transition},
    walk::Walk,
};
use crate::definition::Parallel;

pub(super) const FIELDS: [&str; 13] = [
    "InputPath",
    "OutputPath",
    "Parameters",
    "ResultSelector",
    "ResultPath",
    "Arguments",
    "Output",
    "Assign",
    "Branches",
    "Retry",
    "Catch",
    "Next",
    "End",
];

const BRANCH_FIELDS: [&str; 3] = ["Comment", "StartAt", "States"];

pub(super) fn read<'d>(source: &Source<'d>, walk: &mut Walk<'d>) -> Option<Parallel> {
    let fields = &source.fields;
    fields.require(&["Branches"], &mut walk.report);
    let items = fields
        .items("Branches", false, &mut walk.report)
        .unwrap_or_default();
    let mut branches = Vec::with_capacity(items.len());
    for (at, item) in items {
        if let Some(branch) = Fields::of(item, at, &mut walk.report) {
            branch.only(&BRANCH_FIELDS, &mut walk.report);
            branch.text("Comment", &mut walk.report);
            branches.extend(scope::read(&branch, false, walk));
        }
    }
    let retry = retry::read(fields, walk);
    let catch = catch::read(source, walk);
    let then = transition(fields, walk);
    Some(Parallel {
        branches,
        retry,
        catch,
        then: then?,
    })
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::check_state;

    #[test]
    fn a_parallel_state_has_branches() {
        check_state(
            r#""Type":"Parallel","ResultPath":"$.foo","Branches":[
                {"Comment":"c","StartAt":"x","States":{"x":{"Type":"Succeed"}}},
                {"StartAt":"y","States":{"y":{"Type":"Fail"}}}]"#,
            &[],
        );
        check_state(
            r#""Type":"Parallel""#,
            &["These fields are required: [Branches]"],
        );
        check_state(
            r#""Type":"Parallel","Branches":[]"#,
            &["Value must not be an empty array @/Branches"],
        );
        check_state(
            r#""Type":"Parallel","Branches":[[],{"QueryLanguage":"JSONata","StartAt":"x","States":{"x":{"Type":"Succeed"}}}]"#,
            &[
                "Expected value of type Object, but was array @/Branches[0]",
                "Field 'QueryLanguage' is not supported @/Branches[1]",
            ],
        );
    }
}
