//! Rows of the event table, made from history events in the shape of the wire API
//! (`GetExecutionHistory`), so that the page and the API cannot tell different stories.

use asl::{Json, Timestamp, json};

use super::{
    json_view::JsonView,
    moment::{self, Moment},
};

/// One event, ready for the table.
pub struct EventRow {
    pub number: u64,
    pub previous: u64,
    pub kind: String,
    /// The state that the event belongs to; none for those of the execution itself.
    pub state: Option<String>,
    pub time: Moment,
    /// Since the execution's first event: `+0.41 s`.
    pub offset: String,
    pub summary: String,
    pub details: Vec<Detail>,
}

/// One member of an event's details.
pub struct Detail {
    pub label: String,
    pub value: DetailValue,
}

pub enum DetailValue {
    Text(String),
    Json(JsonView),
}

impl EventRow {
    pub fn tone(&self) -> &'static str {
        let kind = self.kind.as_str();
        if kind.ends_with("Failed") || kind.ends_with("TimedOut") {
            "tone-failed"
        } else if kind.ends_with("Aborted") {
            "tone-stopped"
        } else if kind.ends_with("Succeeded") {
            "tone-succeeded"
        } else {
            "tone-none"
        }
    }

    /// What opening the row shows, where there is no summary: `Name, input`.
    pub fn hint(&self) -> String {
        let labels: Vec<_> = self
            .details
            .iter()
            .map(|detail| detail.label.as_str())
            .collect();
        labels.join(", ")
    }

    pub fn icon(&self) -> &'static str {
        let kind = self.kind.as_str();
        if kind.ends_with("TimedOut") {
            "clock-alert"
        } else if kind.ends_with("Failed") {
            "x"
        } else if kind.ends_with("Aborted") {
            "ban"
        } else if kind.ends_with("Succeeded") {
            "check"
        } else if kind.ends_with("StateEntered") {
            "arrow-right"
        } else {
            "dash"
        }
    }
}

impl EventRow {
    /// The row of an event as the wire API writes it, of the state that it belongs to.
    pub fn new(event: &Json, state: Option<&str>, start: Timestamp, now: Timestamp) -> Self {
        let kind = kind(event).to_owned();
        let at = timestamp(event);
        let details = event.as_object().and_then(|members| {
            let mut members = members.iter();
            members.find(|(name, _)| name.ends_with("EventDetails"))
        });
        let details = details.and_then(|(_, details)| details.as_object());
        Self {
            number: number(event, "id"),
            previous: number(event, "previousEventId"),
            state: state.map(str::to_owned),
            time: Moment::new(at, now),
            offset: format!("+{}", moment::between(start, at)),
            summary: details
                .map(|details| summary(&kind, details))
                .unwrap_or_default(),
            details: details
                .map(|details| details.iter().filter_map(detail).collect())
                .unwrap_or_default(),
            kind,
        }
    }

    /// Gives folded values the address where they are whole: that of this event.
    #[must_use]
    pub fn with_whole(mut self, address: &str) -> Self {
        for detail in &mut self.details {
            if let DetailValue::Json(view) = &mut detail.value {
                view.whole = Some(address.to_owned());
            }
        }
        self
    }
}

fn kind(event: &Json) -> &str {
    event.get("type").and_then(Json::as_str).unwrap_or_default()
}

fn number(event: &Json, name: &str) -> u64 {
    let number = event.get(name).and_then(Json::as_number);
    number.and_then(|n| n.as_str().parse().ok()).unwrap_or(0)
}

/// Seconds since 1970 with a fraction, as the wire writes them.
fn timestamp(event: &Json) -> Timestamp {
    let number = event.get("timestamp").and_then(Json::as_number);
    let seconds: f64 = number.and_then(|n| n.as_str().parse().ok()).unwrap_or(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float becomes the nearest integer or the range's end"
    )]
    Timestamp((seconds * 1_000_000.0).round() as i64)
}

const SUMMARY_MAX: usize = 160;

/// What a reader wants to know before opening the details.
fn summary(kind: &str, details: &json::Object) -> String {
    let text = |name: &str| details.get(name).and_then(Json::as_str);
    let told = match (text("error"), text("cause")) {
        (Some(error), Some(cause)) if !cause.is_empty() => format!("{error}: {}", in_words(cause)),
        (Some(error), _) => error.to_owned(),
        (None, Some(cause)) => in_words(cause),
        (None, None) => match (text("resourceType"), text("resource")) {
            (Some(service), Some(action)) => format!("{service}:{action}"),
            (None, Some(resource)) => resource.rsplit(':').next().unwrap_or(resource).to_owned(),
            _ if kind.starts_with("MapIteration") => {
                let index = details.get("index").map(Json::to_text);
                index
                    .map(|index| format!("item {index}"))
                    .unwrap_or_default()
            }
            _ if kind == "MapStateStarted" => {
                let length = details.get("length").map(Json::to_text);
                length
                    .map(|length| format!("{length} items"))
                    .unwrap_or_default()
            }
            _ => String::new(),
        },
    };
    match told.char_indices().nth(SUMMARY_MAX) {
        Some((end, _)) => format!("{}…", told.get(..end).unwrap_or_default()),
        None => told,
    }
}

/// What a cause says: the message in it, where it is the JSON that functions fail with.
pub fn in_words(cause: &str) -> String {
    let value = json::parse(cause).ok();
    let message = value.as_ref().and_then(|value| value.get("errorMessage"));
    let message = message.and_then(Json::as_str).unwrap_or(cause);
    message.to_owned()
}

fn detail((name, value): (&std::sync::Arc<str>, &Json)) -> Option<Detail> {
    // The state has a column of its own, and that a value is whole goes without saying.
    if matches!(name.as_ref(), "name" | "inputDetails" | "outputDetails") {
        return None;
    }
    let value = match value.as_str() {
        Some(text) if is_json(name, text) => DetailValue::Json(JsonView::new(text)),
        Some(text) => DetailValue::Text(text.to_owned()),
        None if value.as_object().is_some() => DetailValue::Json(JsonView::new(&value.to_text())),
        None => DetailValue::Text(value.to_text()),
    };
    Some(Detail {
        label: words(name),
        value,
    })
}

/// Whether a member holds JSON as text: those that always do, and a cause that a function wrote so.
fn is_json(name: &str, text: &str) -> bool {
    match name {
        "input" | "output" | "parameters" | "taskCredentials" => true,
        "cause" => text.starts_with('{') && json::parse(text).is_ok(),
        _ => false,
    }
}

/// `timeoutInSeconds` as `Timeout in seconds`.
fn words(name: &str) -> String {
    let mut out = String::new();
    for (index, c) in name.chars().enumerate() {
        if index == 0 {
            out.extend(c.to_uppercase());
        } else if c.is_uppercase() {
            out.push(' ');
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
    }
    if let Some(start) = out.strip_suffix(" arn") {
        return format!("{start} ARN");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn row(text: &str) -> EventRow {
        let event = json::parse(text).unwrap();
        let start = Timestamp(1_764_000_000_000_000);
        EventRow::new(&event, Some("Pay"), start, start.plus_seconds(60))
    }

    #[test]
    fn a_row_says_what_matters_before_it_is_opened() {
        let scheduled = row(
            r#"{"id":3,"previousEventId":2,"timestamp":1764000000.2,"type":"LambdaFunctionScheduled",
            "lambdaFunctionScheduledEventDetails":{"resource":"arn:aws:lambda:us-east-1:000000000000:function:charge",
            "input":"{\"a\":1}","inputDetails":{"truncated":false},"timeoutInSeconds":5}}"#,
        );
        assert_eq!((scheduled.number, scheduled.previous), (3, 2));
        assert_eq!(scheduled.summary, "charge");
        let labels: Vec<_> = scheduled
            .details
            .iter()
            .map(|it| it.label.as_str())
            .collect();
        assert_eq!(labels, ["Resource", "Input", "Timeout in seconds"]);

        let failed = row(
            r#"{"id":4,"previousEventId":3,"timestamp":1764000002.41,"type":"LambdaFunctionFailed",
            "lambdaFunctionFailedEventDetails":{"error":"CardDeclined","cause":"{\"errorMessage\":\"no funds\"}"}}"#,
        );
        assert_eq!(failed.summary, "CardDeclined: no funds");
        assert_eq!(failed.offset, "+2.41 s");
        assert_eq!(failed.tone(), "tone-failed");
        assert!(matches!(failed.details[1].value, DetailValue::Json(_)));
    }

    #[test]
    fn items_and_services_are_named() {
        let started = row(
            r#"{"id":5,"type":"MapIterationStarted","mapIterationStartedEventDetails":{"name":"Each","index":7}}"#,
        );
        assert_eq!(started.summary, "item 7");
        let task = row(
            r#"{"id":6,"type":"TaskScheduled","taskScheduledEventDetails":{"resourceType":"http","resource":"invoke"}}"#,
        );
        assert_eq!(task.summary, "http:invoke");
    }

    #[test]
    fn a_strange_event_is_drawn_and_not_a_fault() {
        for text in [
            "null",
            "{}",
            r#"{"id":"x","type":7}"#,
            r#"{"timestamp":1e300}"#,
        ] {
            assert!(row(text).details.is_empty());
        }
    }
}
