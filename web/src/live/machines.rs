//! State machines: list and read them, validate a definition, create one or put a new definition in
//! its place.

use asl::diagnose::MachineType;
use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use store::machine;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::answer::{Problem, ProblemBody};
use super::body::{Body, Query};
use super::functions::Page;
use crate::access::Principal;
use crate::app::{App, Shared};
use crate::locate::line_of;
use crate::wire::{self, error::Code};

/// The routes of this module, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(validate))
        .routes(routes!(list))
        .routes(routes!(get, put))
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
        Type::Standard => MachineType::Standard,
        Type::Express => MachineType::Express,
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
    /// The revision that the definition was made from: where another is current, nothing changes and
    /// the answer is 409. With it, only the definition is changed.
    expected_revision: Option<Uuid>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MachineOutput {
    arn: String,
    is_new: bool,
    /// The revision that is now current: what the next change may expect.
    revision: Option<Uuid>,
}

/// A machine as it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MachineDetails {
    name: String,
    arn: String,
    #[serde(rename = "type")]
    machine_type: &'static str,
    /// The revision that is current.
    revision: Uuid,
    /// The definition's text, as it is spelled.
    definition: String,
    updated_at: DateTime<Utc>,
    is_deleting: bool,
}

/// A machine in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MachineEntry {
    name: String,
    arn: String,
}

/// Some machines, in the order of their names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MachineList {
    machines: Vec<MachineEntry>,
    /// Where there are more: what to ask for as `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists state machines
#[utoipa::path(
    get,
    path = "/api/v1/machines",
    tag = "machines",
    params(Page),
    responses(
        (status = 200, body = MachineList),
        (status = 400, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn list(
    _: Principal,
    State(app): State<Shared>,
    Query(page): Query<Page>,
) -> Result<Json<MachineList>, Problem> {
    let limit = page.limit()?;
    // One more than asked for says whether there are more.
    let mut found = machine::list(&app.db, page.after.as_deref(), limit + 1)
        .await
        .map_err(|error| Problem::unavailable("machines could not be listed", &error))?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    Ok(Json(MachineList {
        next: found.last().filter(|_| has_more).map(|it| it.name.clone()),
        machines: found
            .into_iter()
            .map(|it| MachineEntry {
                arn: app.arns.machine(&it.name),
                name: it.name,
            })
            .collect(),
    }))
}

/// Gives a state machine with its current definition
#[utoipa::path(
    get,
    path = "/api/v1/machines/{machine}",
    tag = "machines",
    params(("machine" = String, Path, description = "The state machine's name")),
    responses(
        (status = 200, body = MachineDetails),
        (status = 404, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn get(
    _: Principal,
    State(app): State<Shared>,
    Path(name): Path<String>,
) -> Result<Json<MachineDetails>, Problem> {
    let found = find(&app, &name).await?;
    Ok(Json(MachineDetails {
        arn: app.arns.machine(&found.name),
        name: found.name,
        machine_type: match found.machine_type {
            MachineType::Standard => "STANDARD",
            MachineType::Express => "EXPRESS",
        },
        revision: found.revision.id,
        definition: found.revision.definition,
        updated_at: found.revision.created_at,
        is_deleting: found.is_deleting,
    }))
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
    if let Some(expected) = input.expected_revision {
        let revision = wire::replace_definition(&app, &machine, &definition, expected)
            .await
            .map_err(Problem::Wire)?;
        return Ok(Json(MachineOutput {
            arn,
            is_new: false,
            revision: Some(revision),
        }));
    }
    let mut change = json!({ "stateMachineArn": arn, "definition": definition });
    if let (Some(role_arn), Some(members)) = (&input.role_arn, change.as_object_mut()) {
        members.insert("roleArn".to_owned(), json!(role_arn));
    }
    match wire::perform(&app, "UpdateStateMachine", change).await {
        Ok(_) => {
            return Ok(Json(MachineOutput {
                revision: current(&app, &machine).await?,
                arn,
                is_new: false,
            }));
        }
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
    Ok(Json(MachineOutput {
        revision: current(&app, &machine).await?,
        arn,
        is_new: true,
    }))
}

/// The live machine of that name.
pub(super) async fn find(app: &App, name: &str) -> Result<machine::Machine, Problem> {
    let missing = || Problem::NotFound(format!("there is no state machine '{name}'"));
    // The database takes no text with a NUL in it.
    if name.contains('\0') {
        return Err(missing());
    }
    machine::get(&app.db, name)
        .await
        .map_err(|error| Problem::unavailable("a machine could not be read", &error))?
        .ok_or_else(missing)
}

/// The id of a machine's current revision.
async fn current(app: &App, name: &str) -> Result<Option<Uuid>, Problem> {
    let found = machine::get(&app.db, name)
        .await
        .map_err(|error| Problem::unavailable("a machine could not be read", &error))?;
    Ok(found.map(|found| found.revision.id))
}

/// A definition's text: what a string says, or the object as it is spelled.
pub(super) fn text_of(definition: &RawValue) -> String {
    serde_json::from_str::<String>(definition.get()).unwrap_or_else(|_| definition.get().to_owned())
}
