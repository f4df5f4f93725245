//! `/executions/all`: stops or redrives all executions that match a filter, after a look at how many and
//! which. What is done is what the API does to one, one after the other; a line in the log says who asked.

use askama::Template;
use asl::StateError;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Deserialize;
use store::{browse::Edge, list::Filter};

use super::{Asked, Chip, ids, wanted};
use crate::{
    access::Form,
    app::{App, Shared},
    pages::{
        frame::{Frame, Section, Visit},
        moment, paging, problem,
        queries::Queries,
        theme::Theme,
        view::{ExecutionRow, Status},
    },
};

/// Executions that one request works at. What is left is asked for again.
const AT_ONCE: usize = 1_000;
/// Rows of the look before.
const SHOWN: usize = 10;

#[derive(Template)]
#[template(path = "bulk.html")]
pub struct Bulk {
    pub frame: Frame,
    pub chips: Vec<Chip>,
    pub stop: Option<Offer>,
    pub redrive: Option<Offer>,
    /// What was done, after it was.
    pub done: Option<Done>,
    /// This page with its filter, and the list.
    pub address: String,
    pub list: String,
}

/// What can be done, and to which.
pub struct Offer {
    /// `500`, or `more than 1,000`.
    pub count: String,
    pub is_one: bool,
    pub rows: Vec<ExecutionRow>,
}

pub struct Done {
    pub told: String,
    /// Why it was not done to some, with how many.
    pub refused: Vec<String>,
    /// More match than are worked at in one request.
    pub has_more: bool,
}

/// What is to be done to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Stop,
    Redrive,
}

impl Action {
    /// The statuses of those to which it can be done.
    fn statuses(self) -> &'static [Status] {
        match self {
            Self::Stop => &[Status::Running],
            Self::Redrive => &[Status::Failed, Status::TimedOut, Status::Aborted],
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Stop => "stopped",
            Self::Redrive => "redriven",
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct Fields {
    action: Action,
}

pub(in crate::pages) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Query(members): Query<Vec<(String, String)>>,
) -> Response {
    let asked = Asked::of(members);
    answer(visit, &app, &asked, None).await
}

pub(in crate::pages) async fn perform(
    visit: Visit,
    State(app): State<Shared>,
    Query(members): Query<Vec<(String, String)>>,
    form: Form<Fields>,
) -> Response {
    let asked = Asked::of(members);
    // Of everything at once is never meant.
    if !asked.is_filtered() {
        return answer(visit, &app, &asked, None).await;
    }
    match work(&visit, &app, &asked, form.fields.action).await {
        Ok(done) => answer(visit, &app, &asked, Some(done)).await,
        Err(fault) => problem::unavailable(visit, Section::Executions, "Executions", &fault),
    }
}

async fn answer(visit: Visit, app: &App, asked: &Asked, done: Option<Done>) -> Response {
    let list = asked.address(&[]);
    let offers = async {
        if !asked.is_filtered() {
            return Ok((None, None));
        }
        let stop = offer(&visit, app, asked, Action::Stop).await?;
        let redrive = offer(&visit, app, asked, Action::Redrive).await?;
        Ok::<_, sqlx::Error>((stop, redrive))
    };
    let (stop, redrive) = match offers.await {
        Ok(offers) => offers,
        Err(fault) => {
            return problem::unavailable(visit, Section::Executions, "Executions", &fault);
        }
    };
    let page = Bulk {
        frame: visit.frame_of(Section::Executions, "All that match"),
        chips: asked.chips(),
        stop,
        redrive,
        done,
        address: list.replacen("/executions", "/executions/all", 1),
        list,
    };
    (StatusCode::OK, problem::draw(&page)).into_response()
}

/// The filter, for those to which it can be done; nothing where it leaves none of these.
async fn narrowed(
    visit: &Visit,
    app: &App,
    asked: &Asked,
    action: Action,
) -> Result<Option<Filter>, sqlx::Error> {
    let mut asked = asked.clone();
    let possible = action.statuses();
    if asked.statuses.is_empty() {
        asked.statuses = possible.to_vec();
    } else {
        asked.statuses.retain(|status| possible.contains(status));
    }
    if asked.statuses.is_empty() {
        return Ok(None);
    }
    let queries = Queries::new(app, visit.now);
    Ok(wanted(&queries, &asked, visit.now).await?.ok())
}

async fn offer(
    visit: &Visit,
    app: &App,
    asked: &Asked,
    action: Action,
) -> Result<Option<Offer>, sqlx::Error> {
    let Some(filter) = narrowed(visit, app, asked, action).await? else {
        return Ok(None);
    };
    let most = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
    let mut found = store::list::executions(&app.db, &filter, None, most).await?;
    let count = found.len();
    found.truncate(SHOWN);
    let rows = Queries::new(app, visit.now).rows(found).await?;
    let told = moment::count(count as u64);
    Ok((count > 0).then_some(Offer {
        count: if count == AT_ONCE {
            format!("{told} or more")
        } else {
            told
        },
        is_one: count == 1,
        rows,
    }))
}

/// Does it to at most [`AT_ONCE`], newest first. Each is done by itself, so a refusal stops no other.
async fn work(
    visit: &Visit,
    app: &App,
    asked: &Asked,
    action: Action,
) -> Result<Done, sqlx::Error> {
    let (mut done, mut refused): (u64, Vec<(String, u64)>) = (0, Vec::new());
    let (mut looked_at, mut edge) = (0, None);
    let mut has_more = false;
    if let Some(filter) = narrowed(visit, app, asked, action).await? {
        let queries = Queries::new(app, visit.now);
        loop {
            let cut = queries.executions(&filter, edge).await?;
            for id in ids(&cut.rows) {
                edge = Some(Edge::After(id));
                looked_at += 1;
                let refusal = match action {
                    Action::Stop => {
                        let error = StateError {
                            error: None,
                            cause: Some("Stopped with others from a list.".into()),
                        };
                        let stopped = app.engine.stop(id, error).await;
                        stopped
                            .err()
                            .map(|_| "The server could not do it now".to_owned())
                    }
                    Action::Redrive => {
                        let redriven = app.engine.redrive(id, None).await;
                        redriven.err().map(|error| error.to_string())
                    }
                };
                match refusal {
                    None => done += 1,
                    Some(why) => match refused.iter_mut().find(|(known, _)| *known == why) {
                        Some((_, count)) => *count += 1,
                        None => refused.push((why, 1)),
                    },
                }
            }
            has_more = cut.has_after;
            if !has_more || looked_at >= AT_ONCE {
                break;
            }
        }
    }
    tracing::info!(
        action = action.done(),
        filter = asked.words(),
        count = done,
        caller = visit.key.as_deref().unwrap_or("nobody who signed in"),
        "executions were worked at from a list"
    );
    Ok(Done {
        told: match done {
            1 => format!("1 execution was {}", action.done()),
            _ => format!("{} executions were {}", moment::count(done), action.done()),
        },
        refused: refused
            .into_iter()
            .map(|(why, count)| format!("{} not: {why}", moment::count(count)))
            .collect(),
        has_more,
    })
}

const _: () = assert!(SHOWN <= paging::ROWS, "a look is shorter than a page");
