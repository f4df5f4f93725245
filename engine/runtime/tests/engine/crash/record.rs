//! What is left of an execution, in a form in which two runs of the same can be compared.

use std::sync::LazyLock;

use asl::machine::history::wire;
use regex::Regex;
use runtime::{Engine, ExecutionId};

use super::cases::EXECUTION;

/// An execution's events, without what differs from run to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    events: Vec<Event>,
    /// Numbers of the events that ask for a task, on the wire's order.
    scheduled: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    /// Number and previous event, where the order is fixed.
    place: Option<(u64, u64)>,
    kind: String,
    /// Absent where it is left to chance.
    details: Option<String>,
}

/// Dates, times, UUIDs, tokens of tasks: no two runs have the same.
static VARYING: LazyLock<Regex> = LazyLock::new(|| {
    let date = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z";
    let http_date = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT";
    let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    let millis = r"\b1[789]\d{11}\b";
    let token = r"\b[A-Za-z0-9_-]{54}\b";
    let all = [date, http_date, uuid, millis, token].join("|");
    Regex::new(&all).unwrap()
});

/// The machine and name of a child, in the answer to its start.
static CHILD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r":execution:([\w-]+):([\w-]+)").unwrap());

/// The children for which an execution has waited.
pub(crate) async fn children(engine: &Engine, id: ExecutionId) -> Vec<ExecutionId> {
    let page = engine.history(id, false, None, 10_000).await.unwrap();
    let mut children = Vec::new();
    for event in page.events {
        if event.detail.type_name() == "TaskSubmitted" {
            let shown = wire::event(&event, "us-east-1", true).to_text();
            let Some(found) = CHILD.captures(&shown) else {
                continue;
            };
            let child = engine.find(&found[1], &found[2]).await.unwrap();
            children.extend(child.map(|view| view.facts.id));
        }
    }
    children
}

impl Record {
    pub(crate) async fn of(engine: &Engine, id: ExecutionId, is_concurrent: bool) -> Self {
        let view = engine.view(id).await.unwrap().unwrap();
        let name = &*view.facts.identity.name;
        let mut record = Self {
            events: Vec::new(),
            scheduled: Vec::new(),
        };
        let page = engine.history(id, false, None, 10_000).await.unwrap();
        for (number, event) in (1..).zip(&page.events) {
            assert_eq!(event.id, number, "an event of {id} has the wrong number");
            assert!(event.previous < number);
            let kind = event.detail.type_name();
            if kind.ends_with("Scheduled") {
                record.scheduled.push(event.id);
            }
            let shown = wire::event(event, "us-east-1", true);
            let details = shown.as_object().into_iter().flatten();
            let details = details.filter(|(name, _)| name.ends_with("Details"));
            let details: Vec<_> = details.map(|(_, details)| details.to_text()).collect();
            let details = details.concat().replace(name, EXECUTION);
            record.events.push(Event {
                place: (!is_concurrent).then_some((event.id, event.previous)),
                kind: kind.to_owned(),
                details: Some(VARYING.replace_all(&details, "VARYING").into_owned()),
            });
        }
        if is_concurrent {
            // Which branch comes first is chance; all that happens in them is not.
            record.events.sort();
        }
        record
    }

    /// Leaves to chance what differs from another straight run.
    pub(crate) fn without_chance(mut self, other: &Self) -> Self {
        assert_eq!(self.kinds(), other.kinds(), "two straight runs differ");
        for (mine, theirs) in self.events.iter_mut().zip(&other.events) {
            if mine.details != theirs.details {
                mine.details = None;
            }
        }
        self
    }

    fn kinds(&self) -> Vec<(Option<(u64, u64)>, &str)> {
        let events = self.events.iter();
        events
            .map(|event| (event.place, event.kind.as_str()))
            .collect()
    }

    #[track_caller]
    pub(crate) fn check(&self, straight: &Self, context: &str) {
        assert_eq!(self.kinds(), straight.kinds(), "{context}");
        for (mine, straight) in self.events.iter().zip(&straight.events) {
            if straight.details.is_some() {
                assert_eq!(mine, straight, "{context}");
            }
        }
        let last = self
            .events
            .iter()
            .filter(|event| is_last(&event.kind))
            .count();
        assert_eq!(last, 1, "{context}");
    }

    /// Every call was of an attempt that the history knows, under its own token.
    #[track_caller]
    pub(crate) fn check_calls(&self, attempts: Option<&Vec<u64>>, context: &str) {
        for attempt in attempts.into_iter().flatten() {
            assert!(
                self.scheduled.contains(attempt),
                "{context}: a call of attempt {attempt}, which the history does not know"
            );
        }
    }
}

fn is_last(kind: &str) -> bool {
    let ends = ["Succeeded", "Failed", "Aborted", "TimedOut"];
    let end = kind.strip_prefix("Execution");
    end.is_some_and(|end| ends.contains(&end))
}
