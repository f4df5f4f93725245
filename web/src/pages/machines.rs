//! `/machines`: every machine, found by a part of its name, by name or by age.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use store::browse::{Edge, Order};

use super::{
    frame::{Frame, Section, Visit},
    paging,
    problem::{self, Problem},
    queries::Queries,
    theme::Theme,
    view::{MachineRow, Pager, Status},
};
use crate::app::Shared;

#[derive(Template)]
#[template(path = "machines.html")]
pub struct Machines {
    pub frame: Frame,
    pub problem: Option<Problem>,
    pub query: String,
    pub sort: Sort,
    pub machines: Vec<MachineRow>,
    pub pager: Pager,
}

/// The order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort(pub Order);

impl Sort {
    fn of(word: &str) -> Self {
        Self(match word {
            "-name" => Order::NameBackwards,
            "-created" => Order::Newest,
            "created" => Order::Oldest,
            _ => Order::Name,
        })
    }

    /// As addresses say it; nothing for the usual order.
    pub fn word(self) -> &'static str {
        match self.0 {
            Order::Name => "",
            Order::NameBackwards => "-name",
            Order::Newest => "-created",
            Order::Oldest => "created",
        }
    }

    /// What the head of the column of names says of the order.
    pub fn of_names(self) -> &'static str {
        match self.0 {
            Order::Name => "ascending",
            Order::NameBackwards => "descending",
            Order::Newest | Order::Oldest => "none",
        }
    }

    pub fn of_ages(self) -> &'static str {
        match self.0 {
            Order::Oldest => "ascending",
            Order::Newest => "descending",
            Order::Name | Order::NameBackwards => "none",
        }
    }
}

impl Machines {
    /// Where a click on a column's head leads: to its order, or to the other way round.
    pub fn sorted(&self, column: &str) -> String {
        let word = match (column, self.sort.0) {
            ("name", Order::Name) => "-name",
            ("created", Order::Newest) => "created",
            ("created", _) => "-created",
            _ => "",
        };
        paging::address("/machines", &[("q", &self.query), ("sort", word)])
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    sort: String,
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
        sort: Sort::of(&asked.sort),
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
    match Queries::new(&app, now)
        .machines(&page.query, page.sort.0, edge)
        .await
    {
        Ok(cut) => {
            let ends = cut.rows.first().zip(cut.rows.last());
            let address = |side, name: &str| {
                paging::address(
                    "/machines",
                    &[("q", &page.query), ("sort", page.sort.word()), (side, name)],
                )
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
