//! `stepwright test FILE`: one state by itself, with each stage of its data. The server evaluates it, and
//! keeps nothing.

use std::path::{Path, PathBuf};

use asl::Json;
use reqwest::Method;
use serde_json::json;
use serde_json::value::RawValue;

use super::client::{Client, Target};
use super::exit::{Exit, Failure};
use super::screen::{BAD, BOLD, BUSY, DIM, GOOD, Screen, WARN, paint, visible};
use super::validate;

/// The longest value that is shown on one line.
const LINE_CHARS_MAX: usize = 88;
/// The most lines that are shown of one value.
const LINES_MAX: usize = 200;

#[derive(Debug, clap::Args)]
pub(super) struct Test {
    /// A state, or a whole machine where --state names one of its states; - reads standard input
    file: PathBuf,

    /// The name of the state, however deep in the machine
    #[arg(long, value_name = "NAME")]
    state: Option<String>,

    /// The input: JSON, @FILE, or @- for standard input
    #[arg(long, value_name = "JSON|@FILE", default_value = "{}")]
    input: String,

    /// The variables, an object
    #[arg(long, value_name = "JSON|@FILE")]
    variables: Option<String>,

    /// The context object; needs a mock
    #[arg(long, value_name = "JSON|@FILE")]
    context: Option<String>,

    /// What stands in for the result of the state's work
    #[arg(long, value_name = "JSON|@FILE", conflicts_with = "mock_error")]
    mock: Option<String>,

    /// What the state's work fails with
    #[arg(long, value_name = "NAME")]
    mock_error: Option<String>,

    /// The cause of that error
    #[arg(long, value_name = "TEXT", requires = "mock_error")]
    mock_cause: Option<String>,

    /// How the mocked result is held against the service's model
    #[arg(long, value_enum, default_value = "strict", value_name = "MODE")]
    validation: Validation,

    /// How often the retrier that takes the error has tried before
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    retries: u64,

    /// A name for what the state may do
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,

    /// Show what an HTTP task's connection adds to its request
    #[arg(long)]
    reveal_secrets: bool,

    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Validation {
    Strict,
    Present,
    None,
}

impl Test {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let body = self.body()?;
        let client = Client::new(&self.target)?;
        let text = super::block_on(client.send(Method::POST, "/test", Some(body)))?;
        let answer = asl::json::parse(text.trim()).map_err(|error| {
            let message = format!("the answer is not one of Stepwright's: {error}");
            Failure::new(Exit::Broken, message)
        })?;
        if screen.is_json() {
            screen.raw(&text)?;
        } else {
            for line in lines(&answer) {
                screen.line(&line)?;
            }
        }
        Ok(match word(&answer, "status") {
            "SUCCEEDED" | "CAUGHT_ERROR" => Exit::Done,
            _ => Exit::NotSucceeded,
        })
    }

    fn body(&self) -> Result<String, Failure> {
        let definition = validate::read(&self.file)?;
        let validation = match self.validation {
            Validation::Strict => "STRICT",
            Validation::Present => "PRESENT",
            Validation::None => "NONE",
        };
        let mut members = vec![
            ("definition", json!(definition).to_string()),
            ("level", json!("TRACE").to_string()),
            ("reveal_secrets", self.reveal_secrets.to_string()),
            (
                "configuration",
                json!({ "retrier_retry_count": self.retries }).to_string(),
            ),
            ("input", value("input", &self.input)?),
        ];
        for (name, given) in [("variables", &self.variables), ("context", &self.context)] {
            if let Some(given) = given {
                members.push((name, value(name, given)?));
            }
        }
        for (name, given) in [("state", &self.state), ("role_arn", &self.role_arn)] {
            if let Some(given) = given {
                members.push((name, json!(given).to_string()));
            }
        }
        let mode = json!(validation);
        if let Some(result) = &self.mock {
            let result = value("mock", result)?;
            let mock = format!("{{\"result\":{result},\"validation\":{mode}}}");
            members.push(("mock", mock));
        } else if let Some(error) = &self.mock_error {
            let mut output = json!({ "error": error });
            if let (Some(cause), Some(output)) = (&self.mock_cause, output.as_object_mut()) {
                output.insert("cause".to_owned(), json!(cause));
            }
            let mock = format!("{{\"error_output\":{output},\"validation\":{mode}}}");
            members.push(("mock", mock));
        }
        let members = members.iter();
        let members: Vec<String> = members
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        Ok(format!("{{{}}}", members.join(",")))
    }
}

/// JSON as it is spelled, from an argument or the file that it names.
fn value(name: &str, given: &str) -> Result<String, Failure> {
    let text = match given.strip_prefix('@') {
        Some(path) => validate::read(Path::new(path))?,
        None => given.to_owned(),
    };
    let text = RawValue::from_string(text.trim().to_owned());
    text.map(|text| text.get().to_owned()).map_err(|error| {
        Failure::new(Exit::Invalid, format!("--{name} is not JSON: {error}"))
            .hint("a text stands in quotes, as in '\"text\"'; a file is named as @FILE")
    })
}

fn word<'a>(answer: &'a Json, name: &str) -> &'a str {
    answer.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// The answer for people: how it ended, then the way of the data.
fn lines(answer: &Json) -> Vec<String> {
    let status = word(answer, "status");
    let style = match status {
        "SUCCEEDED" => GOOD,
        "CAUGHT_ERROR" => WARN,
        "RETRIABLE" => BUSY,
        _ => BAD,
    };
    let mut first = paint(style, &visible(status));
    if let Some(next) = answer.get("next_state").and_then(Json::as_str) {
        let next = format!("{} {}", paint(DIM, "next"), paint(BOLD, &visible(next)));
        first = format!("{first} {next}");
    }
    let mut lines = vec![first];
    for name in ["error", "cause"] {
        if let Some(text) = answer.get(name).and_then(Json::as_str) {
            lines.push(format!("{} {}", paint(BAD, name), visible(text)));
        }
    }
    let mut last: Option<String> = None;
    let stages = answer.get("inspection").and_then(Json::as_object);
    for (name, stage) in stages.into_iter().flatten() {
        show(name, stage, &mut last, &mut lines);
    }
    if let Some(output) = answer.get("output") {
        show("output", output, &mut last, &mut lines);
    }
    lines
}

/// A stage; one that changed nothing says so.
fn show(name: &str, stage: &Json, last: &mut Option<String>, lines: &mut Vec<String>) {
    let text = stage.to_text();
    let title = paint(BOLD, &visible(&name.replace('_', " ")));
    if last.as_ref() == Some(&text) {
        lines.push(format!("{title} {}", paint(DIM, "as before")));
        return;
    }
    if text.chars().count() <= LINE_CHARS_MAX {
        lines.push(format!("{title} {}", visible(&text)));
    } else {
        lines.push(title);
        let mut rows = Vec::new();
        rows_of("", stage, 1, "", &mut rows);
        let more = rows.len().saturating_sub(LINES_MAX);
        rows.truncate(LINES_MAX);
        lines.append(&mut rows);
        if more > 0 {
            lines.push(paint(
                DIM,
                &format!("  … {more} lines more; --json has them"),
            ));
        }
    }
    *last = Some(text);
}

/// JSON over lines, as deep as they are needed.
fn rows_of(before: &str, value: &Json, depth: usize, after: &str, rows: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let text = value.to_text();
    let fits = indent.len() + before.chars().count() + text.chars().count() <= LINE_CHARS_MAX;
    let (open, close, inner): (_, _, Vec<(String, &Json)>) = match value {
        Json::Array(items) if !fits => {
            let items = items.iter().map(|item| (String::new(), item));
            ("[", "]", items.collect())
        }
        Json::Object(members) if !fits => {
            let named = |name: &str| format!("{}: ", Json::string(name).to_text());
            let members = members.iter();
            let members = members.map(|(name, member)| (named(name), member));
            ("{", "}", members.collect())
        }
        _ => {
            rows.push(format!(
                "{indent}{}{after}",
                visible(&format!("{before}{text}"))
            ));
            return;
        }
    };
    rows.push(format!("{indent}{}{open}", visible(before)));
    let count = inner.len();
    for (index, (name, value)) in inner.into_iter().enumerate() {
        let after = if index + 1 < count { "," } else { "" };
        // Enough is enough: what is not shown need not be laid out.
        if rows.len() > 100 * LINES_MAX {
            return;
        }
        rows_of(&name, value, depth + 1, after, rows);
    }
    rows.push(format!("{indent}{close}{after}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, wanted: &[&str]) {
        let answer = asl::json::parse(answer).unwrap();
        let plain = |line: &String| anstream::adapter::strip_str(line).to_string();
        let shown: Vec<String> = lines(&answer).iter().map(plain).collect();
        assert_eq!(shown, wanted);
    }

    #[test]
    fn the_way_of_the_data_is_told_and_what_stays_as_it_was_is_told_once() {
        check(
            r#"{"status":"SUCCEEDED","output":{"a":1.50},"next_state":"N",
                "inspection":{"input":{"a":1.50},"after_input_path":{"a":1.50},"result":5}}"#,
            &[
                "SUCCEEDED next N",
                r#"input {"a":1.50}"#,
                "after input path as before",
                "result 5",
                r#"output {"a":1.50}"#,
            ],
        );
        check(
            r#"{"status":"FAILED","error":"E","cause":"why"}"#,
            &["FAILED", "error E", "cause why"],
        );
    }

    #[test]
    fn a_long_value_stands_on_several_lines() {
        let long = "x".repeat(60);
        check(
            &format!(r#"{{"status":"SUCCEEDED","output":{{"a":["{long}",1],"b":"{long}"}}}}"#),
            &[
                "SUCCEEDED",
                "output",
                "  {",
                &format!(r#"    "a": ["{long}",1],"#),
                &format!(r#"    "b": "{long}""#),
                "  }",
            ],
        );
    }
}
