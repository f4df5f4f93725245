//! Express executions in the native API: what their log has, in the shapes that kept executions have.

use std::fmt::Write as _;
use std::sync::Arc;

use asl::Json;
use axum::response::Response;
use http::StatusCode;
use runtime::View;
use runtime::facts::status_name;

use super::answer::Problem;
use super::executions::{EventPage, fault, find, json};
use crate::app::App;
use crate::logged;

/// An execution that a path names.
pub(super) enum Found {
    Kept(View),
    /// An Express execution, of which the log tells.
    Logged(logged::Execution),
}

/// The execution that a path names, be it that only its log is kept.
pub(super) async fn find_any(app: &App, text: &str) -> Result<Found, Problem> {
    match find(app, text).await {
        Ok(view) => Ok(Found::Kept(view)),
        Err(Problem::NotFound(why)) => {
            let logged = logged::Execution::find(&app.engine, text).await;
            let logged = logged.map_err(fault)?;
            logged.map(Found::Logged).ok_or(Problem::NotFound(why))
        }
        Err(problem) => Err(problem),
    }
}

/// The lines of a log as history events; `after` is the number of an event.
pub(super) async fn events(
    app: &App,
    logged: &logged::Execution,
    page: &EventPage,
    limit: usize,
) -> Result<Response, Problem> {
    if page.reverse {
        return Err(Problem::Invalid(
            "reverse 'true' is not allowed for an Express execution: its log is read in order"
                .to_owned(),
        ));
    }
    let after = match page.after.as_deref() {
        None => 0,
        Some(text) => text.parse().map_err(|_| {
            Problem::Invalid(format!("after '{text}' is not the 'next' of a page before"))
        })?,
    };
    let lines = app.engine.logs(logged.id(), after, limit).await;
    let lines = lines.map_err(fault)?;
    let next = lines.last().filter(|_| lines.len() == limit);
    let next = next.map(|line| line.event.to_string());
    let events = lines.iter().filter_map(logged::event).collect();
    let mut members = asl::json::Object::new();
    members.insert(Arc::from("events"), Json::array(events));
    if let Some(next) = next {
        members.insert(Arc::from("next"), Json::from(next));
    }
    Ok(json(StatusCode::OK, Json::object(members).to_text()))
}

/// An execution as its log tells of it.
pub(super) fn show(logged: &logged::Execution) -> Response {
    let known = &logged.known.row;
    let mut members = asl::json::Object::new();
    let mut put = |name: &str, value: &str| members.insert(Arc::from(name), Json::from(value));
    put("id", &logged.id().to_string());
    put("arn", &logged.known.arn);
    put("machine", &known.machine_name);
    put("name", &known.name);
    put("status", status_name(known.status));
    put("started_at", &known.started_at.to_iso());
    if let Some(at) = known.closed_at {
        put("closed_at", &at.to_iso());
    }
    let (error, cause) = logged.failure();
    for (name, text) in [("error", error), ("cause", cause)] {
        if let Some(text) = text {
            put(name, text);
        }
    }
    let mut text = Json::object(members).to_text();
    text.pop();
    // Payloads are JSON already, so they stand here as they were spelled.
    for (name, payload) in [("input", logged.input()), ("output", logged.output())] {
        if let Some(payload) = payload {
            // Writing to a String cannot fail.
            let _ = write!(text, ",\"{name}\":{payload}");
        }
    }
    text.push('}');
    json(StatusCode::OK, text)
}
