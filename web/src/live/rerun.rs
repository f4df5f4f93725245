//! Rerunning an execution from one of its state visits, and which executions are reruns of which.

use std::sync::Arc;

use asl::machine::rerun::Edits;
use asl::{Json, Payload, json::Object};
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use runtime::rerun::{Definition, Request};
use runtime::{ExecutionId, RerunError, View};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Problem, ProblemBody};
use super::body::Body;
use super::executions::{self, check_name, fault, find, json, refusal, show_text};
use crate::access::Principal;
use crate::app::{App, Shared};
use crate::visits;

/// Reruns of one execution that are named; the newest.
const RERUNS_MAX: i64 = 20;
/// Events in which a state is looked for.
const EVENTS_READ: usize = 30_000;
const VARIABLES_MAX: usize = 200;

/// The routes of this module, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(rerun))
}

/// Where a new execution goes on, and with what.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RerunInput {
    /// The event by which the chosen state was entered.
    pub(crate) event: Option<u64>,
    /// Instead of `event`: the last visit of this state.
    #[schema(max_length = 80)]
    pub(crate) state: Option<String>,
    /// Instead of what went into the state: any JSON.
    #[schema(value_type = Option<Object>)]
    pub(crate) input: Option<Box<RawValue>>,
    /// Other values for variables that the state sees.
    #[schema(value_type = Option<Object>)]
    pub(crate) variables: Option<Box<RawValue>>,
    /// Stands in for the work of the state, which is not done: a Task, Parallel or Map. Any JSON.
    #[schema(value_type = Option<Object>)]
    pub(crate) result: Option<Box<RawValue>>,
    /// Which definition runs: `same` (the default), `newest`, the number of a version, or an alias.
    #[schema(example = "newest")]
    pub(crate) definition: Option<String>,
    /// 1 to 80 characters, unique in the machine for 90 days; made up where absent.
    pub(crate) name: Option<String>,
}

/// Starts a new execution that goes on from a state of this one
///
/// What was done before that state was entered is not done again, nor what flows beside it did
/// afterwards. The new execution has a history of its own.
#[utoipa::path(
    post,
    path = "/api/v1/executions/{id}/rerun",
    tag = "executions",
    params(("id" = String, Path, description = "The id or ARN of the execution to go on from")),
    request_body = RerunInput,
    responses(
        (status = 202, body = executions::Execution, description = "The new execution"),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "It cannot be rerun, or the name is taken"),
        (status = 429, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn rerun(
    _: Principal,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Body(input): Body<RerunInput>,
) -> Result<Response, Problem> {
    let view = find(&app, &id).await?;
    let new = perform(&app, &view, input).await?;
    let text = show_text(&new);
    let text = with_links(&app, new.facts.id, text).await?;
    Ok(json(StatusCode::ACCEPTED, text))
}

/// Starts the rerun that was asked for.
pub(crate) async fn perform(app: &App, view: &View, input: RerunInput) -> Result<View, Problem> {
    if let Some(name) = &input.name {
        check_name(name)?;
    }
    let event = match (input.event, &input.state) {
        (Some(event), None) => event,
        (None, Some(state)) => entered(app, view, state).await?,
        _ => {
            return Err(Problem::Invalid(
                "give either event, the number by which a state was entered, or state, its name"
                    .to_owned(),
            ));
        }
    };
    let edits = Edits {
        input: payload(app, "input", input.input)?,
        variables: variables(app, input.variables)?,
        result: payload(app, "result", input.result)?,
    };
    let request = Request {
        origin: view.facts.id,
        event,
        edits,
        definition: definition(input.definition.as_deref()),
        name: input.name,
    };
    let machine = &view.facts.revision.machine_name;
    let new = app.engine.rerun(request).await;
    new.map_err(|error| match error {
        RerunError::DoesNotExist => {
            Problem::NotFound(format!("there is no execution '{}'", view.facts.id))
        }
        RerunError::Child => Problem::Conflict(error.to_string()),
        RerunError::Refused(refused) => Problem::Invalid(refused.to_string()),
        RerunError::Start(error) => refusal(machine, error),
    })
}

fn definition(text: Option<&str>) -> Definition {
    match text {
        None | Some("" | "same") => Definition::Same,
        Some("newest") => Definition::Newest,
        Some(text) => match text.parse() {
            Ok(number) => Definition::Version(number),
            Err(_) => Definition::Alias(text.to_owned()),
        },
    }
}

/// The event by which the state was entered last.
async fn entered(app: &App, view: &View, state: &str) -> Result<u64, Problem> {
    let read = visits::events(&app.engine, view.facts.id, None, EVENTS_READ).await;
    let events = read.map_err(fault)?;
    let visits = visits::read(&events, None);
    let found = visits::of_state(&visits, state);
    let found = found.last().map(|visit| visit.entered);
    found.ok_or_else(|| {
        let shown: String = state.chars().take(80).collect();
        Problem::Invalid(format!("state '{shown}' was not entered by the execution"))
    })
}

fn payload(
    app: &App,
    field: &str,
    text: Option<Box<RawValue>>,
) -> Result<Option<Payload>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let max = app.engine.payload_bytes_max();
    let bytes = text.get().len();
    if bytes > max {
        return Err(Problem::Invalid(format!(
            "{field} of {bytes} bytes is not allowed: at most {max} are"
        )));
    }
    let payload = Payload::parse(text.get())
        .map_err(|error| Problem::Invalid(format!("{field} is no JSON that can be read: {error}")));
    payload.map(Some)
}

fn variables(app: &App, text: Option<Box<RawValue>>) -> Result<Vec<(Arc<str>, Payload)>, Problem> {
    let Some(given) = payload(app, "variables", text)? else {
        return Ok(Vec::new());
    };
    let Json::Object(members) = given.json() else {
        return Err(Problem::Invalid(
            "variables is no object of values by their names".to_owned(),
        ));
    };
    let count = members.iter().count();
    if count > VARIABLES_MAX {
        return Err(Problem::Invalid(format!(
            "variables has {count} members: at most {VARIABLES_MAX} are allowed"
        )));
    }
    let members = members.iter();
    Ok(members
        .map(|(name, value)| (Arc::clone(name), Payload::from(value.clone())))
        .collect())
}

/// What an execution is a rerun of, and its own reruns, as further members of its object.
pub(super) async fn with_links(
    app: &App,
    id: ExecutionId,
    mut text: String,
) -> Result<String, Problem> {
    let failed = |error: sqlx::Error| Problem::unavailable("reruns could not be read", &error);
    let origin = store::rerun::origin(&app.db, id).await.map_err(failed)?;
    let reruns = store::rerun::of_origin(&app.db, id, RERUNS_MAX).await;
    let reruns = reruns.map_err(failed)?;
    let link = |execution: ExecutionId, event: i64| {
        let mut members = Object::new();
        members.insert(Arc::from("execution"), Json::string(execution.to_string()));
        members.insert(Arc::from("event"), Json::from(event));
        Json::object(members)
    };
    let mut add = |name: &str, value: &Json| {
        // Before the brace that closes the object.
        text.pop();
        text.push_str(",\"");
        text.push_str(name);
        text.push_str("\":");
        text.push_str(&value.to_text());
        text.push('}');
    };
    if let Some(origin) = origin {
        add("rerun_of", &link(origin.execution, origin.event));
    }
    if !reruns.is_empty() {
        let reruns = reruns.iter().map(|(id, event)| link(*id, *event));
        add("reruns", &Json::array(reruns.collect()));
    }
    Ok(text)
}
