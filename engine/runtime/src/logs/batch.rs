//! Batches of lines as PutLogEvents takes them.
//!
//! Source: «PutLogEvents» in the CloudWatch Logs API reference, and «Logging using CloudWatch Logs» in the Step
//! Functions developer guide for what of a long line is left out.

use std::sync::Arc;

use asl::{Json, Timestamp, json::Object};

/// Lines of one call.
pub(super) const LINES_MAX: usize = 10_000;
/// Bytes of one call, where each line counts [`LINE_OVERHEAD`] more than its text.
pub(super) const BYTES_MAX: usize = 1_048_576;
const LINE_OVERHEAD: usize = 26;
/// From the first line of a call to its last.
const SPAN_MICROS: i64 = 24 * 60 * 60 * 1_000_000;
/// What Step Functions leaves of an input or output.
const DATA_BYTES_MAX: usize = 248 * 1024;

/// A line that is to be sent, by its row's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) id: i64,
    pub(super) at: Timestamp,
    pub(super) text: String,
}

/// The lines in as many calls as they need, each sorted by time.
pub(super) fn batches(mut lines: Vec<Line>) -> Vec<Vec<Line>> {
    lines.sort_by_key(|line| (line.at, line.id));
    let mut batches: Vec<Vec<Line>> = Vec::new();
    let mut bytes = 0;
    for line in lines {
        let taken = line.text.len() + LINE_OVERHEAD;
        let fits = batches.last().is_some_and(|batch| {
            let span = batch
                .first()
                .map_or(0, |first| line.at.as_micros() - first.at.as_micros());
            batch.len() < LINES_MAX && bytes + taken <= BYTES_MAX && span <= SPAN_MICROS
        });
        if !fits {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += taken;
        if let Some(batch) = batches.last_mut() {
            batch.push(line);
        }
    }
    batches
}

/// The line as a log group takes it: of data that is too long as much as Step Functions sends.
pub(super) fn fitted(text: String) -> String {
    if text.len() <= DATA_BYTES_MAX {
        return text;
    }
    let Ok(line) = asl::json::parse(&text) else {
        return text;
    };
    let (Some(members), Some(details)) = (line.as_object(), line.get("details")) else {
        return text;
    };
    let mut cut = Object::new();
    for (name, value) in members {
        let value = if &**name == "details" {
            shortened(details)
        } else {
            value.clone()
        };
        cut.insert(Arc::clone(name), value);
    }
    Json::object(cut).to_text()
}

fn shortened(details: &Json) -> Json {
    let mut cut = Object::new();
    for (name, value) in details.as_object().into_iter().flatten() {
        // What tells of a member that was cut follows it.
        if cut.get(&**name).is_some() {
            continue;
        }
        let text = value
            .as_str()
            .filter(|text| text.len() > DATA_BYTES_MAX / 2);
        let short = text.and_then(shortest);
        let is_cut = short.is_some();
        cut.insert(Arc::clone(name), short.unwrap_or_else(|| value.clone()));
        if is_cut {
            let told = Json::members([("truncated", Json::Bool(true))]);
            cut.insert(Arc::from(format!("{name}Details")), told);
        }
    }
    Json::object(cut)
}

/// As much of `text` as has that many bytes when it is escaped; nothing where all of it has.
fn shortest(text: &str) -> Option<Json> {
    let mut bytes = 0;
    for (at, sign) in text.char_indices() {
        bytes += match sign {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            '\u{0}'..='\u{1f}' => 6,
            other => other.len_utf8(),
        };
        if bytes > DATA_BYTES_MAX {
            return Some(Json::string(text.get(..at).unwrap_or_default()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: i64, at: i64, bytes: usize) -> Line {
        Line {
            id,
            at: Timestamp(at),
            text: "x".repeat(bytes),
        }
    }

    #[track_caller]
    fn check(lines: Vec<Line>, expected: &[&[i64]]) {
        let made = batches(lines);
        let ids: Vec<Vec<i64>> = made
            .iter()
            .map(|batch| batch.iter().map(|line| line.id).collect())
            .collect();
        assert_eq!(ids, expected);
    }

    #[test]
    fn lines_are_sorted_by_time_and_kept_in_order_within_it() {
        check(
            vec![line(1, 9, 1), line(2, 5, 1), line(3, 5, 1)],
            &[&[2, 3, 1]],
        );
        check(vec![], &[]);
    }

    #[test]
    fn a_batch_ends_at_a_mebibyte_with_its_overhead_and_at_a_day() {
        let half = BYTES_MAX / 2 - LINE_OVERHEAD;
        check(vec![line(1, 0, half), line(2, 0, half)], &[&[1, 2]]);
        check(vec![line(1, 0, half), line(2, 0, half + 1)], &[&[1], &[2]]);
        check(
            vec![
                line(1, 0, 1),
                line(2, SPAN_MICROS, 1),
                line(3, SPAN_MICROS + 1, 1),
            ],
            &[&[1, 2], &[3]],
        );
        let many: Vec<Line> = (0..10_001).map(|id| line(id, 0, 1)).collect();
        let sizes: Vec<usize> = batches(many).iter().map(Vec::len).collect();
        assert_eq!(sizes, [10_000, 1]);
    }

    #[test]
    fn data_that_is_too_long_is_cut_and_told() {
        let short = r#"{"id":"1","details":{"input":"{}","inputDetails":{"truncated":false}}}"#;
        assert_eq!(fitted(short.to_owned()), short);
        let long = "\"".repeat(DATA_BYTES_MAX);
        let details = Json::members([
            ("input", Json::string(&long)),
            (
                "inputDetails",
                Json::members([("truncated", Json::Bool(false))]),
            ),
            ("name", Json::string("S")),
        ]);
        let line = Json::members([("id", Json::string("7")), ("details", details)]);
        let sent = fitted(line.to_text());
        let read = asl::json::parse(&sent).unwrap();
        let details = read.get("details").unwrap();
        let input = details.get("input").unwrap().as_str().unwrap();
        assert_eq!(input.len(), DATA_BYTES_MAX / 2);
        assert_eq!(
            details.get("inputDetails").unwrap().to_text(),
            r#"{"truncated":true}"#
        );
        assert_eq!(details.get("name").unwrap().as_str(), Some("S"));
        assert!(sent.len() < DATA_BYTES_MAX + 300);
    }
}
