//! Variables: what `Assign` may name, and which names a state may read.
//!
//! A scope reads the variables of the scopes around it but cannot assign them; a distributed Map's
//! children run on their own and do not see them at all.
//! Source: Amazon States Language, "Assigning variables"; developer guide, "Passing data with variables".

use std::collections::HashSet;

use super::{
    codes, fields::Fields, limits::VARIABLE_NAME_CHARS_MAX, references, report::shortened,
    template, walk::Walk,
};
use crate::{
    definition::{QueryLanguage, State},
    json::{Json, pointer::Pointer},
    query::Template,
};

/// `$states` is the language's own.
const RESERVED: &str = "states";

/// What the states of one scope assign, anywhere in it.
pub(super) struct ScopeNames<'d> {
    assigned: HashSet<&'d str>,
    /// The scope does not see those around it.
    is_separate: bool,
}

impl<'d> ScopeNames<'d> {
    /// Gathers the names that the states themselves, their catchers and their choice rules assign.
    /// The states inside a Parallel or Map have scopes of their own.
    pub(super) fn of(states: &Fields<'d>, is_separate: bool) -> Self {
        let mut assigned = HashSet::new();
        for (_, state) in states.iter() {
            let lists = ["Catch", "Choices"]
                .map(|list| state.get(list).and_then(Json::as_array).unwrap_or_default());
            for holder in std::iter::once(state).chain(lists.into_iter().flatten()) {
                if let Some(members) = holder.get("Assign").and_then(Json::as_object) {
                    assigned.extend(members.keys().map(|name| bare(name)));
                }
            }
        }
        Self {
            assigned,
            is_separate,
        }
    }
}

fn bare(name: &str) -> &str {
    name.strip_suffix(".$").unwrap_or(name)
}

/// The `Assign` of a state, catcher or choice rule.
pub(super) fn assign(
    fields: &Fields<'_>,
    language: QueryLanguage,
    walk: &mut Walk<'_>,
) -> Option<Template> {
    let at = fields.place("Assign");
    let assigned = Fields::of(fields.get("Assign")?, at.clone(), &mut walk.report)?;
    for (written, _) in assigned.iter() {
        let name = match language {
            QueryLanguage::JsonPath => bare(written),
            QueryLanguage::Jsonata => written,
        };
        if let Some(problem) = name_problem(name).or_else(|| shadow_problem(name, walk)) {
            walk.report.schema(&assigned.place(written), problem);
        }
    }
    template::compile(fields.get("Assign")?, language, &at, walk)
}

fn name_problem(name: &str) -> Option<String> {
    let shown = shortened(name);
    if name == RESERVED {
        return Some(format!("Variable name '{name}' is reserved"));
    }
    if name.chars().nth(VARIABLE_NAME_CHARS_MAX).is_some() {
        return Some(format!(
            "Variable name '{shown}' exceeds the {VARIABLE_NAME_CHARS_MAX}-character limit"
        ));
    }
    let mut characters = name.chars();
    let is_identifier = characters
        .next()
        .is_some_and(|first| first == '_' || unicode_ident::is_xid_start(first))
        && characters.all(unicode_ident::is_xid_continue);
    (!is_identifier).then(|| {
        format!(
            "Variable name '{shown}' must start with a letter and have only letters, digits and '_'"
        )
    })
}

/// Whether a scope around the one at hand assigns `name` too.
fn shadow_problem(name: &str, walk: &Walk<'_>) -> Option<String> {
    let mut inner_sees_on = true;
    for (depth, scope) in walk.scopes.iter().rev().enumerate() {
        if depth > 0 && inner_sees_on && scope.assigned.contains(name) {
            let name = shortened(name);
            return Some(format!(
                "Variable '{name}' is assigned in an outer scope and can not be assigned here"
            ));
        }
        inner_sees_on &= !scope.is_separate;
    }
    None
}

/// Reports what `state` reads but cannot see.
pub(super) fn check_reads(state: &State, at: &Pointer, walk: &mut Walk<'_>) {
    for name in references::read_by(state) {
        let mut is_visible = true;
        let mut found = None;
        for scope in walk.scopes.iter().rev() {
            if scope.assigned.contains(&*name) {
                found = Some(is_visible);
                break;
            }
            is_visible &= !scope.is_separate;
        }
        let shown = shortened(&name);
        match found {
            Some(true) => {}
            Some(false) => {
                let message = format!(
                    "Variable '{shown}' belongs to an outer scope, which a state in a distributed Map can not read"
                );
                walk.report.schema(at, message);
            }
            None => {
                let message = format!("No state in scope assigns the variable '{shown}'");
                walk.report.warn(codes::UNKNOWN_VARIABLE, at, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::{check, check_state, check_warnings, one_state};

    #[test]
    fn a_variable_has_a_name_like_an_identifier() {
        let limit = "v".repeat(80);
        for name in ["a", "größe", "変数", "a_1", "_a", &limit] {
            check_state(
                &format!(r#""Type":"Pass","Assign":{{"{name}":1,"b.$":"$"}}"#),
                &[],
            );
        }
        for name in ["1a", "a-b", "a b", "a.b", ""] {
            check_state(
                &format!(r#""Type":"Pass","Assign":{{"{name}":1}}"#),
                &[&format!(
                    "Variable name '{name}' must start with a letter and have only letters, digits and '_' @/Assign/{name}"
                )],
            );
        }
        let long = "v".repeat(81);
        check_state(
            &format!(r#""Type":"Pass","Assign":{{"{long}.$":"$"}}"#),
            &[&format!(
                "Variable name '{long}' exceeds the 80-character limit @/Assign/{long}.$"
            )],
        );
        check_state(
            r#""Type":"Pass","Assign":{"states":1}"#,
            &["Variable name 'states' is reserved @/Assign/states"],
        );
        check_state(
            r#""Type":"Pass","Assign":[1]"#,
            &["Expected value of type Object, but was array @/Assign"],
        );
    }

    fn nested(processor_config: &str, inner_assign: &str) -> String {
        format!(
            r#"{{"StartAt":"A","States":{{
                "A":{{"Type":"Pass","Assign":{{"x":1}},"Next":"M"}},
                "M":{{"Type":"Map","End":true,"ItemProcessor":{{{processor_config}
                    "StartAt":"I","States":{{"I":{{"Type":"Pass","End":true,"Assign":{{{inner_assign}}}}}}}}}}}}}}}"#
        )
    }

    #[test]
    fn an_inner_scope_cannot_assign_what_an_outer_one_does() {
        check(&nested("", r#""y":1"#), &[]);
        check(
            &nested("", r#""x":1"#),
            &[
                "SCHEMA_VALIDATION_FAILED: Variable 'x' is assigned in an outer scope and can not be assigned here at /States/M/ItemProcessor/States/I/Assign/x",
            ],
        );
        let distributed = r#""ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"#;
        check(&nested(distributed, r#""x":1"#), &[]);
    }

    #[test]
    fn catchers_and_rules_assign_in_the_scope_of_their_state() {
        check(
            r#"{"StartAt":"C","States":{
                "C":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"P","Assign":{"x":1}}],"Default":"P"},
                "P":{"Type":"Parallel","End":true,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"E","Assign":{"y.$":"$.Error"}}],
                    "Branches":[{"StartAt":"I","States":{"I":{"Type":"Pass","End":true,"Assign":{"x":1,"y":2}}}}]},
                "E":{"Type":"Succeed"}}}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: Variable 'x' is assigned in an outer scope and can not be assigned here at /States/P/Branches[0]/States/I/Assign/x",
                "SCHEMA_VALIDATION_FAILED: Variable 'y' is assigned in an outer scope and can not be assigned here at /States/P/Branches[0]/States/I/Assign/y",
            ],
        );
    }

    #[test]
    fn a_distributed_child_does_not_see_the_outside() {
        let machine = |processor_config: &str| {
            format!(
                r#"{{"StartAt":"A","States":{{
                    "A":{{"Type":"Pass","Assign":{{"x":1}},"Next":"M"}},
                    "M":{{"Type":"Map","End":true,"ItemSelector":{{"x.$":"$x"}},"ItemProcessor":{{{processor_config}
                        "StartAt":"I","States":{{"I":{{"Type":"Pass","End":true,"Parameters":{{"x.$":"$x"}}}}}}}}}}}}}}"#
            )
        };
        check(&machine(""), &[]);
        check(
            &machine(r#""ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"#),
            &[
                "SCHEMA_VALIDATION_FAILED: Variable 'x' belongs to an outer scope, which a state in a distributed Map can not read at /States/M/ItemProcessor/States/I",
            ],
        );
    }

    #[test]
    fn a_variable_that_nothing_assigns_is_worth_a_warning() {
        check_warnings(
            &one_state(
                r#""Type":"Pass","Parameters":{"a.$":"$nobody"}"#,
                r#""End":true"#,
            ),
            &["UNKNOWN_VARIABLE: No state in scope assigns the variable 'nobody' at /States/S"],
        );
    }
}
