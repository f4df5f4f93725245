//! What an execution records of its Map Runs, and asks of the outside.

use super::world::{World, json};
use crate::{
    Json, Payload, StateError,
    machine::{Command, Input, Outcome, resume},
    map_run::{Spec, spec::Source},
};

fn source(fields: &str) -> Json {
    json(&format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","End":true,{fields}
            "ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"}},
            "StartAt":"P","States":{{"P":{{"Type":"Pass","End":true}}}}}}}}}}}}"#
    ))
}

#[track_caller]
fn check_history(world: &World, expected: &str) {
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(world.history(), expected);
}

/// The spec of the Map Run that an execution waits for.
fn spec(world: &World) -> Spec {
    let commands = resume(&world.execution, world.now);
    let start = commands.into_iter().find_map(|command| match command {
        Command::StartMapRun(start) => Some(start),
        _ => None,
    });
    let start = start.expect("it waits for a Map Run");
    Spec::parse(start.spec.text()).expect("a spec can be read")
}

#[test]
fn a_map_run_that_succeeds_gives_the_states_result() {
    let source = source(r#""ResultPath":"$.r","ItemsPath":"$.items","#);
    let mut world = World::new(&source, 1);
    world.map_runs.push_back(Ok(json("[10]")));
    let outcome = world.run(&json(r#"{"items":[1]}"#));
    let Some(Outcome::Succeeded(output)) = outcome else {
        panic!("the execution succeeded, not: {outcome:?}");
    };
    assert_eq!(output.text(), r#"{"items":[1],"r":[10]}"#);
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:MapStateEntered 3<2:MapStateStarted 4<3:MapRunStarted \
         5<4:MapRunSucceeded 6<5:MapStateSucceeded 7<5:MapStateExited 8<7:ExecutionSucceeded",
    );
}

#[test]
fn a_map_run_that_fails_fails_its_state() {
    let catch = r#""Catch":[{"ErrorEquals":["E"],"Next":"M2"}],"#;
    let mut source = source(catch).to_text();
    source = source.replace(
        r#""States":{"M":"#,
        r#""States":{"M2":{"Type":"Pass","End":true},"M":"#,
    );
    let mut world = World::new(&json(&source), 1);
    world.map_runs.push_back(Err(StateError::new("E", "why")));
    world.run(&json("[1,2]"));
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:MapStateEntered 3<2:MapStateStarted 4<3:MapRunStarted \
         5<4:MapRunFailed 6<5:MapStateFailed 7<6:MapStateExited 8<7:PassStateEntered \
         9<8:PassStateExited 10<9:ExecutionSucceeded",
    );
}

#[test]
fn an_execution_that_is_stopped_stops_its_map_run() {
    let mut world = World::new(&source(""), 1);
    world.run(&json("[1]"));
    world.feed(Input::Stop(StateError::named("Stop")));
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:MapStateEntered 3<2:MapStateStarted 4<3:MapRunStarted \
         5<4:MapRunAborted 6<0:ExecutionAborted",
    );
    assert_eq!(world.stopped.len(), 1);
    // It reports when it has stopped; nobody listens any more.
    let late = Input::TaskSucceeded {
        attempt: 4,
        output: Payload::from(Json::Null),
    };
    assert!(world.step(late).is_empty());
}

#[test]
fn a_failure_beside_it_stops_a_map_run() {
    let map = source("").to_text();
    let source = format!(
        r#"{{"StartAt":"B","States":{{"B":{{"Type":"Parallel","End":true,"Branches":[{map},
            {{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":1,"Next":"F"}},"F":{{"Type":"Fail","Error":"E"}}}}}}]}}}}}}"#
    );
    let mut world = World::new(&json(&source), 1);
    world.run(&json("[1]"));
    let types: Vec<String> = world.history();
    let last: Vec<&str> = types[types.len() - 4..]
        .iter()
        .filter_map(|line| line.split(':').nth(1))
        .collect();
    let expected = [
        "MapRunAborted",
        "MapStateAborted",
        "ParallelStateFailed",
        "ExecutionFailed",
    ];
    assert_eq!(last, expected);
    assert_eq!(world.stopped.len(), 1);
}

#[test]
fn a_spec_has_all_that_the_state_computed() {
    let fields = r#""Label":"L","MaxConcurrency":7,"ToleratedFailurePercentagePath":"$.p","InputPath":"$.in",
        "ItemReader":{"Resource":"arn:aws:states:::s3:getObject","Parameters":{"Bucket":"b","Key.$":"$.key"},
            "ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW","MaxItemsPath":"$.most"}},
        "ItemBatcher":{"MaxItemsPerBatch":3,"BatchInput":{"k.$":"$.key"}},
        "ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"out","Prefix.$":"$.key"},
            "WriterConfig":{"OutputType":"JSONL","Transformation":"COMPACT"}},"#;
    let mut world = World::new(&source(fields), 1);
    world.run(&json(r#"{"in":{"key":"a.csv","p":12.5,"most":9}}"#));
    let spec = spec(&world);
    assert_eq!(&*spec.place, "/States/M");
    assert_eq!(&*spec.label, "L");
    let arn = "arn:aws:states:us-east-1:000000000000:mapRun:m/L:";
    assert!(spec.arn.starts_with(arn), "{}", spec.arn);
    assert_eq!((spec.items_max, spec.policy.concurrency), (Some(9), 7));
    assert_eq!(spec.policy.tolerated_percentage, Some(12.5));
    let Source::Reader { arguments, .. } = &spec.source else {
        panic!("it reads");
    };
    assert_eq!(arguments.to_text(), r#"{"Bucket":"b","Key":"a.csv"}"#);
    let batch = spec.batch.as_ref().and_then(|batch| batch.input.clone());
    assert_eq!(batch, Some(json(r#"{"k":"a.csv"}"#)));
    let writer = spec.writer.expect("it writes");
    assert!(writer.is_lines && writer.target.is_some());
    let name = spec
        .context
        .get("State")
        .and_then(|state| state.get("Name"));
    assert_eq!(name.and_then(Json::as_str), Some("M"));
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:MapStateEntered 3<2:MapStateStarted 4<3:MapRunStarted",
    );
}

#[test]
fn no_items_to_read_is_a_readers_failure() {
    let fields = r#""ItemReader":{"Resource":"arn:aws:states:::s3:getObject","Parameters":{"Bucket":"b","Key":"k"},
            "ReaderConfig":{"InputType":"JSON","MaxItemsPath":"$.most"}},"#;
    let mut world = World::new(&source(fields), 1);
    let outcome = world.run(&json(r#"{"most":0}"#));
    let Some(Outcome::Failed(error)) = outcome else {
        panic!("it fails, not: {outcome:?}");
    };
    assert_eq!(error.error.as_deref(), Some("States.ItemReaderFailed"));
    assert!(
        error
            .cause
            .is_some_and(|cause| cause.ends_with("field MaxItems must be positive"))
    );
}

#[test]
fn a_state_without_a_label_gets_one_of_its_name() {
    for (name, label) in [("Map", "Map"), ("Map the items!", "Maptheitems-134eaf38")] {
        let source = source("")
            .to_text()
            .replace("\"M\"", &format!("\"{name}\""));
        let mut world = World::new(&json(&source), 1);
        world.run(&json("[]"));
        assert_eq!(&*spec(&world).label, label);
    }
}
