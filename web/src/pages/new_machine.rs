//! `/machines/new`: a machine from a pattern or from pasted text, with what is wrong with it told
//! on its lines.

use askama::Template;
use asl::diagnose::{Diagnostic, Severity};

use super::{
    frame::{Frame, Section},
    pattern::{PATTERNS, Pattern},
    problem::Problem,
    theme::Theme,
};
use crate::locate;

#[derive(Template)]
#[template(path = "new_machine.html")]
pub struct NewMachine {
    pub frame: Frame,
    pub problem: Option<Problem>,
    pub patterns: &'static [Pattern],
    pub chosen: String,
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
