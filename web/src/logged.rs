//! Express executions as their log tells of them: all that is kept of one, and only what its machine logs.
//!
//! Lines are shown as history events too, so that whatever reads a history reads these. What a line does not
//! say is not made up: an input that was not logged is absent.

use std::sync::Arc;

use asl::{
    Json,
    json::{Number, Object},
};
use runtime::{Engine, ExecutionId, Fault, Logged};
use store::event_log::Line;
use uuid::Uuid;

/// An execution with its first and last line.
pub(crate) struct Execution {
    pub(crate) known: Logged,
    /// How many lines there are.
    pub(crate) lines: u64,
    first: Option<Json>,
    last: Option<Json>,
}

impl Execution {
    /// The execution that a path names, by its id or its ARN, where it was logged.
    pub(crate) async fn find(engine: &Engine, text: &str) -> Result<Option<Self>, Fault> {
        let id = if text.contains(":express:") {
            text.rsplit(':').next().unwrap_or_default()
        } else {
            text
        };
        let Ok(id) = Uuid::try_parse(id) else {
            return Ok(None);
        };
        let id = ExecutionId(id);
        let Some(known) = engine.logged(id).await? else {
            return Ok(None);
        };
        if text.contains(':') && *text != known.arn {
            return Ok(None);
        }
        let first = engine.logs(id, 0, 1).await?;
        let last = engine.last_log(id).await?;
        Ok(Some(Self {
            known,
            lines: last.as_ref().map_or(0, |(_, lines)| *lines),
            first: first.first().and_then(event),
            last: last.and_then(|(line, _)| event(&line)),
        }))
    }

    pub(crate) fn id(&self) -> ExecutionId {
        self.known.row.execution
    }

    /// JSON text, where it was logged.
    pub(crate) fn input(&self) -> Option<&str> {
        text_of(self.first.as_ref()?, "ExecutionStarted", "input")
    }

    /// JSON text, where it was logged.
    pub(crate) fn output(&self) -> Option<&str> {
        text_of(self.last.as_ref()?, "ExecutionSucceeded", "output")
    }

    /// The error and the cause of one that did not succeed.
    pub(crate) fn failure(&self) -> (Option<&str>, Option<&str>) {
        let Some(last) = &self.last else {
            return (None, None);
        };
        let of = |name| {
            ["ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"]
                .into_iter()
                .find_map(|kind| text_of(last, kind, name))
        };
        (of("error"), of("cause"))
    }
}

fn text_of<'a>(event: &'a Json, kind: &str, member: &str) -> Option<&'a str> {
    if event.get("type").and_then(Json::as_str) != Some(kind) {
        return None;
    }
    details(event)?.get(member).and_then(Json::as_str)
}

fn details(event: &Json) -> Option<&Json> {
    let mut members = event.as_object()?.iter();
    let details = members.find(|(name, _)| name.ends_with("EventDetails"))?;
    Some(details.1)
}

/// A line as a history event, in the shape of GetExecutionHistory.
pub(crate) fn event(line: &Line) -> Option<Json> {
    let body = asl::json::parse(&line.body).ok()?;
    let kind = body.get("type").and_then(Json::as_str)?;
    let previous = body.get("previous_event_id").and_then(Json::as_str);
    let previous: u64 = previous.and_then(|id| id.parse().ok()).unwrap_or(0);
    let mut members = Object::new();
    let mut put = |name: &str, value: Json| members.insert(Arc::from(name), value);
    put("id", Json::from(u64::try_from(line.event).unwrap_or(0)));
    put("previousEventId", Json::from(previous));
    let timestamp = Number::from_f64(line.event_at.as_seconds_f64());
    put("timestamp", timestamp.map_or(Json::Null, Json::Number));
    put("type", Json::string(kind));
    if let Some(details) = body.get("details") {
        put(&details_name(kind), details.clone());
    }
    Some(Json::object(members))
}

/// The member that holds the details of events of a type. Source: the service model's `HistoryEvent`.
fn details_name(kind: &str) -> String {
    for (end, name) in [
        ("StateEntered", "stateEnteredEventDetails"),
        ("StateExited", "stateExitedEventDetails"),
    ] {
        if kind.ends_with(end) {
            return name.to_owned();
        }
    }
    let mut name = kind.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name.push_str("EventDetails");
    name
}

#[cfg(test)]
mod tests {
    use asl::Timestamp;

    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &str) {
        let line = Line {
            execution: ExecutionId(Uuid::nil()),
            event: 3,
            event_at: Timestamp(1_500_000),
            body: body.to_owned(),
            group: None,
        };
        assert_eq!(event(&line).unwrap().to_text(), expected);
    }

    #[test]
    fn a_line_becomes_the_event_that_it_tells_of() {
        check(
            r#"{"id":"3","type":"PassStateEntered","details":{"name":"A"},"previous_event_id":"2"}"#,
            r#"{"id":3,"previousEventId":2,"timestamp":1.5,"type":"PassStateEntered","stateEnteredEventDetails":{"name":"A"}}"#,
        );
        check(
            r#"{"type":"LambdaFunctionTimedOut","details":{"error":"States.Timeout"}}"#,
            r#"{"id":3,"previousEventId":0,"timestamp":1.5,"type":"LambdaFunctionTimedOut","lambdaFunctionTimedOutEventDetails":{"error":"States.Timeout"}}"#,
        );
        check(
            r#"{"type":"ParallelStateSucceeded"}"#,
            r#"{"id":3,"previousEventId":0,"timestamp":1.5,"type":"ParallelStateSucceeded"}"#,
        );
    }
}
