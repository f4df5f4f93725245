//! What a page says when something went wrong: what, why, and what to do; and whole pages of it.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::{
    frame::{Crumb, Frame, Section, Visit},
    theme::Theme,
};

/// A problem in three sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub what: String,
    pub why: String,
    pub next: String,
    /// The request, where a maintainer will want to find it in the logs.
    pub request: Option<String>,
}

impl Problem {
    /// The database did not answer. The fault is logged here, under the request's id.
    pub fn unavailable(what: &str, visit: &Visit, fault: &dyn std::error::Error) -> Self {
        tracing::error!(request.id = visit.request, fault = %chain(fault), "a page lacks its data");
        Self {
            what: format!("{what} could not be loaded"),
            why: "The database did not answer.".to_owned(),
            next: "Try again in a moment; the server's log says more.".to_owned(),
            request: Some(visit.request.clone()),
        }
    }
}

/// An error and what caused it, outermost first.
fn chain(fault: &dyn std::error::Error) -> String {
    let mut text = fault.to_string();
    let mut next = fault.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    problem: Problem,
    icon: &'static str,
    back: Crumb,
}

/// 404: says what was looked for.
pub fn not_found(visit: Visit, section: Section, what: &str, name: &str) -> Response {
    let problem = Problem {
        what: format!("No {what} called “{name}”"),
        why: "It may have been deleted, or the address may be mistyped.".to_owned(),
        next: String::new(),
        request: None,
    };
    page(StatusCode::NOT_FOUND, visit, section, problem)
}

/// A page that is nothing but a problem, in the frame of its section.
pub fn page(status: StatusCode, visit: Visit, section: Section, problem: Problem) -> Response {
    let icon = if status == StatusCode::NOT_FOUND {
        "search"
    } else {
        "triangle-alert"
    };
    let back = Crumb {
        word: match section {
            Section::Machines => "Go to machines".to_owned(),
            Section::Executions => "Go to executions".to_owned(),
            Section::Overview | Section::Elsewhere => "Go to the overview".to_owned(),
        },
        address: Some(section.address().to_owned()),
    };
    let frame = visit.frame_of(section, &problem.what);
    let page = ErrorPage {
        frame,
        problem,
        icon,
        back,
    };
    (status, draw(&page)).into_response()
}

/// 503: a page whose one thing could not be loaded.
pub fn unavailable(
    visit: Visit,
    section: Section,
    what: &str,
    fault: &dyn std::error::Error,
) -> Response {
    let problem = Problem::unavailable(what, &visit, fault);
    page(StatusCode::SERVICE_UNAVAILABLE, visit, section, problem)
}

/// The status of a page that shows what it could, and perhaps a problem.
pub fn status(problem: Option<&Problem>) -> StatusCode {
    problem.map_or(StatusCode::OK, |_| StatusCode::SERVICE_UNAVAILABLE)
}

/// The answer that holds `page`.
pub fn draw(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        // Templates write to memory only, so this is our fault and has no page to show.
        Err(error) => {
            tracing::error!(error = %error, "drawing a page failed");
            let text = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                text,
                "this page could not be drawn\n",
            )
                .into_response()
        }
    }
}
