//! `stepwright validate FILE`: every problem of a definition, each with its line. Works without a server.

use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};

use asl::diagnose::{self, Diagnostic, MachineType, Severity};
use serde_json::json;

use super::exit::{Exit, Failure};
use super::screen::{BAD, BOLD, DIM, GOOD, Screen, WARN, paint, visible};
use crate::locate;

/// The largest file that is read: as large as a definition may be made by a setting.
pub(super) const FILE_BYTES_MAX: u64 = 16 << 20;
/// The longest part of a line that is shown.
const SHOWN_CHARS_MAX: usize = 120;

#[derive(Debug, clap::Args)]
pub(super) struct Validate {
    /// The definition, in JSON; - reads standard input
    file: PathBuf,

    /// The type of the state machine
    #[arg(
        long = "type",
        value_enum,
        default_value = "standard",
        value_name = "TYPE"
    )]
    machine_type: TypeName,
}

/// The type of a machine, as the command line spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TypeName {
    Standard,
    Express,
}

impl From<TypeName> for MachineType {
    fn from(name: TypeName) -> Self {
        match name {
            TypeName::Standard => Self::Standard,
            TypeName::Express => Self::Express,
        }
    }
}

impl Validate {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let text = read(&self.file)?;
        let found = Found::new(&text, self.machine_type);
        if screen.is_json() {
            screen.json(&found.json())?;
        } else {
            for line in found.lines(&self.file, &text) {
                screen.line(&line)?;
            }
        }
        Ok(if found.errors == 0 {
            Exit::Done
        } else {
            Exit::Invalid
        })
    }
}

/// Every problem of a definition.
pub(super) struct Found {
    problems: Vec<Problem>,
    pub(super) errors: usize,
}

impl Found {
    pub(super) fn new(text: &str, machine_type: TypeName) -> Self {
        let (_, problems) = diagnose::parse(text, machine_type.into());
        let place = |problem| Problem::place(problem, text);
        let problems: Vec<Problem> = problems.into_iter().map(place).collect();
        let errors = problems.iter().filter(|problem| problem.is_error()).count();
        Self { problems, errors }
    }

    /// The problems for programs, as the wire API's validation tells them.
    pub(super) fn json(&self) -> serde_json::Value {
        let rows: Vec<_> = self.problems.iter().map(Problem::json).collect();
        let result = if self.errors == 0 { "OK" } else { "FAIL" };
        json!({ "result": result, "diagnostics": rows })
    }

    /// The problems for people, and how many they are.
    pub(super) fn lines(&self, file: &Path, text: &str) -> Vec<String> {
        let name = name_of(file);
        let problems = self.problems.iter();
        let mut lines: Vec<String> = problems.map(|problem| problem.show(&name, text)).collect();
        lines.push(summary(
            &name,
            self.errors,
            self.problems.len() - self.errors,
        ));
        lines
    }
}

/// The text of a file, or of standard input for `-`.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let name = name_of(path);
    let failed = |error: std::io::Error| {
        let exit = match error.kind() {
            std::io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::Invalid,
        };
        Failure::new(exit, format!("{name} cannot be read: {error}"))
    };
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        let input = std::io::stdin().lock();
        input.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)
    } else {
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)
    };
    let size = read.map_err(failed)?;
    if size as u64 > FILE_BYTES_MAX {
        return Err(Failure::new(
            Exit::Invalid,
            format!("{name} is larger than {FILE_BYTES_MAX} bytes"),
        ));
    }
    String::from_utf8(bytes)
        .map_err(|error| Failure::new(Exit::Invalid, format!("{name} is not UTF-8: {error}")))
}

fn name_of(path: &Path) -> String {
    if path == Path::new("-") {
        return "standard input".to_owned();
    }
    visible(&path.display().to_string())
}

/// A problem and where it is in the text, if it is anywhere.
struct Problem {
    told: Diagnostic,
    place: Option<Place>,
}

/// Both from 1; the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
}

impl Problem {
    fn place(told: Diagnostic, text: &str) -> Self {
        let place = match &told.pointer {
            Some(pointer) => Some(place_at(
                text,
                locate::offset_of(text, &pointer.to_string()),
            )),
            None => told.location.as_deref().and_then(place_in),
        };
        Self { told, place }
    }

    fn is_error(&self) -> bool {
        self.told.severity == Severity::Error
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "severity": self.told.severity.as_str(),
            "code": self.told.code,
            "message": self.told.message,
            "location": self.told.location,
            "pointer": self.told.pointer.as_ref().map(ToString::to_string),
            "line": self.place.map(|place| place.line),
            "column": self.place.map(|place| place.column),
        })
    }

    /// The message, the place, and the line itself with a mark under it.
    fn show(&self, file: &str, text: &str) -> String {
        let (style, word) = if self.is_error() {
            (BAD, "error")
        } else {
            (WARN, "warning")
        };
        let mut shown = format!(
            "{} {}\n",
            paint(style, &format!("{word}[{}]:", self.told.code)),
            paint(BOLD, &visible(&self.told.message))
        );
        let Some(place) = self.place else {
            return shown;
        };
        let pointer = self.told.pointer.as_ref();
        let path = pointer.map_or_else(String::new, |it| visible(&format!(" at {it}")));
        let number = place.line.to_string();
        let source = text.lines().nth(place.line.saturating_sub(1)).unwrap_or("");
        let (source, start, length) = marked(source, place.column);
        // Writing to a String cannot fail.
        let _ = write!(
            shown,
            "  {} {file}:{number}:{}{path}\n  {} {source}\n  {}{}\n",
            paint(DIM, "-->"),
            place.column,
            paint(DIM, &format!("{number} |")),
            " ".repeat(number.len() + 3 + start),
            paint(style, &"^".repeat(length))
        );
        shown
    }
}

fn place_at(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let tail = before.rsplit('\n').next().unwrap_or("");
    Place {
        line: locate::line_at(text, offset),
        column: tail.chars().count() + 1,
    }
}

/// How the service writes the place in a text that is no JSON: `[Source: (String)"…"; line: 3, column: 5]`.
fn place_in(location: &str) -> Option<Place> {
    let (_, rest) = location.rsplit_once("; line: ")?;
    let (line, column) = rest.strip_suffix(']')?.split_once(", column: ")?;
    Some(Place {
        line: line.parse().ok()?,
        column: column.parse().ok()?,
    })
}

/// The part of a line around a column, and where the mark under it starts and how long it is: a name in
/// quotes, or one character.
fn marked(source: &str, column: usize) -> (String, usize, usize) {
    let characters: Vec<char> = visible(&source.replace('\t', " ")).chars().collect();
    let at = column.saturating_sub(1).min(characters.len());
    let from = if characters.len() <= SHOWN_CHARS_MAX {
        0
    } else {
        at.saturating_sub(SHOWN_CHARS_MAX / 3)
    };
    let shown: String = characters.iter().skip(from).take(SHOWN_CHARS_MAX).collect();
    let rest: String = shown.chars().skip(at - from).collect();
    let quoted = rest
        .strip_prefix('"')
        .and_then(|name| name.split_once('"'))
        .map_or(1, |(name, _)| name.chars().count() + 2);
    (shown, at - from, quoted)
}

fn summary(name: &str, errors: usize, warnings: usize) -> String {
    let count = |number: usize, word: &str| match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    let warned = match warnings {
        0 => String::new(),
        _ => format!(", {}", count(warnings, "warning")),
    };
    match errors {
        0 => format!("{} {name} is valid{warned}", paint(GOOD, "ok:")),
        _ => format!(
            "{} {name} is not valid: {}{warned}",
            paint(BAD, "error:"),
            count(errors, "error")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_under_a_name_or_under_one_character() {
        assert_eq!(marked("  \"ab\": 1,", 3), ("  \"ab\": 1,".to_owned(), 2, 4));
        assert_eq!(marked("\tx", 2), (" x".to_owned(), 1, 1));
        assert_eq!(marked("", 1), (String::new(), 0, 1));
        assert_eq!(marked("ab", 99), ("ab".to_owned(), 2, 1));
        let long = format!("{}\"Next\": 1{}", "x".repeat(500), "y".repeat(500));
        let (shown, start, length) = marked(&long, 501);
        assert_eq!((start, length), (40, 6));
        assert_eq!(shown.chars().count(), SHOWN_CHARS_MAX);
    }

    #[test]
    fn places_are_read_as_the_service_writes_them() {
        let place = Place { line: 3, column: 5 };
        let location = "[Source: (String)\"; line: 9, column: 9]\"; line: 3, column: 5]";
        assert_eq!(place_in(location), Some(place));
        assert_eq!(place_in("/States"), None);
        assert_eq!(place_at("a\n\nnaïve", 8), Place { line: 3, column: 5 });
    }
}
