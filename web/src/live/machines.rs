//! State machines: validate a definition, create one or put a new definition in its place.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Problem, ProblemBody};
use super::body::Body;
use crate::access::Principal;
use crate::app::Shared;
use crate::locate::line_of;
use crate::wire::{self, error::Code};

/// The routes of this module, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(validate))
        .routes(routes!(put))
}

/// `STANDARD` or `EXPRESS`.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Type {
    #[default]
    Standard,
    Express,
}

/// A definition to look at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidateInput {
    /// The definition: an object, or its text.
    #[schema(value_type = Object)]
    definition: Box<RawValue>,
    #[serde(default, rename = "type")]
    machine_type: Type,
}

/// What is wrong with a definition, in the order of its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Diagnosis {
    /// Whether a machine could be created of it.
    is_valid: bool,
    problems: Vec<DefinitionProblem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DefinitionProblem {
    /// ERROR or WARNING.
    severity: &'static str,
    #[schema(example = "SCHEMA_VALIDATION_FAILED")]
    code: &'static str,
    message: String,
    /// In the service's spelling.
    location: Option<String>,
    /// A JSON Pointer (RFC 6901) into the definition.
    pointer: Option<String>,
    /// The line of the text, from 1.
    line: Option<usize>,
}

/// Finds what is wrong with a definition
#[utoipa::path(
    post,
    path = "/api/v1/validate",
    tag = "machines",
    request_body = ValidateInput,
    responses(
        (status = 200, body = Diagnosis),
        (status = 400, body = ProblemBody),
    ),
)]
async fn validate(_: Principal, Body(input): Body<ValidateInput>) -> Json<Diagnosis> {
    let text = text_of(&input.definition);
    let machine_type = match input.machine_type {
        Type::Standard => asl::diagnose::MachineType::Standard,
        Type::Express => asl::diagnose::MachineType::Express,
    };
    let (definition, problems) = asl::diagnose::parse(&text, machine_type);
    let problems = problems.into_iter().map(|problem| {
        let pointer = problem.pointer.as_ref().map(ToString::to_string);
        DefinitionProblem {
            severity: problem.severity.as_str(),
            code: problem.code,
            message: problem.message,
            location: problem.location,
            line: pointer.as_deref().map(|pointer| line_of(&text, pointer)),
            pointer,
        }
    });
    Json(Diagnosis {
        is_valid: definition.is_some(),
        problems: problems.collect(),
    })
}

/// A machine to create or change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MachineInput {
    /// The definition: an object, or its text, which is kept as it is spelled.
    #[schema(value_type = Object)]
    definition: Box<RawValue>,
    /// Of a new machine only; a machine keeps its type.
    #[serde(default, rename = "type")]
    machine_type: Type,
    /// A name for what the workflow may do. `arn:aws:iam::ACCOUNT:role/stepwright` where absent.
    role_arn: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MachineOutput {
    arn: String,
    is_new: bool,
}

/// Creates a state machine, or gives one that is there a new definition
#[utoipa::path(
    put,
    path = "/api/v1/machines/{machine}",
    tag = "machines",
    params(("machine" = String, Path, description = "The state machine's name")),
    request_body = MachineInput,
    responses(
        (status = 200, body = MachineOutput),
        (status = 400, body = ProblemBody, description = "Says everything that is wrong"),
        (status = 409, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn put(
    _: Principal,
    State(app): State<Shared>,
    Path(machine): Path<String>,
    Body(input): Body<MachineInput>,
) -> Result<Json<MachineOutput>, Problem> {
    let definition = text_of(&input.definition);
    let arn = app.arns.machine(&machine);
    let mut change = json!({ "stateMachineArn": arn, "definition": definition });
    if let (Some(role_arn), Some(members)) = (&input.role_arn, change.as_object_mut()) {
        members.insert("roleArn".to_owned(), json!(role_arn));
    }
    match wire::perform(&app, "UpdateStateMachine", change).await {
        Ok(_) => return Ok(Json(MachineOutput { arn, is_new: false })),
        Err(error) if error.code == Code::StateMachineDoesNotExist => {}
        Err(error) => return Err(Problem::Wire(error)),
    }
    let account = app.settings.account_id.as_str();
    let role_arn = input
        .role_arn
        .unwrap_or_else(|| format!("arn:aws:iam::{account}:role/stepwright"));
    let machine_type = match input.machine_type {
        Type::Standard => "STANDARD",
        Type::Express => "EXPRESS",
    };
    let new = json!({
        "name": machine,
        "definition": definition,
        "roleArn": role_arn,
        "type": machine_type,
    });
    wire::perform(&app, "CreateStateMachine", new)
        .await
        .map_err(Problem::Wire)?;
    Ok(Json(MachineOutput { arn, is_new: true }))
}

/// A definition's text: what a string says, or the object as it is spelled.
fn text_of(definition: &RawValue) -> String {
    serde_json::from_str::<String>(definition.get()).unwrap_or_else(|_| definition.get().to_owned())
}
