//! Executions: start (and wait), look at, history, stop.

use std::sync::Arc;
use std::time::Duration;

use asl::diagnose::MachineType;
use asl::machine::{Outcome, history};
use asl::{Json, Payload, StateError};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use runtime::facts::status_name;
use runtime::history::Cursor;
use runtime::{ExecutionId, RedriveError, StartError, StartRequest, View};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::answer::{Problem, ProblemBody};
use super::body::{Body, Query};
use super::logged::{self, Found, find_any};
use super::rerun;
use crate::access::Principal;
use crate::app::{App, Shared};

/// The longest that a call waits for an execution to close.
const WAIT_SECONDS_MAX: u64 = 60;
/// Of an Express machine, whose executions have five minutes: nobody else can tell how they ended.
const EXPRESS_WAIT_SECONDS_MAX: u64 = 310;
/// Events of one page, by default and at most.
const EVENTS_DEFAULT: usize = 100;
const EVENTS_MAX: usize = 1_000;

/// The routes of this module, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(describe))
        .routes(routes!(events))
        .routes(routes!(stop))
        .routes(routes!(redrive))
}

/// An execution to start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartInput {
    /// 1 to 80 characters, unique in the machine for 90 days (names of Express executions need not be); made up
    /// where absent.
    name: Option<String>,
    /// Any JSON value; an empty object where absent. Kept as it is spelled.
    #[schema(value_type = Option<Object>, example = json!({"order": 17}))]
    input: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wait {
    /// Answer when the execution has closed, or after this long: `30s`, at most `60s`. Of an Express machine at
    /// most `310s`, and as long as that where it is absent, since only this answer tells how the execution ended;
    /// `0s` starts one without waiting.
    #[param(example = "30s")]
    wait: Option<String>,
}

impl Wait {
    fn patience(&self, seconds_max: u64) -> Result<Option<Duration>, Problem> {
        let Some(text) = self.wait.as_deref() else {
            return Ok(None);
        };
        let seconds = text.strip_suffix('s').unwrap_or(text).parse::<u64>().ok();
        match seconds {
            Some(seconds) if seconds <= seconds_max => Ok(Some(Duration::from_secs(seconds))),
            _ => Err(Problem::Invalid(format!(
                "wait '{text}' is not allowed: 0s to {seconds_max}s are"
            ))),
        }
    }
}

/// An execution as it is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of what `show` writes by hand")]
pub(crate) struct Execution {
    id: Uuid,
    arn: String,
    machine: String,
    name: String,
    /// RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
    status: String,
    started_at: String,
    closed_at: Option<String>,
    /// Absent where it is an Express execution's and was not logged.
    #[schema(value_type = Option<Object>)]
    input: Option<()>,
    /// Of one that succeeded.
    #[schema(value_type = Option<Object>)]
    output: Option<()>,
    error: Option<String>,
    cause: Option<String>,
    /// How often it was redriven; absent where never.
    redrive_count: Option<u32>,
    /// When it was redriven last.
    redriven_at: Option<String>,
    /// The visit of another execution that it goes on from.
    rerun_of: Option<RerunLink>,
    /// The newest executions that go on from one of its visits.
    reruns: Option<Vec<RerunLink>>,
}

/// An execution at the other end of a rerun.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of what `rerun` writes by hand")]
pub(crate) struct RerunLink {
    execution: Uuid,
    /// The event by which the chosen state was entered in the older one.
    event: u64,
}

/// Starts an execution
#[utoipa::path(
    post,
    path = "/api/v1/machines/{machine}/executions",
    tag = "executions",
    params(("machine" = String, Path, description = "The state machine's name"), Wait),
    request_body = StartInput,
    responses(
        (status = 200, body = Execution, description = "It has closed within the time to wait"),
        (status = 202, body = Execution, description = "It runs; one of an Express machine cannot be asked for"),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "The name is taken"),
        (status = 429, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn start(
    _: Principal,
    State(app): State<Shared>,
    Path(machine): Path<String>,
    Query(wait): Query<Wait>,
    Body(input): Body<StartInput>,
) -> Result<Response, Problem> {
    let machine_arn = app.arns.machine(&machine);
    let machine_type = app.engine.machine_type(&machine_arn).await;
    let machine_type = machine_type.map_err(|error| refusal(&machine, error))?;
    let patience = match machine_type {
        MachineType::Standard => wait.patience(WAIT_SECONDS_MAX)?,
        MachineType::Express => {
            let longest = Duration::from_secs(EXPRESS_WAIT_SECONDS_MAX);
            let patience = wait.patience(EXPRESS_WAIT_SECONDS_MAX)?.unwrap_or(longest);
            (!patience.is_zero()).then_some(patience)
        }
    };
    if let Some(name) = &input.name {
        check_name(name)?;
    }
    let text = input.input.as_ref().map_or("{}", |input| input.get());
    let max = app.engine.payload_bytes_max();
    if text.len() > max {
        return Err(Problem::Invalid(format!(
            "input of {} bytes is not allowed: at most {max} are",
            text.len()
        )));
    }
    let request = StartRequest {
        machine_arn,
        name: input.name,
        // It was read as JSON just now, so its text can be trusted.
        input: Payload::from_trusted_text(text),
        parent: None,
        trace_header: None,
        child_id: None,
    };
    let started = match patience {
        Some(patience) => app.engine.start_and_wait(request, patience).await,
        None => app.engine.start(request).await,
    };
    let view = started.map_err(|error| refusal(&machine, error))?;
    let status = match view.closed {
        Some(_) => StatusCode::OK,
        None => StatusCode::ACCEPTED,
    };
    Ok(show(status, &view))
}

/// Refuses what cannot be the name of an execution.
pub(super) fn check_name(name: &str) -> Result<(), Problem> {
    if crate::wire::is_name(name) && name.chars().count() <= 80 {
        return Ok(());
    }
    Err(Problem::Invalid(format!(
        "name '{name}' is not allowed: 1 to 80 characters without white space and \
         <>{{}}[]?*\"#%\\^|~`$&,;:/ are"
    )))
}

pub(super) fn refusal(machine: &str, error: StartError) -> Problem {
    match error {
        StartError::InvalidArn(_) | StartError::MachineDoesNotExist => {
            Problem::NotFound(format!("there is no state machine '{machine}'"))
        }
        StartError::NoTestCase(text) => Problem::Invalid(text),
        StartError::MachineDeleting => {
            Problem::Conflict(format!("the state machine '{machine}' is being deleted"))
        }
        StartError::MachineTypeNotSupported => Problem::Invalid(format!(
            "this operation is not supported by the type of the state machine '{machine}'"
        )),
        StartError::NameTaken { by, .. } => {
            Problem::Conflict(format!("the name belongs to execution {by} of '{machine}'"))
        }
        StartError::LimitExceeded => Problem::Full(error.to_string()),
        StartError::Throttled => Problem::Throttled,
        StartError::Unavailable => Problem::Unavailable,
        StartError::Fault(fault) => {
            Problem::unavailable("an execution could not be started", &fault)
        }
    }
}

/// Tells of an execution
#[utoipa::path(
    get,
    path = "/api/v1/executions/{id}",
    tag = "executions",
    params(("id" = String, Path, description = "The execution's id or its ARN"), Wait),
    responses(
        (status = 200, body = Execution),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn describe(
    _: Principal,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Query(wait): Query<Wait>,
) -> Result<Response, Problem> {
    let view = match find_any(&app, &id).await? {
        Found::Kept(view) => view,
        Found::Logged(logged) => return Ok(logged::show(&logged)),
    };
    let view = match wait.patience(WAIT_SECONDS_MAX)? {
        Some(patience) if view.closed.is_none() => {
            let waited = app.engine.wait(view.facts.id, patience).await;
            waited.map_err(fault)?.unwrap_or(view)
        }
        _ => view,
    };
    let text = rerun::with_links(&app, view.facts.id, show_text(&view)).await?;
    Ok(json(StatusCode::OK, text))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventPage {
    /// Newest first.
    #[serde(default)]
    pub(super) reverse: bool,
    /// As the page before gave it.
    pub(super) after: Option<String>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// A page of history events, each as GetExecutionHistory has it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of what `events` writes by hand")]
pub(crate) struct Events {
    #[schema(value_type = Vec<Object>)]
    events: Vec<()>,
    /// Where there are more: what to ask for as `after`.
    next: Option<String>,
}

/// Gives the history of an execution
#[utoipa::path(
    get,
    path = "/api/v1/executions/{id}/history",
    tag = "executions",
    params(("id" = String, Path, description = "The execution's id or its ARN"), EventPage),
    responses(
        (status = 200, body = Events),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn events(
    _: Principal,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Query(page): Query<EventPage>,
) -> Result<Response, Problem> {
    let found = find_any(&app, &id).await?;
    let limit = page.limit.unwrap_or(EVENTS_DEFAULT);
    if !(1..=EVENTS_MAX).contains(&limit) {
        return Err(Problem::Invalid(format!(
            "limit {limit} is not allowed: 1 to {EVENTS_MAX} are"
        )));
    }
    let view = match found {
        Found::Kept(view) => view,
        Found::Logged(logged) => return logged::events(&app, &logged, &page, limit).await,
    };
    let from = page.after.as_deref().map(read_cursor).transpose()?;
    let found = app
        .engine
        .history(view.facts.id, page.reverse, from, limit)
        .await;
    let found = found.map_err(fault)?;
    let region = app.settings.region.as_str();
    let events = found
        .events
        .iter()
        .map(|event| history::wire::event(event, region, true));
    let mut members = asl::json::Object::new();
    members.insert(Arc::from("events"), Json::array(events.collect()));
    if let Some(next) = found.next {
        let next = format!("{}.{}", next.step, next.event);
        members.insert(Arc::from("next"), Json::from(next));
    }
    Ok(json(StatusCode::OK, Json::object(members).to_text()))
}

fn read_cursor(text: &str) -> Result<Cursor, Problem> {
    let parts = text.split_once('.');
    let cursor = parts.and_then(|(step, event)| {
        Some(Cursor {
            step: step.parse().ok()?,
            event: event.parse().ok()?,
        })
    });
    cursor.ok_or_else(|| {
        Problem::Invalid(format!("after '{text}' is not the 'next' of a page before"))
    })
}

/// Why an execution is stopped.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopInput {
    #[schema(max_length = 256)]
    error: Option<String>,
    #[schema(max_length = 32768)]
    cause: Option<String>,
}

/// Stops an execution
#[utoipa::path(
    post,
    path = "/api/v1/executions/{id}/stop",
    tag = "executions",
    params(("id" = String, Path, description = "The execution's id or its ARN")),
    request_body = StopInput,
    responses(
        (status = 200, body = Execution, description = "It has closed, now or before"),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn stop(
    _: Principal,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Body(input): Body<StopInput>,
) -> Result<Response, Problem> {
    let lengths = [
        ("error", &input.error, 256),
        ("cause", &input.cause, 32_768),
    ];
    for (field, text, max) in lengths {
        let length = text.as_ref().map_or(0, |text| text.chars().count());
        if length > max {
            return Err(Problem::Invalid(format!(
                "{field} of {length} characters is not allowed: at most {max} are"
            )));
        }
    }
    let view = find(&app, &id).await?;
    let error = StateError {
        error: input.error.map(Arc::from),
        cause: input.cause.map(Arc::from),
    };
    let stopped = app.engine.stop(view.facts.id, error).await.map_err(fault)?;
    Ok(show(StatusCode::OK, &stopped.unwrap_or(view)))
}

/// How an execution is redriven.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedriveInput {
    /// A request that is repeated with its token is answered and not done again, for 15 minutes.
    #[schema(min_length = 1, max_length = 64)]
    client_token: Option<String>,
}

/// Redrives an execution: it goes on from where it did not succeed
#[utoipa::path(
    post,
    path = "/api/v1/executions/{id}/redrive",
    tag = "executions",
    params(("id" = String, Path, description = "The execution's id or its ARN")),
    request_body = RedriveInput,
    responses(
        (status = 202, body = Execution, description = "It goes on"),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "It cannot be redriven"),
        (status = 503, body = ProblemBody),
    ),
)]
async fn redrive(
    _: Principal,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Body(input): Body<RedriveInput>,
) -> Result<Response, Problem> {
    let token = input.client_token.as_deref();
    if let Some(token) = token
        && (!(1..=64).contains(&token.chars().count()) || token.contains('\0'))
    {
        return Err(Problem::Invalid(
            "client_token is not allowed: 1 to 64 characters without U+0000 are".to_owned(),
        ));
    }
    let view = find(&app, &id).await?;
    let redriven = app.engine.redrive(view.facts.id, token).await;
    redriven.map_err(|error| match error {
        RedriveError::DoesNotExist => Problem::NotFound(format!("there is no execution '{id}'")),
        RedriveError::NotRedrivable(reason) => Problem::Conflict(reason.to_string()),
        RedriveError::LimitExceeded => {
            Problem::Full("as many executions are open as may be".to_owned())
        }
        RedriveError::Unavailable => Problem::Unavailable,
        RedriveError::Fault(error) => fault(error),
    })?;
    let now = app.engine.view(view.facts.id).await.map_err(fault)?;
    Ok(show(StatusCode::ACCEPTED, &now.unwrap_or(view)))
}

/// The execution that a path names: by its id, or by its ARN.
pub(super) async fn find(app: &App, text: &str) -> Result<View, Problem> {
    let found = if let Ok(id) = Uuid::try_parse(text) {
        app.engine.view(ExecutionId(id)).await.map_err(fault)?
    } else {
        let name = text.strip_prefix(&app.arns.execution("", "").trim_end_matches(':').to_owned());
        match name.and_then(|rest| rest.trim_start_matches(':').split_once(':')) {
            Some((machine, name)) => app.engine.find(machine, name).await.map_err(fault)?,
            None => None,
        }
    };
    found.ok_or_else(|| {
        let shown: String = text.chars().take(200).collect();
        Problem::NotFound(format!("there is no execution '{shown}'"))
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for map_err")]
pub(super) fn fault(fault: runtime::Fault) -> Problem {
    Problem::unavailable("an execution could not be read", &fault)
}

fn show(status: StatusCode, view: &View) -> Response {
    json(status, show_text(view))
}

/// An execution as the API writes it.
pub(super) fn show_text(view: &View) -> String {
    use asl::json::write::write_string;
    let facts = &view.facts;
    let mut text = String::with_capacity(512 + facts.input.text().len());
    let mut put = |name: &str, value: &str| {
        text.push(if text.is_empty() { '{' } else { ',' });
        write_string(name, &mut text);
        text.push(':');
        write_string(value, &mut text);
    };
    put("id", &facts.id.to_string());
    put("arn", &facts.identity.arn);
    put("machine", &facts.revision.machine_name);
    put("name", &facts.identity.name);
    put("status", status_name(view.status()));
    put("started_at", &facts.identity.started_at.to_iso());
    let outcome = view.closed.as_ref().map(|closed| {
        put("closed_at", &closed.at.to_iso());
        &closed.outcome
    });
    if let Some(Outcome::Failed(error) | Outcome::Aborted(error) | Outcome::TimedOut(error)) =
        outcome
    {
        if let Some(error) = &error.error {
            put("error", error);
        }
        if let Some(cause) = &error.cause {
            put("cause", cause);
        }
    }
    if let Some(redriven) = facts.redriven {
        put("redriven_at", &redriven.at.to_iso());
        text.push_str(",\"redrive_count\":");
        text.push_str(&redriven.count.to_string());
    }
    // Payloads are JSON already, so they stand here as they were spelled.
    text.push_str(",\"input\":");
    text.push_str(facts.input.text());
    if let Some(Outcome::Succeeded(output)) = outcome {
        text.push_str(",\"output\":");
        text.push_str(output.text());
    }
    text.push('}');
    text
}

pub(super) fn json(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], text).into_response()
}
