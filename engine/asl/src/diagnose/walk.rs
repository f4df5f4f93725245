//! What the walk over a definition carries along: the report, names seen, and where it stands.

use std::{collections::HashSet, sync::Arc};

use super::{MachineType, report::Report, variables::ScopeNames};
use crate::{
    definition::{QueryLanguage, StateType},
    json::{Json, pointer::Pointer},
};

/// The state of one walk. Each function that reads a part of the definition gets it first.
pub(super) struct Walk<'d> {
    pub(super) report: Report<'d>,
    /// The machine's `QueryLanguage`, which every state has unless it says otherwise.
    pub(super) language: QueryLanguage,
    /// The type of the execution that the states at hand run in: a distributed Map's processor may
    /// be Express inside a Standard machine.
    pub(super) machine_type: MachineType,
    /// Every state name so far: they are unique in the whole machine.
    pub(super) state_names: HashSet<Arc<str>>,
    /// Every Map `Label` so far.
    pub(super) labels: HashSet<Arc<str>>,
    /// The scopes around the states at hand, the machine's first.
    pub(super) scopes: Vec<ScopeNames<'d>>,
    /// The state at hand: where it stands, and its type once that is known.
    pub(super) state_at: Pointer,
    pub(super) state_type: Option<StateType>,
    /// Some expression's cost can grow faster than the data.
    pub(super) may_run_long: bool,
}

impl<'d> Walk<'d> {
    pub(super) fn new(document: &'d Json, machine_type: MachineType) -> Self {
        Self {
            report: Report::new(document),
            language: QueryLanguage::default(),
            machine_type,
            state_names: HashSet::new(),
            labels: HashSet::new(),
            scopes: Vec::new(),
            state_at: Pointer::root(),
            state_type: None,
            may_run_long: false,
        }
    }
}
