//! `/machines/{name}/aliases`: names that lead to one or two versions, made, moved and deleted by form.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{alias, version};

use super::{
    frame::{Frame, Section, Visit},
    machine::Tab,
    moment::Moment,
    new_machine, paging,
    problem::{self, Problem},
    queries::{Queries, timestamp},
    theme::Theme,
    view::Machine,
};
use crate::{
    access::Form,
    app::{App, Shared},
    wire::{self, error::ApiError},
};

/// As many aliases as a machine may have.
const ALIASES_MAX: u32 = 100;
/// Moves that the page tells.
const MOVES: i64 = 50;
/// Versions that the fields offer: the newest.
const OFFERED: u32 = 100;

#[derive(Template)]
#[template(path = "aliases.html")]
pub struct Aliases {
    pub frame: Frame,
    pub tab: Tab,
    pub machine: Machine,
    pub problem: Option<Problem>,
    pub aliases: Vec<AliasRow>,
    /// Where aliases led, the newest move first.
    pub moves: Vec<MoveRow>,
    /// Numbers of versions, the newest first.
    pub versions: Vec<i64>,
    /// What was typed for a new one that was refused.
    pub typed: Fields,
}

pub struct AliasRow {
    pub name: String,
    pub note: String,
    pub arn: String,
    pub updated: Moment,
    pub version: i64,
    pub weight: i16,
    pub second: Option<i64>,
}

/// An alias that was made, moved or deleted.
pub struct MoveRow {
    pub alias: String,
    pub at: Moment,
    /// Where it led from then on; nothing where it was deleted.
    pub leads: Option<String>,
}

/// `version 3`, or `90 % version 3, 10 % version 4`.
fn leads(routes: &[alias::Route]) -> String {
    match routes {
        [only] => format!("version {}", only.version),
        routes => {
            let parts: Vec<_> = routes
                .iter()
                .map(|route| format!("{} % version {}", route.weight, route.version))
                .collect();
            parts.join(", ")
        }
    }
}

impl AliasRow {
    /// Where it leads, in words.
    pub fn leads(&self) -> String {
        let first = alias::Route {
            version: self.version,
            weight: self.weight,
        };
        match self.second {
            None => leads(&[first]),
            Some(version) => {
                let weight = 100 - self.weight;
                leads(&[first, alias::Route { version, weight }])
            }
        }
    }

    pub fn has_second(&self, number: &i64) -> bool {
        self.second.as_ref() == Some(number)
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct Fields {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub version: String,
    /// Percent that go to the first version.
    #[serde(default)]
    pub weight: String,
    #[serde(default)]
    pub second: String,
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
) -> Response {
    draw(visit, &app, &name, None, Fields::default()).await
}

async fn draw(
    visit: Visit,
    app: &App,
    name: &str,
    refused: Option<(&str, ApiError)>,
    typed: Fields,
) -> Response {
    let queries = Queries::new(app, visit.now);
    let found = async {
        let Some(machine) = queries.machine(name).await? else {
            return Ok(None);
        };
        let aliases = alias::list(&app.db, machine.id, None, None, ALIASES_MAX).await?;
        let versions = version::list(&app.db, machine.id, None, OFFERED).await?;
        let moves = alias::moves(&app.db, machine.id, MOVES).await?;
        Ok::<_, sqlx::Error>(Some((machine, aliases, versions, moves)))
    };
    match found.await {
        Ok(Some((machine, aliases, versions, moves))) => {
            let frame = visit
                .frame_of(Section::Machines, name)
                .below(&paging::machine_address(name), Tab::Aliases.word());
            let status = refused.as_ref().map(|(_, error)| error.code.status());
            let rows = aliases.into_iter().filter_map(|it| {
                let first = *it.routes.first()?;
                Some(AliasRow {
                    arn: app.arns.alias(name, &it.name),
                    name: it.name,
                    note: it.description,
                    updated: queries.moment(timestamp(it.updated_at)),
                    version: first.version,
                    weight: first.weight,
                    second: it.routes.get(1).map(|route| route.version),
                })
            });
            let page = Aliases {
                tab: Tab::Aliases,
                problem: refused
                    .map(|(what, error)| new_machine::refusal(what, &error, &frame.visit)),
                frame,
                machine,
                aliases: rows.collect(),
                moves: moves
                    .into_iter()
                    .map(|it| MoveRow {
                        at: queries.moment(timestamp(it.moved_at)),
                        leads: (!it.routes.is_empty()).then(|| leads(&it.routes)),
                        alias: it.alias,
                    })
                    .collect(),
                versions: versions.into_iter().map(|it| it.number).collect(),
                typed,
            };
            (status.unwrap_or_default(), problem::draw(&page)).into_response()
        }
        Ok(None) => problem::not_found(visit, Section::Machines, "machine", name),
        Err(fault) => problem::unavailable(visit, Section::Machines, "Aliases", &fault),
    }
}

/// The routing configuration that a form asks for.
fn routing(app: &App, machine: &str, fields: &Fields) -> Result<Value, ApiError> {
    let number = |field: &str, text: &str| {
        text.trim().parse::<i64>().map_err(|_| {
            ApiError::validation(format!("{field} “{}” is not a number.", text.trim()))
        })
    };
    let arn = |number: i64| app.arns.version(machine, number);
    let first = number("Version", &fields.version)?;
    if fields.second.trim().is_empty() {
        return Ok(json!([{"stateMachineVersionArn": arn(first), "weight": 100}]));
    }
    let second = number("Second version", &fields.second)?;
    let weight = number("Share", &fields.weight)?;
    if !(0..=100).contains(&weight) {
        return Err(ApiError::validation(format!(
            "A share of {weight} % is not allowed: 0 to 100."
        )));
    }
    Ok(json!([
        {"stateMachineVersionArn": arn(first), "weight": weight},
        {"stateMachineVersionArn": arn(second), "weight": 100 - weight},
    ]))
}

/// `POST /machines/{name}/aliases`: makes one.
pub(super) async fn create(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Form { fields, .. }: Form<Fields>,
) -> Response {
    let done = match routing(&app, &name, &fields) {
        Ok(routing) => {
            let request = json!({
                "name": fields.name.trim(),
                "description": fields.note.trim(),
                "routingConfiguration": routing,
            });
            wire::perform(&app, "CreateStateMachineAlias", request).await
        }
        Err(refused) => Err(refused),
    };
    match done {
        Ok(_) => back(&name),
        Err(error) => {
            let what = "The alias was not made";
            draw(visit, &app, &name, Some((what, error)), fields).await
        }
    }
}

/// `POST /machines/{name}/aliases/{alias}`: leads it elsewhere.
pub(super) async fn update(
    visit: Visit,
    State(app): State<Shared>,
    Path((name, alias)): Path<(String, String)>,
    Form { fields, .. }: Form<Fields>,
) -> Response {
    let done = match routing(&app, &name, &fields) {
        Ok(routing) => {
            let request = json!({
                "stateMachineAliasArn": app.arns.alias(&name, &alias),
                "description": fields.note.trim(),
                "routingConfiguration": routing,
            });
            wire::perform(&app, "UpdateStateMachineAlias", request).await
        }
        Err(refused) => Err(refused),
    };
    match done {
        Ok(_) => back(&name),
        Err(error) => {
            let what = format!("“{alias}” was not moved");
            draw(visit, &app, &name, Some((&what, error)), Fields::default()).await
        }
    }
}

/// `POST /machines/{name}/aliases/{alias}/delete`.
pub(super) async fn delete(
    visit: Visit,
    State(app): State<Shared>,
    Path((name, alias)): Path<(String, String)>,
    Form { .. }: Form<Fields>,
) -> Response {
    let request = json!({"stateMachineAliasArn": app.arns.alias(&name, &alias)});
    match wire::perform(&app, "DeleteStateMachineAlias", request).await {
        Ok(_) => back(&name),
        Err(error) => {
            let what = format!("“{alias}” was not deleted");
            draw(visit, &app, &name, Some((&what, error)), Fields::default()).await
        }
    }
}

fn back(name: &str) -> Response {
    Redirect::to(&format!("{}/aliases", paging::machine_address(name))).into_response()
}
