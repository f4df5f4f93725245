//! `StartAt` and `States`: of the machine, of a Parallel's branch, of a Map's processor.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{
    codes,
    fields::Fields,
    flow,
    limits::{NESTING_MAX, STATE_NAME_CHARS_MAX},
    report::shortened,
    state,
    variables::ScopeNames,
    walk::Walk,
};
use crate::{definition::Scope, json::pointer::Pointer};

/// Reads the scope whose `StartAt` and `States` are among `fields`. `is_separate`: its states run in
/// an execution of their own, which sees no variable of the outside.
pub(super) fn read<'d>(
    fields: &Fields<'d>,
    is_separate: bool,
    walk: &mut Walk<'d>,
) -> Option<Scope> {
    fields.require(&["StartAt", "States"], &mut walk.report);
    let start_at = fields.text("StartAt", &mut walk.report);
    let states_at = fields.place("States");
    let written = Fields::of(fields.get("States")?, states_at, &mut walk.report)?;

    if walk.scopes.len() >= NESTING_MAX {
        let message =
            format!("States are nested too deeply; at most {NESTING_MAX} levels are allowed");
        walk.report
            .error(codes::TOO_DEEPLY_NESTED, &fields.at, message);
        return None;
    }
    walk.scopes.push(ScopeNames::of(&written, is_separate));
    let mut states = IndexMap::new();
    for (name, value) in written.iter() {
        let at = written.place(name);
        if !is_name_valid(name, &at, walk) {
            continue;
        }
        let name: Arc<str> = Arc::from(name);
        if !walk.state_names.insert(name.clone()) {
            let message = format!("Duplicate State name: {name}");
            walk.report.error(codes::DUPLICATE_STATE_NAME, &at, message);
        }
        if let Some(state) = state::read(&name, value, at, walk) {
            states.insert(name, state);
        }
    }
    walk.scopes.pop();

    flow::check(start_at, fields, &written, walk);
    Some(Scope {
        start_at: Arc::from(start_at?),
        states,
    })
}

fn is_name_valid(name: &str, at: &Pointer, walk: &mut Walk<'_>) -> bool {
    let problem = if name.is_empty() {
        "State name must not be empty".to_owned()
    } else if name.chars().nth(STATE_NAME_CHARS_MAX).is_some() {
        let name = shortened(name);
        format!(
            "State '{name}' exceeds the {STATE_NAME_CHARS_MAX}-character limit allowed by the service"
        )
    } else {
        return true;
    };
    let message = format!("Invalid State name: {problem}");
    walk.report.error(codes::INVALID_STATE_NAME, at, message);
    false
}

#[cfg(test)]
mod tests {
    use crate::diagnose::{limits::NESTING_MAX, testing::check};

    #[test]
    fn a_machine_needs_its_start_and_its_states() {
        check(
            r#"{"States":{"S":{"Type":"Succeed"}}}"#,
            &["SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt] at /"],
        );
        check(
            "{}",
            &["SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt, States] at /"],
        );
        check(
            r#"{"StartAt":1,"States":[]}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: Expected value of type String, but was number at /StartAt",
                "SCHEMA_VALIDATION_FAILED: Expected value of type Object, but was array at /States",
            ],
        );
    }

    #[test]
    fn a_state_name_is_unique_in_the_whole_machine() {
        check(
            r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
                {"StartAt":"P","States":{"P":{"Type":"Succeed"}}}]}}}"#,
            &["DUPLICATE_STATE_NAME: Duplicate State name: P at /States/P/Branches[0]/States/P"],
        );
    }

    #[test]
    fn a_state_name_has_at_most_80_characters() {
        let machine = |name: &str| {
            format!(r#"{{"StartAt":"{name}","States":{{"{name}":{{"Type":"Succeed"}}}}}}"#)
        };
        check(&machine(&"ü".repeat(80)), &[]);
        let long = "a".repeat(81);
        check(
            &machine(&long),
            &[&format!(
                "INVALID_STATE_NAME: Invalid State name: State '{long}' exceeds the 80-character limit allowed by the service at /States/{long}"
            )],
        );
        check(
            &machine(""),
            &["INVALID_STATE_NAME: Invalid State name: State name must not be empty at /States/"],
        );
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels: usize| {
            let mut scope = r#"{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}"#.to_owned();
            for level in 1..levels {
                scope = format!(
                    r#"{{"StartAt":"{level}","States":{{"{level}":{{"Type":"Parallel","End":true,"Branches":[{scope}]}}}}}}"#
                );
            }
            scope
        };
        check(&nested(NESTING_MAX), &[]);
        let (definition, found) = crate::diagnose::parse(
            &nested(NESTING_MAX + 1),
            crate::diagnose::MachineType::Standard,
        );
        assert!(definition.is_none());
        assert_eq!(found.len(), 1);
        assert!(found.iter().all(|one| one.code == "TOO_DEEPLY_NESTED"));
    }
}
