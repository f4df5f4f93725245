//! The events of an execution as they come: one stream, which goes on after the last event that the caller has
//! seen, on whichever node it asks. It reads what is committed, so it shows nothing that a crash could take back.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use asl::machine::{Event, history};
use asl::{Json, json::Object};
use axum::extract::{Path, State};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use http::HeaderMap;
use runtime::facts::status_name;
use runtime::history::Cursor;
use runtime::{ExecutionId, Fault, View};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Problem, ProblemBody};
use super::body::Query;
use super::executions::{fault, find};
use crate::access::Principal;
use crate::app::Shared;

/// Streams that one node keeps open at once.
pub(crate) const STREAMS_MAX: usize = 1_000;

/// Events that are read at once.
const EVENTS_MAX: usize = 500;

/// Between two looks at the database while an execution does something, and at most while it does nothing.
const LOOK: Duration = Duration::from_millis(100);
const LOOK_MAX: Duration = Duration::from_secs(1);

/// How often a stream without events says that it is still there, so that nobody between cuts it.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The routes of this module, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(events))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct After {
    /// The number of an event: the stream begins with the next one. The header `Last-Event-ID`, which browsers
    /// send when they connect again, comes before it.
    #[param(default = 0)]
    after: Option<u64>,
}

/// Tells the events of an execution as they come
///
/// Server-sent events: each `history` message is an event as GetExecutionHistory has it, with its number as the
/// message's id. When the execution has closed, a last message `closed` has its status, and the stream ends. It
/// ends without one when the server stops: whoever connects again misses nothing.
#[utoipa::path(
    get,
    path = "/api/v1/executions/{id}/events",
    tag = "executions",
    params(("id" = String, Path, description = "The execution's id or its ARN"), After),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 429, body = ProblemBody, description = "Too many streams are open"),
        (status = 503, body = ProblemBody),
    ),
)]
async fn events(
    _: Principal,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Query(asked): Query<After>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = match headers.get("last-event-id") {
        Some(text) => number(text.to_str().unwrap_or_default())?,
        None => asked.after.unwrap_or(0),
    };
    let view = find(&app, &id).await?;
    let place = Arc::clone(&app.streams).try_acquire_owned();
    let place = place.map_err(|_| Problem::Throttled)?;
    let seen = Seen::up_to(&app, view.facts.id, after).await;
    let seen = seen.map_err(fault)?;
    if after > 0 && seen.step.is_none() {
        return Err(Problem::Invalid(format!(
            "event {after} is not allowed: the execution has none of that number, and the stream follows one \
             that it has, or 0"
        )));
    }
    let follower = Follower {
        seen,
        app,
        view,
        waiting: VecDeque::new(),
        pause: LOOK,
        is_over: false,
        _place: place,
    };
    let alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(messages(follower))
        .keep_alive(alive)
        .into_response())
}

/// As many places as a node has for streams.
pub(crate) fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(STREAMS_MAX))
}

fn number(text: &str) -> Result<u64, Problem> {
    text.trim().parse().map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        Problem::Invalid(format!(
            "Last-Event-ID '{shown}' is not allowed: the number of an event is"
        ))
    })
}

/// Somebody who follows an execution.
struct Follower {
    app: Shared,
    view: View,
    seen: Seen,
    waiting: VecDeque<sse::Event>,
    pause: Duration,
    /// Nothing follows what waits.
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

/// The last event that was told, and the step that holds it, where one is.
#[derive(Clone, Copy)]
struct Seen {
    event: u64,
    step: Option<i64>,
}

impl Seen {
    async fn up_to(app: &Shared, id: ExecutionId, event: u64) -> Result<Self, Fault> {
        let step = match i64::try_from(event) {
            Ok(0) | Err(_) => None,
            Ok(event) => store::journal::step_of_event(&app.db, id, event).await?,
        };
        Ok(Self { event, step })
    }
}

fn messages(follower: Follower) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    stream::unfold(follower, |mut follower| async move {
        loop {
            if let Some(message) = follower.waiting.pop_front() {
                return Some((Ok(message), follower));
            }
            if follower.is_over {
                return None;
            }
            let stopping = follower.app.stopping.clone();
            tokio::select! {
                () = stopping.cancelled() => return None,
                looked = follower.look() => if let Err(error) = looked {
                    // Whoever follows connects again, and misses nothing.
                    tracing::warn!(
                        error = &error as &(dyn std::error::Error + 'static),
                        "a stream of events ends early"
                    );
                    return None;
                },
            }
        }
    })
}

impl Follower {
    /// Takes what has come since the last look; waits a moment where nothing has.
    async fn look(&mut self) -> Result<(), Fault> {
        let id = self.view.facts.id;
        // Read before the events are: a closed execution has no later ones.
        let is_closed = self.view.closed.is_some();
        let page = self.read(id).await?;
        if let Some(last) = page.last() {
            let event = last.id;
            let messages: Vec<_> = page.iter().map(|event| self.tell(event)).collect();
            self.waiting.extend(messages);
            self.seen = Seen::up_to(&self.app, id, event).await?;
            self.pause = LOOK;
            return Ok(());
        }
        if is_closed {
            let mut members = Object::new();
            let status = status_name(self.view.status());
            members.insert(Arc::from("status"), Json::string(status));
            let data = Json::object(members).to_text();
            let message = sse::Event::default().event("closed").data(data);
            self.waiting.push_back(message);
            self.is_over = true;
            return Ok(());
        }
        let view = self.app.engine.wait(id, self.pause).await?;
        self.pause = (self.pause * 2).min(LOOK_MAX);
        match view {
            Some(view) => self.view = view,
            // It was deleted meanwhile.
            None => self.is_over = true,
        }
        Ok(())
    }

    async fn read(&self, id: ExecutionId) -> Result<Vec<Event>, Fault> {
        let from = Cursor {
            step: self.seen.step.unwrap_or(1),
            event: self.seen.event,
        };
        let page = self.app.engine.history(id, false, Some(from), EVENTS_MAX);
        Ok(page.await?.events)
    }

    fn tell(&self, event: &Event) -> sse::Event {
        let region = self.app.settings.region.as_str();
        let data = history::wire::event(event, region, true).to_text();
        sse::Event::default()
            .event("history")
            .id(event.id.to_string())
            .data(data)
    }
}
