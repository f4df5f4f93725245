//! Reads a definition and reports every problem at once. (Signatures first.)

use crate::definition::Definition;

/// One problem of a definition, as ValidateStateMachineDefinition reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// AWS's code: `SCHEMA_VALIDATION_FAILED`, `INVALID_JSON_DESCRIPTION`, `MISSING_TRANSITION_TARGET`, …
    pub code: &'static str,
    pub message: String,
    /// A JSON pointer; the whole document is `/`. Absent where AWS gives none.
    pub location: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

/// Whether the machine is to be Standard or Express: some states are refused in the latter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MachineType {
    #[default]
    Standard,
    Express,
}

/// The definition that `text` holds, where it has no errors, and every problem in document order.
pub fn parse(_text: &str, _machine_type: MachineType) -> (Option<Definition>, Vec<Diagnostic>) {
    (None, Vec::new())
}
