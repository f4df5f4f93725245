//! `/machines/{name}/settings`: role, logging, tracing and tags of a machine, and its deletion.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use store::tag::{self, Tag};

use super::{
    frame::{Frame, Section, Visit},
    machine::Tab,
    new_machine, paging,
    problem::{self, Problem},
    queries::Queries,
    theme::Theme,
    view::Machine,
};
use crate::{
    access::Form,
    app::{App, Shared},
    wire::{self, error::ApiError},
};

#[derive(Template)]
#[template(path = "machine_settings.html")]
pub struct Settings {
    pub frame: Frame,
    pub tab: Tab,
    pub machine: Machine,
    pub problem: Option<Problem>,
    pub run: RunFields,
    pub tags: Vec<Tag>,
    pub is_name_wrong: bool,
}

/// How a machine is run, as its form has it.
#[derive(Debug, Default, Deserialize)]
pub struct RunFields {
    #[serde(default)]
    pub role: String,
    #[serde(default)]
    pub level: String,
    #[serde(default)]
    pub group: String,
    /// Boxes that are not checked are not sent.
    pub data: Option<String>,
    pub tracing: Option<String>,
}

/// Log levels, each with what it logs.
pub const LEVELS: [(&str, &str); 4] = [
    ("OFF", "Nothing"),
    ("ERROR", "Errors"),
    ("FATAL", "Failed executions"),
    ("ALL", "Everything"),
];

impl Settings {
    pub fn levels(&self) -> [(&'static str, &'static str); 4] {
        LEVELS
    }
}

impl RunFields {
    /// As DescribeStateMachine gives it.
    fn of(described: &Value) -> Self {
        let text = |pointer: &str| {
            let found = described.pointer(pointer).and_then(Value::as_str);
            found.unwrap_or_default().to_owned()
        };
        let flag = |pointer: &str| {
            let is_on = described.pointer(pointer).and_then(Value::as_bool);
            (is_on == Some(true)).then(|| "on".to_owned())
        };
        Self {
            role: text("/roleArn"),
            level: text("/loggingConfiguration/level"),
            group: text("/loggingConfiguration/destinations/0/cloudWatchLogsLogGroup/logGroupArn"),
            data: flag("/loggingConfiguration/includeExecutionData"),
            tracing: flag("/tracingConfiguration/enabled"),
        }
    }
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
) -> Response {
    draw(visit, &app, &name, Drawn::default()).await
}

/// What the page shows besides the machine as it is.
#[derive(Default)]
struct Drawn {
    refused: Option<(&'static str, ApiError)>,
    run: Option<RunFields>,
    is_name_wrong: bool,
}

async fn draw(visit: Visit, app: &App, name: &str, drawn: Drawn) -> Response {
    let queries = Queries::new(app, visit.now);
    let found = async {
        let Some(machine) = queries.machine(name).await? else {
            return Ok(None);
        };
        let tags = tag::list(&app.db, machine.id).await?;
        Ok::<_, sqlx::Error>(Some((machine, tags)))
    };
    let (machine, tags) = match found.await {
        Ok(Some(found)) => found,
        Ok(None) => return problem::not_found(visit, Section::Machines, "machine", name),
        Err(fault) => return problem::unavailable(visit, Section::Machines, "Settings", &fault),
    };
    let request = json!({"stateMachineArn": machine.arn});
    let (run, refused) = match drawn.run {
        Some(run) => (run, drawn.refused),
        None => match wire::perform(app, "DescribeStateMachine", request).await {
            Ok(described) => (RunFields::of(&described), drawn.refused),
            Err(error) => (
                RunFields::default(),
                Some(("The settings could not be read", error)),
            ),
        },
    };
    let frame = visit
        .frame_of(Section::Machines, name)
        .below(&paging::machine_address(name), Tab::Settings.word());
    let status = match &refused {
        Some((_, error)) => error.code.status(),
        None if drawn.is_name_wrong => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    let page = Settings {
        tab: Tab::Settings,
        problem: refused.map(|(what, error)| new_machine::refusal(what, &error, &frame.visit)),
        frame,
        machine,
        run,
        tags,
        is_name_wrong: drawn.is_name_wrong,
    };
    (status, problem::draw(&page)).into_response()
}

/// `POST /machines/{name}/settings`: role, logging and tracing.
pub(super) async fn save(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Form { fields, .. }: Form<RunFields>,
) -> Response {
    let group = fields.group.trim();
    let mut logging = json!({
        "level": fields.level,
        "includeExecutionData": fields.data.is_some(),
    });
    if !group.is_empty() {
        logging["destinations"] = json!([{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]);
    }
    let request = json!({
        "stateMachineArn": app.arns.machine(&name),
        "roleArn": fields.role.trim(),
        "loggingConfiguration": logging,
        "tracingConfiguration": {"enabled": fields.tracing.is_some()},
    });
    match wire::perform(&app, "UpdateStateMachine", request).await {
        Ok(_) => back(&name),
        Err(error) => {
            let drawn = Drawn {
                refused: Some(("The settings were not saved", error)),
                run: Some(fields),
                ..Drawn::default()
            };
            draw(visit, &app, &name, drawn).await
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct TagFields {
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: String,
    /// `remove`: takes the tag of the key away.
    #[serde(default)]
    what: String,
}

/// `POST /machines/{name}/settings/tags`: sets a tag, or takes one away.
pub(super) async fn set_tag(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Form { fields, .. }: Form<TagFields>,
) -> Response {
    let arn = app.arns.machine(&name);
    let done = if fields.what == "remove" {
        let request = json!({"resourceArn": arn, "tagKeys": [fields.key]});
        wire::perform(&app, "UntagResource", request).await
    } else {
        let tag = json!({"key": fields.key.trim(), "value": fields.value.trim()});
        let request = json!({"resourceArn": arn, "tags": [tag]});
        wire::perform(&app, "TagResource", request).await
    };
    match done {
        Ok(_) => back(&name),
        Err(error) => {
            let drawn = Drawn {
                refused: Some(("The tag was not changed", error)),
                ..Drawn::default()
            };
            draw(visit, &app, &name, drawn).await
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct DeleteFields {
    #[serde(default)]
    name: String,
}

/// `POST /machines/{name}/settings/delete`: deletes the machine where its name was typed.
pub(super) async fn delete(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Form { fields, .. }: Form<DeleteFields>,
) -> Response {
    if fields.name.trim() != name {
        let drawn = Drawn {
            is_name_wrong: true,
            ..Drawn::default()
        };
        return draw(visit, &app, &name, drawn).await;
    }
    let request = json!({"stateMachineArn": app.arns.machine(&name)});
    match wire::perform(&app, "DeleteStateMachine", request).await {
        Ok(_) => Redirect::to("/machines").into_response(),
        Err(error) => {
            let drawn = Drawn {
                refused: Some(("The machine was not deleted", error)),
                ..Drawn::default()
            };
            draw(visit, &app, &name, drawn).await
        }
    }
}

fn back(name: &str) -> Response {
    Redirect::to(&format!("{}/settings", paging::machine_address(name))).into_response()
}
