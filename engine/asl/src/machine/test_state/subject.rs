//! The state that is tested: given by itself, or by its name within a state machine.

use crate::{
    definition::{Kind, Scope, State, map::Mode},
    diagnose::{self, Diagnostic, MachineType, Severity},
    json::{self, Json, write::write_string},
};

/// The name that AWS gives to a state that comes by itself.
const NAMELESS: &str = "StateName";

/// A valid state.
#[derive(Debug)]
pub struct Subject {
    state: State,
    within: Option<Within>,
}

/// Inside which kind of Map a state stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// One that is inline, or whose items a reader reads.
    Other,
    /// A distributed one over items of its state's data.
    OfState,
}

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
        if let Some(state) =
            definition.and_then(|definition| take(definition.scope, NAMELESS, None))
        {
            return Ok(state);
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
            (Some(definition), _) => Ok(take(definition.scope, name, None)),
            (None, problems) => Err(errors(problems)),
        }
    }

    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The state of that name within it, where it is a Map or Parallel.
    pub fn within(&self, name: &str) -> Option<&State> {
        within(&self.state, name)
    }

    pub(super) const fn in_map(&self) -> Option<Within> {
        self.within
    }
}

fn within<'s>(state: &'s State, name: &str) -> Option<&'s State> {
    let find = |scope: &'s Scope| {
        let mut states = scope.states.values();
        let own = scope.states.get(name);
        own.or_else(|| states.find_map(|state| within(state, name)))
    };
    match &state.kind {
        Kind::Parallel(parallel) => parallel.branches.iter().find_map(find),
        Kind::Map(map) => find(&map.processor),
        Kind::Task(_)
        | Kind::Pass { .. }
        | Kind::Choice(_)
        | Kind::Wait(_)
        | Kind::Succeed
        | Kind::Fail(_) => None,
    }
}

fn errors(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let errors = problems.into_iter();
    errors
        .filter(|problem| problem.severity == Severity::Error)
        .collect()
}

fn take(mut scope: Scope, name: &str, inside: Option<Within>) -> Option<Subject> {
    if let Some(state) = scope.states.swap_remove(name) {
        return Some(Subject {
            state,
            within: inside,
        });
    }
    scope
        .states
        .into_values()
        .find_map(|state| match state.kind {
            Kind::Parallel(parallel) => {
                let mut branches = parallel.branches.into_iter();
                branches.find_map(|branch| take(branch, name, inside))
            }
            Kind::Map(map) => {
                let inside = match &map.mode {
                    Mode::Distributed(fields) if fields.item_reader.is_none() => Within::OfState,
                    Mode::Distributed(_) | Mode::Inline => Within::Other,
                };
                take(map.processor, name, Some(inside))
            }
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
