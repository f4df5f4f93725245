//! A Map Run's laws: folding what was emitted gives the live value, nothing is counted twice.

use std::sync::Arc;

use proptest::prelude::*;

use super::{
    End, Entry, FORMAT, MapRun, Phase, Policy, Spec, Status, entry,
    inputs::{Given, InputError, Inputs},
    place,
    spec::{Batch, Source, Transformation, Writer},
};
use crate::{
    Definition, Json, Timestamp,
    definition::{Kind, Map},
    diagnose::{MachineType, parse},
    query::Random,
};

struct Zero;

impl Random for Zero {
    fn next_u64(&mut self) -> u64 {
        0
    }
}

fn json(text: &str) -> Json {
    crate::json::parse(text).expect("is JSON")
}

fn spec(items: usize, policy: Policy) -> Spec {
    let items = vec![Json::Null; items];
    Spec {
        place: Arc::from("/States/M"),
        label: Arc::from("M"),
        arn: Arc::from("arn:aws:states:us-east-1:000000000000:mapRun:m/M:id"),
        attempt: 4,
        is_express: false,
        source: Source::Items(Json::array(items)),
        arguments: json(r#"{"a": 1.0}"#),
        variables: json(r#"{"v": [2]}"#),
        context: json(r#"{"Execution": {"Id": "x"}}"#),
        items_max: None,
        batch: None,
        writer: None,
        policy,
    }
}

fn begin(items: usize, policy: Policy) -> MapRun {
    MapRun::begin(Arc::new(spec(items, policy)), Timestamp(5)).0
}

#[test]
fn a_spec_is_what_it_was_after_the_journal() {
    let policy = Policy {
        concurrency: 3,
        tolerated_count: Some(1),
        tolerated_percentage: Some(12.5),
    };
    let mut whole = spec(2, policy);
    let again = Spec::parse(&whole.to_json().to_text());
    assert_eq!(again.as_ref(), Ok(&whole));
    whole.source = Source::Reader {
        resource: Arc::from("arn:aws:states:::s3:getObject"),
        arguments: json(r#"{"Bucket":"b"}"#),
        config: json("{}"),
    };
    whole.items_max = Some(9);
    whole.batch = Some(Batch {
        items_max: Some(2),
        bytes_max: None,
        input: Some(json("[1]")),
    });
    whole.writer = Some(Writer {
        target: Some((Arc::from("b"), Arc::from("p"))),
        is_lines: true,
        transformation: Some(Transformation::Flatten),
    });
    assert_eq!(Spec::parse(&whole.to_json().to_text()).as_ref(), Ok(&whole));
    assert!(Spec::parse("{}").is_err() && Spec::parse("[").is_err());
}

#[derive(Clone, Debug)]
enum Act {
    Dispatch(Vec<u32>),
    EndReading,
    End(Vec<(u64, u8)>),
    Update(u64),
    CloseAndRedrive(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        proptest::collection::vec(1u32..4, 1..6).prop_map(Act::Dispatch),
        Just(Act::EndReading),
        proptest::collection::vec((0u64..20, 1u8..5), 1..8).prop_map(Act::End),
        (0u64..9).prop_map(Act::Update),
        (0usize..4).prop_map(Act::CloseAndRedrive),
    ];
    proptest::collection::vec(act, 0..30)
}

proptest! {
    #[test]
    fn folding_the_entries_gives_the_live_value(acts in acts()) {
        let (mut live, first) = MapRun::begin(Arc::new(spec(3, Policy::default())), Timestamp(5));
        let mut rows = vec![vec![first]];
        let mut read = 0;
        for act in acts {
            let entry = match act {
                Act::Dispatch(items) => {
                    read += items.iter().map(|count| u64::from(*count)).sum::<u64>();
                    Some(live.dispatch(&items, read, Some(Arc::from("\"e\""))).expect("it is dispatched"))
                }
                Act::EndReading => Some(live.end_reading().expect("reading ends")),
                Act::End(ends) => {
                    let ends: Vec<(u64, End)> = ends
                        .into_iter()
                        .filter_map(|(index, end)| Some((index, End::from_number(end)?)))
                        .collect();
                    live.end(&ends).expect("children end")
                }
                Act::Update(concurrency) => {
                    let policy = Policy { concurrency, ..live.policy };
                    Some(live.update(policy).expect("it is updated"))
                }
                Act::CloseAndRedrive(most) => {
                    let closed = live.close(Status::Failed, Timestamp(9)).expect("it closes");
                    let count = live.redrives + 1;
                    let redriven = live.redrive(count, Timestamp(10)).expect("it is redriven");
                    let again = live.run_again(most).expect("some run again");
                    rows.push(vec![closed, redriven, again]);
                    continue;
                }
            };
            rows.extend(entry.map(|entry| vec![entry]));
        }
        live.last_step = rows.len() as u64;
        let mut folded = None;
        for (number, row) in (1..).zip(&rows) {
            let text = entry::encode(row).expect("a row can be written");
            let entries = entry::decode(FORMAT, &text).expect("a row can be read");
            prop_assert_eq!(&entries, row);
            folded = Some(MapRun::fold(folded, number, &entries).expect("a row can be folded"));
        }
        prop_assert_eq!(folded.as_ref(), Some(&live));
        // Each child is counted once, wherever it stands.
        let again = live.again.len() as u64;
        prop_assert_eq!(live.executions.started() + again, live.next);
        prop_assert_eq!(live.items.started() + live.items_again(), read);
        prop_assert_eq!(live.open.len() as u64, live.executions.running);
    }
}

#[test]
fn a_row_of_another_format_or_none_is_a_fault() {
    assert!(entry::decode(1, "[]").is_err());
    assert!(entry::decode(FORMAT, "[{\"Nope\":1}]").is_err());
    let ended = Entry::Ended {
        ends: vec![(0, 0, 9)],
    };
    assert!(MapRun::fold(None, 1, std::slice::from_ref(&ended)).is_err());
    assert!(MapRun::fold(Some(begin(1, Policy::default())), 1, &[ended]).is_err());
}

#[test]
fn children_have_room_up_to_the_concurrency() {
    let policy = Policy {
        concurrency: 2,
        ..Policy::default()
    };
    let mut run = begin(9, policy);
    assert_eq!(run.room(100), 2);
    run.dispatch(&[1, 1], 2, None).expect("two begin");
    assert_eq!(run.room(100), 0);
    run.end(&[(1, End::Succeeded)]).expect("one ends");
    assert_eq!(run.room(100), 1);
    run.update(Policy::default()).expect("it is updated");
    assert_eq!(run.room(100), 99);
    run.fail(crate::StateError::named("E")).expect("it fails");
    assert_eq!(run.room(100), 0);
    assert!(!run.is_drained(), "a child still runs");
    run.end(&[(0, End::Aborted)]).expect("it ends");
    assert!(run.is_drained());
    run.close(Status::Failed, Timestamp(9)).expect("it closes");
    assert_eq!(run.phase, Phase::Closed(Status::Failed));
}

#[track_caller]
fn check_threshold(count: Option<u64>, percentage: Option<f64>, failed: u64, expected: bool) {
    let policy = Policy {
        concurrency: 0,
        tolerated_count: count,
        tolerated_percentage: percentage,
    };
    let mut run = begin(10, policy);
    run.dispatch(&[1; 10], 10, None).expect("all begin");
    let ends: Vec<_> = (0..failed).map(|index| (index, End::Failed)).collect();
    run.end(&ends).expect("some fail");
    assert_eq!(
        run.verdict().is_some(),
        expected,
        "{count:?} {percentage:?} {failed}"
    );
}

#[test]
fn a_threshold_is_passed_by_more_failures_than_it_names() {
    check_threshold(None, None, 0, false);
    check_threshold(None, None, 1, true);
    check_threshold(Some(2), None, 2, false);
    check_threshold(Some(2), None, 3, true);
    check_threshold(None, Some(30.0), 3, false);
    check_threshold(None, Some(30.0), 4, true);
    check_threshold(Some(1), Some(100.0), 2, true);
    check_threshold(Some(9), Some(10.0), 2, true);
    check_threshold(None, Some(100.0), 10, false);
}

fn definition(selector: &str) -> Definition {
    let text = format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","End":true,{selector}
            "ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"}},
            "StartAt":"P","States":{{"P":{{"Type":"Pass","End":true}}}}}}}}}}}}"#
    );
    let (definition, problems) = parse(&text, MachineType::Standard);
    definition.unwrap_or_else(|| panic!("the definition is valid, but: {problems:?}"))
}

fn map(definition: &Definition) -> &Map {
    let state = place::state(definition, "/States/M").expect("it is there");
    match &state.kind {
        Kind::Map(map) => map,
        _ => panic!("it is a Map"),
    }
}

fn given(index: u64, value: &str) -> Given {
    Given {
        index,
        key: None,
        value: json(value),
        source: Arc::from("STATE_DATA"),
    }
}

#[test]
fn an_item_selector_sees_input_variables_and_item() {
    let definition = definition(
        r#""ItemSelector":{"v.$":"$$.Map.Item.Value","i.$":"$$.Map.Item.Index","s.$":"$$.Map.Item.Source","a.$":"$.a","x.$":"$v[0]","e.$":"$$.Execution.Id"},"#,
    );
    let mut inputs = Inputs::new(Arc::new(spec(0, Policy::default())), map(&definition), 1000);
    let input = inputs
        .push(given(7, "\"t\""), Timestamp(0), &mut Zero)
        .expect("it renders");
    let text = input.map(|input| input.payload.text().to_owned());
    let expected = r#"{"v":"t","i":7,"s":"STATE_DATA","a":1.0,"x":2,"e":"x"}"#;
    assert_eq!(text.as_deref(), Some(expected));
}

#[track_caller]
fn check_batches(items_max: Option<u64>, bytes_max: Option<u64>, expected: &[&str]) {
    let definition = definition("");
    let mut spec = spec(0, Policy::default());
    let input = expected
        .first()
        .is_some_and(|text| text.contains("BatchInput"));
    spec.batch = Some(Batch {
        items_max,
        bytes_max,
        input: input.then(|| json("{\"k\":1}")),
    });
    let mut inputs = Inputs::new(Arc::new(spec), map(&definition), 1000);
    let mut batches = Vec::new();
    for index in 0..5 {
        let full = inputs.push(
            given(index, &format!("\"{index}\"")),
            Timestamp(0),
            &mut Zero,
        );
        batches.extend(full.expect("it is taken"));
    }
    batches.extend(inputs.flush());
    let texts: Vec<&str> = batches.iter().map(|input| input.payload.text()).collect();
    assert_eq!(texts, expected);
    assert_eq!(batches.iter().map(|input| input.items).sum::<u32>(), 5);
}

#[test]
fn items_are_batched_by_number_and_by_bytes() {
    let pairs = [
        r#"{"Items":["0","1"]}"#,
        r#"{"Items":["2","3"]}"#,
        r#"{"Items":["4"]}"#,
    ];
    check_batches(Some(2), None, &pairs);
    // Eleven bytes of frame and four an item.
    check_batches(None, Some(20), &pairs);
    check_batches(Some(3), Some(20), &pairs);
    check_batches(
        Some(9),
        None,
        &[r#"{"BatchInput":{"k":1},"Items":["0","1","2","3","4"]}"#],
    );
    check_batches(
        Some(1),
        Some(1),
        &["0", "1", "2", "3", "4"]
            .map(|one| format!(r#"{{"Items":["{one}"]}}"#))
            .each_ref()
            .map(String::as_str),
    );
}

#[test]
fn an_item_over_the_limit_is_refused() {
    let definition = definition("");
    let mut inputs = Inputs::new(Arc::new(spec(0, Policy::default())), map(&definition), 10);
    let refused = inputs.push(given(0, "\"123456789\""), Timestamp(0), &mut Zero);
    assert_eq!(refused, Err(InputError::TooLarge));
}

#[test]
fn a_place_leads_through_branches_and_inline_maps() {
    let text = r#"{"QueryLanguage":"JSONPath","StartAt":"a/b","States":{"a/b":{"Type":"Parallel","End":true,"Branches":[
        {"StartAt":"I","States":{"I":{"Type":"Map","End":true,"Iterator":{"StartAt":"D","States":{
          "D":{"Type":"Map","QueryLanguage":"JSONata","End":true,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
            "StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}}}}]}}}"#;
    let place = "/States/a~1b/Branches/0/States/I/ItemProcessor/States/D";
    let (definition, problems) = parse(text, MachineType::Standard);
    if let Some(definition) = definition {
        let state = place::state(&definition, place).expect("it is there");
        assert_eq!(&*state.name, "D", "{problems:?}");
        assert!(place::state(&definition, "/States/nope").is_none());
    }
    let child = place::child_document(&json(text), place).expect("it is there");
    assert_eq!(
        child.to_text(),
        r#"{"QueryLanguage":"JSONata","StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#
    );
}
