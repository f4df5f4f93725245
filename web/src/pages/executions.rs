//! `/executions`: every execution, newest first, by status and machine.

use askama::Template;

use super::{
    frame::{Frame, Section},
    problem::Problem,
    theme::Theme,
    view::{ExecutionRow, Pager, Status},
};

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
