//! `/executions`: every execution, newest first, by status and machine.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use store::{browse::Edge, ids::ExecutionId, list::Filter};

use super::{
    frame::{Frame, Section, Visit},
    paging,
    problem::{self, Problem},
    queries::{self, Queries},
    theme::Theme,
    view::{ExecutionRow, Pager, Status},
};
use crate::app::Shared;

/// Names that the field for the machine offers.
const OFFERED: i64 = 200;

#[derive(Template)]
#[template(path = "executions.html")]
pub struct Executions {
    pub frame: Frame,
    pub problem: Option<Problem>,
    pub statuses: Vec<StatusOption>,
    pub machine: String,
    /// Names to choose from.
    pub machines: Vec<String>,
    pub is_filtered: bool,
    pub filter_words: String,
    pub rows: Vec<ExecutionRow>,
    pub pager: Pager,
}

pub struct StatusOption {
    pub status: Status,
    pub is_chosen: bool,
}

/// The choice of statuses as the form shows it.
pub fn options(chosen: &[Status]) -> Vec<StatusOption> {
    Status::ALL
        .into_iter()
        .map(|status| StatusOption {
            status,
            is_chosen: chosen.contains(&status),
        })
        .collect()
}

/// The filter in words: `Failed or timed out, of the machine order-fulfilment.`
pub fn filter_words(chosen: &[Status], machine: &str) -> String {
    let statuses: Vec<_> = chosen
        .iter()
        .map(|status| status.word().to_lowercase())
        .collect();
    match (statuses.is_empty(), machine.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("Machine: {machine}."),
        (false, true) => format!("Status: {}.", statuses.join(" or ")),
        (false, false) => format!("Status: {}. Machine: {machine}.", statuses.join(" or ")),
    }
}

/// What the address asks for. Members that make no sense are left out, so that an old address works.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    statuses: Vec<Status>,
    machine: String,
    edge: Option<Edge<ExecutionId>>,
}

impl Asked {
    fn of(members: Vec<(String, String)>) -> Self {
        let mut asked = Self::default();
        for (name, value) in members {
            match name.as_str() {
                "status" => {
                    let status = Status::from_wire(&value);
                    asked
                        .statuses
                        .extend(status.filter(|it| !asked.statuses.contains(it)));
                }
                "machine" => value
                    .replace('\0', "")
                    .trim()
                    .clone_into(&mut asked.machine),
                "before" => asked.edge = id(&value).map(Edge::After),
                "after" => asked.edge = id(&value).map(Edge::Before),
                _ => {}
            }
        }
        asked
    }

    fn is_filtered(&self) -> bool {
        !self.statuses.is_empty() || !self.machine.is_empty()
    }

    fn address(&self, side: &str, id: &str) -> String {
        let mut members: Vec<_> = self
            .statuses
            .iter()
            .map(|it| ("status", it.wire()))
            .collect();
        members.push(("machine", &self.machine));
        members.push((side, id));
        paging::address("/executions", &members)
    }
}

fn id(text: &str) -> Option<ExecutionId> {
    text.parse().ok().map(ExecutionId)
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Query(members): Query<Vec<(String, String)>>,
) -> Response {
    let asked = Asked::of(members);
    let now = visit.now;
    let mut page = Executions {
        frame: visit.frame(Section::Executions),
        problem: None,
        statuses: options(&asked.statuses),
        machines: Vec::new(),
        is_filtered: asked.is_filtered(),
        filter_words: filter_words(&asked.statuses, &asked.machine),
        machine: asked.machine.clone(),
        rows: Vec::new(),
        pager: Pager::default(),
    };
    if let Err(fault) = fill(&mut page, &Queries::new(&app, now), &asked).await {
        page.problem = Some(Problem::unavailable(
            "Executions",
            &page.frame.visit,
            &fault,
        ));
    }
    (problem::status(page.problem.as_ref()), problem::draw(&page)).into_response()
}

async fn fill(
    page: &mut Executions,
    queries: &Queries<'_>,
    asked: &Asked,
) -> Result<(), sqlx::Error> {
    page.machines = queries.machine_names(OFFERED).await?;
    let mut filter = Filter {
        statuses: asked
            .statuses
            .iter()
            .copied()
            .map(queries::stored)
            .collect(),
        ..Filter::default()
    };
    if !asked.machine.is_empty() {
        let Some(machine) = queries.machine(&asked.machine).await? else {
            page.filter_words = format!("There is no machine called {}.", asked.machine);
            return Ok(());
        };
        filter.machine_id = Some(machine.id);
    }
    let cut = queries.executions(&filter, asked.edge).await?;
    let ends = cut.rows.first().zip(cut.rows.last());
    page.pager = Pager {
        newer: ends
            .filter(|_| cut.has_before)
            .map(|(first, _)| asked.address("after", &first.id)),
        older: ends
            .filter(|_| cut.has_after)
            .map(|(_, last)| asked.address("before", &last.id)),
        shown: told(cut.rows.len()),
    };
    if cut.rows.is_empty() && asked.edge.is_some() {
        page.pager.newer = Some(asked.address("", ""));
    }
    page.rows = cut.rows;
    Ok(())
}

fn told(count: usize) -> String {
    if count == 1 {
        "1 execution".to_owned()
    } else {
        format!("{count} executions")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn an_address_is_read_and_written_the_same() {
        let asked = Asked::of(members(&[
            ("status", "FAILED"),
            ("status", "TIMED_OUT"),
            ("status", "FAILED"),
            ("machine", " pay me "),
        ]));
        assert_eq!(asked.statuses, [Status::Failed, Status::TimedOut]);
        assert_eq!(
            asked.address("before", "x"),
            "/executions?status=FAILED&status=TIMED_OUT&machine=pay%20me&before=x"
        );
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let asked = Asked::of(members(&[
            ("status", "DONE"),
            ("machine", "\0"),
            ("before", "1; DROP TABLE"),
            ("limit", "9"),
        ]));
        assert_eq!(asked, Asked::default());
        assert!(!asked.is_filtered());
    }
}
