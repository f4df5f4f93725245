//! `/machines/{name}/start`: an execution by form.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    actions,
    frame::{Frame, Section, Visit},
    new_machine, paging,
    problem::{self, Problem},
    queries::Queries,
    theme::Theme,
};
use crate::{access::Form, app::Shared, wire::error::Code};

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

#[derive(Debug, Default, Deserialize)]
pub struct Fields {
    #[serde(default)]
    input: String,
    #[serde(default)]
    name: String,
}

impl Start {
    fn new(visit: Visit, machine: &str, input: String) -> Self {
        Self {
            frame: visit
                .frame_of(Section::Machines, machine)
                .below(&paging::machine_address(machine), "Start execution"),
            machine: machine.to_owned(),
            problem: None,
            input,
            is_last_input: false,
            input_problem: None,
            input_line: None,
            name: String::new(),
            name_problem: None,
        }
    }
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Path(machine): Path<String>,
) -> Response {
    match Queries::new(&app, visit.now).machine(&machine).await {
        Ok(Some(found)) if !found.is_deleting => {
            problem::draw(&Start::new(visit, &machine, "{}".to_owned()))
        }
        Ok(_) => problem::not_found(visit, Section::Machines, "machine", &machine),
        Err(fault) => problem::unavailable(visit, Section::Machines, "This machine", &fault),
    }
}

pub(super) async fn start(
    visit: Visit,
    State(app): State<Shared>,
    Path(machine): Path<String>,
    Form { fields, .. }: Form<Fields>,
) -> Response {
    // Forms send line ends as CR LF, whatever was typed.
    let input = fields.input.replace("\r\n", "\n");
    let name = fields.name.trim();
    let mut page = Start::new(visit, &machine, input);
    name.clone_into(&mut page.name);
    let input = if page.input.trim().is_empty() {
        "{}"
    } else {
        page.input.trim()
    };
    if let Err(broken) = asl::json::parse(input) {
        page.input_line = Some(broken.line);
        page.input_problem = Some(format!("Line {}: {}.", broken.line, broken.message));
        return (Code::InvalidExecutionInput.status(), problem::draw(&page)).into_response();
    }
    let given = (!name.is_empty()).then_some(name);
    let refused = match actions::start(&app, &machine, given, input).await {
        Ok(id) => return Redirect::to(&format!("/executions/{id}")).into_response(),
        Err(refused) => refused,
    };
    match refused.code {
        Code::StateMachineDoesNotExist => {
            let visit = page.frame.visit;
            return problem::not_found(visit, Section::Machines, "machine", &machine);
        }
        Code::InvalidExecutionInput => page.input_problem = Some(refused.message.clone()),
        Code::ExecutionAlreadyExists => {
            page.name_problem = Some(format!(
                "An execution called “{name}” exists already, with another input."
            ));
        }
        Code::InvalidName => page.name_problem = Some(new_machine::name_rule(name)),
        _ => {
            let what = "The execution was not started";
            page.problem = Some(new_machine::refusal(what, &refused, &page.frame.visit));
        }
    }
    (refused.code.status(), problem::draw(&page)).into_response()
}
