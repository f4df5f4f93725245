//! What pages show of machines and executions: values ready for a template, with no access to
//! anything. How they are found is in `queries`.

use asl::Timestamp;
use uuid::Uuid;

use super::{
    json_view::JsonView,
    moment::{self, Moment},
};

/// The status of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
    PendingRedrive,
}

impl Status {
    /// Those that executions can have so far.
    pub const ALL: [Self; 5] = [
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::Aborted,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::TimedOut => "Timed out",
            Self::Aborted => "Aborted",
            Self::PendingRedrive => "Pending redrive",
        }
    }

    /// As the wire API spells it, and as addresses do.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
            Self::PendingRedrive => "PENDING_REDRIVE",
        }
    }

    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.wire() == text)
    }

    /// The class that gives the colour.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Running => "tone-running",
            Self::Succeeded => "tone-succeeded",
            Self::Failed | Self::TimedOut => "tone-failed",
            Self::Aborted => "tone-stopped",
            Self::PendingRedrive => "tone-waiting",
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Self::Running => "dot",
            Self::Succeeded => "check",
            Self::Failed => "x",
            Self::TimedOut => "clock-alert",
            Self::Aborted => "ban",
            Self::PendingRedrive => "clock",
        }
    }
}

/// A row of an execution list.
#[derive(Clone, Debug)]
pub struct ExecutionRow {
    pub id: String,
    /// The id again where no name was given.
    pub name: String,
    pub machine: String,
    /// Whether its machine was not deleted.
    pub has_machine: bool,
    /// The Map Run that it is a child of.
    pub map_run: Option<String>,
    pub status: Status,
    pub started: Moment,
    pub closed: Option<Timestamp>,
    pub error: Option<String>,
}

impl ExecutionRow {
    /// Whether the name says something to people: it is not its id, nor the UUID that a program made up.
    pub fn is_named(&self) -> bool {
        Uuid::try_parse(&self.name).is_err()
    }

    /// The name, or an id with its middle left out.
    pub fn label(&self) -> String {
        if self.is_named() {
            self.name.clone()
        } else {
            shortened(&self.name)
        }
    }

    pub fn duration(&self) -> String {
        moment::between(self.started.at, self.closed.unwrap_or(self.started.now))
    }
}

/// An id with its middle left out: `0198f3c2…9d1e`. The start of a UUIDv7 is its time, so the end
/// is what tells neighbours apart.
pub fn shortened(id: &str) -> String {
    let length = id.chars().count();
    if length <= 18 {
        return id.to_owned();
    }
    let head: String = id.chars().take(8).collect();
    let tail: String = id.chars().skip(length - 6).collect();
    format!("{head}…{tail}")
}

/// A row of the machine list.
#[derive(Clone, Debug)]
pub struct MachineRow {
    pub name: String,
    /// `Standard` or `Express`.
    pub kind: &'static str,
    pub created: Moment,
    pub last: Option<LastRun>,
    /// How it did in the last 24 hours, where it was started then.
    pub lately: Option<Lately>,
}

/// How the executions of a machine went in the last 24 hours, the newest ones where there are many.
#[derive(Clone, Debug)]
pub struct Lately {
    pub outcomes: Outcomes,
    /// How long half of those that closed took at most, and 95 of 100.
    pub p50: String,
    pub p95: String,
}

impl Lately {
    /// `12 succeeded, 1 failed`, for the title of the bar.
    pub fn told(&self) -> String {
        let parts: Vec<_> = self
            .outcomes
            .counts
            .iter()
            .filter(|count| count.number > 0)
            .map(|count| format!("{} {}", count.figure(), count.status.word().to_lowercase()))
            .collect();
        let which = if self.outcomes.is_capped {
            "of the newest: "
        } else {
            ""
        };
        format!("{which}{}", parts.join(", "))
    }

    /// `13`, or `200+` where only the newest were looked at.
    pub fn total(&self) -> String {
        let more = if self.outcomes.is_capped { "+" } else { "" };
        format!("{}{more}", self.outcomes.total_told())
    }

    /// How many closed without success, in words; nothing where none did.
    pub fn failed(&self) -> Option<String> {
        let failed: u64 = self
            .outcomes
            .counts
            .iter()
            .filter(|count| matches!(count.status, Status::Failed | Status::TimedOut))
            .map(|count| count.number)
            .sum();
        (failed > 0).then(|| format!("{} failed", moment::count(failed)))
    }
}

#[derive(Clone, Debug)]
pub struct LastRun {
    pub id: String,
    pub status: Status,
    pub started: Moment,
}

/// One machine, as its page tells it.
#[derive(Clone, Debug)]
pub struct Machine {
    pub id: Uuid,
    pub name: String,
    pub arn: String,
    pub kind: &'static str,
    pub is_deleting: bool,
    pub created: Moment,
    pub updated: Moment,
    /// The id of the revision that is current.
    pub revision: Uuid,
    pub definition: String,
}

impl Machine {
    pub fn is_express(&self) -> bool {
        self.kind == super::queries::EXPRESS
    }
}

/// Runs of the last 24 hours by status.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    pub counts: Vec<Count>,
    /// Whether only the newest were counted.
    pub is_capped: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Count {
    pub status: Status,
    pub number: u64,
}

impl Count {
    pub fn figure(&self) -> String {
        moment::count(self.number)
    }
}

impl Outcomes {
    /// The total in words: `10,000`.
    pub fn total_told(&self) -> String {
        moment::count(self.total())
    }

    pub fn total(&self) -> u64 {
        self.counts.iter().map(|count| count.number).sum()
    }

    /// The parts of the bar: tone, start and width in per mille. A part that is there is seen.
    pub fn bar(&self) -> Vec<BarPart> {
        let present: Vec<_> = self
            .counts
            .iter()
            .filter(|count| count.number > 0)
            .collect();
        let total = u128::from(self.total().max(1));
        let floor = 6;
        let spare = 1_000u64.saturating_sub(floor * present.len() as u64);
        let mut start = 0;
        present
            .into_iter()
            .map(|count| {
                let share = u128::from(spare) * u128::from(count.number) / total;
                let width = floor + u64::try_from(share).unwrap_or(0);
                let part = BarPart {
                    status: count.status,
                    start,
                    width,
                };
                start += width;
                part
            })
            .collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarPart {
    pub status: Status,
    pub start: u64,
    pub width: u64,
}

/// Failures of one kind: same machine, same error.
#[derive(Clone, Debug)]
pub struct FailureGroup {
    pub machine: String,
    pub error: String,
    pub count: u64,
    pub newest: ExecutionRow,
}

/// One execution, as its page tells it.
pub struct Execution {
    pub row: ExecutionRow,
    pub arn: String,
    pub failure: Option<Failure>,
    /// Absent where it is an Express execution's and was not logged.
    pub input: Option<JsonView>,
    pub output: Option<JsonView>,
    pub events: u64,
}

/// Why an execution did not succeed.
#[derive(Default)]
pub struct Failure {
    pub error: Option<String>,
    pub cause: Option<String>,
    pub state: Option<String>,
    /// The event that tells it, and where in the page it is.
    pub event: Option<EventLink>,
    /// The visit that failed, by its entered event, and its address.
    pub visit: Option<u64>,
    pub go_to: Option<String>,
    /// `3 tries, all failed`.
    pub tries: Option<String>,
    /// What went into the state that failed.
    pub input: Option<JsonView>,
}

#[derive(Clone, Debug)]
pub struct EventLink {
    pub number: u64,
    pub address: String,
}

/// Newer and older, each an address where there is something that way.
#[derive(Clone, Debug, Default)]
pub struct Pager {
    pub newer: Option<String>,
    pub older: Option<String>,
    /// What is shown, in words: "50 executions".
    pub shown: String,
}

impl Pager {
    pub fn is_needed(&self) -> bool {
        self.newer.is_some() || self.older.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_go_to_the_wire_and_back() {
        for status in Status::ALL {
            assert_eq!(Status::from_wire(status.wire()), Some(status));
        }
        assert_eq!(Status::from_wire("running"), None);
    }

    #[test]
    fn a_name_that_a_program_made_up_is_shown_as_an_id() {
        for (name, label) in [
            ("order-7", "order-7"),
            ("3b00ed62-6c13-4bc3-8ce4-4557f4f92fce", "3b00ed62…f92fce"),
        ] {
            let row = ExecutionRow {
                id: "0198f3c2-0000-7000-8000-000000009d1e".to_owned(),
                name: name.to_owned(),
                machine: String::new(),
                has_machine: true,
                map_run: None,
                status: Status::Running,
                started: Moment {
                    at: Timestamp(0),
                    now: Timestamp(0),
                },
                closed: None,
                error: None,
            };
            assert_eq!(row.label(), label);
            assert_eq!(row.is_named(), name == label);
        }
    }

    #[test]
    fn ids_are_shortened_in_the_middle() {
        assert_eq!(
            shortened("0198f3c2-77aa-7bbb-8ccc-0123456789ab"),
            "0198f3c2…6789ab"
        );
        assert_eq!(shortened("order-42"), "order-42");
    }

    #[test]
    fn the_bar_is_full_and_shows_even_one_in_a_million() {
        let count = |status, number| Count { status, number };
        let outcomes = Outcomes {
            counts: vec![
                count(Status::Succeeded, 999_999),
                count(Status::Failed, 1),
                count(Status::Aborted, 0),
            ],
            is_capped: false,
        };
        let bar = outcomes.bar();
        assert_eq!(bar.len(), 2);
        assert!(bar[1].width >= 6);
        let end = bar[1].start + bar[1].width;
        assert!((996..=1_000).contains(&end), "{end}");
        assert_eq!(Outcomes::default().bar(), []);
    }
}
