//! `/machines/{name}/start`: an execution by form.

use askama::Template;

use super::{
    frame::{Frame, Section},
    problem::Problem,
    theme::Theme,
};

#[derive(Template)]
#[template(path = "start.html")]
pub struct Start {
    pub frame: Frame,
    pub machine: String,
    pub problem: Option<Problem>,
    pub input: String,
    pub is_last_input: bool,
    pub input_problem: Option<String>,
    pub input_line: Option<usize>,
    pub name: String,
    pub name_problem: Option<String>,
}
