//! What the address of an execution list asks for: the filter, in words and as the store takes it, and
//! the addresses of lists next to it. Knows no page and asks nobody.

use asl::Timestamp;
use store::{browse::Edge, ids::ExecutionId, list::Filter};

use super::super::{paging, queries, search::id_range, view::Status};

/// Characters of a member that are looked at; nothing that is searched for is longer.
const CHARS_MAX: usize = 256;

/// Members that make no sense are left out, so that an old address works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub statuses: Vec<Status>,
    pub machine: String,
    pub version: Option<i64>,
    pub alias: String,
    pub error: String,
    pub failed_state: String,
    /// The start of an id.
    pub id_prefix: String,
    /// When they started; a given time rules over a length of time until now.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub within: Option<Within>,
    pub edge: Option<Edge<ExecutionId>>,
}

/// A length of time until now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    Hour,
    Day,
    Week,
    Month,
}

impl Within {
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    pub fn value(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "Last hour",
            Self::Day => "Last 24 hours",
            Self::Week => "Last 7 days",
            Self::Month => "Last 30 days",
        }
    }

    pub fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
            Self::Month => 30 * 86_400,
        }
    }
}

/// A text of the filter, to be changed.
type Member = fn(&mut Asked) -> &mut String;

/// One thing that is filtered by, and the address of the list without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    pub word: String,
    pub without: String,
}

impl Asked {
    pub fn of(members: Vec<(String, String)>) -> Self {
        let mut asked = Self::default();
        for (name, value) in members {
            let text = || -> String {
                let value: String = value.chars().take(CHARS_MAX).collect();
                value.replace('\0', "").trim().to_owned()
            };
            match name.as_str() {
                "status" => {
                    let status = Status::from_wire(&value);
                    asked
                        .statuses
                        .extend(status.filter(|it| !asked.statuses.contains(it)));
                }
                "machine" => asked.machine = text(),
                "version" => asked.version = value.trim().parse().ok().filter(|it| *it > 0),
                "alias" => asked.alias = text(),
                "error" => asked.error = text(),
                "failed_state" => asked.failed_state = text(),
                "id_prefix" => asked.id_prefix = text(),
                "from" => asked.from = time(&value),
                "to" => asked.to = time(&value),
                "within" => {
                    let mut known = Within::ALL.into_iter();
                    asked.within = known.find(|it| it.value() == value);
                }
                "before" => asked.edge = id(&value).map(Edge::After),
                "after" => asked.edge = id(&value).map(Edge::Before),
                _ => {}
            }
        }
        asked
    }

    pub fn is_filtered(&self) -> bool {
        !self.chips().is_empty()
    }

    /// Whether more is asked for than the first line of the form holds.
    pub fn has_more(&self) -> bool {
        let Self {
            version,
            alias,
            id_prefix,
            from,
            to,
            ..
        } = self;
        version.is_some()
            || !alias.is_empty()
            || !id_prefix.is_empty()
            || from.is_some()
            || to.is_some()
    }

    /// The list with these filters, and what else is given.
    pub fn address(&self, more: &[(&str, &str)]) -> String {
        let statuses = self.statuses.iter().map(|it| ("status", it.wire()));
        let version = self.version.map(|it| it.to_string()).unwrap_or_default();
        let from = self.from.map(Timestamp::to_iso).unwrap_or_default();
        let to = self.to.map(Timestamp::to_iso).unwrap_or_default();
        let others = [
            ("machine", self.machine.as_str()),
            ("version", &version),
            ("alias", &self.alias),
            ("error", &self.error),
            ("failed_state", &self.failed_state),
            ("id_prefix", &self.id_prefix),
            ("within", self.within.map_or("", Within::value)),
            ("from", &from),
            ("to", &to),
        ];
        let members: Vec<_> = statuses.chain(others).chain(more.iter().copied()).collect();
        paging::address("/executions", &members)
    }

    /// What is filtered by, each with the way to do without.
    pub fn chips(&self) -> Vec<Chip> {
        let mut chips = Vec::new();
        let mut chip = |word: String, change: &dyn Fn(&mut Self)| {
            let mut without = self.clone();
            change(&mut without);
            chips.push(Chip {
                word,
                without: without.address(&[]),
            });
        };
        for status in &self.statuses {
            chip(format!("Status: {}", status.word().to_lowercase()), &|it| {
                it.statuses.retain(|other| other != status);
            });
        }
        if let Some(version) = self.version {
            chip(format!("Version: {version}"), &|it| it.version = None);
        }
        let texts: [(&str, &String, Member); 5] = [
            ("Machine", &self.machine, |it| &mut it.machine),
            ("Alias", &self.alias, |it| &mut it.alias),
            ("Error", &self.error, |it| &mut it.error),
            ("Failed state", &self.failed_state, |it| {
                &mut it.failed_state
            }),
            ("Id begins with", &self.id_prefix, |it| &mut it.id_prefix),
        ];
        for (word, value, member) in texts {
            if !value.is_empty() {
                chip(format!("{word}: {value}"), &|it| member(it).clear());
            }
        }
        if let Some(within) = self.within {
            let word = format!("Started: {}", within.word().to_lowercase());
            chip(word, &|it| it.within = None);
        }
        if let Some(from) = self.from {
            chip(format!("From {}", told(from)), &|it| it.from = None);
        }
        if let Some(to) = self.to {
            chip(format!("Until {}", told(to)), &|it| it.to = None);
        }
        chips
    }

    /// The filter in words: `Status: failed. Machine: order-fulfilment.`
    pub fn words(&self) -> String {
        let chips = self.chips().into_iter();
        let words: Vec<String> = chips.map(|chip| format!("{}.", chip.word)).collect();
        words.join(" ")
    }

    /// As the store takes it, but for the machine, whose id is looked up by its name. Nothing where what
    /// is asked for cannot be there.
    pub fn filter(&self, now: Timestamp) -> Option<Filter> {
        let text = |value: &String| (!value.is_empty()).then(|| value.clone());
        let ids = match self.id_prefix.as_str() {
            "" => None,
            start => {
                let (first, last) = id_range(start)?;
                Some((ExecutionId(first), ExecutionId(last)))
            }
        };
        let since = self
            .within
            .map(|within| now.plus_seconds(-within.seconds()));
        Some(Filter {
            statuses: self.statuses.iter().copied().map(queries::stored).collect(),
            version: self.version,
            alias: text(&self.alias),
            since: self.from.or(since),
            until: self.to,
            ids,
            error: text(&self.error),
            failed_state: text(&self.failed_state),
            ..Filter::default()
        })
    }
}

fn id(text: &str) -> Option<ExecutionId> {
    text.parse().ok().map(ExecutionId)
}

/// A time as an address has it, or as the field of a form writes it, which is in UTC.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let whole = match text.len() {
        16 => format!("{text}:00Z"),
        19 => format!("{text}Z"),
        _ => text.to_owned(),
    };
    Timestamp::parse_rfc3339(&whole)
}

/// `23 Nov 2026, 15:31 UTC`.
fn told(at: Timestamp) -> String {
    at.to_chrono().format("%-d %b %Y, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Asked::of(pairs.iter().map(owned).collect())
    }

    #[test]
    fn an_address_is_read_and_written_the_same() {
        let asked = asked(&[
            ("status", "FAILED"),
            ("status", "TIMED_OUT"),
            ("status", "FAILED"),
            ("machine", " pay me "),
            ("version", "3"),
            ("error", "States.Timeout"),
            ("failed_state", "Pay & go"),
            ("id_prefix", "0198f3c2"),
            ("from", "2026-11-23T15:31"),
            ("to", "2026-11-23T16:31:00Z"),
        ]);
        assert_eq!(asked.statuses, [Status::Failed, Status::TimedOut]);
        assert_eq!(
            asked.address(&[("before", "x")]),
            "/executions?status=FAILED&status=TIMED_OUT&machine=pay%20me&version=3\
             &error=States.Timeout&failed_state=Pay%20%26%20go&id_prefix=0198f3c2\
             &from=2026-11-23T15%3A31%3A00.000Z&to=2026-11-23T16%3A31%3A00.000Z&before=x"
        );
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let asked = asked(&[
            ("status", "DONE"),
            ("machine", "\0"),
            ("version", "-1"),
            ("from", "yesterday"),
            ("within", "1y"),
            ("before", "1; DROP TABLE"),
            ("limit", "9"),
        ]);
        assert_eq!(asked, Asked::default());
        assert!(!asked.is_filtered());
    }

    #[test]
    fn each_chip_leads_to_the_list_without_it() {
        let asked = asked(&[("status", "FAILED"), ("error", "E"), ("within", "24h")]);
        let chips = asked.chips();
        let told: Vec<_> = chips
            .iter()
            .map(|it| (it.word.as_str(), it.without.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("Status: failed", "/executions?error=E&within=24h"),
                ("Error: E", "/executions?status=FAILED&within=24h"),
                (
                    "Started: last 24 hours",
                    "/executions?status=FAILED&error=E"
                ),
            ]
        );
        assert_eq!(
            asked.words(),
            "Status: failed. Error: E. Started: last 24 hours."
        );
    }

    #[test]
    fn an_id_that_is_none_finds_nothing() {
        let now = Timestamp(0);
        assert_eq!(asked(&[("id_prefix", "order")]).filter(now), None);
        let filter = asked(&[("id_prefix", "0198f3c2")]).filter(now).unwrap();
        assert!(filter.ids.is_some());
    }
}
