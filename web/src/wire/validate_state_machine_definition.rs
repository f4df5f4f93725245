//! ValidateStateMachineDefinition: what is wrong with a definition, without making a machine of it.

use asl::diagnose::{Diagnostic, Severity};
use serde::{Deserialize, Serialize};

use super::definition;
use super::error::ApiError;
use super::machine::Type;
use crate::app::App;

/// How many diagnostics an answer has where the caller does not say, and where it says 0.
const DIAGNOSTICS_DEFAULT: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    definition: String,
    #[serde(default)]
    r#type: Type,
    #[serde(default)]
    severity: Level,
    max_results: Option<usize>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Level {
    Warning,
    #[default]
    Error,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    result: &'static str,
    diagnostics: Vec<Item>,
    truncated: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    severity: Level,
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    definition::check_size(app, &input.definition)?;
    let problems = definition::diagnose(&input.definition, input.r#type.into()).await?;
    let is_valid = problems.iter().all(|it| it.severity != Severity::Error);
    let shown = problems
        .into_iter()
        .filter(|it| it.severity == Severity::Error || input.severity == Level::Warning);
    let max = input
        .max_results
        .filter(|max| *max > 0)
        .unwrap_or(DIAGNOSTICS_DEFAULT);
    let mut diagnostics: Vec<Item> = shown.map(Item::from).take(max + 1).collect();
    let truncated = diagnostics.len() > max;
    diagnostics.truncate(max);
    Ok(Output {
        result: if is_valid { "OK" } else { "FAIL" },
        diagnostics,
        truncated,
    })
}

impl From<Diagnostic> for Item {
    fn from(problem: Diagnostic) -> Self {
        Self {
            severity: match problem.severity {
                Severity::Warning => Level::Warning,
                Severity::Error => Level::Error,
            },
            code: problem.code,
            message: problem.message,
            location: problem.location,
        }
    }
}
