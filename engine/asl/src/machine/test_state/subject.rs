//! The state that is tested: given by itself, or by its name within a state machine.

use crate::{
    definition::{Kind, Scope, State},
    diagnose::{self, Diagnostic, MachineType, Severity},
    json::{self, Json, write::write_string},
};

/// The name that AWS gives to a state that comes by itself.
const NAMELESS: &str = "StateName";

/// A valid state.
#[derive(Debug)]
pub struct Subject(State);

impl Subject {
    /// The state that `text` defines. The states that it leads to need not be there.
    ///
    /// # Errors
    /// What is wrong with it, with places within the state.
    pub fn of_state(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let Ok(state) = json::parse(text) else {
            return Err(errors(diagnose::parse(text, MachineType::Standard).1));
        };
        let mut machine =
            format!("{{\"StartAt\":\"{NAMELESS}\",\"States\":{{\"{NAMELESS}\":{text}");
        for target in targets(&state) {
            machine.push(',');
            write_string(target, &mut machine);
            machine.push_str(":{\"Type\":\"Succeed\"}");
        }
        machine.push_str("}}");
        let (definition, mut problems) = diagnose::parse(&machine, MachineType::Standard);
        if let Some(state) = definition.and_then(|definition| take(definition.scope, NAMELESS)) {
            return Ok(Self(state));
        }
        // What is said of the whole machine is none of the state's.
        if problems.iter().any(|problem| problem.location.is_some()) {
            problems.retain(|problem| problem.location.is_some());
        }
        let base = format!("/States/{NAMELESS}");
        for problem in &mut problems {
            let inner = problem.location.as_ref();
            if let Some(inner) = inner.and_then(|location| location.strip_prefix(&base)) {
                problem.location = Some(if inner.is_empty() { "/" } else { inner }.to_owned());
            }
        }
        Err(errors(problems))
    }

    /// The state of that name, wherever it is in the machine; nothing where there is none.
    ///
    /// # Errors
    /// What is wrong with the machine.
    pub fn of_machine(text: &str, name: &str) -> Result<Option<Self>, Vec<Diagnostic>> {
        match diagnose::parse(text, MachineType::Standard) {
            (Some(definition), _) => Ok(take(definition.scope, name).map(Self)),
            (None, problems) => Err(errors(problems)),
        }
    }

    pub const fn state(&self) -> &State {
        &self.0
    }
}

fn errors(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let errors = problems.into_iter();
    errors
        .filter(|problem| problem.severity == Severity::Error)
        .collect()
}

fn take(mut scope: Scope, name: &str) -> Option<State> {
    if let Some(state) = scope.states.swap_remove(name) {
        return Some(state);
    }
    scope
        .states
        .into_values()
        .find_map(|state| match state.kind {
            Kind::Parallel(parallel) => {
                let mut branches = parallel.branches.into_iter();
                branches.find_map(|branch| take(branch, name))
            }
            Kind::Map(map) => take(map.processor, name),
            Kind::Task(_)
            | Kind::Pass { .. }
            | Kind::Choice(_)
            | Kind::Wait(_)
            | Kind::Succeed
            | Kind::Fail(_) => None,
        })
}

/// The states that a state leads to, each once.
fn targets(state: &Json) -> Vec<&str> {
    let list = |name: &str| state.get(name).and_then(Json::as_array).unwrap_or_default();
    let own = ["Next", "Default"]
        .into_iter()
        .filter_map(|field| state.get(field));
    let theirs = list("Choices").iter().chain(list("Catch"));
    let all = own.chain(theirs.filter_map(|it| it.get("Next")));
    let mut targets: Vec<&str> = Vec::new();
    for target in all.filter_map(Json::as_str) {
        if target != NAMELESS && !targets.contains(&target) {
            targets.push(target);
        }
    }
    targets
}
