//! `/search`: pages, machines and executions by what they are called. Ctrl+K shows the same.

use askama::Template;

use super::{
    frame::{Frame, Section},
    problem::Problem,
    theme::Theme,
};

#[derive(Template)]
#[template(path = "search.html")]
pub struct Search {
    pub frame: Frame,
    pub query: String,
    pub problem: Option<Problem>,
    pub groups: Vec<Group>,
}

/// The results alone, for the dialog.
#[derive(Template)]
#[template(path = "parts/found.html")]
pub struct Found {
    pub query: String,
    pub problem: Option<Problem>,
    pub groups: Vec<Group>,
}

pub struct Group {
    pub title: &'static str,
    pub hits: Vec<Hit>,
}

pub struct Hit {
    pub address: String,
    pub icon: &'static str,
    pub name: String,
    pub is_id: bool,
    pub note: String,
}
