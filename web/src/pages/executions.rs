//! `/executions`: every execution, newest first, by what the address asks for; when they started; how many
//! came since; and what is done to all that match.

mod asked;
pub mod bulk;
mod histogram;

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use store::{browse::Edge, ids::ExecutionId, list::Filter};
use uuid::Uuid;

pub use asked::{Asked, Chip, Within};
pub use histogram::Histogram;

use super::{
    frame::{Frame, Section, Visit},
    paging,
    problem::{self, Problem},
    queries::Queries,
    theme::Theme,
    view::{ExecutionRow, Pager, Status},
};
use crate::app::{App, Shared};

/// Names that the field for the machine offers.
const OFFERED: i64 = 200;
/// More than so many new ones are not counted.
const NEW_MAX: usize = 50;

#[derive(Template)]
#[template(path = "executions.html")]
pub struct Executions {
    pub frame: Frame,
    pub problem: Option<Problem>,
    pub statuses: Vec<StatusOption>,
    pub asked: Asked,
    pub chips: Vec<Chip>,
    /// Names to choose from.
    pub machines: Vec<String>,
    /// What is filtered by, in words.
    pub filter_words: String,
    pub histogram: Option<Histogram>,
    pub rows: Vec<ExecutionRow>,
    pub pager: Pager,
    /// Where to ask how many are newer than the first row, on the first page.
    pub newer: Option<String>,
    /// Where all that match can be stopped or redriven, where something could be.
    pub bulk: Option<String>,
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

impl Executions {
    /// The page before anything was looked for.
    pub fn new(frame: Frame, asked: Asked) -> Self {
        Self {
            frame,
            problem: None,
            statuses: options(&asked.statuses),
            chips: asked.chips(),
            machines: Vec::new(),
            filter_words: asked.words(),
            histogram: None,
            rows: Vec::new(),
            pager: Pager::default(),
            newer: None,
            bulk: None,
            asked,
        }
    }

    fn from(&self) -> String {
        self.asked
            .from
            .map(asl::Timestamp::to_iso)
            .unwrap_or_default()
    }

    fn to(&self) -> String {
        self.asked
            .to
            .map(asl::Timestamp::to_iso)
            .unwrap_or_default()
    }
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Query(members): Query<Vec<(String, String)>>,
) -> Response {
    let asked = Asked::of(members);
    let mut page = Executions::new(visit.frame(Section::Executions), asked);
    if let Err(fault) = fill(&mut page, &app).await {
        page.problem = Some(Problem::unavailable(
            "Executions",
            &page.frame.visit,
            &fault,
        ));
    }
    (problem::status(page.problem.as_ref()), problem::draw(&page)).into_response()
}

/// The filter with its machine found; why there can be nothing, where that is so.
async fn wanted(
    queries: &Queries<'_>,
    asked: &Asked,
    now: asl::Timestamp,
) -> Result<Result<Filter, String>, sqlx::Error> {
    let Some(mut filter) = asked.filter(now) else {
        return Ok(Err(format!("No id begins with {}.", asked.id_prefix)));
    };
    if !asked.machine.is_empty() {
        let Some(machine) = queries.machine(&asked.machine).await? else {
            return Ok(Err(format!(
                "There is no machine called {}.",
                asked.machine
            )));
        };
        filter.machine_id = Some(machine.id);
    }
    Ok(Ok(filter))
}

async fn fill(page: &mut Executions, app: &App) -> Result<(), sqlx::Error> {
    let now = page.frame.visit.now;
    let queries = Queries::new(app, now);
    let asked = page.asked.clone();
    page.machines = queries.machine_names(OFFERED).await?;
    let filter = match wanted(&queries, &asked, now).await? {
        Ok(filter) => filter,
        Err(told) => {
            page.filter_words = told;
            return Ok(());
        }
    };
    let cut = queries.executions(&filter, asked.edge).await?;
    page.histogram = histogram::read(&app.db, &asked, &filter, now).await?;
    let ends = cut.rows.first().zip(cut.rows.last());
    page.pager = Pager {
        newer: ends
            .filter(|_| cut.has_before)
            .map(|(first, _)| asked.address(&[("after", &first.id)])),
        older: ends
            .filter(|_| cut.has_after)
            .map(|(_, last)| asked.address(&[("before", &last.id)])),
        shown: told(cut.rows.len()),
    };
    if cut.rows.is_empty() && asked.edge.is_some() {
        page.pager.newer = Some(asked.address(&[]));
    }
    if !cut.has_before && asked.edge.is_none() {
        let nothing = Uuid::nil().to_string();
        let first = cut.rows.first().map_or(nothing, |row| row.id.clone());
        let address = asked.address(&[("after", &first)]);
        page.newer = Some(address.replacen("/executions", "/executions/newer", 1));
    }
    // Of everything at once is never meant.
    if asked.is_filtered() && !cut.rows.is_empty() {
        let address = asked.address(&[]);
        page.bulk = Some(address.replacen("/executions", "/executions/all", 1));
    }
    page.rows = cut.rows;
    Ok(())
}

/// `GET /executions/newer?…&after=ID`: how many match that are newer, in words; nothing where none is.
pub(super) async fn newer(
    visit: Visit,
    State(app): State<Shared>,
    Query(members): Query<Vec<(String, String)>>,
) -> Response {
    let asked = Asked::of(members);
    let counted = async {
        let queries = Queries::new(&app, visit.now);
        let Ok(filter) = wanted(&queries, &asked, visit.now).await? else {
            return Ok(0);
        };
        let Some(edge @ Edge::Before(_)) = asked.edge else {
            return Ok(0);
        };
        let found = store::list::executions_by(&app.db, &filter, Some(edge), paging::ASKED);
        Ok::<usize, sqlx::Error>(found.await?.len())
    };
    match counted.await {
        Ok(0) => String::new().into_response(),
        Ok(count) if count > NEW_MAX => format!("More than {NEW_MAX} new").into_response(),
        Ok(count) => format!("{count} new").into_response(),
        Err(fault) => problem::unavailable(visit, Section::Executions, "Executions", &fault),
    }
}

fn told(count: usize) -> String {
    if count == 1 {
        "1 execution".to_owned()
    } else {
        format!("{count} executions")
    }
}

/// Ids of a page in their order.
fn ids(rows: &[ExecutionRow]) -> Vec<ExecutionId> {
    let ids = rows.iter().filter_map(|row| row.id.parse().ok());
    ids.map(ExecutionId).collect()
}
