//! `/map-runs/{id}`: how many items and children of a Map Run stand where, and the children by status.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use runtime::{
    Fault,
    counts::{Both, Shown},
    map_run_id,
};
use store::{browse::Edge, ids::ExecutionId, list::Filter};

use super::{
    frame::{Frame, Section, Visit},
    moment::{self, Moment},
    paging, problem,
    queries::{self, Queries},
    theme::Theme,
    view::{ExecutionRow, Pager, Status, shortened},
};
use crate::app::{App, Shared};

#[derive(Template)]
#[template(path = "map_run.html")]
pub struct MapRunPage {
    pub frame: Frame,
    pub id: String,
    pub label: String,
    pub status: Status,
    pub execution: String,
    pub started: Moment,
    pub took: String,
    pub is_express: bool,
    pub redrives: i32,
    pub rows: Vec<CountRow>,
    /// Which children are shown, and where the others are.
    pub choices: Vec<Choice>,
    pub children: Vec<ExecutionRow>,
    pub pager: Pager,
}

/// How many items and children stand somewhere.
pub struct CountRow {
    pub what: &'static str,
    pub items: String,
    pub executions: String,
}

pub struct Choice {
    pub word: &'static str,
    pub address: String,
    pub is_chosen: bool,
}

/// A Map Run as the page of its execution links to it.
pub struct MapRunLink {
    pub id: String,
    pub label: String,
    pub status: Status,
    pub items: String,
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Query(members): Query<Vec<(String, String)>>,
) -> Response {
    match page(&visit, &app, &id, &members).await {
        Ok(Some(page)) => problem::draw(&page).into_response(),
        Ok(None) => problem::not_found(visit, Section::Executions, "Map Run", &id),
        Err(fault) => problem::unavailable(visit, Section::Executions, "This Map Run", &fault),
    }
}

async fn page(
    visit: &Visit,
    app: &App,
    id: &str,
    members: &[(String, String)],
) -> Result<Option<MapRunPage>, Fault> {
    let Some(run_id) = map_run_id(id) else {
        return Ok(None);
    };
    let Some(run) = app.engine.map_run(run_id).await? else {
        return Ok(None);
    };
    let member = |name: &str| {
        let found = members.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    };
    let status = member("status").and_then(Status::from_wire);
    let edge = |name: &str| member(name)?.parse().ok().map(ExecutionId);
    let edge = match (edge("before"), edge("after")) {
        (Some(before), _) => Some(Edge::After(before)),
        (None, after) => after.map(Edge::Before),
    };
    let filter = Filter {
        machine_id: Some(run.id.0),
        statuses: status.into_iter().map(queries::stored).collect(),
        ..Filter::default()
    };
    let now = visit.now;
    let cut = Queries::new(app, now).executions(&filter, edge).await?;
    let path = format!("/map-runs/{id}");
    let wire = status.map_or("", Status::wire);
    let address = |side: &str, row: &ExecutionRow| {
        paging::address(&path, &[("status", wire), (side, &row.id)])
    };
    let (first, last) = (cut.rows.first(), cut.rows.last());
    let pager = Pager {
        newer: first
            .filter(|_| cut.has_before)
            .map(|row| address("after", row)),
        older: last
            .filter(|_| cut.has_after)
            .map(|row| address("before", row)),
        shown: format!("{} children", cut.rows.len()),
    };
    let choice = |word, wire: &str| Choice {
        word,
        address: paging::address(&path, &[("status", wire)]),
        is_chosen: status.map_or("", Status::wire) == wire,
    };
    let mut choices = vec![choice("All", "")];
    choices.extend(
        Status::ALL
            .into_iter()
            .map(|status| choice(status.word(), status.wire())),
    );
    let counts = app.engine.map_run_counts(&run).await?;
    Ok(Some(MapRunPage {
        frame: visit.clone().frame_of(Section::Executions, &run.label),
        id: run.id.to_string(),
        status: queries::status(run.status),
        execution: run.execution.to_string(),
        started: Moment::new(run.started_at, now),
        took: moment::between(run.started_at, run.closed_at.unwrap_or(now)),
        is_express: run.is_express,
        redrives: run.redrive_count,
        rows: rows(&counts),
        label: run.label,
        choices,
        children: cut.rows,
        pager,
    }))
}

fn rows(counts: &Both) -> Vec<CountRow> {
    let row = |what, of: fn(&Shown) -> u64| CountRow {
        what,
        items: moment::count(of(&counts.items)),
        executions: moment::count(of(&counts.executions)),
    };
    vec![
        row("Pending", |shown| shown.pending),
        row("Pending redrive", |shown| shown.pending_redrive),
        row("Running", |shown| shown.running),
        row("Succeeded", |shown| shown.succeeded),
        row("Failed", |shown| shown.failed),
        row("Timed out", |shown| shown.timed_out),
        row("Aborted", |shown| shown.aborted),
        row("Total", |shown| shown.total),
        row("Results written", |shown| shown.results_written),
        row("Cannot be redriven", |shown| shown.failures_not_redrivable),
    ]
}

/// The newest Map Runs of an execution, for its page.
pub(super) async fn links(app: &App, execution: ExecutionId) -> Result<Vec<MapRunLink>, Fault> {
    const SHOWN_MAX: i64 = 50;
    let runs = store::map_run::of_execution(&app.db, execution, None, SHOWN_MAX).await?;
    Ok(runs
        .into_iter()
        .map(|run| {
            let counts = Both::parse(&run.counts).unwrap_or_default();
            MapRunLink {
                id: run.id.to_string(),
                label: run.label,
                status: queries::status(run.status),
                items: moment::count(counts.items.total),
            }
        })
        .collect())
}

impl MapRunPage {
    /// The id of the execution, with its middle left out.
    pub fn execution_label(&self) -> String {
        shortened(&self.execution)
    }
}

#[cfg(test)]
mod tests;
