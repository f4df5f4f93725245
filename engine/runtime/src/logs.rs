//! Logging: the events that a state machine's configuration asks for, written behind as lines of JSON.
//!
//! Nothing waits for the lines. The steps of Standard executions are in the journal, so what is yet to be
//! logged of them outlasts a node ([`journal`]). Those of Express executions are nowhere else: they wait in
//! memory, so many of them and no more, and what is left out is counted ([`express`]).
//!
//! Source: "Log levels for Step Functions execution events" in the developer guide, and the lines that the
//! service writes to a log group.

mod batch;
mod express;
pub mod groups;
mod journal;

use std::sync::Arc;

use asl::{
    Json,
    json::Object,
    machine::{
        Event,
        history::{Detail, wire},
    },
};
use store::event_log::{Group, Line};

use crate::{
    drive::signed,
    facts::Facts,
    limits::{LOG_BATCH_BYTES, LOG_LINES},
    node::Node,
};

pub(crate) use express::Behind as ExpressBehind;
pub(crate) use journal::{Behind, Logging as ToLog};

/// What of an execution is logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logging {
    pub level: Level,
    /// Whether lines have inputs and outputs.
    pub with_data: bool,
    /// The ARN of the log group that lines are also for.
    pub group: Option<Arc<str>>,
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
        let group = kept.get("destinations").and_then(|destinations| {
            let group = destinations
                .as_array()?
                .first()?
                .get("cloudWatchLogsLogGroup")?;
            group.get("logGroupArn")?.as_str()
        });
        Self {
            level,
            with_data,
            group: group.map(Arc::from),
        }
    }

    pub(crate) fn takes(&self, detail: &Detail) -> bool {
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

impl Node {
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
            group: self.group_of(facts),
        }
    }
}

impl Node {
    /// Where a line of the execution is to be sent: nowhere, unless the settings say who takes it.
    fn group_of(&self, facts: &Facts) -> Option<Group> {
        let arn = facts.revision.logging.group.as_ref();
        let arn = arn.filter(|_| self.settings.services.is_configured(groups::SERVICE))?;
        Some(Group {
            arn: Arc::clone(arn),
            machine_name: Arc::clone(&facts.revision.machine_name),
        })
    }
}

/// Lines that are written at once: bounded in number and in bytes.
#[derive(Default)]
struct Lines {
    lines: Vec<Line>,
    bytes: usize,
}

impl Lines {
    fn push(&mut self, line: Line) {
        self.bytes += line.body.len();
        self.lines.push(line);
    }

    fn is_full(&self) -> bool {
        self.lines.len() >= LOG_LINES || self.bytes >= LOG_BATCH_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, level: Level, with_data: bool) {
        let logging = Logging::of(text);
        assert_eq!((logging.level, logging.with_data), (level, with_data));
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
        let group =
            r#"{"level":"ALL","destinations":[{"cloudWatchLogsLogGroup":{"logGroupArn":"g"}}]}"#;
        assert_eq!(Logging::of(group).group.as_deref(), Some("g"));
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
                group: None,
            };
            let taken = [&failed, &branch, &fine].map(|detail| logging.takes(detail));
            assert_eq!(taken, expected, "{level:?}");
        }
    }
}
