//! `/machines`: every machine, in the order of names.

use askama::Template;

use super::{
    frame::{Frame, Section},
    problem::Problem,
    theme::Theme,
    view::{MachineRow, Pager},
};

#[derive(Template)]
#[template(path = "machines.html")]
pub struct Machines {
    pub frame: Frame,
    pub problem: Option<Problem>,
    pub query: String,
    pub machines: Vec<MachineRow>,
    pub pager: Pager,
}
