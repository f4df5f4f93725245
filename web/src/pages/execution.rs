//! `/executions/{id}`: what ran, what failed and why, what went in and came out, event by event.

use std::hash::{DefaultHasher, Hash, Hasher};

use askama::Template;
use asl::Timestamp;
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
    new_machine, paging, problem, queries,
    run::{Run, Visits, Window},
    selection::{self, Selection},
    theme::Theme,
    timeline::{Axis, Row, WIDTH},
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
    pub view: View,
    /// The execution whose task started it.
    pub parent: Option<String>,
    /// The execution that it is a rerun of, and the address of the visit there.
    pub rerun_of: Option<(String, String)>,
    /// The newest that are reruns of it.
    pub reruns: Vec<String>,
    pub timeline: Option<Timeline>,
    pub selection: Option<Selection>,
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
    /// The state that is looked at, and by its entered event which visit of it.
    state: Option<String>,
    event: Option<u64>,
    #[serde(default)]
    view: String,
    #[serde(default)]
    idle: String,
}

/// Which part of a run is shown, where it is not all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    #[default]
    All,
    Timeline,
    Events,
    Data,
    Logs,
}

impl View {
    pub const ALL: [Self; 5] = [
        Self::All,
        Self::Timeline,
        Self::Events,
        Self::Data,
        Self::Logs,
    ];

    fn read(text: &str) -> Self {
        let mut views = Self::ALL.into_iter();
        views.find(|view| view.name() == text).unwrap_or_default()
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Timeline => "timeline",
            Self::Events => "events",
            Self::Data => "data",
            Self::Logs => "logs",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Timeline => "Timeline",
            Self::Events => "Events",
            Self::Data => "Input and output",
            Self::Logs => "Logs",
        }
    }

    /// Whether this part is on the page.
    pub fn shows(self, part: Self) -> bool {
        self == Self::All || self == part
    }
}

/// The visits of a run over time.
pub struct Timeline {
    pub rows: Vec<Row>,
    pub told: String,
    /// Where idle stretches are folded, and how wide they are drawn.
    pub folds: Vec<(i64, i64)>,
    /// The address with idle time shown, or folded.
    pub other_idle: Option<String>,
    pub has_folds: bool,
    /// How many visits there are, where not all are shown, and the address that shows more.
    pub more: Option<(String, String)>,
    /// Of a long history, which events this is read from.
    pub partly: Option<String>,
}

impl Timeline {
    pub const WIDTH: i64 = WIDTH;
}

/// Rows of the timeline beside everything else, and by itself.
const ROWS_BESIDE: usize = 25;
const ROWS_MAX: usize = 500;
/// Reruns that the page of the other execution names.
const RERUNS_SHOWN: i64 = 5;

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
        "\"{}-{}-{}-{is_newest_first}-{}-{:x}\"",
        run.total,
        window.first,
        window.last,
        logs.as_ref().map_or(0, Vec::len),
        asked.mark()
    );
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known == tag.as_str())
    {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    match page(&visit, &app, &run, &asked, window, logs).await {
        Ok(page) => ([(header::ETAG, tag)], problem::draw(&page)).into_response(),
        Err(fault) => problem::unavailable(visit, Section::Executions, "This execution", &fault),
    }
}

async fn page(
    visit: &Visit,
    app: &App,
    run: &Run<'_>,
    asked: &Asked,
    window: Window,
    logs: Option<Vec<String>>,
) -> Result<ExecutionPage, Fault> {
    let view = View::read(&asked.view);
    let visits = run.visits(asked.event).await?;
    let failure = run.failure(&visits.list, view.name()).await?;
    let state = asked.state.as_deref();
    let chosen = selection::find(&visits.list, state, asked.event);
    let is_asked = asked.state.is_some() || asked.event.is_some();
    // Whoever asks for nothing sees what failed.
    let failed = failure.as_ref().filter(|_| !is_asked);
    let chosen = chosen.or_else(|| {
        let failed = failed?.visit?;
        visits.list.iter().position(|each| each.entered == failed)
    });
    let id = run.id().to_string();
    let selection =
        chosen.and_then(|at| Selection::new(&visits.list, at, &id, view.name(), visit.now));
    let timeline = timeline(
        &visits,
        chosen.filter(|_| is_asked),
        asked,
        run.total,
        visit.now,
    );
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
        view,
        parent: facts
            .parent
            .filter(|_| facts.map_run().is_none())
            .map(|parent| parent.execution.to_string()),
        rerun_of: store::rerun::origin(&app.db, run.id())
            .await?
            .map(|origin| {
                let (id, event) = (origin.execution, origin.event);
                let address = format!("/executions/{id}?event={event}#selected");
                (id.to_string(), address)
            }),
        reruns: store::rerun::of_origin(&app.db, run.id(), RERUNS_SHOWN)
            .await?
            .into_iter()
            .map(|(id, _)| id.to_string())
            .collect(),
        timeline: view.shows(View::Timeline).then_some(timeline),
        selection,
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
            failure,
            input: Some(run.input_view()),
            output: run.output_view(),
            events: run.total,
            row,
        },
        events: if view.shows(View::Events) {
            run.rows(window).await?
        } else {
            Vec::new()
        },
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

impl Asked {
    /// Differs where other things are asked for.
    fn mark(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.state, self.event, &self.view, &self.idle).hash(&mut hasher);
        hasher.finish()
    }
}

/// The timeline of `visits`, with the chosen one marked and among the rows.
fn timeline(
    visits: &Visits,
    chosen: Option<usize>,
    asked: &Asked,
    total: u64,
    now: Timestamp,
) -> Timeline {
    let is_folded = asked.idle != "shown";
    let axis = Axis::new(&visits.list, now, is_folded);
    let view = View::read(&asked.view);
    let mut rows = selection::rows(&visits.list, &axis, chosen, view.name(), now);
    let count = rows.len();
    let most = match view {
        View::Timeline => ROWS_MAX,
        View::All | View::Events | View::Data | View::Logs => ROWS_BESIDE,
    };
    // The end tells why; what is looked at is there as well.
    let last = chosen.map_or(count, |chosen| {
        (chosen + most / 2).clamp(most.min(count), count)
    });
    rows.truncate(last);
    rows.drain(..last.saturating_sub(most));
    let other = if is_folded { "shown" } else { "" };
    let other = paging::address("", &[("view", "timeline"), ("idle", other)]);
    Timeline {
        told: axis.told(),
        folds: axis.folds(),
        has_folds: axis.has_folds(),
        other_idle: (axis.has_folds() || !is_folded).then(|| format!("{other}#timeline")),
        more: (rows.len() < count).then(|| {
            let count = moment::count(count as u64);
            (count, "?view=timeline#timeline".to_owned())
        }),
        partly: (visits.first > 1 || visits.last < total).then(|| {
            format!(
                "from events {} to {} of {}",
                moment::count(visits.first),
                moment::count(visits.last),
                moment::count(total)
            )
        }),
        rows,
    }
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
    let id = match id.parse() {
        Ok(id) => ExecutionId(id),
        Err(_) => find_by_arn(app, id).await?,
    };
    let region = app.settings.region.as_str();
    let found = Run::find(&app.engine, &app.db, region, id, visit.now).await;
    found.map_err(Refused::Fault)?.ok_or(Refused::NotFound)
}

/// What answers to an ARN, as a task's result names its child.
async fn find_by_arn(app: &App, arn: &str) -> Result<ExecutionId, Refused> {
    let prefix = app.arns.execution("", "");
    let rest = arn.strip_prefix(prefix.trim_end_matches(':'));
    let parts = rest.and_then(|rest| rest.trim_start_matches(':').split_once(':'));
    let (machine, name) = parts.ok_or(Refused::NotFound)?;
    let found = app.engine.find(machine, name).await;
    let found = found.map_err(Refused::Fault)?.ok_or(Refused::NotFound)?;
    Ok(found.facts.id)
}

pub(super) fn as_json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
