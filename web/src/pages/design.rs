//! `/machines/{name}/design` and `/machines/new/design`: the place in which the designer's script draws
//! itself, with what it begins with. What the designer does is in `designer/`.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use serde::Deserialize;
use serde_json::json;
use store::{browse, revision, version};

use super::{
    assets,
    frame::{Frame, Section, Visit},
    paging, pattern, problem,
    queries::{self, Queries},
    theme::Theme,
};
use crate::{
    app::{App, Shared},
    live::drafts,
};

#[derive(Template)]
#[template(path = "design.html")]
pub struct DesignPage {
    pub frame: Frame,
    pub style: String,
    pub script: String,
    /// What the script begins with, as JSON that HTML cannot misread.
    pub start: String,
    /// Where there is the same as a form.
    pub plain: String,
}

impl DesignPage {
    fn new(frame: Frame, start: &serde_json::Value, plain: String) -> Self {
        let (style, script) = assets::designer();
        Self {
            frame,
            style,
            script,
            start: start.to_string().replace('<', "\\u003c"),
            plain,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    pattern: String,
    /// The machine that a new one is a copy of.
    #[serde(default)]
    from: String,
    /// The number of the version to make a copy of, instead of going on with the draft.
    #[serde(default)]
    version: String,
}

/// What every designer is told: the patterns, its proof of being ours, the style's word.
fn common(visit: &Visit, app: &App) -> serde_json::Value {
    let patterns: Vec<_> = pattern::PATTERNS
        .iter()
        .map(|it| {
            json!({
                "id": it.id,
                "title": it.title,
                "help": it.help,
                "definition": it.definition,
            })
        })
        .collect();
    json!({
        "csrf": visit.form_token,
        "nonce": visit.nonce,
        "patterns": patterns,
        "arnPrefix": app.arns.machine(""),
    })
}

pub(super) async fn new(
    visit: Visit,
    State(app): State<Shared>,
    Query(asked): Query<Asked>,
) -> Response {
    let mut start = common(&visit, &app);
    start["machine"] = serde_json::Value::Null;
    let first = match Queries::new(&app, visit.now).machine(&asked.from).await {
        Ok(Some(machine)) => machine.definition,
        Ok(None) => pattern::find(&asked.pattern)
            .map_or("", |it| it.definition)
            .to_owned(),
        Err(fault) => {
            return problem::unavailable(visit, Section::Machines, "That machine", &fault);
        }
    };
    start["definition"] = json!(first);
    let frame = visit.frame_of(Section::Machines, "New machine");
    problem::draw(&DesignPage::new(frame, &start, "/machines/new".to_owned()))
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    if !queries::is_askable(&name) {
        return problem::not_found(visit, Section::Machines, "machine", &name);
    }
    let found = async {
        let Some(machine) = Queries::new(&app, visit.now).design(&name).await? else {
            return Ok(None);
        };
        let draft = drafts::of_machine(&app, machine.id).await?;
        let copied = match asked.version.parse() {
            Ok(number) => version::get(&app.db, machine.id, number).await?,
            Err(_) => None,
        };
        let copied = match copied {
            Some(copied) => revision::get(&app.db, copied.revision_id).await?,
            None => None,
        };
        let newest = browse::newest_of_machines(&app.db, &[machine.id]).await?;
        let last = newest.first().map(|it| it.id.to_string());
        Ok::<_, sqlx::Error>(Some((machine, draft, copied, last)))
    };
    match found.await {
        Ok(Some((machine, draft, copied, last))) => {
            let mut start = common(&visit, &app);
            start["machine"] = json!({
                "name": machine.name,
                "type": super::machine::type_word(machine.machine_type),
                "revision": machine.revision.id,
                "isDeleting": machine.is_deleting,
            });
            start["definition"] = json!(machine.revision.definition);
            start["draft"] = json!(draft);
            // Its inputs are what states are tried with first.
            start["lastExecution"] = json!(last);
            start["copy"] = json!(copied.map(|copied| copied.definition));
            let address = paging::machine_address(&name);
            let frame = visit
                .frame_of(Section::Machines, &name)
                .below(&address, "Design");
            problem::draw(&DesignPage::new(frame, &start, address))
        }
        Ok(None) => problem::not_found(visit, Section::Machines, "machine", &name),
        Err(fault) => problem::unavailable(visit, Section::Machines, "This machine", &fault),
    }
}
