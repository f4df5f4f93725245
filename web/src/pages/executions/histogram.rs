//! When the executions of a list started: bars over time, each the way to the list of its part.

use asl::Timestamp;
use store::list::{self, Bar as Counted};

use super::super::{moment, queries, view::Status};
use super::asked::Asked;

/// Parts of the time that is shown, and how high the tallest is drawn.
const PARTS: u16 = 48;
const HEIGHT: u64 = 64;
/// Without a time that is asked for, the list's bars tell of this long.
const SHOWN_SECONDS: i64 = 86_400;

/// Bars, and what they tell of.
pub struct Histogram {
    pub bars: Vec<Bar>,
    /// `1,204 executions started in the last 24 hours`.
    pub told: String,
    pub from: String,
    pub to: String,
}

/// One part of the time in which something started.
pub struct Bar {
    pub x: u64,
    /// Status, where it begins from the top, how high it is; stacked from the foot.
    pub parts: Vec<(Status, u64, u64)>,
    /// `12 executions from 15:00 to 15:30, 3 failed`.
    pub told: String,
    pub address: String,
}

/// The time that the bars tell of.
fn span(asked: &Asked, now: Timestamp) -> (Timestamp, Timestamp) {
    let length = asked
        .within
        .map_or(SHOWN_SECONDS, super::asked::Within::seconds);
    let until = asked.to.unwrap_or(now);
    let since = asked.from.unwrap_or_else(|| until.plus_seconds(-length));
    (since, until.max(Timestamp(since.0.saturating_add(1_000))))
}

impl Histogram {
    pub fn new(
        asked: &Asked,
        (since, until): (Timestamp, Timestamp),
        counted: &[Counted],
        is_capped: bool,
    ) -> Self {
        let count = |counted: &Counted| u64::try_from(counted.count).unwrap_or(0);
        let total: u64 = counted.iter().map(count).sum();
        let edge = |part: usize| {
            let length = i128::from(until.0) - i128::from(since.0);
            let part = i128::try_from(part).unwrap_or(0);
            let passed = length * part / i128::from(PARTS);
            // Whole milliseconds, as ids have them, so that neighbours share no execution.
            let at = since.0.saturating_add(i64::try_from(passed).unwrap_or(0));
            Timestamp(at.div_euclid(1_000) * 1_000)
        };
        let groups: Vec<&[Counted]> = counted.chunk_by(|a, b| a.part == b.part).collect();
        let tallest = groups
            .iter()
            .map(|group| group.iter().map(count).sum::<u64>())
            .max()
            .unwrap_or(1);
        let bars = groups.into_iter().filter_map(|group| {
            let part = group.first()?.part;
            let (from, to) = (edge(part), edge(part + 1));
            let mut foot = 0;
            let mut parts = Vec::new();
            for one in group {
                // What is there is seen.
                let height = (count(one) * HEIGHT / tallest.max(1)).max(2);
                foot += height;
                let top = HEIGHT.saturating_sub(foot);
                parts.push((queries::status(one.status), top, height));
            }
            let narrowed = Asked {
                from: Some(from),
                to: Some(to),
                within: None,
                edge: None,
                ..asked.clone()
            };
            Some(Bar {
                x: part as u64,
                parts,
                told: told(group, from, to),
                address: narrowed.address(&[]),
            })
        });
        let most = if is_capped { "The newest " } else { "" };
        let all = match total {
            1 => "1 execution".to_owned(),
            _ => format!("{} executions", moment::count(total)),
        };
        let when = match (asked.from, asked.to, asked.within) {
            (Some(_), _, _) | (_, Some(_), _) => "in this time".to_owned(),
            (None, None, within) => {
                let within = within.unwrap_or(super::asked::Within::Day);
                format!("in the {}", within.word().to_lowercase())
            }
        };
        Self {
            bars: bars.collect(),
            told: format!("{most}{all} started {when}"),
            from: clock(since),
            to: clock(until),
        }
    }

    pub const PARTS: u16 = PARTS;
}

fn told(group: &[Counted], from: Timestamp, to: Timestamp) -> String {
    let parts: Vec<String> = group
        .iter()
        .map(|one| {
            let word = queries::status(one.status).word().to_lowercase();
            format!("{} {word}", moment::count(one.count.unsigned_abs()))
        })
        .collect();
    format!("{} to {}: {}", clock(from), clock(to), parts.join(", "))
}

fn clock(at: Timestamp) -> String {
    at.to_chrono().format("%-d %b, %H:%M").to_string()
}

/// Reads the bars of a list; nothing where nothing started in the time.
pub(super) async fn read(
    db: &store::db::Db,
    asked: &Asked,
    filter: &list::Filter,
    now: Timestamp,
) -> Result<Option<Histogram>, sqlx::Error> {
    let (since, until) = span(asked, now);
    let (counted, is_capped) = list::bars(db, filter, since, until, PARTS).await?;
    let histogram = Histogram::new(asked, (since, until), &counted, is_capped);
    Ok((!counted.is_empty()).then_some(histogram))
}

#[cfg(test)]
mod tests {
    use store::commit::Status as Stored;

    use super::*;

    #[test]
    fn bars_stack_their_statuses_and_lead_to_their_part_of_the_time() {
        let asked = Asked {
            machine: "m".to_owned(),
            ..Asked::default()
        };
        let hour = |hours: i64| Timestamp(hours * 3_600_000_000);
        let counted = [
            Counted {
                part: 0,
                status: Stored::Succeeded,
                count: 30,
            },
            Counted {
                part: 0,
                status: Stored::Failed,
                count: 10,
            },
            Counted {
                part: 47,
                status: Stored::Succeeded,
                count: 1,
            },
        ];
        let histogram = Histogram::new(&asked, (hour(0), hour(48)), &counted, false);
        assert_eq!(histogram.told, "41 executions started in the last 24 hours");
        let [first, last] = histogram.bars.as_slice() else {
            panic!("one for each part in which something started");
        };
        assert_eq!(
            first.parts,
            [(Status::Succeeded, 16, 48), (Status::Failed, 0, 16)]
        );
        assert_eq!(
            first.told,
            "1 Jan, 00:00 to 1 Jan, 01:00: 30 succeeded, 10 failed"
        );
        assert_eq!(
            first.address,
            "/executions?machine=m&from=1970-01-01T00%3A00%3A00.000Z&to=1970-01-01T01%3A00%3A00.000Z"
        );
        assert_eq!(
            (last.x, last.parts.as_slice()),
            (47, [(Status::Succeeded, 62, 2)].as_slice())
        );
    }
}
