//! Definitions as operations take them: their size, what is wrong with them, and AWS's words for it.
//! The rules themselves are `asl::diagnose`.

use asl::diagnose::{self, Diagnostic, MachineType, Severity};

use super::error::{ApiError, Code};
use super::validate;
use crate::app::App;

/// `InvalidDefinition` with every error of a definition that cannot be run.
pub(super) fn check(app: &App, text: &str, machine_type: MachineType) -> Result<(), ApiError> {
    check_size(app, text)?;
    let problems: Vec<String> = errors(text, machine_type).iter().map(describe).collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(ApiError::new(
        Code::InvalidDefinition,
        format!(
            "Invalid State Machine Definition: '{}'",
            problems.join(", ")
        ),
    ))
}

/// The answer to a definition that is longer than the setting allows.
pub(super) fn check_size(app: &App, text: &str) -> Result<(), ApiError> {
    let max = app.settings.limits.definition_bytes_max;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > max {
        return Err(validate::too_long("definition", max));
    }
    Ok(())
}

fn errors(text: &str, machine_type: MachineType) -> Vec<Diagnostic> {
    let (_, mut diagnostics) = diagnose::parse(text, machine_type);
    diagnostics.retain(|it| it.severity == Severity::Error);
    diagnostics
}

/// `SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /`.
fn describe(problem: &Diagnostic) -> String {
    match &problem.location {
        Some(location) => format!("{}: {} at {location}", problem.code, problem.message),
        None => format!("{}: {}", problem.code, problem.message),
    }
}
