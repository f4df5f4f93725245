//! `/executions/{id}` of an Express execution: what its log has. Such an execution is in no list, cannot be
//! stopped or redriven, and is known by nothing but the lines that its machine's configuration asked for.

use std::collections::HashMap;

use asl::Json;
use axum::response::{IntoResponse, Response};
use runtime::{ExecutionId, Fault};
use store::browse;

use super::{
    assets,
    events::{EventRow, in_words},
    execution::{ExecutionPage, View, as_json},
    frame::{Section, Visit},
    json_view::JsonView,
    moment::{self, Moment},
    problem, queries,
    run::SHOWN,
    view::{Execution, ExecutionRow, Failure, Pager},
};
use crate::{app::App, logged};

/// What of a logged execution is asked for as it stands.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Input,
    Output,
    Definition,
    /// The event of that number.
    Event(u64),
}

impl Part {
    fn what(self) -> &'static str {
        match self {
            Self::Input => "logged input of the execution",
            Self::Output => "logged output of the execution",
            Self::Definition => "definition of",
            Self::Event(_) => "event in the log of",
        }
    }
}

/// The page, from event `from` on.
pub(super) async fn show(visit: Visit, app: &App, id: &str, from: Option<u64>) -> Response {
    match page(&visit, app, id, from.unwrap_or(1).max(1)).await {
        Ok(Some(page)) => problem::draw(&page).into_response(),
        Ok(None) => problem::not_found(visit, Section::Executions, "execution", id),
        Err(fault) => problem::unavailable(visit, Section::Executions, "This execution", &fault),
    }
}

async fn page(
    visit: &Visit,
    app: &App,
    id: &str,
    from: u64,
) -> Result<Option<ExecutionPage>, Fault> {
    let Some(execution) = logged::Execution::find(&app.engine, id).await? else {
        return Ok(None);
    };
    let known = &execution.known.row;
    let shown = usize::try_from(SHOWN).unwrap_or(1);
    let mut lines = app.engine.logs(execution.id(), from - 1, shown + 1).await?;
    let next = lines.get(shown).map(|line| line.event);
    lines.truncate(shown);
    let events: Vec<Json> = lines.iter().filter_map(logged::event).collect();
    let states = states(&events);
    let rows: Vec<EventRow> = events
        .iter()
        .zip(states)
        .map(|(event, state)| {
            let row = EventRow::new(event, state, known.started_at, visit.now);
            let whole = format!("/executions/{}/events/{}", execution.id(), row.number);
            row.with_whole(&whole)
        })
        .collect();
    let names = browse::machine_names(&app.db, &[known.machine_id]).await?;
    let row = ExecutionRow {
        id: execution.id().to_string(),
        name: known.name.clone(),
        machine: known.machine_name.clone(),
        has_machine: names.first().is_some_and(|it| it.is_live),
        map_run: None,
        status: queries::status(known.status),
        started: Moment::new(known.started_at, visit.now),
        closed: known.closed_at,
        error: None,
    };
    let (error, cause) = execution.failure();
    let is_failed = known.closed_at.is_some() && (error.is_some() || cause.is_some());
    let whole = |part: &str| format!("/executions/{}/{part}", execution.id());
    let view = |text: &str, part: &str| JsonView::new(text).with_whole(whole(part));
    let told = moment::count(execution.lines);
    Ok(Some(ExecutionPage {
        frame: visit.clone().frame_of(Section::Executions, &row.label()),
        is_live: known.closed_at.is_none(),
        is_logged_only: true,
        is_redrivable: false,
        redriven: None,
        map_runs: Vec::new(),
        logs: None,
        view: View::All,
        parent: None,
        rerun_of: None,
        reruns: Vec::new(),
        timeline: None,
        selection: None,
        execution: Execution {
            arn: execution.known.arn.clone(),
            failure: is_failed.then(|| Failure {
                error: error.map(str::to_owned),
                cause: cause.map(in_words).filter(|cause| !cause.is_empty()),
                ..Failure::default()
            }),
            input: execution.input().map(|text| view(text, "input")),
            output: execution.output().map(|text| view(text, "output")),
            events: execution.lines,
            row,
        },
        events: rows,
        events_told: told.clone(),
        events_pager: Pager {
            newer: (from > 1).then(|| "?#events".to_owned()),
            older: next.map(|event| format!("?from={event}#events")),
            shown: told,
        },
        newest_first: false,
        other_order: String::new(),
        graph: assets::graph(),
    }))
}

/// The state that each event belongs to, as far as the events before it tell.
fn states(events: &[Json]) -> Vec<Option<&str>> {
    let number = |event: &Json, name: &str| {
        let number = event.get(name).and_then(Json::as_number);
        number.and_then(|number| number.as_str().parse::<u64>().ok())
    };
    let mut known: HashMap<u64, Option<&str>> = HashMap::new();
    events
        .iter()
        .map(|event| {
            let kind = event.get("type").and_then(Json::as_str).unwrap_or("");
            let details = ["stateEnteredEventDetails", "stateExitedEventDetails"]
                .into_iter()
                .find_map(|name| event.get(name));
            let name = details.and_then(|details| details.get("name"));
            let state = match name.and_then(Json::as_str) {
                Some(name) => Some(name),
                None if kind.starts_with("Execution") => None,
                None => number(event, "previousEventId")
                    .and_then(|previous| known.get(&previous).copied().flatten()),
            };
            if let Some(id) = number(event, "id") {
                known.insert(id, state);
            }
            state
        })
        .collect()
}

/// One part of a logged execution, whole.
pub(super) async fn part(visit: Visit, app: &App, id: &str, part: Part) -> Response {
    let what = part.what();
    let found = match logged::Execution::find(&app.engine, id).await {
        Ok(Some(execution)) => text_of(app, &execution, part).await,
        Ok(None) => return problem::not_found(visit, Section::Executions, "execution", id),
        Err(fault) => Err(fault),
    };
    match found {
        Ok(Some(text)) => as_json(text),
        Ok(None) => problem::not_found(visit, Section::Executions, what, id),
        Err(fault) => problem::unavailable(visit, Section::Executions, "This execution", &fault),
    }
}

async fn text_of(
    app: &App,
    execution: &logged::Execution,
    part: Part,
) -> Result<Option<String>, Fault> {
    Ok(match part {
        Part::Input => execution.input().map(str::to_owned),
        Part::Output => execution.output().map(str::to_owned),
        Part::Definition => {
            let revision = execution.known.row.revision_id;
            let revision = store::revision::get(&app.db, revision).await?;
            revision.map(|revision| revision.definition)
        }
        Part::Event(number) => event(app, execution.id(), number).await?,
    })
}

async fn event(app: &App, id: ExecutionId, number: u64) -> Result<Option<String>, Fault> {
    let lines = app.engine.logs(id, number.saturating_sub(1), 1).await?;
    let line = lines
        .first()
        .filter(|line| i64::try_from(number) == Ok(line.event));
    Ok(line.and_then(logged::event).map(|event| event.to_text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_between_belong_to_the_state_that_led_to_them() {
        let events: Vec<Json> = [
            r#"{"id":1,"previousEventId":0,"type":"ExecutionStarted"}"#,
            r#"{"id":2,"previousEventId":0,"type":"TaskStateEntered","stateEnteredEventDetails":{"name":"T"}}"#,
            r#"{"id":3,"previousEventId":2,"type":"TaskScheduled"}"#,
            r#"{"id":9,"previousEventId":8,"type":"TaskFailed"}"#,
            r#"{"id":10,"previousEventId":3,"type":"ExecutionFailed"}"#,
        ]
        .iter()
        .map(|text| asl::json::parse(text).unwrap())
        .collect();
        assert_eq!(states(&events), [None, Some("T"), Some("T"), None, None]);
    }
}
