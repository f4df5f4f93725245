//! What all state types have in common: `Type`, the fields that a type has, data, transitions.

use std::sync::Arc;

use super::{
    choice, data, fail,
    fields::{self, Fields},
    language, map, parallel, pass,
    report::shortened,
    succeed, task, variables, wait,
    walk::Walk,
};
use crate::{
    definition::{Kind, QueryLanguage, State, StateType, Transition},
    json::{Json, pointer::Pointer},
};

/// A state that is being read: its fields, less those that were refused.
pub(super) struct Source<'d> {
    pub(super) fields: Fields<'d>,
    pub(super) language: QueryLanguage,
}

/// Fields of every state type.
const COMMON: [&str; 3] = ["Type", "Comment", "QueryLanguage"];

/// Reads one state; every problem is reported, and `None` says that there was one that leaves no state.
pub(super) fn read<'d>(
    name: &Arc<str>,
    value: &'d Json,
    at: Pointer,
    walk: &mut Walk<'d>,
) -> Option<State> {
    let fields = Fields::of(value, at, &mut walk.report)?;
    fields.require(&["Type"], &mut walk.report);
    let kind = state_type(&fields, walk)?;
    let outer = (
        std::mem::replace(&mut walk.state_at, fields.at.clone()),
        walk.state_type.replace(kind),
    );
    let state = state(name, fields, kind, walk);
    (walk.state_at, walk.state_type) = outer;
    state
}

fn state<'d>(
    name: &Arc<str>,
    fields: Fields<'d>,
    kind: StateType,
    walk: &mut Walk<'d>,
) -> Option<State> {
    let comment = fields.text("Comment", &mut walk.report).map(Arc::from);
    let language = language::of_state(&fields, walk);
    let mut source = Source { fields, language };
    refuse_unknown_fields(&mut source.fields, kind, walk);
    language::refuse_foreign_fields(&mut source.fields, language, walk);

    let data = data::read(&source, kind, walk);
    let kind = match kind {
        StateType::Task => task::read(&source, walk).map(Kind::Task),
        StateType::Pass => pass::read(&source, walk),
        StateType::Choice => choice::read(&source, walk).map(Kind::Choice),
        StateType::Wait => wait::read(&source, walk).map(Kind::Wait),
        StateType::Succeed => Some(Kind::Succeed),
        StateType::Fail => Some(Kind::Fail(fail::read(&source, walk))),
        StateType::Parallel => parallel::read(&source, walk).map(Kind::Parallel),
        StateType::Map => map::read(&source, walk).map(Kind::Map),
    };
    let state = State {
        name: name.clone(),
        comment,
        language,
        data,
        kind: kind?,
    };
    variables::check_reads(&state, &source.fields.at, walk);
    Some(state)
}

fn state_type(fields: &Fields<'_>, walk: &mut Walk<'_>) -> Option<StateType> {
    let written = fields.text("Type", &mut walk.report)?;
    let found = StateType::ALL
        .into_iter()
        .find(|kind| kind.as_str() == written);
    if found.is_none() {
        let all = StateType::ALL.map(StateType::as_str).join(", ");
        let message = format!(
            "Value must be one of the following: [{all}], but was '{}'",
            shortened(written)
        );
        walk.report.schema(&fields.place("Type"), message);
    }
    found
}

fn refuse_unknown_fields(fields: &mut Fields<'_>, kind: StateType, walk: &mut Walk<'_>) {
    let own: &[&str] = match kind {
        StateType::Task => &task::FIELDS,
        StateType::Pass => &pass::FIELDS,
        StateType::Choice => &choice::FIELDS,
        StateType::Wait => &wait::FIELDS,
        StateType::Succeed => &succeed::FIELDS,
        StateType::Fail => &fail::FIELDS,
        StateType::Parallel => &parallel::FIELDS,
        StateType::Map => &map::FIELDS,
    };
    for (name, _) in fields.iter() {
        if !COMMON.contains(&name) && !own.contains(&name) {
            fields::unsupported(name, &fields.at, &mut walk.report);
            fields.ignore(name);
        }
    }
}

/// `Next` or `End`, of which a state that is not a Choice, Succeed or Fail has exactly one.
pub(super) fn transition(fields: &Fields<'_>, walk: &mut Walk<'_>) -> Option<Transition> {
    let next = fields.text("Next", &mut walk.report);
    let is_end = fields.boolean("End", &mut walk.report);
    // `"End": false` says nothing.
    if is_end == Some(false) && next.is_some() {
        return next.map(|next| Transition::Next(Arc::from(next)));
    }
    fields.exactly_one(&["Next", "End"], &mut walk.report);
    match (next, is_end) {
        (Some(next), None) => Some(Transition::Next(Arc::from(next))),
        (None, Some(true)) => Some(Transition::End),
        (None, Some(false)) => {
            let message = "Value must be true where there is no 'Next'";
            walk.report.schema(&fields.place("End"), message);
            None
        }
        (None, None) | (Some(_), Some(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::{check, check_last_state, check_state, one_state};

    #[test]
    fn a_state_is_an_object_of_a_known_type() {
        check(
            r#"{"StartAt":"S","States":{"S":"Pass"}}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: Expected value of type Object, but was string at /States/S",
                "MISSING_END_STATE: Workflow has no terminal state at null",
            ],
        );
        check_state(
            "\"Comment\":\"no type\"",
            &["These fields are required: [Type]"],
        );
        check_state(
            r#""Type":"pass""#,
            &[
                "Value must be one of the following: [Task, Pass, Choice, Wait, Succeed, Fail, Parallel, Map], but was 'pass' @/Type",
            ],
        );
    }

    #[test]
    fn a_field_that_the_type_does_not_have_is_refused() {
        for kind in ["Pass", "Wait"] {
            let body = if kind == "Wait" {
                r#","Seconds":1"#
            } else {
                ""
            };
            for field in [
                "TimeoutSeconds",
                "Catch",
                "Retry",
                "ResultSelector",
                "Whatever",
            ] {
                check_state(
                    &format!(r#""Type":"{kind}"{body},"{field}":1"#),
                    &[&format!("Field '{field}' is not supported")],
                );
            }
        }
        check_last_state(
            r#""Type":"Succeed","ResultPath":null,"Next":"S""#,
            &[
                "Field 'ResultPath' is not supported",
                "Field 'Next' is not supported",
            ],
        );
        check_last_state(
            r#""Type":"Fail","Parameters":1"#,
            &["Field 'Parameters' is not supported"],
        );
        check_state(
            r#""Type":"Pass","Comment":7"#,
            &["Expected value of type String, but was number @/Comment"],
        );
    }

    #[test]
    fn a_state_goes_on_or_ends() {
        check(&one_state(r#""Type":"Pass""#, r#""End":true"#), &[]);
        check(
            r#"{"StartAt":"S","States":{"S":{"Type":"Pass","End":false,"Next":"T"},"T":{"Type":"Succeed"}}}"#,
            &[],
        );
        check_state(
            r#""Type":"Pass","Next":"S""#,
            &["There should only be one of the following fields: [Next, End]"],
        );
        check(
            r#"{"StartAt":"T","States":{"T":{"Type":"Pass","End":false},"U":{"Type":"Succeed"}}}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: Value must be true where there is no 'Next' at /States/T/End",
            ],
        );
        check_state(
            r#""Type":"Pass","Next":3"#,
            &[
                "There should only be one of the following fields: [Next, End]",
                "Expected value of type String, but was number @/Next",
            ],
        );
    }
}
