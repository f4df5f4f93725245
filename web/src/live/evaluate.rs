//! `POST /api/v1/evaluate`: one expression by itself, with the engine's own evaluator.

use std::sync::Arc;
use std::time::Duration;

use asl::query::expression::Expression;
use asl::query::{Context, Cost, Env, EvalError, Jsonata, SyntaxError, Variables, jsonata};
use asl::{Json as Value, Payload};
use axum::Json;
use axum::extract::State;
use runtime::random::SystemRandom;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Problem, ProblemBody};
use super::body::Body;
use crate::access::Principal;
use crate::app::Shared;

/// How long an expression may be evaluated: somebody is typing it.
const MILLIS_MAX: u64 = 200;
/// How many are evaluated at once, so that those of people who try something out leave most of a machine
/// to executions.
const AT_ONCE_MAX: usize = 2;
/// How long a caller waits for its turn.
const WAIT_MAX: Duration = Duration::from_secs(2);

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE_MAX);

/// The routes of this module, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(evaluate))
}

/// An expression and what it can see.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvaluateInput {
    language: Language,
    /// JSONata, with or without `{% %}` around it; or a JSONPath or an intrinsic call.
    #[schema(example = "$states.input.price * 2", max_length = 65536)]
    expression: String,
    /// `$states.input`, or `$` in JSONPath: any JSON. `{}` where absent.
    #[schema(value_type = Option<Object>)]
    input: Option<Box<RawValue>>,
    /// `$states.result`: any JSON.
    #[schema(value_type = Option<Object>)]
    result: Option<Box<RawValue>>,
    /// `$states.errorOutput`: any JSON.
    #[schema(value_type = Option<Object>)]
    error_output: Option<Box<RawValue>>,
    /// `$states.context`, or `$$` in JSONPath. `{}` where absent.
    #[schema(value_type = Option<Object>)]
    context: Option<Box<RawValue>>,
    /// The variables' values by their names.
    #[schema(value_type = Option<Object>)]
    variables: Option<Box<RawValue>>,
    /// The field that messages name. `Output` where absent.
    #[schema(example = "Output/total", max_length = 250)]
    field: Option<String>,
}

/// A query language.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub(crate) enum Language {
    JSONPath,
    JSONata,
}

/// Either a value or an error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvaluateOutput {
    /// Any JSON; numbers are spelled as an execution would have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    value: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<EvaluateError>,
}

/// Why there is no value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvaluateError {
    /// The code of a diagnostic where the expression is refused in a definition; else the error that an
    /// execution would have.
    #[schema(example = "States.QueryEvaluationError")]
    error: &'static str,
    /// In AWS's words.
    cause: String,
    /// Where in the expression, if at one place.
    position: Option<Position>,
}

/// A place in the expression as it was sent.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Position {
    /// UTF-16 code units from the start, as JavaScript counts them.
    offset: usize,
    /// From 1.
    line: usize,
    /// In characters, from 1.
    column: usize,
}

/// Evaluates an expression
///
/// With the evaluator of executions, for at most 200 ms.
#[utoipa::path(
    post,
    path = "/api/v1/evaluate",
    tag = "machines",
    request_body = EvaluateInput,
    responses(
        (status = 200, body = EvaluateOutput, description = "Also where the expression is wrong or fails"),
        (status = 400, body = ProblemBody),
    ),
)]
async fn evaluate(
    _: Principal,
    State(app): State<Shared>,
    Body(input): Body<EvaluateInput>,
) -> Result<Json<EvaluateOutput>, Problem> {
    let place = tokio::time::timeout(WAIT_MAX, PLACES.acquire()).await;
    let Ok(Ok(_place)) = place else {
        return Err(Problem::Throttled);
    };
    let now = asl::Timestamp::from_millis(app.now().timestamp_millis());
    let done = tokio::task::spawn_blocking(move || Given::read(input)?.evaluate(now));
    let done = done
        .await
        .map_err(|error| Problem::unavailable("an expression could not be evaluated", &error))?;
    Ok(Json(match done? {
        Ok(value) => EvaluateOutput {
            value: Some(value),
            error: None,
        },
        Err(error) => EvaluateOutput {
            value: None,
            error: Some(error),
        },
    }))
}

/// The input, read.
struct Given {
    language: Language,
    expression: String,
    field: String,
    input: Value,
    result: Option<Value>,
    error_output: Option<Value>,
    context: Value,
    variables: Variables,
}

impl Given {
    fn read(input: EvaluateInput) -> Result<Self, Problem> {
        let json = |member: &str, text: Option<Box<RawValue>>| match text {
            None => Ok(None),
            Some(text) => asl::json::parse(text.get()).map(Some).map_err(|error| {
                Problem::Invalid(format!("{member} is no JSON that can be read: {error}"))
            }),
        };
        let variables = json("variables", input.variables)?.unwrap_or_else(Value::empty_object);
        let Value::Object(variables) = &variables else {
            return Err(Problem::Invalid(format!(
                "variables is of the type {}, but must be an object",
                variables.kind()
            )));
        };
        let variables = variables.iter();
        Ok(Self {
            language: input.language,
            expression: input.expression,
            field: input.field.unwrap_or_else(|| "Output".to_owned()),
            input: json("input", input.input)?.unwrap_or_else(Value::empty_object),
            result: json("result", input.result)?,
            error_output: json("error_output", input.error_output)?,
            context: json("context", input.context)?.unwrap_or_else(Value::empty_object),
            variables: variables
                .map(|(name, value)| (Arc::clone(name), Payload::from(value.clone())))
                .collect(),
        })
    }

    fn evaluate(
        &self,
        now: asl::Timestamp,
    ) -> Result<Result<Box<RawValue>, EvaluateError>, Problem> {
        let context = Context::new(|| self.context.clone());
        let cost = Cost::millis(MILLIS_MAX);
        let mut random = SystemRandom;
        let mut env = Env {
            input: &self.input,
            result: self.result.as_ref(),
            error_output: self.error_output.as_ref(),
            context: &context,
            variables: &self.variables,
            now,
            cost: &cost,
            random: &mut random,
        };
        let value = match self.language {
            Language::JSONata => self.jsonata(&mut env),
            Language::JSONPath => self.json_path(&mut env),
        };
        match value {
            Err(error) => Ok(Err(error)),
            Ok(value) => RawValue::from_string(value.to_text())
                .map(Ok)
                .map_err(|error| Problem::unavailable("a value could not be written", &error)),
        }
    }

    fn jsonata(&self, env: &mut Env<'_>) -> Result<Value, EvaluateError> {
        let text = self.expression.trim();
        let inner = match jsonata::text(text) {
            jsonata::Text::Literal => text,
            jsonata::Text::Expression(inner) => inner,
            jsonata::Text::Broken => {
                return Err(EvaluateError {
                    error: "INVALID_JSONATA_EXPRESSION",
                    cause: "A JSONata expression must start with '{%' and end with '%}'".to_owned(),
                    position: None,
                });
            }
        };
        let expression = Jsonata::parse(inner, &self.field)
            .map_err(|problem| self.refused("INVALID_JSONATA_EXPRESSION", &problem, inner))?;
        let refused = |cause: String| EvaluateError {
            error: "UNSUPPORTED_JSONATA_EXPRESSION",
            cause,
            position: None,
        };
        let mut names = expression.top_level_references();
        if let Some((name, _)) = names.find(|(_, is_refused)| *is_refused) {
            return Err(refused(format!(
                "Reference to '{name}' at the top level is not supported."
            )));
        }
        if expression.assigns_states() {
            return Err(refused("Variable name 'states' is reserved".to_owned()));
        }
        let value = expression.evaluate_located(env);
        value.map_err(|(error, offset)| self.failed(error, offset, inner))
    }

    fn json_path(&self, env: &mut Env<'_>) -> Result<Value, EvaluateError> {
        let text = self.expression.trim();
        let expression = Expression::parse_json_path(text)
            .map_err(|problem| self.refused("SCHEMA_VALIDATION_FAILED", &problem, text))?;
        let value = expression.evaluate(env);
        value.map_err(|error| self.failed(error, None, text))
    }

    fn refused(&self, error: &'static str, problem: &SyntaxError, inner: &str) -> EvaluateError {
        EvaluateError {
            error,
            cause: problem.message.clone(),
            position: Some(self.position(inner, problem.offset)),
        }
    }

    fn failed(&self, error: EvalError, offset: Option<usize>, inner: &str) -> EvaluateError {
        EvaluateError {
            error: error.error,
            cause: error.detail,
            position: offset.map(|offset| self.position(inner, offset)),
        }
    }

    /// The place of a byte of `inner`, which is a part of the expression.
    fn position(&self, inner: &str, offset: usize) -> Position {
        let text = self.expression.as_str();
        let start = text.find(inner).unwrap_or(0);
        let end = text.floor_char_boundary(start.saturating_add(offset).min(text.len()));
        let before = text.get(..end).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or("");
        Position {
            offset: before.encode_utf16().count(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }
}
