//! Rows of the event table, made from history events in the shape of the wire API
//! (`GetExecutionHistory`), so that the page and the API cannot tell different stories.

use std::collections::{HashMap, HashSet};

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

/// The events of an execution in order, each told its state by way of its previous event.
pub struct History<'a> {
    events: &'a [Json],
    states: HashMap<u64, &'a str>,
    start: Timestamp,
    now: Timestamp,
}

impl<'a> History<'a> {
    /// `events` from the first on, in order.
    pub fn new(events: &'a [Json], now: Timestamp) -> Self {
        let mut states: HashMap<u64, &'a str> = HashMap::new();
        let mut left = HashSet::new();
        for event in events {
            let (number, previous) = (number(event, "id"), number(event, "previousEventId"));
            let entered = event.get("stateEnteredEventDetails");
            let exited = event.get("stateExitedEventDetails");
            let named = entered.or(exited).and_then(|details| details.get("name"));
            let state = match named.and_then(Json::as_str) {
                Some(name) => Some(name),
                None if left.contains(&previous) => None,
                None => states.get(&previous).copied(),
            };
            // How an execution ends belongs to no state, though a state's event led to it.
            if let Some(state) = state.filter(|_| !kind(event).starts_with("Execution")) {
                states.insert(number, state);
            }
            if exited.is_some() {
                left.insert(number);
            }
        }
        Self {
            events,
            states,
            start: events.first().map_or(now, timestamp),
            now,
        }
    }

    pub fn len(&self) -> usize {
        self.events.len()
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The rows of the events from number `from` on, at most `count`.
    pub fn rows(&self, from: u64, count: usize) -> Vec<EventRow> {
        let skipped = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
        let shown = self.events.iter().skip(skipped).take(count);
        shown.map(|event| self.row(event)).collect()
    }

    /// The event that tells why the execution closed as it did, and the state it belongs to:
    /// the nearest failure on the way back from the last event.
    pub fn failure_event(&self) -> Option<(u64, Option<&'a str>)> {
        let mut event = self.events.last()?;
        for _ in 0..self.events.len() {
            let previous = usize::try_from(number(event, "previousEventId")).ok()?;
            event = self.events.get(previous.checked_sub(1)?)?;
            let kind = kind(event);
            let is_failure = kind.ends_with("Failed")
                || kind.ends_with("TimedOut")
                || kind == "FailStateEntered";
            if is_failure {
                let number = number(event, "id");
                return Some((number, self.states.get(&number).copied()));
            }
        }
        None
    }

    fn row(&self, event: &Json) -> EventRow {
        let number = number(event, "id");
        let kind = kind(event).to_owned();
        let at = timestamp(event);
        let details = event.as_object().and_then(|members| {
            let mut members = members.iter();
            members.find(|(name, _)| name.ends_with("EventDetails"))
        });
        let details = details.and_then(|(_, details)| details.as_object());
        EventRow {
            number,
            previous: self::number(event, "previousEventId"),
            state: self.states.get(&number).map(|state| (*state).to_owned()),
            time: Moment::new(at, self.now),
            offset: format!("+{}", moment::between(self.start, at)),
            summary: details
                .map(|details| summary(&kind, details))
                .unwrap_or_default(),
            details: details
                .map(|details| details.iter().filter_map(detail).collect())
                .unwrap_or_default(),
            kind,
        }
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
    // Only says whether a value was cut, which never happens here.
    if matches!(name.as_ref(), "inputDetails" | "outputDetails") {
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
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Vec<Json> {
        json::parse(text).unwrap().as_array().unwrap().to_vec()
    }

    const FAILED: &str = r#"[
      {"id":1,"previousEventId":0,"timestamp":1764000000.0,"type":"ExecutionStarted",
       "executionStartedEventDetails":{"input":"{\"a\":1}","inputDetails":{"truncated":false},"roleArn":"arn:aws:iam::000000000000:role/x"}},
      {"id":2,"previousEventId":0,"timestamp":1764000000.1,"type":"TaskStateEntered",
       "stateEnteredEventDetails":{"name":"Pay","input":"{\"a\":1}"}},
      {"id":3,"previousEventId":2,"timestamp":1764000000.2,"type":"LambdaFunctionScheduled",
       "lambdaFunctionScheduledEventDetails":{"resource":"arn:aws:lambda:us-east-1:000000000000:function:charge","timeoutInSeconds":5}},
      {"id":4,"previousEventId":3,"timestamp":1764000002.41,"type":"LambdaFunctionFailed",
       "lambdaFunctionFailedEventDetails":{"error":"CardDeclined","cause":"{\"errorMessage\":\"no funds\"}"}},
      {"id":5,"previousEventId":4,"timestamp":1764000002.42,"type":"ExecutionFailed",
       "executionFailedEventDetails":{"error":"CardDeclined","cause":"no funds"}}]"#;

    #[test]
    fn events_know_their_state_by_their_previous_event() {
        let events = events(FAILED);
        let history = History::new(&events, Timestamp(1_764_000_003_000_000));
        let rows = history.rows(1, 10);
        let states: Vec<_> = rows.iter().map(|row| row.state.as_deref()).collect();
        assert_eq!(states, [None, Some("Pay"), Some("Pay"), Some("Pay"), None]);
        assert_eq!(history.failure_event(), Some((4, Some("Pay"))));
    }

    #[test]
    fn rows_say_what_matters_before_they_are_opened() {
        let events = events(FAILED);
        let history = History::new(&events, Timestamp(1_764_000_003_000_000));
        let rows = history.rows(2, 3);
        assert_eq!(rows[0].number, 2);
        assert_eq!(rows[1].summary, "charge");
        assert_eq!(rows[1].details[1].label, "Timeout in seconds");
        assert_eq!(rows[2].summary, "CardDeclined: no funds");
        assert_eq!(rows[2].offset, "+2.41 s");
        assert_eq!(rows[2].tone(), "tone-failed");
        assert!(matches!(rows[2].details[1].value, DetailValue::Json(_)));
    }

    #[test]
    fn strange_events_are_drawn_and_not_a_fault() {
        let events = events(r#"[null, {}, {"id":"x","type":7}, {"id":3,"timestamp":1e300}]"#);
        let history = History::new(&events, Timestamp(0));
        assert_eq!(history.rows(0, 10).len(), 4);
        assert_eq!(history.rows(u64::MAX, 10).len(), 0);
    }
}
