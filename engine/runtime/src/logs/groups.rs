//! Sends lines of the log to the log groups that machines name, where the settings say which endpoint speaks
//! CloudWatch Logs.
//!
//! One node at a time sends, oldest lines first, under a lease. A line leaves its table when the group has it;
//! so each is sent at least once. What cannot be delivered is tried again with growing pauses, and given up and
//! counted after a day. A group that refuses holds up no other.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use asl::{Json, StateError, Timestamp, query::Random as _};
use services::{Call, Services, Style};
use store::{db::Db, ids::NodeId, log_outbox, log_outbox::Pending};

use super::batch::{self, Line};
use crate::{
    limits::{LOG_GROUP_LOOK, LOG_GROUP_PATIENCE, LOG_GROUP_PAUSE, LOG_GROUP_PAUSE_MAX},
    metrics::Metrics,
    node::{Node, micros},
    random::SystemRandom,
};

/// As the settings and the services' models name it.
pub const SERVICE: &str = "cloudwatchlogs";

const LEASE_NAME: &str = "log_groups";
/// Longer than a turn takes, where the endpoint answers in time.
const LEASE: Duration = Duration::from_secs(90);
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Streams whose names are remembered.
const STREAMS_MAX: usize = 10_000;

/// What a turn did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Lines that their group has.
    pub lines: u64,
    /// Lines that were given up.
    pub lost: u64,
    /// Whether lines may wait that could be sent now.
    pub is_more: bool,
}

/// Sends what waits whenever it is given a turn and holds the lease.
pub struct Sender {
    db: Db,
    services: Arc<Services>,
    node: NodeId,
    metrics: Metrics,
    /// Groups that did not take what they were sent.
    troubles: HashMap<String, Trouble>,
    /// Group and stream that were made or found.
    streams: HashSet<(String, String)>,
    /// Ends the names of this sender's streams.
    mark: String,
}

impl Node {
    /// Sends what waits, until the node stops. The rest is sent by the next that holds the lease.
    pub(crate) async fn send_logs(self: Arc<Self>) {
        let mut sender = Sender::new(
            self.db.clone(),
            Arc::clone(&self.settings.services),
            self.settings.node,
            self.metrics.clone(),
            SystemRandom.next_u64(),
        );
        let mut look = tokio::time::interval(LOG_GROUP_LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut is_more = false;
        loop {
            tokio::select! {
                biased;
                () = self.stopping.cancelled() => return,
                () = std::future::ready(()), if is_more => {}
                _ = look.tick() => {}
            }
            let now = self.clock.now();
            let turn = tokio::select! {
                () = self.stopping.cancelled() => return,
                turn = sender.turn(now) => turn,
            };
            is_more = match turn {
                Ok(sent) => sent.is_more,
                Err(error) => {
                    let error = crate::writer::chain(&error);
                    tracing::warn!(%error, "sending lines to log groups is tried again");
                    false
                }
            };
        }
    }
}

struct Trouble {
    tries: u32,
    not_before: Timestamp,
}

impl Sender {
    pub fn new(db: Db, services: Arc<Services>, node: NodeId, metrics: Metrics, mark: u64) -> Self {
        Self {
            db,
            services,
            node,
            metrics,
            troubles: HashMap::new(),
            streams: HashSet::new(),
            mark: format!("{:08x}", mark & 0xffff_ffff),
        }
    }

    /// One turn at the time `now`.
    pub async fn turn(&mut self, now: Timestamp) -> Result<Sent, store::Error> {
        let mut sent = Sent::default();
        if !store::lease::hold(&self.db, LEASE_NAME, self.node, LEASE).await? {
            self.troubles.clear();
            return Ok(sent);
        }
        let resting: Vec<String> = self
            .troubles
            .iter()
            .filter(|(_, trouble)| trouble.not_before > now)
            .map(|(group, _)| group.clone())
            .collect();
        let bytes_max = i64::try_from(batch::BYTES_MAX).unwrap_or(i64::MAX);
        let lines_max = i64::try_from(batch::LINES_MAX).unwrap_or(i64::MAX);
        let pending = log_outbox::oldest(&self.db, &resting, bytes_max, lines_max).await?;
        sent.is_more = !pending.is_empty();
        let mut groups: BTreeMap<(String, String), Vec<Line>> = BTreeMap::new();
        let mut gone = Vec::new();
        for pending in pending {
            let Pending {
                id,
                log_group,
                machine_name,
                line,
            } = pending;
            match line {
                None => gone.push(id),
                Some((at, text)) => {
                    let text = batch::fitted(text);
                    let lines = groups.entry((log_group, machine_name)).or_default();
                    lines.push(Line { id, at, text });
                }
            }
        }
        log_outbox::delete(&self.db, &gone).await?;
        for ((group, machine), lines) in groups {
            for lines in batch::batches(lines) {
                if !self
                    .deliver(now, &group, &machine, lines, &mut sent)
                    .await?
                {
                    break;
                }
            }
        }
        Ok(sent)
    }

    /// Sends one batch and takes it off. False where the group rests now.
    async fn deliver(
        &mut self,
        now: Timestamp,
        group: &str,
        machine: &str,
        lines: Vec<Line>,
        sent: &mut Sent,
    ) -> Result<bool, store::Error> {
        let count = lines.len() as u64;
        match self.put(now, group, machine, &lines).await {
            Ok(rejected) => {
                let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
                log_outbox::delete(&self.db, &ids).await?;
                self.troubles.remove(group);
                sent.lines += count - rejected;
                self.metrics.log_lines_sent.inc_by(count - rejected);
                if rejected > 0 {
                    tracing::warn!(
                        log.group = group,
                        lines = rejected,
                        "a log group took lines for too old or too new"
                    );
                    sent.lost += rejected;
                    self.metrics.log_lines_lost.inc_by(rejected);
                }
                Ok(true)
            }
            Err(error) => {
                self.rest(now, group, &error);
                let patience = now.plus_micros(-micros(LOG_GROUP_PATIENCE));
                let old: Vec<i64> = lines
                    .iter()
                    .filter(|line| line.at < patience)
                    .map(|line| line.id)
                    .collect();
                if !old.is_empty() {
                    let lost = old.len() as u64;
                    tracing::error!(
                        log.group = group,
                        lines = lost,
                        "lines are given up: no log group took them for a day"
                    );
                    log_outbox::delete(&self.db, &old).await?;
                    sent.lost += lost;
                    self.metrics.log_lines_lost.inc_by(lost);
                }
                Ok(false)
            }
        }
    }

    fn rest(&mut self, now: Timestamp, group: &str, error: &StateError) {
        let trouble = self.troubles.entry(group.to_owned()).or_insert(Trouble {
            tries: 0,
            not_before: now,
        });
        let pause = LOG_GROUP_PAUSE * 2_u32.saturating_pow(trouble.tries.min(16));
        let pause = pause.min(LOG_GROUP_PAUSE_MAX);
        trouble.tries += 1;
        trouble.not_before = now.plus_micros(micros(pause));
        tracing::warn!(
            log.group = group,
            error = error.error.as_deref().unwrap_or_default(),
            cause = error.cause.as_deref().unwrap_or_default(),
            tries = trouble.tries,
            "lines for a log group are sent again later"
        );
    }

    /// Puts a batch into the stream of its machine, which is made where it is missing. How many lines of it
    /// the group would not have.
    async fn put(
        &mut self,
        now: Timestamp,
        group: &str,
        machine: &str,
        lines: &[Line],
    ) -> Result<u64, StateError> {
        let name = name_of(group);
        let minute = now.to_chrono().format("%Y-%m-%d").to_string();
        // As the service names its own: states/MACHINE/TIME/MARK. One a day.
        let stream = format!("states/{machine}/{minute}/{}", self.mark);
        let known = (name.to_owned(), stream.clone());
        if !self.streams.contains(&known) {
            self.make(now, name, &stream).await?;
            if self.streams.len() >= STREAMS_MAX {
                self.streams.clear();
            }
            self.streams.insert(known.clone());
        }
        let events = lines.iter().map(|line| {
            let millis = u64::try_from(line.at.as_millis()).unwrap_or(0);
            Json::members([
                ("Timestamp", Json::from(millis)),
                ("Message", Json::string(&line.text)),
            ])
        });
        let arguments = Json::members([
            ("LogGroupName", Json::string(name)),
            ("LogStreamName", Json::string(&stream)),
            ("LogEvents", Json::array(events.collect())),
        ]);
        match self.call(now, "putLogEvents", arguments).await {
            Ok(answer) => Ok(rejected(&answer, lines.len() as u64)),
            Err(error) if is(&error, "DataAlreadyAcceptedException") => Ok(0),
            Err(error) => {
                // Somebody deleted it, perhaps: it is made again with the next try.
                self.streams.remove(&known);
                Err(error)
            }
        }
    }

    async fn make(&self, now: Timestamp, group: &str, stream: &str) -> Result<(), StateError> {
        let stream_of = || {
            Json::members([
                ("LogGroupName", Json::string(group)),
                ("LogStreamName", Json::string(stream)),
            ])
        };
        let made = self.call(now, "createLogStream", stream_of()).await;
        let made = match made {
            Err(error) if is(&error, "ResourceNotFoundException") => {
                let group = Json::members([("LogGroupName", Json::string(group))]);
                let group = self.call(now, "createLogGroup", group).await;
                unless_there(group)?;
                self.call(now, "createLogStream", stream_of()).await
            }
            made => made,
        };
        unless_there(made)
    }

    async fn call(
        &self,
        now: Timestamp,
        action: &str,
        arguments: Json,
    ) -> Result<Json, StateError> {
        let call = Call {
            style: Style::Sdk,
            service: Arc::from(SERVICE),
            action: Arc::from(action),
            arguments,
            token: String::new(),
            execution_arn: Arc::from(""),
            machine_arn: Arc::from(""),
            time_left: Some(CALL_TIMEOUT),
            now,
        };
        self.services.call(call).await
    }
}

fn unless_there(made: Result<Json, StateError>) -> Result<(), StateError> {
    match made {
        Err(error) if !is(&error, "ResourceAlreadyExistsException") => Err(error),
        _ => Ok(()),
    }
}

fn is(error: &StateError, code: &str) -> bool {
    let name = error.error.as_deref().unwrap_or_default();
    name.rsplit('.').next() == Some(code)
}

/// The name in a log group's ARN: `arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*`.
fn name_of(arn: &str) -> &str {
    let name = arn.splitn(7, ':').nth(6).unwrap_or(arn);
    name.strip_suffix(":*").unwrap_or(name)
}

/// Lines at the ends of a batch that the answer says were too old or too new.
fn rejected(answer: &Json, count: u64) -> u64 {
    let Some(info) = answer.get("RejectedLogEventsInfo") else {
        return 0;
    };
    let index = |name: &str| {
        let number = info.get(name).and_then(Json::as_number);
        number.and_then(|number| number.as_str().parse::<u64>().ok())
    };
    let old = index("TooOldLogEventEndIndex").max(index("ExpiredLogEventEndIndex"));
    let new = index("TooNewLogEventStartIndex").map_or(0, |start| count.saturating_sub(start));
    (old.unwrap_or(0) + new).min(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_group_is_read_from_its_arn() {
        for (arn, name) in [
            (
                "arn:aws:logs:us-east-1:000000000000:log-group:/a/b:*",
                "/a/b",
            ),
            ("arn:aws:logs:us-east-1:000000000000:log-group:g", "g"),
        ] {
            assert_eq!(name_of(arn), name);
        }
    }

    #[test]
    fn lines_that_were_not_taken_are_counted() {
        for (answer, expected) in [
            ("{}", 0),
            (
                r#"{"RejectedLogEventsInfo":{"TooOldLogEventEndIndex":3}}"#,
                3,
            ),
            (
                r#"{"RejectedLogEventsInfo":{"ExpiredLogEventEndIndex":2,"TooNewLogEventStartIndex":7}}"#,
                5,
            ),
        ] {
            assert_eq!(rejected(&asl::json::parse(answer).unwrap(), 10), expected);
        }
    }
}
