//! `/executions/{id}`: what ran, what failed and why, what went in and came out, event by event.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use runtime::{ExecutionId, Fault, logs::Level};
use serde::Deserialize;
use store::browse;

use super::{
    actions, assets,
    events::{DetailValue, EventRow},
    frame::{Frame, Section, Visit},
    logged::{self, Part},
    map_run::{self, MapRunLink},
    moment::{self, Moment},
    new_machine, problem, queries,
    run::{Run, Window},
    theme::Theme,
    view::{Execution, ExecutionRow, Pager},
};
use crate::{
    access::Form,
    app::{App, Shared},
    wire::error::ApiError,
};

/// Lines of the log that a page shows; the native API gives all.
const LOG_LINES: usize = 50;

#[derive(Template)]
#[template(path = "execution.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is a part of the page")]
pub struct ExecutionPage {
    pub frame: Frame,
    pub execution: Execution,
    pub is_live: bool,
    /// An Express execution, known by its log alone.
    pub is_logged_only: bool,
    pub is_redrivable: bool,
    pub redriven: Option<Redrives>,
    pub map_runs: Vec<MapRunLink>,
    /// The first lines of its log, where its machine logs.
    pub logs: Option<Vec<String>>,
    pub events: Vec<EventRow>,
    pub events_told: String,
    pub events_pager: Pager,
    pub newest_first: bool,
    pub other_order: String,
    /// The script that draws the graph.
    pub graph: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    from: Option<u64>,
    #[serde(default)]
    order: String,
}

/// How often an execution was redriven, and when the last time.
pub struct Redrives {
    pub count: u32,
    pub last: Moment,
}

/// A form that only asks to do what its address says.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let run = match find(&visit, &app, &id).await {
        Ok(run) => run,
        Err(Refused::NotFound) => return logged::show(visit, &app, &id, asked.from).await,
        Err(refused) => return refused.answer(visit, &id),
    };
    let is_newest_first = asked.order == "newest";
    let window = Window::of(run.total, asked.from, is_newest_first);
    // All that a page shows of a run changes with its number of events, but for ages, which the
    // script keeps.
    let logs = match logs(&app, &run).await {
        Ok(logs) => logs,
        Err(fault) => {
            return problem::unavailable(visit, Section::Executions, "This execution", &fault);
        }
    };
    let tag = format!(
        "\"{}-{}-{}-{is_newest_first}-{}\"",
        run.total,
        window.first,
        window.last,
        logs.as_ref().map_or(0, Vec::len)
    );
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known == tag.as_str())
    {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    match page(&visit, &app, &run, window, logs).await {
        Ok(page) => ([(header::ETAG, tag)], problem::draw(&page)).into_response(),
        Err(fault) => problem::unavailable(visit, Section::Executions, "This execution", &fault),
    }
}

async fn page(
    visit: &Visit,
    app: &App,
    run: &Run<'_>,
    window: Window,
    logs: Option<Vec<String>>,
) -> Result<ExecutionPage, Fault> {
    let facts = &run.view.facts;
    let machine_id = facts.revision.machine_id;
    let names = browse::machine_names(&app.db, &[machine_id]).await?;
    let row = ExecutionRow {
        id: run.id().to_string(),
        name: facts.identity.name.to_string(),
        machine: facts.revision.machine_name.to_string(),
        has_machine: names.first().is_some_and(|it| it.is_live),
        map_run: facts.map_run().map(|(run, _)| run.to_string()),
        status: queries::status(run.view.status()),
        started: run.started(),
        closed: run.view.closed.as_ref().map(|closed| closed.at),
        error: None,
    };
    let order = if window.is_newest_first {
        "&order=newest"
    } else {
        ""
    };
    let address = |from: u64| format!("?from={from}{order}#events");
    let (back, on) = window.neighbours(run.total);
    Ok(ExecutionPage {
        frame: visit.clone().frame_of(Section::Executions, &row.label()),
        is_live: run.view.closed.is_none(),
        is_logged_only: false,
        logs,
        // A child is redriven by its Map Run alone.
        is_redrivable: facts.map_run().is_none()
            && app.engine.not_redrivable(&run.view).await?.is_none(),
        map_runs: map_run::links(app, run.id()).await?,
        redriven: facts.redriven.map(|redriven| Redrives {
            count: redriven.count,
            last: Moment::new(redriven.at, visit.now),
        }),
        execution: Execution {
            arn: facts.identity.arn.to_string(),
            failure: run.failure().await?,
            input: Some(run.input_view()),
            output: run.output_view(),
            events: run.total,
            row,
        },
        events: run.rows(window).await?,
        events_told: told(window, run.total),
        events_pager: Pager {
            newer: back.map(address),
            older: on.map(address),
            shown: told(window, run.total),
        },
        newest_first: window.is_newest_first,
        other_order: if window.is_newest_first {
            "?#events".to_owned()
        } else {
            "?order=newest#events".to_owned()
        },
        graph: assets::graph(),
    })
}

/// The first lines of the log, where the machine logs or did.
async fn logs(app: &App, run: &Run<'_>) -> Result<Option<Vec<String>>, Fault> {
    let lines = app.engine.logs(run.id(), 0, LOG_LINES).await?;
    let is_logged = run.view.facts.revision.logging.level != Level::Off;
    let lines = lines.into_iter().map(|line| line.body);
    Ok(is_logged.then(|| lines.collect()))
}

/// `18`, or `101 to 200 of 1,204`.
fn told(window: Window, total: u64) -> String {
    if window.first <= 1 && window.last >= total {
        return moment::count(total);
    }
    format!(
        "{} to {} of {}",
        moment::count(window.first),
        moment::count(window.last),
        moment::count(total)
    )
}

/// `GET /executions/{id}/input`: the text as it was given.
pub(super) async fn input(
    visit: Visit,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Response {
    match find(&visit, &app, &id).await {
        Ok(run) => as_json(run.input().to_owned()),
        Err(Refused::NotFound) => logged::part(visit, &app, &id, Part::Input).await,
        Err(refused) => refused.answer(visit, &id),
    }
}

/// `GET /executions/{id}/definition.json`: the definition that it runs, as it was written.
pub(super) async fn definition(
    visit: Visit,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Response {
    let run = match find(&visit, &app, &id).await {
        Ok(run) => run,
        Err(Refused::NotFound) => return logged::part(visit, &app, &id, Part::Definition).await,
        Err(refused) => return refused.answer(visit, &id),
    };
    match store::revision::get(&app.db, run.view.facts.revision.id).await {
        Ok(Some(revision)) => as_json(revision.definition),
        Ok(None) => problem::not_found(visit, Section::Executions, "definition of", &id),
        Err(fault) => problem::unavailable(visit, Section::Executions, "This definition", &fault),
    }
}

/// `GET /executions/{id}/output`: the whole text.
pub(super) async fn output(
    visit: Visit,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Response {
    match find(&visit, &app, &id).await {
        Ok(run) => match run.output() {
            Some(output) => as_json(output.to_owned()),
            None => problem::not_found(visit, Section::Executions, "output of the execution", &id),
        },
        Err(Refused::NotFound) => logged::part(visit, &app, &id, Part::Output).await,
        Err(refused) => refused.answer(visit, &id),
    }
}

/// `GET /executions/{id}/events/{number}`: one event whole, as the wire API writes it.
pub(super) async fn event(
    visit: Visit,
    State(app): State<Shared>,
    Path((id, number)): Path<(String, u64)>,
) -> Response {
    let run = match find(&visit, &app, &id).await {
        Ok(run) => run,
        Err(Refused::NotFound) => return logged::part(visit, &app, &id, Part::Event(number)).await,
        Err(refused) => return refused.answer(visit, &id),
    };
    match run.event(number).await {
        Ok(Some(event)) => as_json(event),
        Ok(None) => problem::not_found(visit, Section::Executions, "event", &number.to_string()),
        Err(fault) => problem::unavailable(visit, Section::Executions, "This event", &fault),
    }
}

/// `POST /executions/{id}/stop`: back to the page, which shows what came of it.
pub(super) async fn stop(
    visit: Visit,
    State(app): State<Shared>,
    Path(id): Path<String>,
    _form: Form<Nothing>,
) -> Response {
    let run = match find(&visit, &app, &id).await {
        Ok(run) => run,
        Err(refused) => return refused.answer(visit, &id),
    };
    let identity = &run.view.facts.identity;
    let stopped = actions::stop(&app, &identity.machine_name, &identity.name).await;
    back_to(&run, visit, stopped, "The execution was not stopped")
}

/// `POST /executions/{id}/redrive`: back to the page, which shows it going on.
pub(super) async fn redrive(
    visit: Visit,
    State(app): State<Shared>,
    Path(id): Path<String>,
    _form: Form<Nothing>,
) -> Response {
    let run = match find(&visit, &app, &id).await {
        Ok(run) => run,
        Err(refused) => return refused.answer(visit, &id),
    };
    let identity = &run.view.facts.identity;
    let redriven = actions::redrive(&app, &identity.machine_name, &identity.name).await;
    back_to(&run, visit, redriven, "The execution was not redriven")
}

/// The page of a run after something was asked of it, or why that was refused.
fn back_to(run: &Run, visit: Visit, done: Result<(), ApiError>, title: &str) -> Response {
    match done {
        Ok(()) => Redirect::to(&format!("/executions/{}", run.id())).into_response(),
        Err(refused) => {
            let told = new_machine::refusal(title, &refused, &visit);
            problem::page(refused.code.status(), visit, Section::Executions, told)
        }
    }
}

/// Why there is no run to show.
enum Refused {
    NotFound,
    Fault(Fault),
}

impl Refused {
    fn answer(self, visit: Visit, id: &str) -> Response {
        let section = Section::Executions;
        match self {
            Self::NotFound => problem::not_found(visit, section, "execution", id),
            Self::Fault(fault) => problem::unavailable(visit, section, "This execution", &fault),
        }
    }
}

async fn find<'a>(visit: &Visit, app: &'a App, id: &str) -> Result<Run<'a>, Refused> {
    let id = id.parse().map(ExecutionId).map_err(|_| Refused::NotFound)?;
    let region = app.settings.region.as_str();
    let found = Run::find(&app.engine, &app.db, region, id, visit.now).await;
    found.map_err(Refused::Fault)?.ok_or(Refused::NotFound)
}

pub(super) fn as_json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
