//! `/search`: pages, machines and executions by what they are called. Ctrl+K shows the same.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use store::{
    browse::{self, Order},
    ids::ExecutionId,
};
use uuid::Uuid;

use super::{
    frame::{Frame, Section, Visit},
    paging,
    problem::{self, Problem},
    queries::{Queries, is_askable},
    theme::Theme,
};
use crate::{
    app::{App, Shared},
    wire::arn::Resource,
};

/// Hits of one kind.
const HITS: i64 = 6;
/// Hex digits that an id's start needs before it is looked for.
const ID_START_MIN: usize = 4;

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

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Query(asked): Query<Asked>,
) -> Response {
    let query: String = asked
        .q
        .trim()
        .chars()
        .filter(|c| *c != '\0')
        .take(256)
        .collect();
    let mut groups = Vec::new();
    let pages = pages(&query);
    let queries = Queries::new(&app, visit.now);
    let found = find(&app, &queries, &query, &mut groups).await;
    if !pages.is_empty() {
        groups.push(Group {
            title: "Pages",
            hits: pages,
        });
    }
    let problem = found
        .err()
        .map(|fault| Problem::unavailable("Machines and executions", &visit, &fault));
    let status = problem::status(problem.as_ref());
    if visit.is_fragment {
        let found = Found {
            query,
            problem,
            groups,
        };
        return (StatusCode::OK, problem::draw(&found)).into_response();
    }
    let page = Search {
        frame: visit.frame_of(Section::Elsewhere, "Search"),
        query,
        problem,
        groups,
    };
    (status, problem::draw(&page)).into_response()
}

async fn find(
    app: &App,
    queries: &Queries<'_>,
    query: &str,
    groups: &mut Vec<Group>,
) -> Result<(), sqlx::Error> {
    let named = app.arns.read(query).ok().map(|arn| arn.resource);
    let part = match &named {
        Some(Resource::StateMachine { name, .. }) => name,
        Some(_) => "\u{1}",
        None => query,
    };
    let machines = browse::machines(&app.db, part, Order::Name, None, HITS).await?;
    if !machines.is_empty() {
        let hits = machines.into_iter().map(|machine| Hit {
            address: paging::machine_address(&machine.name),
            icon: "workflow",
            name: machine.name,
            is_id: false,
            note: String::new(),
        });
        groups.push(Group {
            title: "Machines",
            hits: hits.collect(),
        });
    }
    let ids = match &named {
        Some(Resource::Execution { machine, name, .. }) => {
            let found = store::execution::by_name(&app.db, machine, name).await?;
            found.into_iter().collect()
        }
        Some(_) => Vec::new(),
        None => executions(app, query).await?,
    };
    let mut found = Vec::new();
    for id in ids {
        found.extend(store::execution::get(&app.db, id).await?);
    }
    let rows = queries.rows(found).await?;
    if !rows.is_empty() {
        let hits = rows.into_iter().map(|row| Hit {
            address: format!("/executions/{}", row.id),
            icon: row.status.icon(),
            is_id: !row.is_named(),
            note: format!("{} · {}", row.machine, row.status.word()),
            name: row.name,
        });
        groups.push(Group {
            title: "Executions",
            hits: hits.collect(),
        });
    }
    Ok(())
}

/// Executions of that very name, and those whose id starts so.
async fn executions(app: &App, query: &str) -> Result<Vec<ExecutionId>, sqlx::Error> {
    let mut ids = Vec::new();
    if is_askable(query) {
        ids = browse::ids_named(&app.db, query, HITS).await?;
    }
    if let Some((first, last)) = id_range(query) {
        for id in browse::ids_between(&app.db, first, last, HITS).await? {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    Ok(ids)
}

/// The least and the greatest id that start with `text`.
pub(super) fn id_range(text: &str) -> Option<(Uuid, Uuid)> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let is_start = (ID_START_MIN..=32).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_start {
        return None;
    }
    let filled = |with: &str| {
        let rest = with.repeat(32 - digits.len());
        Uuid::parse_str(&format!("{digits}{rest}")).ok()
    };
    filled("0").zip(filled("f"))
}

/// The pages whose name has a word that starts so.
fn pages(query: &str) -> Vec<Hit> {
    let query = query.to_lowercase();
    let known = [
        ("Overview", "/", "layout-dashboard"),
        ("Machines", "/machines", "workflow"),
        ("New machine", "/machines/new", "plus"),
        ("Executions", "/executions", "history"),
    ];
    let is_meant = |name: &str| {
        let name = name.to_lowercase();
        name.split(' ').any(|word| word.starts_with(&query)) || name.starts_with(&query)
    };
    known
        .into_iter()
        .filter(|(name, _, _)| is_meant(name))
        .map(|(name, address, icon)| Hit {
            address: address.to_owned(),
            icon,
            name: name.to_owned(),
            is_id: false,
            note: String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_an_id_is_a_range() {
        let (first, last) = id_range("0198F3C2-77").unwrap();
        assert_eq!(first.to_string(), "0198f3c2-7700-0000-0000-000000000000");
        assert_eq!(last.to_string(), "0198f3c2-77ff-ffff-ffff-ffffffffffff");
        let whole = "0198f3c2-77aa-7bbb-8ccc-0123456789ab";
        let (first, last) = id_range(whole).unwrap();
        assert_eq!((first, last.to_string().as_str()), (last, whole));
        for text in ["", "019", "order", "0198g", &"0".repeat(33)] {
            assert_eq!(id_range(text), None, "{text}");
        }
    }

    #[test]
    fn pages_are_found_by_any_word() {
        let names =
            |query| -> Vec<String> { pages(query).into_iter().map(|hit| hit.name).collect() };
        assert_eq!(names("mach"), ["Machines", "New machine"]);
        assert_eq!(names("new m"), ["New machine"]);
        assert_eq!(names("").len(), 4);
        assert_eq!(names("zzz"), [""; 0]);
    }
}
