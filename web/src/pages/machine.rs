//! `/machines/{name}`: one machine, its states and text, its recent executions; or those of a version.

use askama::Template;
use asl::diagnose::MachineType;
use axum::{
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
};

use super::{
    assets,
    frame::{Frame, Section, Visit},
    json_view, moment,
    outline::{StateRow, outline},
    problem,
    queries::Queries,
    theme::Theme,
    versions,
    view::{ExecutionRow, Machine},
};
use serde::Deserialize;

use crate::app::Shared;

/// Executions that its page lists.
const RECENT: i64 = 10;

/// A page shows this much of a definition; the file has the rest.
const SHOWN_BYTES_MAX: usize = 128 * 1024;

/// The pages of one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Definition,
    Versions,
    Aliases,
    Settings,
}

impl Tab {
    pub const ALL: &[Self] = &[
        Self::Definition,
        Self::Versions,
        Self::Aliases,
        Self::Settings,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Definition => "Definition",
            Self::Versions => "Versions",
            Self::Aliases => "Aliases",
            Self::Settings => "Settings",
        }
    }

    /// What follows the machine's own address.
    pub fn path(self) -> &'static str {
        match self {
            Self::Definition => "",
            Self::Versions => "/versions",
            Self::Aliases => "/aliases",
            Self::Settings => "/settings",
        }
    }
}

#[derive(Template)]
#[template(path = "machine.html")]
pub struct MachinePage {
    pub frame: Frame,
    pub tab: Tab,
    /// The version whose definition is shown; empty for the current one.
    pub version: String,
    pub machine: Machine,
    pub comment: Option<String>,
    pub recent: Vec<ExecutionRow>,
    pub outline: Vec<StateRow>,
    pub total: usize,
    pub definition: String,
    pub is_cut: bool,
    pub size: String,
    /// The script that draws the graph.
    pub graph: String,
    /// How often a state was the one that failed in the last 24 hours, by its name, the most first.
    pub failures: Vec<(String, i64)>,
}

/// The type of a machine as the native API writes it.
pub(super) fn type_word(machine_type: MachineType) -> &'static str {
    match machine_type {
        MachineType::Standard => "STANDARD",
        MachineType::Express => "EXPRESS",
    }
}

impl MachinePage {
    pub fn new(frame: Frame, machine: Machine, recent: Vec<ExecutionRow>) -> Self {
        let (outline, total) = outline(&machine.definition);
        // A text on one line was written by a program: laid out, a person can read it.
        let text = if machine.definition.trim().contains('\n') {
            machine.definition.clone()
        } else {
            json_view::pretty(&machine.definition)
        };
        let mut end = text.len().min(SHOWN_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let comment = asl::json::parse(&machine.definition)
            .ok()
            .and_then(|value| {
                let comment = value.get("Comment")?.as_str()?.trim();
                (!comment.is_empty()).then(|| comment.to_owned())
            });
        Self {
            frame,
            tab: Tab::Definition,
            version: String::new(),
            comment,
            recent,
            outline,
            total,
            definition: json_view::coloured(text.get(..end).unwrap_or_default()),
            is_cut: end < text.len(),
            size: moment::size(machine.definition.len()),
            graph: assets::graph(),
            failures: Vec::new(),
            machine,
        }
    }

    /// What the graph lays over states, as JSON.
    pub fn failures_json(&self) -> String {
        let by_name = self
            .failures
            .iter()
            .map(|(name, count)| (name.clone(), serde_json::Value::from(*count)));
        serde_json::Value::Object(by_name.collect()).to_string()
    }

    /// `3 failures`, where executions failed in that state.
    pub fn failed(&self, state: &StateRow) -> Option<String> {
        let (_, count) = self.failures.iter().find(|(name, _)| *name == state.name)?;
        let word = if *count == 1 { "failure" } else { "failures" };
        Some(format!("{count} {word}"))
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// The number of a version.
    #[serde(default)]
    version: String,
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let queries = Queries::new(&app, visit.now);
    let found = async {
        let Some(mut machine) = queries.machine(&name).await? else {
            return Ok(None);
        };
        let Some(definition) = versions::definition(&app, &machine, &asked.version).await? else {
            return Ok(None);
        };
        machine.definition = definition;
        let recent = if machine.is_express() {
            queries.recently_logged(machine.id, RECENT).await?
        } else {
            queries.recent(Some(machine.id), RECENT).await?
        };
        let (states, _) = outline(&machine.definition);
        let names: Vec<String> = states.into_iter().map(|state| state.name).collect();
        let mut failures = queries.failures_by_state(machine.id, &names).await?;
        failures.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Ok::<_, sqlx::Error>(Some((machine, recent, failures)))
    };
    match found.await {
        Ok(Some((machine, recent, failures))) => {
            let mut frame = visit.frame_of(Section::Machines, &name);
            if !asked.version.is_empty() {
                let thing = format!("Version {}", asked.version);
                frame = frame.below(&super::paging::machine_address(&name), &thing);
            }
            let mut page = MachinePage::new(frame, machine, recent);
            page.version = asked.version;
            page.failures = failures;
            problem::draw(&page)
        }
        Ok(None) => missing(visit, &name, &asked),
        Err(fault) => problem::unavailable(visit, Section::Machines, "This machine", &fault),
    }
}

fn missing(visit: Visit, name: &str, asked: &Asked) -> Response {
    if asked.version.is_empty() {
        problem::not_found(visit, Section::Machines, "machine", name)
    } else {
        let thing = format!("{name}, version {}", asked.version);
        problem::not_found(visit, Section::Machines, "machine", &thing)
    }
}

/// `GET /machines/{name}/definition.json`: the text as it was written.
pub(super) async fn definition(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let found = async {
        let Some(machine) = Queries::new(&app, visit.now).machine(&name).await? else {
            return Ok(None);
        };
        versions::definition(&app, &machine, &asked.version).await
    };
    match found.await {
        Ok(Some(definition)) => {
            let kind = [(header::CONTENT_TYPE, "application/json")];
            (kind, definition).into_response()
        }
        Ok(None) => missing(visit, &name, &asked),
        Err(fault) => problem::unavailable(visit, Section::Machines, "This machine", &fault),
    }
}
