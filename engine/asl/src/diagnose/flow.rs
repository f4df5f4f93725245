//! Where transitions lead: targets exist, every state can be reached, some state ends the scope.
//!
//! Works on the document, not on the model, so that it can speak about states that have other problems.

use std::collections::HashSet;

use super::{codes, fields::Fields, report::shortened, walk::Walk};
use crate::json::{Json, pointer::Pointer};

/// Checks one scope: `holder` has the `StartAt`, `states` are its states.
pub(super) fn check(
    start_at: Option<&str>,
    holder: &Fields<'_>,
    states: &Fields<'_>,
    walk: &mut Walk<'_>,
) {
    if let Some(start) = start_at.filter(|start| !states.has(start)) {
        missing(start, &holder.place("StartAt"), walk);
    }
    let mut is_complete = start_at.is_some();
    for (name, state) in states.iter() {
        let edges = edges(state, &states.place(name));
        is_complete &= !edges.is_empty() || is_terminal(state);
        for (target, at) in edges {
            if !states.has(target) {
                missing(target, &at, walk);
            }
        }
    }
    if !states.iter().any(|(_, state)| is_terminal(state)) {
        let code = codes::MISSING_END_STATE;
        let message = "Workflow has no terminal state";
        // AWS gives no place for the whole workflow; a branch needs one to be found.
        if holder.at == Pointer::root() {
            walk.report.error_nowhere(code, message);
        } else {
            walk.report.error(code, &holder.at, message);
        }
        // As AWS does: in a workflow without an end, what cannot be reached is not its first trouble.
        return;
    }
    if is_complete && let Some(start) = start_at {
        unreachable(start, states, walk);
    }
}

fn missing(target: &str, at: &Pointer, walk: &mut Walk<'_>) {
    let message = format!("Missing 'Next' target: {}", shortened(target));
    walk.report
        .error(codes::MISSING_TRANSITION_TARGET, at, message);
}

fn unreachable(start: &str, states: &Fields<'_>, walk: &mut Walk<'_>) {
    let mut reached = HashSet::new();
    let mut pending = vec![start];
    while let Some(name) = pending.pop() {
        if let Some(state) = states.get(name)
            && reached.insert(name)
        {
            let targets = edges(state, &states.at);
            pending.extend(targets.into_iter().map(|(target, _)| target));
        }
    }
    for (name, _) in states.iter().filter(|(name, _)| !reached.contains(name)) {
        let message = format!("State \"{}\" is not reachable.", shortened(name));
        walk.report.error(
            codes::MISSING_TRANSITION_TARGET,
            &states.place(name),
            message,
        );
    }
}

/// Every transition out of a state, with the place where it is written.
fn edges<'d>(state: &'d Json, at: &Pointer) -> Vec<(&'d str, Pointer)> {
    let mut edges = Vec::new();
    let mut add = |value: &'d Json, field: &str, at: &Pointer| {
        if let Some(target) = value.get(field).and_then(Json::as_str) {
            edges.push((target, at.child(field)));
        }
    };
    let kind = state.get("Type").and_then(Json::as_str).unwrap_or_default();
    match kind {
        "Succeed" | "Fail" => {}
        "Choice" => {
            add(state, "Default", at);
        }
        _ => add(state, "Next", at),
    }
    let list = match kind {
        "Choice" => Some("Choices"),
        "Task" | "Parallel" | "Map" => Some("Catch"),
        _ => None,
    };
    if let Some(list) = list {
        let at = at.child(list);
        let items = state.get(list).and_then(Json::as_array).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            add(item, "Next", &at.child(index));
        }
    }
    edges
}

fn is_terminal(state: &Json) -> bool {
    match state.get("Type").and_then(Json::as_str) {
        Some("Succeed" | "Fail") => true,
        Some("Choice") => false,
        _ => state.get("End").and_then(Json::as_bool) == Some(true),
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::check;

    #[test]
    fn every_target_must_exist() {
        check(
            r#"{"StartAt":"pass1","States":{
                "pass1":{"Type":"Pass","Next":"pass3"},"pass2":{"Type":"Pass","End":true}}}"#,
            &[
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: pass3 at /States/pass1/Next",
                "MISSING_TRANSITION_TARGET: State \"pass2\" is not reachable. at /States/pass2",
            ],
        );
        check(
            r#"{"StartAt":"Not sure","States":{
                "Pass One":{"Type":"Pass","Next":"Success"},"Success":{"Type":"Succeed"}}}"#,
            &[
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: Not sure at /StartAt",
                "MISSING_TRANSITION_TARGET: State \"Pass One\" is not reachable. at /States/Pass One",
                "MISSING_TRANSITION_TARGET: State \"Success\" is not reachable. at /States/Success",
            ],
        );
        check(
            r#"{"StartAt":"C","States":{
                "C":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"x"}],"Default":"y"},
                "T":{"Type":"Parallel","End":true,"Branches":[{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}],
                    "Catch":[{"ErrorEquals":["States.ALL"],"Next":"z"}]}}}"#,
            &[
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: x at /States/C/Choices[0]/Next",
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: y at /States/C/Default",
                "MISSING_TRANSITION_TARGET: State \"T\" is not reachable. at /States/T",
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: z at /States/T/Catch[0]/Next",
            ],
        );
    }

    #[test]
    fn a_workflow_must_end_somewhere() {
        check(
            r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"},
                "C":{"Type":"Pass","Next":"A"}}}"#,
            &["MISSING_END_STATE: Workflow has no terminal state at null"],
        );
        check(
            r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"NOPE"}}}"#,
            &[
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next",
                "MISSING_END_STATE: Workflow has no terminal state at null",
            ],
        );
        check(
            r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"A"},"C":{"Type":"Succeed"}}}"#,
            &["MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C"],
        );
    }

    #[test]
    fn a_branch_is_a_workflow_of_its_own() {
        check(
            r#"{"StartAt":"P","States":{
                "P":{"Type":"Parallel","Next":"F","Branches":[
                    {"StartAt":"A","States":{"A":{"Type":"Pass","Next":"F"}}}]},
                "F":{"Type":"Succeed"}}}"#,
            &[
                "MISSING_END_STATE: Workflow has no terminal state at /States/P/Branches[0]",
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: F at /States/P/Branches[0]/States/A/Next",
            ],
        );
    }

    #[test]
    fn a_state_without_a_transition_is_its_only_problem() {
        check(
            r#"{"StartAt":"A","States":{"A":{"Type":"Pass"},"B":{"Type":"Succeed"}}}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: One of the following fields is required: [Next, End] at /States/A",
            ],
        );
    }
}
