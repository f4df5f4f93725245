//! Reads a definition and reports every problem at once, in the service's words.
//!
//! [`parse`] walks the document a single time. Each state type has its own file; what several share is
//! in `fields`, `language`, `data`, `setting`, `template`, `resource`, `retry`, `catch`, `flow` and
//! `variables`. Expressions are compiled by [`crate::query`]; nothing here evaluates one.
//! The texts are those that AWS was seen to answer; where none was ever seen they are our own, in
//! the same manner. Sources: the service's API reference, the Amazon States Language specification.

mod catch;
mod choice;
mod data;
mod distributed;
mod error_equals;
mod fail;
mod fields;
mod flow;
mod integrations;
mod language;
pub mod limits;
mod machine;
mod map;
mod parallel;
mod pass;
mod references;
mod report;
mod resource;
mod retry;
mod scope;
mod setting;
mod state;
mod succeed;
mod task;
mod template;
#[cfg(test)]
mod testing;
mod variables;
mod wait;
mod walk;

use crate::{
    definition::Definition,
    json::{self, pointer::Pointer},
};

pub use references::variable_references;

/// One problem of a definition, as ValidateStateMachineDefinition reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// AWS's code: `SCHEMA_VALIDATION_FAILED`, `INVALID_JSON_DESCRIPTION`, `MISSING_TRANSITION_TARGET`, …
    pub code: &'static str,
    pub message: String,
    /// The place in the service's spelling: names as they are, items in brackets
    /// (`/States/Pay/Retry[0]`), the whole document `/`. Absent where AWS gives none.
    pub location: Option<String>,
    /// The same place for programs; absent where the text is not JSON or no place is at fault.
    pub pointer: Option<Pointer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

impl Severity {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

/// Whether the machine is to be Standard or Express: some states are refused in the latter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MachineType {
    #[default]
    Standard,
    Express,
}

/// AWS's diagnostic codes, and ours where AWS has none.
pub mod codes {
    pub const DUPLICATE_LABEL_NAME: &str = "DUPLICATE_LABEL_NAME";
    pub const DUPLICATE_STATE_NAME: &str = "DUPLICATE_STATE_NAME";
    pub const INVALID_JSONATA_EXPRESSION: &str = "INVALID_JSONATA_EXPRESSION";
    pub const INVALID_JSON_DESCRIPTION: &str = "INVALID_JSON_DESCRIPTION";
    pub const INVALID_LABEL_NAME: &str = "INVALID_LABEL_NAME";
    pub const INVALID_STATE_NAME: &str = "INVALID_STATE_NAME";
    pub const MISSING_END_STATE: &str = "MISSING_END_STATE";
    pub const MISSING_TRANSITION_TARGET: &str = "MISSING_TRANSITION_TARGET";
    pub const SCHEMA_VALIDATION_FAILED: &str = "SCHEMA_VALIDATION_FAILED";
    pub const TOO_DEEPLY_NESTED: &str = "TOO_DEEPLY_NESTED";
    pub const UNSUPPORTED_JSONATA_EXPRESSION: &str = "UNSUPPORTED_JSONATA_EXPRESSION";

    /// Warning: a text that looks like a path stands under a name without `.$`.
    pub const NO_DOLLAR: &str = "NO_DOLLAR";
    /// Warning: a text that looks like a path stands in a field whose name does not end in `Path`.
    pub const NO_PATH: &str = "NO_PATH";
    /// Warning: a `Result` looks as if it were to be computed, but is static.
    pub const PASS_RESULT_IS_STATIC: &str = "PASS_RESULT_IS_STATIC";

    /// Ours. Warning: `ErrorEquals` names an error in `States.` that no state raises.
    pub const UNKNOWN_ERROR_NAME: &str = "UNKNOWN_ERROR_NAME";
    /// Ours. Warning: a variable is read that nothing assigns.
    pub const UNKNOWN_VARIABLE: &str = "UNKNOWN_VARIABLE";
}

/// The definition that `text` holds, where it has no errors, and every problem in document order.
pub fn parse(text: &str, machine_type: MachineType) -> (Option<Definition>, Vec<Diagnostic>) {
    if text.len() > limits::DEFINITION_BYTES_MAX {
        let message = format!(
            "The definition has {} bytes; at most {} are allowed",
            text.len(),
            limits::DEFINITION_BYTES_MAX
        );
        return (
            None,
            vec![plain(codes::SCHEMA_VALIDATION_FAILED, message, None)],
        );
    }
    if text.trim().is_empty() {
        let message = "Definition must be a valid JSON object".to_owned();
        return (
            None,
            vec![plain(codes::INVALID_JSON_DESCRIPTION, message, None)],
        );
    }
    let mut repeated = Vec::new();
    match json::parse::parse_noting_repeats(text, &mut repeated) {
        Ok(document) => {
            let (definition, mut diagnostics) = machine::read(&document, machine_type);
            let repeats = repeated.iter().take(limits::DIAGNOSTICS_MAX);
            diagnostics.splice(0..0, repeats.map(|at| duplicate_field(text, *at)));
            let definition = definition.filter(|_| repeated.is_empty());
            (definition, diagnostics)
        }
        Err(error) => {
            let location = source_location(text, error.offset);
            let code = codes::INVALID_JSON_DESCRIPTION;
            (None, vec![plain(code, error.message, Some(location))])
        }
    }
}

/// What an `InvalidDefinition` error says: every error with its code and place, in one quote.
/// `None` where there is no error.
pub fn invalid_definition_message(diagnostics: &[Diagnostic]) -> Option<String> {
    let mut listed = Vec::new();
    for diagnostic in diagnostics {
        if diagnostic.severity == Severity::Error {
            let Diagnostic { code, message, .. } = diagnostic;
            // AWS prints an absent location like this.
            let location = diagnostic.location.as_deref().unwrap_or("null");
            listed.push(format!("{code}: {message} at {location}"));
        }
    }
    if listed.is_empty() {
        return None;
    }
    let listed = listed.join(", ");
    Some(format!("Invalid State Machine Definition: '{listed}'"))
}

fn plain(code: &'static str, message: String, location: Option<String>) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code,
        message,
        location,
        pointer: None,
    }
}

/// A repeated member: the service's JSON parser refuses it, and so no state is lost silently.
fn duplicate_field(text: &str, at: usize) -> Diagnostic {
    let rest = text.get(at + 1..).unwrap_or_default();
    let name = rest.split('"').next().unwrap_or_default();
    let message = format!("Duplicate field '{}'", report::shortened(name));
    plain(
        codes::INVALID_JSON_DESCRIPTION,
        message,
        Some(source_location(text, at)),
    )
}

/// Where in the text JSON is broken, as the service's parser writes it.
fn source_location(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let tail = before.rsplit('\n').next().unwrap_or_default();
    let column = tail.chars().count() + 1;
    let source = match text.char_indices().nth(limits::SOURCE_CHARS_MAX) {
        None => format!("\"{text}\""),
        Some((end, _)) => {
            let (shown, rest) = text.split_at(end);
            format!("\"{shown}\"[truncated {} chars]", rest.chars().count())
        }
    };
    format!("[Source: (String){source}; line: {line}, column: {column}]")
}

#[cfg(test)]
mod tests;
