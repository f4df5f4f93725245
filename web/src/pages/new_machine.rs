//! `/machines/new`: a machine from a pattern or from pasted text, with what is wrong with it told
//! on its lines.

use askama::Template;
use asl::diagnose::{self, Diagnostic, MachineType, Severity};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    actions, assets,
    frame::{Frame, Section, Visit},
    paging,
    pattern::{PATTERNS, Pattern},
    problem::{self, Problem},
    queries::Queries,
    theme::Theme,
};
use crate::{
    access::Form,
    app::{App, Shared},
    locate,
    wire::error::{ApiError, Code},
};

#[derive(Template)]
#[template(path = "new_machine.html")]
pub struct NewMachine {
    pub frame: Frame,
    pub problem: Option<Problem>,
    pub patterns: &'static [Pattern],
    pub chosen: String,
    /// The machine that this is a copy of.
    pub from: Option<String>,
    /// The script that reads YAML.
    pub yaml: String,
    pub name: String,
    pub name_problem: Option<String>,
    pub definition: String,
    pub errors: usize,
    pub was_checked: bool,
    pub problems: Vec<LineProblem>,
    pub problems_told: String,
}

/// The problems alone, for the script that checks while one types.
#[derive(Template)]
#[template(path = "parts/problems.html")]
pub struct Problems {
    pub was_checked: bool,
    pub problems: Vec<LineProblem>,
    pub problems_told: String,
}

/// A problem of a definition at its line.
pub struct LineProblem {
    pub is_error: bool,
    pub code: &'static str,
    pub message: String,
    pub pointer: Option<String>,
    pub line: usize,
    pub excerpt: String,
}

impl LineProblem {
    pub fn severity(&self) -> &'static str {
        if self.is_error { "Error" } else { "Warning" }
    }

    pub fn tone(&self) -> &'static str {
        if self.is_error {
            "tone-failed"
        } else {
            "tone-waiting"
        }
    }
}

const EXCERPT_MAX: usize = 120;

/// The diagnostics of `text`, each at its line, in the order of lines.
pub fn locate_problems(text: &str, diagnostics: Vec<Diagnostic>) -> Vec<LineProblem> {
    // Where the text is not JSON at all, the parser knows the place and the pointer does not.
    let broken = asl::json::parse(text).err().map(|error| error.line);
    let lines: Vec<&str> = text.lines().collect();
    let mut problems: Vec<LineProblem> = diagnostics
        .into_iter()
        .map(|found| {
            let pointed = found.location.as_deref().unwrap_or("/");
            let line = broken.unwrap_or_else(|| locate::line_of(text, pointed));
            let excerpt = lines
                .get(line.saturating_sub(1))
                .map_or("", |line| line.trim());
            LineProblem {
                is_error: found.severity == Severity::Error,
                code: found.code,
                message: found.message,
                pointer: found.location.filter(|pointer| pointer != "/"),
                line,
                excerpt: excerpt.chars().take(EXCERPT_MAX).collect(),
            }
        })
        .collect();
    problems.sort_by_key(|problem| problem.line);
    problems
}

/// `2 errors and 1 warning`.
pub fn told(problems: &[LineProblem]) -> String {
    let errors = problems.iter().filter(|problem| problem.is_error).count();
    let count = |number: usize, word: &str| {
        let ending = if number == 1 { "" } else { "s" };
        format!("{number} {word}{ending}")
    };
    match (errors, problems.len() - errors) {
        (errors, 0) => count(errors, "error"),
        (0, warnings) => count(warnings, "warning"),
        (errors, warnings) => format!(
            "{} and {}",
            count(errors, "error"),
            count(warnings, "warning")
        ),
    }
}

impl NewMachine {
    pub fn new(frame: Frame, chosen: &str) -> Self {
        let pattern = super::pattern::find(chosen);
        Self {
            frame,
            problem: None,
            patterns: PATTERNS,
            chosen: chosen.to_owned(),
            from: None,
            yaml: assets::yaml(),
            name: String::new(),
            name_problem: None,
            definition: pattern
                .map(|pattern| pattern.definition.trim_end().to_owned())
                .unwrap_or_default(),
            errors: 0,
            was_checked: false,
            problems: Vec::new(),
            problems_told: String::new(),
        }
    }

    #[must_use]
    pub fn with_problems(mut self, problems: Vec<LineProblem>) -> Self {
        self.was_checked = true;
        self.errors = problems.iter().filter(|problem| problem.is_error).count();
        self.problems_told = told(&problems);
        self.problems = problems;
        self
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    pattern: String,
    /// The machine to make a copy of.
    #[serde(default)]
    from: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct Fields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    definition: String,
    /// `check`: look, and create nothing.
    #[serde(default)]
    only: String,
}

impl Fields {
    /// Forms send line ends as CR LF, whatever was typed.
    fn definition(&self) -> String {
        self.definition.replace("\r\n", "\n")
    }
}

fn frame(visit: Visit) -> Frame {
    visit.frame_of(Section::Machines, "New machine")
}

pub(super) async fn show(
    visit: Visit,
    State(app): State<Shared>,
    Query(asked): Query<Asked>,
) -> Response {
    if !asked.from.is_empty() {
        return match Queries::new(&app, visit.now).machine(&asked.from).await {
            Ok(Some(machine)) => {
                let mut page = NewMachine::new(frame(visit), "");
                page.name = format!("{}-copy", machine.name);
                page.definition = machine.definition;
                page.from = Some(machine.name);
                problem::draw(&page)
            }
            Ok(None) => problem::not_found(visit, Section::Machines, "machine", &asked.from),
            Err(fault) => problem::unavailable(visit, Section::Machines, "That machine", &fault),
        };
    }
    let chosen = if asked.pattern.is_empty() {
        "hello"
    } else {
        &asked.pattern
    };
    problem::draw(&NewMachine::new(frame(visit), chosen))
}

/// `POST /machines/new/check`: the problems alone, for the script.
pub(super) async fn check(
    State(app): State<Shared>,
    Form { fields, .. }: Form<Fields>,
) -> Response {
    let problems = find_problems(&app, &fields.definition()).await;
    problem::draw(&Problems {
        was_checked: !fields.definition.trim().is_empty(),
        problems_told: told(&problems),
        problems,
    })
}

pub(super) async fn create(
    visit: Visit,
    State(app): State<Shared>,
    Form { fields, .. }: Form<Fields>,
) -> Response {
    let definition = fields.definition();
    let name = fields.name.trim();
    let mut page = NewMachine::new(frame(visit), "");
    name.clone_into(&mut page.name);
    page.definition.clone_from(&definition);
    if fields.only == "check" {
        let problems = find_problems(&app, &definition).await;
        return problem::draw(&page.with_problems(problems));
    }
    let Err(refused) = actions::create_machine(&app, name, &definition).await else {
        return Redirect::to(&paging::machine_address(name)).into_response();
    };
    let status = refused.code.status();
    match refused.code {
        Code::InvalidDefinition => {
            let problems = find_problems(&app, &definition).await;
            page = page.with_problems(problems);
        }
        Code::StateMachineAlreadyExists => {
            page.name_problem = Some(format!("There is a machine called “{name}” already."));
        }
        Code::InvalidName => page.name_problem = Some(name_rule(name)),
        _ => {
            page.problem = Some(refusal(
                "The machine was not created",
                &refused,
                &page.frame.visit,
            ));
        }
    }
    (status, problem::draw(&page)).into_response()
}

/// What the wire API refused, as a page says it.
pub(super) fn refusal(what: &str, refused: &ApiError, visit: &Visit) -> Problem {
    let is_ours = refused.code.status().is_server_error();
    Problem {
        what: what.to_owned(),
        why: refused.message.clone(),
        next: if is_ours {
            "Try again in a moment; the server's log says more.".to_owned()
        } else {
            String::new()
        },
        request: is_ours.then(|| visit.request.clone()),
    }
}

pub(super) fn name_rule(name: &str) -> String {
    if name.is_empty() {
        "A machine needs a name.".to_owned()
    } else {
        format!(
            "“{name}” cannot be a name: blanks and the signs <>{{}}[]?*\"#%\\^|~`$&,;:/ are not allowed."
        )
    }
}

/// The problems of `definition`, found on a thread that may take its time.
async fn find_problems(app: &App, definition: &str) -> Vec<LineProblem> {
    let max = usize::try_from(app.settings.limits.definition_bytes_max).unwrap_or(usize::MAX);
    if definition.len() > max {
        return vec![LineProblem {
            is_error: true,
            code: "DEFINITION_TOO_LONG",
            message: format!(
                "The definition has {} bytes; {max} are allowed.",
                definition.len()
            ),
            pointer: None,
            line: 1,
            excerpt: String::new(),
        }];
    }
    let text = definition.to_owned();
    let found = tokio::task::spawn_blocking(move || {
        let (_, diagnostics) = diagnose::parse(&text, MachineType::Standard);
        locate_problems(&text, diagnostics)
    });
    found.await.unwrap_or_default()
}
