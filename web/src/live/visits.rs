//! The visits of an execution's states, and all of an execution in one document.

use std::convert::Infallible;
use std::sync::Arc;

use asl::machine::history;
use asl::{Json, Payload, json::Object};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use runtime::history::Cursor;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Problem, ProblemBody};
use super::body::Query;
use super::executions::{fault, find, json, show_text};
use crate::access::Principal;
use crate::app::Shared;
use crate::visits::{self, Visit};

/// Visits of one page, by default and at most.
const VISITS_DEFAULT: usize = 100;
const VISITS_MAX: usize = 1_000;
/// Events that one page of visits is read from.
const EVENTS_READ: usize = 30_000;
/// Events that an export reads at once.
const EVENTS_AT_ONCE: usize = 500;

/// The routes of this module, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(export))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VisitPage {
    /// Only those of this state.
    state: Option<String>,
    /// The entered event of a visit: those after it.
    after: Option<u64>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
    /// Whether each comes with its data.
    #[serde(default)]
    data: bool,
}

/// Visits in the order in which they were entered.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of what `list` writes by hand")]
pub(crate) struct Visits {
    visits: Vec<VisitDetails>,
    /// Where there are more: what to ask for as `after`.
    next: Option<u64>,
}

/// One passage through a state.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of what `list` writes by hand")]
pub(crate) struct VisitDetails {
    /// The number of its entered event, which names it.
    entered: u64,
    state: String,
    /// The type of the state.
    kind: String,
    /// RUNNING, WAITING, SUCCEEDED, FAILED, CAUGHT or STOPPED.
    status: String,
    entered_at: String,
    left_at: Option<String>,
    /// The entered event of the Parallel or Map that it is in.
    inside: Option<u64>,
    /// The index in the innermost Map.
    item: Option<u64>,
    error: Option<String>,
    cause: Option<String>,
    tries: Vec<TryDetails>,
    /// With `data`: any JSON.
    #[schema(value_type = Option<Object>)]
    input: Option<()>,
    #[schema(value_type = Option<Object>)]
    output: Option<()>,
    /// With `data`: the variables that were assigned when it was left.
    #[schema(value_type = Option<Object>)]
    assigned: Option<()>,
}

/// One try of a task.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of what `list` writes by hand")]
pub(crate) struct TryDetails {
    /// The number of its scheduled event.
    scheduled: u64,
    /// An ARN, or `service:action`.
    callee: String,
    status: String,
    began_at: String,
    ended_at: Option<String>,
    error: Option<String>,
    cause: Option<String>,
    #[schema(value_type = Option<Object>)]
    arguments: Option<()>,
    #[schema(value_type = Option<Object>)]
    result: Option<()>,
}

/// Tells which states an execution passed through
#[utoipa::path(
    get,
    path = "/api/v1/executions/{id}/visits",
    tag = "executions",
    params(("id" = String, Path, description = "The execution's id or its ARN"), VisitPage),
    responses(
        (status = 200, body = Visits),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn list(
    _: Principal,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Query(page): Query<VisitPage>,
) -> Result<Response, Problem> {
    let limit = page.limit.unwrap_or(VISITS_DEFAULT);
    if !(1..=VISITS_MAX).contains(&limit) {
        return Err(Problem::Invalid(format!(
            "limit {limit} is not allowed: 1 to {VISITS_MAX} are"
        )));
    }
    let view = find(&app, &id).await?;
    let read = visits::events(&app.engine, view.facts.id, None, EVENTS_READ).await;
    let events = read.map_err(fault)?;
    let outcome = view.closed.as_ref().map(|closed| &closed.outcome);
    let is_whole = events.last().is_some_and(|last| last.detail.is_terminal());
    let outcome = outcome.filter(|_| is_whole);
    let visits = visits::read(&events, outcome);
    let after = page.after.unwrap_or(0);
    let mut wanted = visits.iter().filter(|visit| {
        let is_named = page
            .state
            .as_deref()
            .is_none_or(|name| *visit.state == *name);
        is_named && visit.entered > after
    });
    let shown: Vec<&Visit> = wanted.by_ref().take(limit).collect();
    let has_more = wanted.next().is_some();
    let told = shown.iter().map(|visit| tell(visit, &visits, page.data));
    let mut members = Object::new();
    members.insert(Arc::from("visits"), Json::array(told.collect()));
    if let Some(last) = shown.last().filter(|_| has_more) {
        members.insert(Arc::from("next"), Json::from(last.entered));
    }
    Ok(json(StatusCode::OK, Json::object(members).to_text()))
}

fn tell(visit: &Visit, all: &[Visit], has_data: bool) -> Json {
    let mut told = Members::default();
    told.put("entered", Json::from(visit.entered));
    told.put("state", Json::string(&*visit.state));
    told.put("kind", Json::string(visit.kind));
    told.put("status", Json::string(visit.status.wire()));
    told.put("entered_at", Json::string(visit.from.to_iso()));
    if let Some(to) = visit.to {
        told.put("left_at", Json::string(to.to_iso()));
    }
    if let Some(outer) = visit.parent.and_then(|at| all.get(at)) {
        told.put("inside", Json::from(outer.entered));
    }
    if let Some(item) = visit.item {
        told.put("item", Json::from(item));
    }
    told.error(visit.error.as_ref());
    let tries = visit.tries.iter().map(|each| {
        let mut told = Members::default();
        told.put("scheduled", Json::from(each.scheduled));
        told.put("callee", Json::string(each.callee.as_str()));
        told.put("status", Json::string(each.status.wire()));
        told.put("began_at", Json::string(each.from.to_iso()));
        if let Some(to) = each.to {
            told.put("ended_at", Json::string(to.to_iso()));
        }
        told.error(each.error.as_ref());
        if has_data {
            told.payload("arguments", Some(&each.arguments));
            told.payload("result", each.result.as_ref());
        }
        told.done()
    });
    told.put("tries", Json::array(tries.collect()));
    if has_data {
        told.payload("input", Some(&visit.input));
        told.payload("output", visit.output.as_ref());
        let mut assigned = Object::new();
        for (name, value) in &visit.assigned {
            assigned.insert(Arc::clone(name), value.json().clone());
        }
        told.put("assigned", Json::object(assigned));
    }
    told.done()
}

/// An object that grows.
#[derive(Default)]
struct Members(Object);

impl Members {
    fn put(&mut self, name: &str, value: Json) {
        self.0.insert(Arc::from(name), value);
    }

    fn payload(&mut self, name: &str, value: Option<&Payload>) {
        if let Some(value) = value {
            self.put(name, value.json().clone());
        }
    }

    fn error(&mut self, error: Option<&asl::StateError>) {
        let Some(error) = error else { return };
        for (name, text) in [("error", &error.error), ("cause", &error.cause)] {
            if let Some(text) = text {
                self.put(name, Json::string(&**text));
            }
        }
    }

    fn done(self) -> Json {
        Json::object(self.0)
    }
}

/// All that is known of an execution.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of what `export` writes by hand")]
pub(crate) struct Export {
    execution: super::executions::Execution,
    /// The definition that it ran.
    #[schema(value_type = Object)]
    definition: (),
    /// Each as GetExecutionHistory has it.
    #[schema(value_type = Vec<Object>)]
    events: Vec<()>,
}

/// Gives all of an execution in one document: what it is, its definition and its history
#[utoipa::path(
    get,
    path = "/api/v1/executions/{id}/export",
    tag = "executions",
    params(("id" = String, Path, description = "The execution's id or its ARN")),
    responses(
        (status = 200, body = Export),
        (status = 404, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn export(
    _: Principal,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let view = find(&app, &id).await?;
    let id = view.facts.id;
    let revision = store::revision::get(&app.db, view.facts.revision.id).await;
    let revision =
        revision.map_err(|error| Problem::unavailable("a definition could not be read", &error))?;
    // A definition is JSON that was checked when it was stored.
    let definition = revision.map_or_else(|| "null".to_owned(), |revision| revision.definition);
    let head = format!(
        "{{\"execution\":{},\"definition\":{definition},\"events\":[",
        show_text(&view)
    );
    let pages = stream::unfold(Some((Some(head), None::<Cursor>, true)), move |at| {
        let app = Shared::clone(&app);
        async move {
            let (head, from, is_first) = at?;
            if let Some(head) = head {
                return Some((
                    Ok::<_, Infallible>(Bytes::from(head)),
                    Some((None, from, true)),
                ));
            }
            let read = app.engine.history(id, false, from, EVENTS_AT_ONCE).await;
            let page = match read {
                Ok(page) => page,
                Err(error) => {
                    // The document stays open, so whoever reads it sees that it is not whole.
                    let error = &error as &(dyn std::error::Error + 'static);
                    tracing::warn!(error, "an export ends early");
                    return None;
                }
            };
            let region = app.settings.region.as_str();
            let mut text = String::new();
            for (at, event) in page.events.iter().enumerate() {
                if at > 0 || !is_first {
                    text.push(',');
                }
                text.push_str(&history::wire::event(event, region, true).to_text());
            }
            let then = if let Some(next) = page.next {
                Some((None, Some(next), false))
            } else {
                text.push_str("]}");
                None
            };
            Some((Ok(Bytes::from(text)), then))
        }
    });
    let file = format!("attachment; filename=\"{id}.json\"");
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CONTENT_DISPOSITION, file),
    ];
    Ok((StatusCode::OK, headers, Body::from_stream(pages)).into_response())
}
