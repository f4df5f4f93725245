//! `/machines/{name}/start`: an execution by form.

use askama::Template;
use asl::diagnose::MachineType;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::Value;
use store::ids::ExecutionId;
use uuid::Uuid;

use super::{
    actions,
    events::in_words,
    frame::{Frame, Section, Visit},
    json_view::{self, JsonView},
    moment, new_machine, paging,
    problem::{self, Problem},
    queries::{self, Queries},
    theme::Theme,
    view::Status,
};
use crate::{
    access::Form,
    app::{App, Shared},
    samples::SAMPLES,
    wire::error::Code,
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
    /// Of an Express machine, whose executions have no page: the answer is shown on this one.
    pub is_express: bool,
    pub answer: Option<Answer>,
}

/// How a synchronous execution ended.
pub struct Answer {
    pub status: Status,
    pub arn: String,
    pub took: String,
    pub output: Option<JsonView>,
    pub error: Option<String>,
    pub cause: Option<String>,
}

impl Answer {
    /// As StartSyncExecution gave it.
    fn of(answer: &Value) -> Self {
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let seconds = |name: &str| answer.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an execution has five minutes"
        )]
        let took = ((seconds("stopDate") - seconds("startDate")) * 1e6).round() as i64;
        Self {
            status: text("status")
                .and_then(Status::from_wire)
                .unwrap_or(Status::Failed),
            arn: text("executionArn").unwrap_or_default().to_owned(),
            took: moment::duration(took),
            output: text("output").map(JsonView::new),
            error: text("error").map(str::to_owned),
            cause: text("cause").map(in_words),
        }
    }
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
            is_express: false,
            answer: None,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// The execution whose input to begin with; the machine's newest where none is named.
    #[serde(default)]
    input: String,
}

/// Inputs that are longer are not put into the form.
const OFFERED_BYTES_MAX: usize = 64 * 1024;

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Path(machine): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let queries = Queries::new(&app, visit.now);
    let found = match queries.machine(&machine).await {
        Ok(Some(found)) if !found.is_deleting => found,
        Ok(_) => return problem::not_found(visit, Section::Machines, "machine", &machine),
        Err(fault) => {
            return problem::unavailable(visit, Section::Machines, "This machine", &fault);
        }
    };
    let mut page = Start::new(visit, &machine, first_input(&app, &machine));
    page.is_express = found.kind == queries::EXPRESS;
    // The input is an offer: where it cannot be had, the form is as good without it.
    if let Some(input) = offered(&app, &queries, found.id, &asked.input).await {
        page.input = input;
        page.is_last_input = true;
    }
    problem::draw(&page)
}

/// What the form begins with where the machine has no execution yet: a sample's own input, so that it does
/// what its comment says.
fn first_input(app: &App, machine: &str) -> String {
    let mut samples = SAMPLES.iter().filter(|_| app.settings.samples);
    samples
        .find(|sample| sample.name == machine)
        .map_or_else(|| "{}".to_owned(), |sample| json_view::pretty(sample.input))
}

/// The input of the execution of that id, else of the machine's newest, laid out.
async fn offered(app: &App, queries: &Queries<'_>, machine: Uuid, id: &str) -> Option<String> {
    let id: Uuid = if id.is_empty() {
        let newest = queries.recent(Some(machine), 1).await.ok()?;
        newest.first()?.id.parse().ok()?
    } else {
        id.parse().ok()?
    };
    let view = app.engine.view(ExecutionId(id)).await.ok()??;
    let input = view.facts.input.text();
    let is_offered = view.facts.revision.machine_id == machine && input.len() <= OFFERED_BYTES_MAX;
    is_offered.then(|| json_view::pretty(input))
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
    let machine_type = app.engine.machine_type(&app.arns.machine(&machine)).await;
    page.is_express = matches!(machine_type, Ok(MachineType::Express));
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
    let refused = if page.is_express {
        match actions::start_sync(&app, &machine, given, input).await {
            Ok(answer) => {
                page.answer = Some(Answer::of(&answer));
                return problem::draw(&page);
            }
            Err(refused) => refused,
        }
    } else {
        match actions::start(&app, &machine, given, input).await {
            Ok(id) => return Redirect::to(&format!("/executions/{id}")).into_response(),
            Err(refused) => refused,
        }
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
