//! Every journal format that was ever written can be read, and nothing else is taken for one.

#![expect(clippy::disallowed_methods, reason = "a simulation owns its execution")]

use std::{collections::BTreeSet, sync::Arc};

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::world::{Seeded, definition, identity, json};
use crate::{
    Timestamp,
    definition::StateType,
    machine::{
        Entry, Execution, Fault, Input, Limits, Surroundings, advance, fold,
        history::{
            journal::{self, ReadError, Reader},
            wire,
        },
        resume, snapshot,
    },
};

/// What servers wrote.
#[derive(Deserialize)]
struct Samples<'a> {
    #[serde(borrow)]
    executions: Vec<Sample<'a>>,
}

#[derive(Deserialize)]
struct Sample<'a> {
    shows: &'a str,
    #[serde(borrow)]
    definition: &'a RawValue,
    rows: Vec<(u64, &'a RawValue)>,
    events: Vec<&'a RawValue>,
}

const FORMAT_1: &str = include_str!("../../../tests/cases/journal/format-1.json");

fn samples() -> Vec<Sample<'static>> {
    let samples: Samples<'_> = serde_json::from_str(FORMAT_1).expect("the samples are JSON");
    samples.executions
}

#[test]
fn rows_in_format_1_are_folded_to_what_they_say() {
    for Sample {
        shows,
        definition: source,
        rows,
        events,
    } in samples()
    {
        let mut execution = Execution::new(identity(), definition(&json(source.get())));
        let mut reader = Reader::default();
        let mut shown = Vec::new();
        for (step, row) in rows {
            let entries = reader.read(step, 1, row.get()).expect("a row can be read");
            fold(&mut execution, step, &entries).expect("a row can be folded");
            shown.extend(entries.iter().filter_map(|entry| match entry {
                Entry::Event(event) => Some(wire::event(event, "us-east-1", true).to_text()),
                Entry::Note(_) => None,
            }));
            assert_eq!(journal::encode(step, &entries), row.get(), "{shows}");
        }
        let events: Vec<&str> = events.iter().map(|event| event.get()).collect();
        assert_eq!(shown, events, "{shows}");
        assert!(execution.is_closed(), "{shows}");
    }
}

#[test]
fn the_samples_of_format_1_have_every_kind_of_entry() {
    let mut seen = BTreeSet::new();
    for (_, row) in samples().iter().flat_map(|sample| &sample.rows) {
        let row = json(row.get());
        let entries = row
            .get("e")
            .and_then(crate::Json::as_array)
            .expect("entries");
        seen.extend(entries.iter().map(|entry| {
            let kind = entry.as_array().and_then(|fields| fields.first()?.as_str());
            kind.expect("a kind").to_owned()
        }));
    }
    let states = StateType::ALL
        .into_iter()
        .flat_map(|kind| ["Entered", "Exited"].map(|step| format!("{}State{step}", kind.as_str())));
    let others = "Backoff Waiting EvaluationFailed ExecutionStarted ExecutionSucceeded ExecutionFailed \
        ExecutionAborted ExecutionTimedOut ExecutionRedriven WaitStateAborted TaskStateAborted ParallelStateAborted \
        MapStateAborted ParallelStateStarted ParallelStateSucceeded ParallelStateFailed MapStateStarted \
        MapStateSucceeded MapStateFailed MapIterationStarted MapIterationSucceeded MapIterationFailed \
        MapIterationAborted LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded \
        LambdaFunctionFailed LambdaFunctionTimedOut ActivityScheduled ActivityStarted ActivitySucceeded \
        ActivityScheduleFailed ActivityFailed ActivityTimedOut TaskScheduled TaskStarted TaskSubmitted TaskSucceeded TaskFailed \
        TaskTimedOut";
    let wanted = states
        .filter(|name| name != "FailStateExited")
        .chain(others.split_whitespace().map(str::to_owned));
    assert_eq!(seen, wanted.collect());
}

#[track_caller]
fn check_refused(format: i16, row: &str, message: &str) {
    let found = Reader::default().read(2, format, row);
    assert_eq!(found, Err(ReadError::Damaged(Fault::new(message))), "{row}");
}

#[test]
fn what_is_not_known_is_a_fault_and_never_skipped() {
    let with = |entry: &str| format!(r#"{{"p":[1],"e":[{entry}]}}"#);
    for (entry, message) in [
        (
            r#"["Nap",null,0,1]"#,
            "step 2, Nap, field 1: this kind of note is not known",
        ),
        (
            r#"["Mock",null,0]"#,
            "step 2, Mock, field 1: this kind of note is not known",
        ),
        (
            r#"["ExecutionRedriven",1,0,0,0]"#,
            "step 2, ExecutionRedriven, field 5: a number is expected",
        ),
        (
            r#"["ExecutionRedriven",1,0,0,0,1,{"threads":[]}]"#,
            "the threads of a redrive cannot be read",
        ),
        (
            r#"["ExecutionRedriven",1,0,0,0,1,{"payloads":[],"threads":[["Thread",0,3,[],"Root","Nap"]]}]"#,
            "a redrive, Thread, field 5: this position is not known",
        ),
        (
            r#"["NapStateEntered",1,0,0,0,"N",0]"#,
            "step 2, NapStateEntered, field 4: this type of event is not known",
        ),
        (
            r#"["TaskStartFailed",1,0,0,0,["sqs","sendMessage"],"E",null]"#,
            "step 2, TaskStartFailed, field 5: this type of event is not known",
        ),
        (
            r#"["PassStateEntered",1,0,0,0,"P",1]"#,
            "step 2, PassStateEntered, field 6: there is no such payload",
        ),
        (
            r#"["PassStateEntered",1,0,0,0,"P",[3,0]]"#,
            "step 2, PassStateEntered, field 6: there is no such payload",
        ),
        (
            r#"["PassStateEntered",1,0,0,0,"P"]"#,
            "step 2, PassStateEntered, field 6: a payload is expected",
        ),
        (
            r#"["PassStateEntered",1,0,0,-1,"P",0]"#,
            "step 2, PassStateEntered, field 4: a number is expected",
        ),
        (
            r#"["PassStateEntered",1,0,0,4294967296,"P",0]"#,
            "step 2, PassStateEntered, field 4: a smaller number is expected",
        ),
        (
            r#"["ExecutionFailed",1,0,0,0,7,null]"#,
            "step 2, ExecutionFailed, field 5: a string is expected",
        ),
        (r"[]", "step 2, ?, field 0: a string is expected"),
    ] {
        check_refused(1, &with(entry), message);
    }
    check_refused(2, &with(""), "step 2 is in journal format 2");
    check_refused(
        1,
        "{",
        "step 2 is not a journal row: EOF while parsing an object at line 1 column 1",
    );
}

#[test]
fn a_row_that_names_an_earlier_one_needs_it() {
    let row = r#"{"p":[],"e":[["PassStateEntered",1,0,0,0,"P",[1,0]]]}"#;
    let mut reader = Reader::default();
    assert_eq!(reader.read(2, 1, row), Err(ReadError::NeedsStep(1)));
    reader.learn(1, r#"{"p":[1],"e":[]}"#).expect("a row");
    reader.read(2, 1, row).expect("the row can be read now");
}

#[test]
fn a_snapshot_in_another_format_is_not_read() {
    let definition = definition(&json(
        r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#,
    ));
    let decode = |text: &str| {
        let definition = Arc::clone(&definition);
        snapshot::decode(text, identity(), definition, &mut Reader::default())
    };
    let text = snapshot::encode(&Execution::new(identity(), Arc::clone(&definition)));
    decode(&text).expect("it can be read");
    let other = text.replace(r#""format":1"#, r#""format":2"#);
    assert_eq!(decode(&other), Err(Fault::new("a snapshot is in format 2")));
    for end in 0..text.len() {
        decode(&text[..end]).expect_err("a snapshot is read whole");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Damage is found or does no harm: it never ends the process.
    #[test]
    fn damaged_texts_are_faults_and_not_panics(
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
        at in any::<prop::sample::Index>(),
        is_snapshot: bool,
    ) {
        const PARTS: [&str; 12] = [
            "", "0", "9", "99", "4294967295", "18446744073709551615", "-", "\"", "[", "]", "null", "\\",
        ];
        let sample = &samples()[0];
        let damaged_at = at.index(sample.rows.len());
        let damage = |text: &str| {
            let mut text = text.to_owned();
            for (place, part) in &places {
                let bytes = (0..text.len()).filter(|at| text.is_char_boundary(*at));
                let bytes: Vec<usize> = bytes.collect();
                let start = bytes[place.index(bytes.len())];
                let length = text[start..].chars().next().map_or(0, char::len_utf8);
                text.replace_range(start..start + length, PARTS[part.index(PARTS.len())]);
            }
            text
        };
        let definition = definition(&json(sample.definition.get()));
        let mut execution = Execution::new(identity(), Arc::clone(&definition));
        let mut reader = Reader::default();
        for (index, (step, row)) in sample.rows.iter().enumerate() {
            let mut row = row.get().to_owned();
            if index == damaged_at {
                if is_snapshot {
                    let text = damage(&snapshot::encode(&execution));
                    reader = Reader::default();
                    match snapshot::decode(&text, identity(), Arc::clone(&definition), &mut reader) {
                        Ok(read) => execution = read,
                        Err(_) => return Ok(()),
                    }
                } else {
                    row = damage(&row);
                }
            }
            let Ok(entries) = reader.read(*step, 1, &row) else {
                return Ok(());
            };
            if fold(&mut execution, *step, &entries).is_err() {
                return Ok(());
            }
            if index >= damaged_at {
                drop(resume(&execution, Timestamp(0)));
                let mut random = Seeded(1);
                let limits = Limits { events_max: 500, ..Limits::default() };
                let around = Surroundings { now: Timestamp(0), random: &mut random, limits: &limits };
                drop(advance(&mut execution.clone(), around, Input::Continue));
            }
        }
    }
}
