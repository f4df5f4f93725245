//! `/executions/{id}/rerun`: a new execution by form, that goes on from a state visit of another one.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use runtime::{ExecutionId, Fault, View, rerun::Preview};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    frame::{Frame, Section, Visit},
    json_view,
    problem::{self, Problem},
    theme::Theme,
    view::shortened,
};
use crate::{
    access::Form,
    app::{App, Shared},
    live::{answer, rerun},
};

/// Values that are longer are not put into the form: left empty, they stay as they are.
const OFFERED_BYTES_MAX: usize = 64 * 1024;
/// Versions that are offered, the newest.
const VERSIONS_MAX: u32 = 20;

#[derive(Template)]
#[template(path = "rerun.html")]
pub struct Rerun {
    pub frame: Frame,
    pub id: String,
    pub name: String,
    pub machine: String,
    pub state: String,
    pub kind: &'static str,
    /// Whether a result can stand in for the work of the state.
    pub takes_result: bool,
    pub problem: Option<Problem>,
    pub definitions: Vec<Choice>,
    pub fields: Fields,
    /// The input is too long to be shown here.
    pub is_long: bool,
}

/// A definition that can be run.
pub struct Choice {
    pub value: String,
    pub word: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Fields {
    pub event: u64,
    #[serde(default)]
    pub input: String,
    #[serde(default)]
    pub variables: String,
    #[serde(default)]
    pub result: String,
    #[serde(default)]
    pub definition: String,
    #[serde(default)]
    pub name: String,
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Query(asked): Query<Fields>,
) -> Response {
    let (view, preview) = match find(&app, &id, asked.event).await {
        Ok(Some(found)) => found,
        Ok(None) => return problem::not_found(visit, Section::Executions, "visit of", &id),
        Err(fault) => {
            return problem::unavailable(visit, Section::Executions, "This execution", &fault);
        }
    };
    let offered = |text: &str| {
        if text.len() > OFFERED_BYTES_MAX {
            String::new()
        } else {
            json_view::pretty(text)
        }
    };
    let variables = match preview.variables.text() {
        "{}" => String::new(),
        text => offered(text),
    };
    let fields = Fields {
        input: offered(preview.input.text()),
        variables,
        ..asked
    };
    let page = page(visit, &app, &view, &preview, fields, None).await;
    problem::draw(&page)
}

pub(super) async fn start(
    visit: Visit,
    State(app): State<Shared>,
    Path(id): Path<String>,
    form: Form<Fields>,
) -> Response {
    let fields = form.fields;
    let (view, preview) = match find(&app, &id, fields.event).await {
        Ok(Some(found)) => found,
        Ok(None) => return problem::not_found(visit, Section::Executions, "visit of", &id),
        Err(fault) => {
            return problem::unavailable(visit, Section::Executions, "This execution", &fault);
        }
    };
    let done = match asked(&fields) {
        Ok(input) => rerun::perform(&app, &view, input).await,
        Err(told) => Err(answer::Problem::Invalid(told)),
    };
    match done {
        Ok(new) => Redirect::to(&format!("/executions/{}", new.facts.id)).into_response(),
        Err(refused) => {
            let (status, _, why) = refused.parts();
            let problem = Problem {
                what: "The execution was not rerun".to_owned(),
                why,
                next: String::new(),
                request: (status == StatusCode::SERVICE_UNAVAILABLE).then(|| visit.request.clone()),
            };
            let page = page(visit, &app, &view, &preview, fields, Some(problem)).await;
            (status, problem::draw(&page)).into_response()
        }
    }
}

/// The request that a form stands for. What is empty stays as it was.
fn asked(fields: &Fields) -> Result<rerun::RerunInput, String> {
    let json = |field: &str, text: &str| {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        RawValue::from_string(text.to_owned())
            .map(Some)
            .map_err(|error| format!("The {field} is no JSON: {error}"))
    };
    Ok(rerun::RerunInput {
        event: Some(fields.event),
        state: None,
        input: json("input", &fields.input)?,
        variables: json("object of variables", &fields.variables)?,
        result: json("result", &fields.result)?,
        definition: Some(fields.definition.clone()),
        name: Some(fields.name.clone()).filter(|name| !name.is_empty()),
    })
}

async fn find(app: &App, id: &str, event: u64) -> Result<Option<(View, Preview)>, Fault> {
    let Ok(id) = id.parse() else {
        return Ok(None);
    };
    let Some(view) = app.engine.view(ExecutionId(id)).await? else {
        return Ok(None);
    };
    let preview = app.engine.rerun_preview(&view, event).await?;
    Ok(preview.map(|preview| (view, preview)))
}

async fn page(
    visit: Visit,
    app: &App,
    view: &View,
    preview: &Preview,
    fields: Fields,
    problem: Option<Problem>,
) -> Rerun {
    let id = view.facts.id.to_string();
    let name = shortened(&view.facts.identity.name);
    let machine = view.facts.revision.machine_name.to_string();
    let choice = |value: &str, word: String| Choice {
        value: value.to_owned(),
        word,
    };
    let mut definitions = vec![
        choice("same", "The one that this execution ran".to_owned()),
        choice("newest", "The newest".to_owned()),
    ];
    // An offer: where they cannot be had, the form is as good without them.
    let machine_id = view.facts.revision.machine_id;
    let versions = store::version::list(&app.db, machine_id, None, VERSIONS_MAX).await;
    for version in versions.unwrap_or_default() {
        let number = version.number.to_string();
        definitions.push(choice(&number, format!("Version {number}")));
    }
    let aliases = store::alias::list(&app.db, machine_id, None, None, VERSIONS_MAX).await;
    for alias in aliases.unwrap_or_default() {
        definitions.push(choice(&alias.name, format!("Alias {}", alias.name)));
    }
    Rerun {
        frame: visit
            .frame_of(Section::Executions, &name)
            .below(&format!("/executions/{id}"), "Rerun"),
        id,
        name,
        machine,
        state: preview.state.to_string(),
        kind: preview.kind,
        takes_result: matches!(preview.kind, "Task" | "Parallel" | "Map"),
        problem,
        definitions,
        is_long: preview.input.text().len() > OFFERED_BYTES_MAX,
        fields,
    }
}
