//! `/`: what ran in the last 24 hours, what failed, what ran last.

use askama::Template;

use super::{
    frame::{Frame, Section},
    moment::Moment,
    problem::Problem,
    theme::Theme,
    view::{ExecutionRow, FailureGroup, Outcomes, Status},
};

#[derive(Template)]
#[template(path = "overview.html")]
pub struct Overview {
    pub frame: Frame,
    pub as_of: Moment,
    pub problem: Option<Problem>,
    pub has_machines: bool,
    pub outcomes: Outcomes,
    pub failures: Vec<FailureGroup>,
    pub recent: Vec<ExecutionRow>,
}
