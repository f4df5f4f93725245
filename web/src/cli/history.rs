//! `stepwright history EXECUTION`: every event, in order.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::client::{Client, Target, read, segment};
use super::exit::{Exit, Failure};
use super::screen::{BAD, Cell, DIM, GOOD, Screen};
use clap::builder::styling::Style;

/// Events asked for at once.
const PAGE: usize = 1000;

#[derive(Debug, clap::Args)]
pub(super) struct History {
    /// The execution's id or its ARN
    execution: String,

    #[command(flatten)]
    target: Target,
}

/// Some events, as they were spelled.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) events: Vec<Box<RawValue>>,
    pub(super) next: Option<String>,
}

/// What of an event is shown. The rest is in details whose name follows from the type.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    pub(super) id: u64,
    /// Epoch seconds.
    timestamp: f64,
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

impl History {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let client = Client::new(&self.target)?;
        let mut events = Vec::new();
        super::block_on(async {
            let mut after = None;
            loop {
                let page = page(&client, &self.execution, after.as_deref()).await?;
                events.extend(page.events);
                match page.next {
                    Some(next) => after = Some(next),
                    None => return Ok(()),
                }
            }
        })?;
        if screen.is_json() {
            let events: Vec<&str> = events.iter().map(|event| event.get()).collect();
            screen.raw(&format!("{{\"events\":[{}]}}", events.join(",")))?;
            return Ok(Exit::Done);
        }
        let mut rows = Vec::with_capacity(events.len());
        for event in &events {
            rows.push(read::<Event>(event.get())?.row());
        }
        screen.table(&["ID", "TIME", "TYPE", "WHAT"], &rows)?;
        Ok(Exit::Done)
    }
}

/// The events after a page's end, oldest first.
pub(super) async fn page(
    client: &Client,
    execution: &str,
    after: Option<&str>,
) -> Result<Page, Failure> {
    let after = after.map_or_else(String::new, |after| format!("&after={}", segment(after)));
    let execution = segment(execution);
    let path = format!("/executions/{execution}/history?limit={PAGE}{after}");
    client.get(&path).await
}

impl Event {
    pub(super) fn row(&self) -> Vec<Cell> {
        vec![
            Cell::styled(DIM, self.id.to_string()),
            Cell::styled(DIM, self.time()),
            Cell::styled(self.style(), &*self.kind),
            Cell::plain(self.what()),
        ]
    }

    fn time(&self) -> String {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds fit for ages")]
        let millis = (self.timestamp * 1000.0).round() as i64;
        chrono::DateTime::from_timestamp_millis(millis)
            .map_or_else(String::new, |at| at.format("%H:%M:%S%.3f").to_string())
    }

    fn style(&self) -> Style {
        let ends = |words: &[&str]| words.iter().any(|word| self.kind.ends_with(word));
        if ends(&["Failed", "TimedOut", "Aborted"]) {
            BAD
        } else if ends(&["Succeeded"]) {
            GOOD
        } else {
            Style::new()
        }
    }

    /// The state, the resource or the error that the event is about.
    fn what(&self) -> String {
        let details = self.rest.values().filter_map(Value::as_object);
        let parts: Vec<&str> = details
            .flat_map(|details| {
                ["name", "resource", "error", "cause"]
                    .into_iter()
                    .filter_map(|field| details.get(field)?.as_str())
            })
            .collect();
        let text = parts.join(": ");
        match text.char_indices().nth(100) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
            None => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_told_by_its_state_or_its_error() {
        let event = |text: &str| serde_json::from_str::<Event>(text).unwrap();
        let entered = event(
            r#"{"id":2,"previousEventId":0,"timestamp":1700000000.5,"type":"TaskStateEntered",
                "stateEnteredEventDetails":{"name":"Pay","input":"{}"}}"#,
        );
        assert_eq!(entered.what(), "Pay");
        assert_eq!(entered.time(), "22:13:20.500");
        let failed = event(
            r#"{"id":5,"timestamp":1,"type":"ExecutionFailed",
                "executionFailedEventDetails":{"error":"NotOk","cause":"it was not"}}"#,
        );
        assert_eq!(failed.what(), "NotOk: it was not");
    }
}
