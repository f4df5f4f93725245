//! `/machines/{name}/versions`: what was published, what differs between two versions, and publishing.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use store::{alias, revision, version};
use uuid::Uuid;

use super::{
    difference::{Difference, difference},
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

/// Versions that the page lists: the newest.
const SHOWN: u32 = 200;

#[derive(Template)]
#[template(path = "versions.html")]
pub struct Versions {
    pub frame: Frame,
    pub tab: Tab,
    pub machine: Machine,
    pub problem: Option<Problem>,
    pub versions: Vec<VersionRow>,
    /// Whether the current definition is one of them.
    pub is_published: bool,
    pub from: String,
    pub to: String,
    pub comparison: Option<Difference>,
    pub note: String,
}

pub struct VersionRow {
    pub number: i64,
    pub note: String,
    pub created: Moment,
    pub is_current: bool,
    pub aliases: Vec<String>,
    pub arn: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// Numbers of versions, or `current`.
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    draw(visit, &app, &name, asked, None, String::new()).await
}

async fn draw(
    visit: Visit,
    app: &App,
    name: &str,
    asked: Asked,
    refused: Option<(&str, ApiError)>,
    note: String,
) -> Response {
    let queries = Queries::new(app, visit.now);
    let found = async {
        let Some(machine) = queries.machine(name).await? else {
            return Ok(None);
        };
        let (versions, is_published) = rows(app, &queries, &machine).await?;
        let comparison = compare(app, &machine, &asked).await?;
        Ok::<_, sqlx::Error>(Some((machine, versions, is_published, comparison)))
    };
    match found.await {
        Ok(Some((machine, versions, is_published, comparison))) => {
            let frame = visit
                .frame_of(Section::Machines, name)
                .below(&paging::machine_address(name), Tab::Versions.word());
            let status = refused.as_ref().map(|(_, error)| error.code.status());
            let page = Versions {
                tab: Tab::Versions,
                problem: refused
                    .map(|(what, error)| new_machine::refusal(what, &error, &frame.visit)),
                frame,
                machine,
                versions,
                is_published,
                from: asked.from,
                to: if asked.to.is_empty() {
                    "current".to_owned()
                } else {
                    asked.to
                },
                comparison,
                note,
            };
            (status.unwrap_or_default(), problem::draw(&page)).into_response()
        }
        Ok(None) => problem::not_found(visit, Section::Machines, "machine", name),
        Err(fault) => problem::unavailable(visit, Section::Machines, "Versions", &fault),
    }
}

async fn rows(
    app: &App,
    queries: &Queries<'_>,
    machine: &Machine,
) -> Result<(Vec<VersionRow>, bool), sqlx::Error> {
    let aliases = alias::list(&app.db, machine.id, None, None, 100).await?;
    let found = version::list(&app.db, machine.id, None, SHOWN).await?;
    let current = version::of_revision(&app.db, machine.id, machine.revision).await?;
    let rows = found.into_iter().map(|it| VersionRow {
        arn: app.arns.version(&machine.name, it.number),
        number: it.number,
        note: it.description,
        created: queries.moment(timestamp(it.created_at)),
        is_current: it.revision_id == machine.revision,
        aliases: aliases
            .iter()
            .flat_map(|alias| alias.routes.iter().map(move |route| (alias, route)))
            .filter(|(_, route)| route.version == it.number)
            .map(|(alias, route)| match route.weight {
                100 => alias.name.clone(),
                weight => format!("{} {weight} %", alias.name),
            })
            .collect(),
    });
    Ok((rows.collect(), current.is_some()))
}

/// The definition of a version, or the current one. Nothing where there is no such version.
pub(super) async fn definition(
    app: &App,
    machine: &Machine,
    which: &str,
) -> Result<Option<String>, sqlx::Error> {
    if which.is_empty() || which == "current" {
        return Ok(Some(machine.definition.clone()));
    }
    let Ok(number) = which.parse() else {
        return Ok(None);
    };
    let Some(found) = version::get(&app.db, machine.id, number).await? else {
        return Ok(None);
    };
    let revision = revision::get(&app.db, found.revision_id).await?;
    Ok(revision.map(|revision| revision.definition))
}

async fn compare(
    app: &App,
    machine: &Machine,
    asked: &Asked,
) -> Result<Option<Difference>, sqlx::Error> {
    if asked.from.is_empty() {
        return Ok(None);
    }
    let from = definition(app, machine, &asked.from).await?;
    let to = definition(app, machine, &asked.to).await?;
    let Some((from, to)) = from.zip(to) else {
        return Ok(None);
    };
    // Comparing long texts takes its time; where its thread fails there is nothing to show.
    Ok(tokio::task::spawn_blocking(move || difference(&from, &to))
        .await
        .ok())
}

#[derive(Debug, Default, Deserialize)]
pub struct Fields {
    #[serde(default)]
    note: String,
    /// The revision that the page showed.
    revision: Option<Uuid>,
}

/// `POST /machines/{name}/versions`: publishes the current definition.
pub(super) async fn publish(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Form { fields, .. }: Form<Fields>,
) -> Response {
    let mut request = json!({
        "stateMachineArn": app.arns.machine(&name),
        "description": fields.note.trim(),
    });
    // The first revision has no id in the API; it is named otherwise.
    let shown = match fields.revision {
        Some(id) => revision::get(&app.db, id).await.ok().flatten(),
        None => None,
    };
    if let Some(shown) = shown {
        let id = if shown.is_initial() {
            "INITIAL".to_owned()
        } else {
            shown.id.to_string()
        };
        request["revisionId"] = json!(id);
    }
    let done = wire::perform(&app, "PublishStateMachineVersion", request).await;
    let what = "The version was not published";
    end(visit, &app, &name, what, done.err(), fields.note).await
}

/// `POST /machines/{name}/versions/{number}/delete`.
pub(super) async fn delete(
    visit: Visit,
    State(app): State<Shared>,
    Path((name, number)): Path<(String, i64)>,
    Form { .. }: Form<Fields>,
) -> Response {
    let request = json!({"stateMachineVersionArn": app.arns.version(&name, number)});
    let done = wire::perform(&app, "DeleteStateMachineVersion", request).await;
    let what = "The version was not deleted";
    end(visit, &app, &name, what, done.err(), String::new()).await
}

async fn end(
    visit: Visit,
    app: &App,
    name: &str,
    what: &str,
    refused: Option<ApiError>,
    note: String,
) -> Response {
    match refused {
        None => {
            Redirect::to(&format!("{}/versions", paging::machine_address(name))).into_response()
        }
        Some(error) => {
            draw(
                visit,
                app,
                name,
                Asked::default(),
                Some((what, error)),
                note,
            )
            .await
        }
    }
}
