//! `/`: what ran in the last 24 hours, what failed, what ran last.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    frame::{Frame, Section, Visit},
    moment::Moment,
    problem::{self, Problem},
    queries::Queries,
    theme::Theme,
    view::{ExecutionRow, FailureGroup, Outcomes, Status},
};
use crate::app::Shared;

/// Executions listed at the end.
const RECENT: i64 = 10;

#[derive(Template)]
#[template(path = "overview.html")]
pub struct Overview {
    pub frame: Frame,
    pub as_of: Moment,
    pub problem: Option<Problem>,
    pub has_machines: bool,
    pub outcomes: Outcomes,
    pub failures: Vec<FailureGroup>,
    /// Whether there are more failures than these.
    pub failures_cut: bool,
    pub recent: Vec<ExecutionRow>,
}

pub(super) async fn show(visit: Visit, State(app): State<Shared>) -> Response {
    let queries = Queries::new(&app, visit.now);
    let mut page = Overview {
        as_of: Moment::new(visit.now, visit.now),
        problem: None,
        has_machines: true,
        outcomes: Outcomes::default(),
        failures: Vec::new(),
        failures_cut: false,
        recent: Vec::new(),
        frame: visit.frame(Section::Overview),
    };
    if let Err(fault) = fill(&mut page, &queries).await {
        page.problem = Some(Problem::unavailable(
            "The overview",
            &page.frame.visit,
            &fault,
        ));
    }
    (problem::status(page.problem.as_ref()), problem::draw(&page)).into_response()
}

async fn fill(page: &mut Overview, queries: &Queries<'_>) -> Result<(), sqlx::Error> {
    page.has_machines = queries.has_machines().await?;
    page.recent = queries.recent(None, RECENT).await?;
    // Machines may have been deleted, and their executions are still there to read.
    page.has_machines |= !page.recent.is_empty();
    if !page.recent.is_empty() {
        page.outcomes = queries.outcomes().await?;
        (page.failures, page.failures_cut) = queries.failures().await?;
    }
    Ok(())
}
