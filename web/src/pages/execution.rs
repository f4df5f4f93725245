//! `/executions/{id}`: what ran, what failed and why, what went in and came out, event by event.

use askama::Template;

use super::{
    events::{DetailValue, EventRow},
    frame::{Frame, Section},
    theme::Theme,
    view::{Execution, Pager},
};

/// Rows of the event table on one page.
pub const EVENTS_SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "execution.html")]
pub struct ExecutionPage {
    pub frame: Frame,
    pub execution: Execution,
    pub is_live: bool,
    pub events: Vec<EventRow>,
    pub events_told: String,
    pub events_pager: Pager,
    pub newest_first: bool,
    pub other_order: String,
}

/// The first event of the page of the table that holds event `number`.
pub fn events_from(number: u64) -> u64 {
    let page = EVENTS_SHOWN as u64;
    number.saturating_sub(1) / page * page + 1
}
