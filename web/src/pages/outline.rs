//! The states of a definition as a list in the order of its text, nested as its scopes are: what
//! a reader sees before the text, and all that there is to read where pictures are none.

use asl::{Json, json};

/// More than this would be a page nobody reads; the text below has them all.
const ROWS_MAX: usize = 400;
const DEPTH_MAX: usize = 12;

/// One state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateRow {
    pub name: String,
    pub kind: String,
    /// 0 for the machine's own states, 1 for those of its branches, and so on.
    pub depth: usize,
    /// `charge-card`, `3 branches`, `10 s`.
    pub note: String,
    /// Where it goes, in words.
    pub next: String,
    pub is_start: bool,
}

impl StateRow {
    pub fn icon(&self) -> &'static str {
        match self.kind.as_str() {
            "Task" => "zap",
            "Choice" => "split",
            "Parallel" => "columns-3",
            "Map" => "repeat",
            "Wait" => "clock",
            "Succeed" => "circle-check",
            "Fail" => "circle-x",
            _ => "arrow-right",
        }
    }

    pub fn class(&self) -> &'static str {
        match self.kind.as_str() {
            "Task" => "type-task",
            "Choice" => "type-choice",
            "Parallel" => "type-parallel",
            "Map" => "type-map",
            "Wait" => "type-wait",
            "Succeed" => "type-succeed",
            "Fail" => "type-fail",
            _ => "type-pass",
        }
    }
}

/// The states of `definition`, and how many there are in all.
pub fn outline(definition: &str) -> (Vec<StateRow>, usize) {
    let mut rows = Vec::new();
    let mut total = 0;
    if let Ok(value) = json::parse(definition) {
        scope(&value, 0, &mut rows, &mut total);
    }
    (rows, total)
}

fn scope(scope_value: &Json, depth: usize, rows: &mut Vec<StateRow>, total: &mut usize) {
    let Some(states) = scope_value.get("States").and_then(Json::as_object) else {
        return;
    };
    let start = text(scope_value, "StartAt").unwrap_or_default();
    for (name, state) in states {
        *total += 1;
        let kind = text(state, "Type").unwrap_or_default();
        if rows.len() < ROWS_MAX {
            rows.push(StateRow {
                name: name.to_string(),
                kind: kind.to_owned(),
                depth,
                note: note(kind, state),
                next: next(kind, state),
                is_start: name.as_ref() == start,
            });
        }
        if depth == DEPTH_MAX {
            continue;
        }
        let branches = state.get("Branches").and_then(Json::as_array);
        for branch in branches.unwrap_or_default() {
            scope(branch, depth + 1, rows, total);
        }
        if let Some(inner) = state.get("ItemProcessor").or_else(|| state.get("Iterator")) {
            scope(inner, depth + 1, rows, total);
        }
    }
}

fn text<'a>(value: &'a Json, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Json::as_str)
}

fn note(kind: &str, state: &Json) -> String {
    let count = |name: &str| {
        state
            .get(name)
            .and_then(Json::as_array)
            .map_or(0, <[Json]>::len)
    };
    match kind {
        "Task" => resource(state),
        "Choice" => plural(count("Choices"), "rule"),
        "Parallel" => plural(count("Branches"), "branch"),
        "Map" => {
            let at_once = state.get("MaxConcurrency").map(Json::to_text);
            at_once
                .filter(|at_once| at_once != "0")
                .map_or_else(|| "each item".to_owned(), |n| format!("up to {n} at once"))
        }
        "Wait" => {
            let seconds = state.get("Seconds").map(Json::to_text);
            let until = text(state, "Timestamp").map(|until| format!("until {until}"));
            let path = text(state, "SecondsPath").or(text(state, "TimestampPath"));
            let seconds = seconds.map(|seconds| format!("{seconds} s"));
            seconds
                .or(until)
                .or(path.map(str::to_owned))
                .unwrap_or_default()
        }
        "Fail" => text(state, "Error").unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

/// The function's name where a function is called, else the end of the resource.
fn resource(state: &Json) -> String {
    let Some(resource) = text(state, "Resource") else {
        return String::new();
    };
    let called = ["Parameters", "Arguments"]
        .into_iter()
        .filter_map(|name| state.get(name))
        .find_map(|arguments| text(arguments, "FunctionName"));
    let shown = match called {
        Some(function) if resource.contains(":lambda:invoke") => function,
        _ => resource,
    };
    let mut parts = shown.rsplit(':');
    match (parts.next(), parts.next()) {
        (Some(last), Some(service)) if shown.starts_with("arn:aws:states:::") => {
            format!("{service}:{last}")
        }
        (Some(last), _) => last.to_owned(),
        (None, _) => String::new(),
    }
}

fn plural(count: usize, word: &str) -> String {
    match (count, word) {
        (1, _) => format!("1 {word}"),
        (_, "branch") => format!("{count} branches"),
        _ => format!("{count} {word}s"),
    }
}

fn next(kind: &str, state: &Json) -> String {
    if matches!(kind, "Succeed" | "Fail") {
        return "ends".to_owned();
    }
    if kind == "Choice" {
        let rules = state.get("Choices").and_then(Json::as_array);
        let mut targets: Vec<&str> = Vec::new();
        let named = rules
            .unwrap_or_default()
            .iter()
            .filter_map(|rule| text(rule, "Next"));
        for target in named.chain(text(state, "Default")) {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        return targets.join(" · ");
    }
    text(state, "Next").unwrap_or("ends").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_in_the_order_of_the_text() {
        let (rows, total) = outline(
            r#"{"StartAt":"Pay","States":{
              "Pay":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"arn:aws:lambda:us-east-1:0:function:charge"},"Next":"Paid?"},
              "Paid?":{"Type":"Choice","Choices":[{"Next":"Each"},{"Next":"No"}],"Default":"No"},
              "Each":{"Type":"Map","MaxConcurrency":3,"ItemProcessor":{"StartAt":"In","States":{"In":{"Type":"Wait","Seconds":5,"End":true}}},"End":true},
              "No":{"Type":"Fail","Error":"NotPaid"}}}"#,
        );
        assert_eq!(total, 5);
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.name.as_str(),
                    row.depth,
                    row.note.as_str(),
                    row.next.as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("Pay", 0, "charge", "Paid?"),
                ("Paid?", 0, "2 rules", "Each · No"),
                ("Each", 0, "up to 3 at once", "ends"),
                ("In", 1, "5 s", "ends"),
                ("No", 0, "NotPaid", "ends"),
            ]
        );
        assert!(rows[0].is_start && rows[3].is_start && !rows[1].is_start);
    }

    #[test]
    fn what_is_no_definition_has_no_states() {
        for text in ["", "[]", "{\"States\":3}", "{\"States\":{\"a\":null}}"] {
            assert!(outline(text).0.len() <= 1, "{text}");
        }
    }

    #[test]
    fn a_service_call_keeps_its_service() {
        let (rows, _) = outline(
            r#"{"States":{"a":{"Type":"Task","Resource":"arn:aws:states:::http:invoke"}}}"#,
        );
        assert_eq!(rows[0].note, "http:invoke");
    }
}
