//! Logging: the events that a state machine's configuration asks for, written behind as lines of JSON.
//!
//! A committed step of a machine that logs waits here until a background job has read its row and written
//! the lines. Nothing waits for that job: when too much waits, steps are left out and counted, and a node
//! that dies leaves out what it had.
//!
//! Source: "Log levels for Step Functions execution events" in the developer guide, and the lines that the
//! service writes to a log group.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use asl::{
    Json,
    json::Object,
    machine::{
        Event,
        history::{Detail, Entry, journal::Reader, wire},
    },
};
use store::{commit, event_log::Line};
use tokio::sync::Notify;

use crate::{
    Fault,
    drive::signed,
    facts::Facts,
    limits::{LOG_BYTES_MAX, LOG_LINES, LOG_STEPS_MAX},
    node::Node,
};

/// What of an execution is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Logging {
    pub level: Level,
    /// Whether lines have inputs and outputs.
    pub with_data: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    #[default]
    Off,
    /// How executions failed.
    Fatal,
    /// What failed or was given up.
    Error,
    All,
}

impl Logging {
    /// As a revision keeps it; what cannot be read logs nothing.
    pub(crate) fn of(text: &str) -> Self {
        let Ok(kept) = asl::json::parse(text) else {
            return Self::default();
        };
        let level = match kept.get("level").and_then(Json::as_str) {
            Some("ALL") => Level::All,
            Some("ERROR") => Level::Error,
            Some("FATAL") => Level::Fatal,
            _ => Level::Off,
        };
        let with_data = matches!(kept.get("includeExecutionData"), Some(Json::Bool(true)));
        Self { level, with_data }
    }

    fn takes(self, detail: &Detail) -> bool {
        match self.level {
            Level::Off => false,
            Level::Fatal => is_fatal(detail),
            Level::Error => is_fatal(detail) || is_error(detail),
            Level::All => true,
        }
    }
}

fn is_fatal(detail: &Detail) -> bool {
    matches!(
        detail,
        Detail::ExecutionFailed(_) | Detail::ExecutionAborted(_) | Detail::ExecutionTimedOut(_)
    )
}

fn is_error(detail: &Detail) -> bool {
    let kind = detail.type_name();
    let is_failure = ["Failed", "TimedOut", "Aborted"]
        .iter()
        .any(|end| kind.ends_with(end));
    is_failure || kind == "FailStateEntered"
}

/// Committed steps that are yet to be logged.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    steps: VecDeque<Step>,
    bytes: usize,
}

#[derive(Debug)]
struct Step {
    facts: Arc<Facts>,
    row: store::journal::Row,
}

impl Logs {
    /// False where there is no room.
    fn push(&self, step: Step) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = waiting.bytes + step.row.body.len();
        if bytes > LOG_BYTES_MAX || waiting.steps.len() >= LOG_STEPS_MAX {
            return false;
        }
        waiting.bytes = bytes;
        waiting.steps.push_back(step);
        drop(waiting);
        self.filled.notify_one();
        true
    }

    fn pop(&self) -> Option<Step> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let step = waiting.steps.pop_front()?;
        waiting.bytes -= step.row.body.len();
        Some(step)
    }
}

impl Node {
    /// Keeps committed steps for the log, where their machine logs.
    pub(crate) fn log(&self, facts: &Arc<Facts>, steps: &[commit::Step]) {
        if facts.revision.logging.level == Level::Off {
            return;
        }
        for step in steps {
            let kept = self.logs.push(Step {
                facts: Arc::clone(facts),
                row: store::journal::Row {
                    number: step.number,
                    first_event: step.first_event,
                    event_count: step.event_count,
                    format: step.format,
                    body: step.body.clone(),
                },
            });
            if !kept {
                self.metrics.logs_dropped.inc();
            }
        }
    }

    /// Writes what waits, until the node stops and nothing is left.
    pub(crate) async fn write_logs(self: Arc<Self>) {
        loop {
            while let Some(step) = self.logs.pop() {
                if let Err(fault) = self.write_step(&step).await {
                    tracing::warn!(execution.id = %step.facts.id, %fault, "logging a step");
                    self.metrics.logs_dropped.inc();
                }
            }
            tokio::select! {
                () = self.logs.filled.notified() => {}
                () = self.drained.cancelled() => return,
                () = self.lost.cancelled() => return,
            }
        }
    }

    async fn write_step(&self, step: &Step) -> Result<(), Fault> {
        const TRIES: u32 = 3;
        const PAUSE: Duration = Duration::from_millis(200);
        let mut lines = Vec::new();
        let mut reader = Reader::default();
        for entry in self.entries(&mut reader, step.facts.id, &step.row).await? {
            if let Entry::Event(event) = entry
                && step.facts.revision.logging.takes(&event.detail)
            {
                lines.push(self.line(&step.facts, &event));
            }
        }
        for lines in lines.chunks(LOG_LINES) {
            let mut tries = 0;
            while let Err(error) = store::event_log::fill(&self.db, lines).await {
                tries += 1;
                if tries == TRIES || self.drained.is_cancelled() {
                    return Err(error.into());
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    fn line(&self, facts: &Facts, event: &Event) -> Line {
        let region = &self.settings.names.region;
        let shown = wire::event(event, region, facts.revision.logging.with_data);
        let mut details = shown.as_object().into_iter().flatten();
        let details = details.find(|(name, _)| name.ends_with("EventDetails"));
        let mut members = Object::new();
        let mut put = |name: &str, value: Json| members.insert(Arc::from(name), value);
        put("id", Json::from(event.id.to_string()));
        put("type", Json::string(event.detail.type_name()));
        if let Some((_, details)) = details {
            put("details", details.clone());
        }
        let redrives = facts.redriven.map_or(0, |redriven| redriven.count);
        put("redrive_count", Json::from(redrives.to_string()));
        put("previous_event_id", Json::from(event.previous.to_string()));
        let millis = event.at.as_millis().to_string();
        put("event_timestamp", Json::from(millis));
        put(
            "execution_arn",
            Json::String(Arc::clone(&facts.identity.arn)),
        );
        Line {
            execution: facts.id,
            event: signed(event.id),
            event_at: event.at,
            body: Json::object(members).to_text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, level: Level, with_data: bool) {
        assert_eq!(Logging::of(text), Logging { level, with_data });
    }

    #[test]
    fn a_configuration_is_read_as_it_is_kept() {
        check(
            r#"{"level":"ALL","includeExecutionData":true}"#,
            Level::All,
            true,
        );
        check(r#"{"level":"ERROR"}"#, Level::Error, false);
        check(r#"{"level":"FATAL"}"#, Level::Fatal, false);
        check(r#"{"level":"OFF"}"#, Level::Off, false);
        check("{", Level::Off, false);
    }

    #[test]
    fn a_level_takes_what_is_as_bad_or_worse() {
        let none = || asl::StateError {
            error: None,
            cause: None,
        };
        let failed = Detail::ExecutionFailed(none());
        let branch = Detail::ParallelFailed { error: none() };
        let fine = Detail::ParallelSucceeded;
        for (level, expected) in [
            (Level::Off, [false, false, false]),
            (Level::Fatal, [true, false, false]),
            (Level::Error, [true, true, false]),
            (Level::All, [true, true, true]),
        ] {
            let logging = Logging {
                level,
                with_data: false,
            };
            let taken = [&failed, &branch, &fine].map(|detail| logging.takes(detail));
            assert_eq!(taken, expected, "{level:?}");
        }
    }
}
