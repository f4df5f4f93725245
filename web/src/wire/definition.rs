//! Definitions as operations take them: their size, what is wrong with them, and AWS's words for it.
//! The rules themselves are `asl::diagnose`.

use std::collections::BTreeMap;

use asl::Definition;
use asl::diagnose::{self, Diagnostic, MachineType, Severity};

use super::error::{ApiError, Code};
use super::validate;
use crate::app::App;

/// A longer text is read on a thread of its own, so that it holds up no other call: a debug build
/// reads about this much in a millisecond.
const INLINE_BYTES_MAX: usize = 8 << 10;

/// Variables by the state that reads them.
pub(super) type References = BTreeMap<String, Vec<String>>;

/// `InvalidDefinition` with every error of a definition that cannot be run.
pub(super) async fn check(
    app: &App,
    text: &str,
    machine_type: MachineType,
) -> Result<(), ApiError> {
    check_size(app, text)?;
    let (_, diagnostics) = read(text, machine_type).await?;
    match refusal(&diagnostics) {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}

/// The answer to a definition with errors; nothing where it has none.
pub(super) fn refusal(diagnostics: &[Diagnostic]) -> Option<ApiError> {
    let problems: Vec<String> = diagnostics
        .iter()
        .filter(|it| it.severity == Severity::Error)
        .map(describe)
        .collect();
    let told = problems.join(", ");
    (!problems.is_empty()).then(|| {
        let message = format!("Invalid State Machine Definition: '{told}'");
        ApiError::new(Code::InvalidDefinition, message)
    })
}

/// The answer to a definition that is longer than the setting allows.
pub(super) fn check_size(app: &App, text: &str) -> Result<(), ApiError> {
    let max = app.settings.limits.definition_bytes_max;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > max {
        return Err(validate::too_long("definition", max));
    }
    Ok(())
}

/// Every problem of a definition, and whether it can be run.
pub(super) async fn diagnose(
    text: &str,
    machine_type: MachineType,
) -> Result<Vec<Diagnostic>, ApiError> {
    Ok(read(text, machine_type).await?.1)
}

/// Which variables the states of a stored definition read.
pub(super) async fn references(
    text: &str,
    machine_type: MachineType,
) -> Result<References, ApiError> {
    let (definition, _) = read(text, machine_type).await?;
    Ok(definition
        .as_ref()
        .map(diagnose::variable_references)
        .unwrap_or_default())
}

async fn read(
    text: &str,
    machine_type: MachineType,
) -> Result<(Option<Definition>, Vec<Diagnostic>), ApiError> {
    if text.len() <= INLINE_BYTES_MAX {
        return Ok(diagnose::parse(text, machine_type));
    }
    let text = text.to_owned();
    tokio::task::spawn_blocking(move || diagnose::parse(&text, machine_type))
        .await
        .map_err(|fault| ApiError::internal(&fault))
}

/// `SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /`.
fn describe(problem: &Diagnostic) -> String {
    match &problem.location {
        Some(location) => format!("{}: {} at {location}", problem.code, problem.message),
        None => format!("{}: {}", problem.code, problem.message),
    }
}
