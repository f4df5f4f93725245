//! `/machines`: every machine, in the order of names.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use store::browse::Edge;

use super::{
    frame::{Frame, Section, Visit},
    paging,
    problem::{self, Problem},
    queries::Queries,
    theme::Theme,
    view::{MachineRow, Pager},
};
use crate::app::Shared;

#[derive(Template)]
#[template(path = "machines.html")]
pub struct Machines {
    pub frame: Frame,
    pub problem: Option<Problem>,
    pub query: String,
    pub machines: Vec<MachineRow>,
    pub pager: Pager,
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    before: String,
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Query(asked): Query<Asked>,
) -> Response {
    let now = visit.now;
    let mut page = Machines {
        frame: visit.frame(Section::Machines),
        problem: None,
        query: asked.q.replace('\0', "").trim().to_owned(),
        machines: Vec::new(),
        pager: Pager::default(),
    };
    let (after, before) = (
        asked.after.replace('\0', ""),
        asked.before.replace('\0', ""),
    );
    let edge = match (after.as_str(), before.as_str()) {
        ("", "") => None,
        ("", before) => Some(Edge::Before(before)),
        (after, _) => Some(Edge::After(after)),
    };
    match Queries::new(&app, now).machines(&page.query, edge).await {
        Ok(cut) => {
            let ends = cut.rows.first().zip(cut.rows.last());
            let address = |side, name: &str| {
                paging::address("/machines", &[("q", &page.query), (side, name)])
            };
            page.pager = Pager {
                newer: ends
                    .filter(|_| cut.has_before)
                    .map(|(first, _)| address("before", &first.name)),
                older: ends
                    .filter(|_| cut.has_after)
                    .map(|(_, last)| address("after", &last.name)),
                shown: told(cut.rows.len()),
            };
            page.machines = cut.rows;
        }
        Err(fault) => {
            page.problem = Some(Problem::unavailable("Machines", &page.frame.visit, &fault));
        }
    }
    (problem::status(page.problem.as_ref()), problem::draw(&page)).into_response()
}

fn told(count: usize) -> String {
    if count == 1 {
        "1 machine".to_owned()
    } else {
        format!("{count} machines")
    }
}
