//! `/machines/{name}`: one machine, its states and text, its recent executions.

use askama::Template;
use asl::diagnose::MachineType;
use axum::{
    extract::{Path, State},
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
    view::{ExecutionRow, Machine},
};
use crate::app::Shared;

/// Executions that its page lists.
const RECENT: i64 = 10;

/// A page shows this much of a definition; the file has the rest.
const SHOWN_BYTES_MAX: usize = 128 * 1024;

#[derive(Template)]
#[template(path = "machine.html")]
pub struct MachinePage {
    pub frame: Frame,
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
            comment,
            recent,
            outline,
            total,
            definition: json_view::coloured(text.get(..end).unwrap_or_default()),
            is_cut: end < text.len(),
            size: moment::size(machine.definition.len()),
            graph: assets::graph(),
            machine,
        }
    }
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
) -> Response {
    let queries = Queries::new(&app, visit.now);
    let found = async {
        let Some(machine) = queries.machine(&name).await? else {
            return Ok(None);
        };
        let recent = queries.recent(Some(machine.id), RECENT).await?;
        Ok::<_, sqlx::Error>(Some((machine, recent)))
    };
    match found.await {
        Ok(Some((machine, recent))) => {
            let frame = visit.frame_of(Section::Machines, &name);
            problem::draw(&MachinePage::new(frame, machine, recent))
        }
        Ok(None) => problem::not_found(visit, Section::Machines, "machine", &name),
        Err(fault) => problem::unavailable(visit, Section::Machines, "This machine", &fault),
    }
}

/// `GET /machines/{name}/definition.json`: the text as it was written.
pub(super) async fn definition(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
) -> Response {
    match Queries::new(&app, visit.now).machine(&name).await {
        Ok(Some(machine)) => {
            let kind = [(header::CONTENT_TYPE, "application/json")];
            (kind, machine.definition).into_response()
        }
        Ok(None) => problem::not_found(visit, Section::Machines, "machine", &name),
        Err(fault) => problem::unavailable(visit, Section::Machines, "This machine", &fault),
    }
}
