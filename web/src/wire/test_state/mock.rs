//! Mocks: what they may hold, and whether a mocked result looks as the service would answer.
//!
//! The answers that this server makes itself, `lambda:invoke` and `states:startExecution`, are listed
//! here, since they are not quite the service's; those of other services are checked against their models.
//! What ends a job (`.sync`) or comes with a token has no shape, and is taken as it is. A Parallel gives one
//! value for each branch, a Map an array or an object. Errors are held against nothing: any name may be
//! thrown, and the modes are of results alone.
//!
//! Source: "Mock validation modes" and "Testing Map and Parallel states" in the developer guide.

use asl::definition::{Kind, Resource, State, resource::Pattern};
use asl::machine::test_state::Mock;
use asl::{Json, StateError};
use serde::Deserialize;

use super::json;
use crate::app::App;
use crate::wire::error::ApiError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    result: Option<String>,
    error_output: Option<ErrorOutput>,
    #[serde(default)]
    field_validation_mode: Mode,
}

#[derive(Deserialize)]
struct ErrorOutput {
    error: Option<String>,
    cause: Option<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Mode {
    /// What is required is there, and what is there is right.
    #[default]
    Strict,
    /// What is there is right.
    Present,
    None,
}

impl Input {
    pub(super) fn read(&self, app: &App, state: &State) -> Result<Mock, ApiError> {
        match (&self.result, &self.error_output) {
            (Some(result), None) => {
                let result = json(app, "mock.result", result)?;
                if self.field_validation_mode != Mode::None
                    && let Some(problem) = self.problem(state, result.json())
                {
                    return Err(ApiError::validation(format!(
                        "Mock result schema validation error: {problem}"
                    )));
                }
                Ok(Mock::Result(result))
            }
            (None, Some(ErrorOutput { error, cause })) => {
                let Some(error) = error else {
                    return Err(ApiError::validation(
                        "The field 'error' is required in mock.errorOutput",
                    ));
                };
                Ok(Mock::Error(StateError {
                    error: Some(error.as_str().into()),
                    cause: cause.as_deref().map(Into::into),
                }))
            }
            _ => Err(ApiError::validation(
                "A test mock should have only one of the following fields: [result, errorOutput].",
            )),
        }
    }

    fn problem(&self, state: &State, result: &Json) -> Option<String> {
        match &state.kind {
            Kind::Parallel(parallel) => {
                let branches = parallel.branches.len();
                let is_right = result.as_array().is_some_and(|it| it.len() == branches);
                return (!is_right).then(|| {
                    format!("Mock result must be a JSON array with one element for each of {branches} branches")
                });
            }
            Kind::Map(_) => {
                let is_right = result.as_array().is_some() || result.as_object().is_some();
                return (!is_right)
                    .then(|| "Mock result must be a JSON array or object".to_owned());
            }
            _ => {}
        }
        if let Some(of) = integration(state) {
            let is_strict = self.field_validation_mode == Mode::Strict;
            return services::conform::problem(of, result, is_strict);
        }
        let Some(members) = result.as_object() else {
            return shape(state).map(|_| "Mock result must be a JSON object".to_owned());
        };
        let fields = shape(state)?;
        if self.field_validation_mode == Mode::Strict {
            let mut required = fields.iter().filter(|field| field.is_required);
            if let Some(missing) = required.find(|field| !members.contains_key(field.name)) {
                return Some(format!("Required field '{}' is missing", missing.name));
            }
        }
        fields.iter().find_map(|field| {
            let value = members.get(field.name)?;
            let (is_right, kind) = match field.kind {
                Is::Text => (value.as_str().is_some(), "a string"),
                Is::Number => (value.as_number().is_some(), "a number"),
                Is::Anything => (true, ""),
            };
            (!is_right).then(|| format!("Field '{}' must be {kind}", field.name))
        })
    }
}

#[derive(Clone, Copy)]
enum Is {
    Text,
    Number,
    Anything,
}

struct Field {
    name: &'static str,
    kind: Is,
    is_required: bool,
}

const fn field(name: &'static str, kind: Is, is_required: bool) -> Field {
    Field {
        name,
        kind,
        is_required,
    }
}

/// Source: the service model of Lambda, `InvocationResponse`.
static INVOKED: [Field; 5] = [
    field("StatusCode", Is::Number, false),
    field("FunctionError", Is::Text, false),
    field("LogResult", Is::Text, false),
    field("ExecutedVersion", Is::Text, false),
    field("Payload", Is::Anything, false),
];

/// Source: the service model of Step Functions, `StartExecutionOutput`.
static STARTED: [Field; 2] = [
    field("ExecutionArn", Is::Text, true),
    field("StartDate", Is::Text, true),
];

/// Source: the service model of Step Functions, `DescribeExecutionOutput`.
static DESCRIBED: [Field; 8] = [
    field("ExecutionArn", Is::Text, true),
    field("StateMachineArn", Is::Text, true),
    field("StartDate", Is::Text, true),
    field("Status", Is::Text, true),
    field("Name", Is::Text, false),
    field("StopDate", Is::Text, false),
    field("Input", Is::Anything, false),
    field("Output", Is::Anything, false),
];

/// The service and action of a task whose answer is the operation's own.
fn integration(state: &State) -> Option<services::conform::Integration<'_>> {
    let Kind::Task(task) = &state.kind else {
        return None;
    };
    match &task.resource {
        Resource::Service {
            service,
            action,
            pattern: Pattern::RequestResponse,
        } => {
            let (is_sdk, service) = match service.strip_prefix("aws-sdk:") {
                Some(service) => (true, service),
                None => (false, &**service),
            };
            let is_listed = matches!(
                (service, &**action),
                ("lambda", "invoke") | ("states", "startExecution")
            );
            (is_sdk || !is_listed).then_some(services::conform::Integration {
                service,
                action,
                is_sdk,
            })
        }
        _ => None,
    }
}

/// What the service of a task answers, where that is known here.
fn shape(state: &State) -> Option<&'static [Field]> {
    let Kind::Task(task) = &state.kind else {
        return None;
    };
    let Resource::Service {
        service,
        action,
        pattern,
    } = &task.resource
    else {
        return None;
    };
    match (&**service, &**action, pattern) {
        (_, _, Pattern::TaskToken) => None,
        ("lambda", "invoke", _) => Some(&INVOKED),
        ("states", "startExecution", Pattern::Sync | Pattern::Sync2) => Some(&DESCRIBED),
        ("states", "startExecution", Pattern::RequestResponse) => Some(&STARTED),
        _ => None,
    }
}
