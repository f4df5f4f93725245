//! Distributed Maps: items from the state and from buckets, thresholds, stops, updates.

mod again;
mod crash;
mod readers;
mod shown;

use std::fmt::Write as _;

use asl::{Json, machine::Outcome};
use functions::fake::{Fake, Reply};
use runtime::{Engine, ExecutionId, MapRunChange, View, counts::Both};
use store::{commit::Status, list::Filter, map_run::MapRun};

use crate::world::{LAMBDA, PATIENCE, World, history, output, request, run};

/// A machine with one distributed Map, whose children do `states`, beginning at `S`.
fn machine(fields: &str, states: &str) -> String {
    machine_of("STANDARD", fields, states)
}

/// The same with children of that type.
fn machine_of(children: &str, fields: &str, states: &str) -> String {
    format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","End":true,{fields}
            "ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"{children}"}},
            "StartAt":"S","States":{{{states}}}}}}}}}}}"#
    )
}

const PASS: &str = r#""S":{"Type":"Pass","End":true}"#;

/// Fails for numbers below one.
const PICKY: &str = r#""S":{"Type":"Choice","Choices":[{"Variable":"$","NumericLessThan":1,"Next":"F"}],"Default":"P"},
    "P":{"Type":"Pass","End":true},"F":{"Type":"Fail","Error":"TooSmall","Cause":"it is"}"#;

async fn map_run_of(world: &World, execution: ExecutionId) -> MapRun {
    let runs = store::map_run::of_execution(&world.db, execution, None, 10);
    let runs = runs.await.unwrap();
    assert_eq!(runs.len(), 1);
    runs.into_iter().next().unwrap()
}

fn counts(run: &MapRun) -> Both {
    Both::parse(&run.counts).unwrap()
}

fn failure(view: &View) -> (String, String) {
    match view.closed.as_ref().map(|closed| &closed.outcome) {
        Some(Outcome::Failed(error)) => {
            let text =
                |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or("").to_owned();
            (text(&error.error), text(&error.cause))
        }
        other => panic!("the execution failed, not: {other:?}"),
    }
}

/// Waits until the Map Run's row is as asked.
async fn until(world: &World, execution: ExecutionId, is_so: impl Fn(&MapRun) -> bool) -> MapRun {
    let waiting = async {
        loop {
            let runs = store::map_run::of_execution(&world.db, execution, None, 10);
            let runs = runs.await.unwrap();
            if let Some(run) = runs.into_iter().find(|run| is_so(run)) {
                return run;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap()
}

async fn children(world: &World, run: ExecutionId, statuses: &[Status]) -> Vec<ExecutionId> {
    let filter = Filter {
        machine_id: Some(run.0),
        statuses: statuses.to_vec(),
        ..Filter::default()
    };
    let listed = store::list::executions(&world.db, &filter, None, 1000);
    listed.await.unwrap().iter().map(|child| child.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn items_of_the_state_become_children_whose_outputs_are_the_result() {
    let world = World::new(Fake::new()).await;
    let fields = r#""ItemsPath":"$.items","ItemSelector":{"n.$":"$$.Map.Item.Value","of.$":"$.of"},"ResultPath":"$.out","#;
    world.machine("m", &machine(fields, PASS)).await;
    let engine = world.node(1).await;
    let items: Vec<String> = (0..700).map(|n| n.to_string()).collect();
    let input = format!(r#"{{"of":"x","items":[{}]}}"#, items.join(","));
    let view = run(&engine, "m", &input).await;
    let out = output(&view);
    let out = out.get("out").and_then(Json::as_array).unwrap();
    assert_eq!(out.len(), 700);
    assert_eq!(out[699].to_text(), r#"{"n":699,"of":"x"}"#);
    assert_eq!(
        history(&engine, &view).await,
        [
            "1<0:ExecutionStarted",
            "2<0:MapStateEntered",
            "3<2:MapStateStarted",
            "4<3:MapRunStarted",
            "5<4:MapRunSucceeded",
            "6<5:MapStateSucceeded",
            "7<5:MapStateExited",
            "8<7:ExecutionSucceeded"
        ]
    );
    let run = map_run_of(&world, view.facts.id).await;
    let counts = counts(&run);
    assert_eq!(run.status, Status::Succeeded);
    assert_eq!((counts.items.succeeded, counts.items.total), (700, 700));
    assert_eq!(
        (counts.executions.succeeded, counts.executions.running),
        (700, 0)
    );
    let listed = children(&world, run.id, &[]).await;
    assert_eq!(listed.len(), 700);
    // A child is an execution as any other, under its Map's name.
    let child = engine.view(listed[0]).await.unwrap().unwrap();
    let name = listed[0].to_string();
    let arn = format!("arn:aws:states:us-east-1:000000000000:execution:m/M:{name}");
    assert_eq!(*child.facts.identity.arn, *arn);
    let found = engine.find("m/M", &name).await.unwrap();
    assert_eq!(found.map(|found| found.facts.id), Some(listed[0]));
    assert_eq!(history(&engine, &child).await.len(), 4);
    let parents = Filter {
        machine_id: Some(view.facts.revision.machine_id),
        ..Filter::default()
    };
    let parents = store::list::executions(&world.db, &parents, None, 10)
        .await
        .unwrap();
    assert_eq!(
        parents.len(),
        1,
        "children are not among the machine's executions"
    );
    nothing_is_left(&world).await;
    engine.stop_node().await;
}

/// Waits until every message is consumed, also those that found nobody to tell, and nothing is open.
async fn nothing_is_left(world: &World) {
    let consumed = async {
        while left(world).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, consumed).await.is_ok();
    let count = left(world).await;
    assert!(in_time, "{count} messages and open rows are left");
}

/// Messages and open rows that are left.
async fn left(world: &World) -> i64 {
    let mut count = 0;
    for shard in 0..64 {
        let shard = store::ids::ShardId(shard);
        let inbox = store::inbox::list(&world.db, &[shard], 0, 10)
            .await
            .unwrap();
        // Searches are filled in behind, by whoever has the shard next.
        let inbox = inbox
            .iter()
            .filter(|row| !row.body.contains(r#""type":"closed""#))
            .collect::<Vec<_>>();
        let awake = store::execution::awake_of_shard(&world.db, shard, None, 10)
            .await
            .unwrap();
        let runs = store::map_run::open_of_shard(&world.db, shard, None, 10)
            .await
            .unwrap();
        count += inbox.len() + awake.len() + runs.len();
    }
    i64::try_from(count).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_items_are_a_success() {
    let world = World::new(Fake::new()).await;
    world.machine("m", &machine("", PASS)).await;
    let engine = world.node(1).await;
    assert_eq!(output(&run(&engine, "m", "[]").await).to_text(), "[]");
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_file_is_read_in_batches_and_results_are_written() {
    let world = World::new(Fake::new()).await;
    let mut csv = String::from("id,name\n");
    for n in 0..1000 {
        let _ = writeln!(csv, "{n},\"name, {n}\"");
    }
    world
        .objects
        .put("data", "in/rows.csv", csv.into())
        .await
        .unwrap();
    let fields = r#"
        "ItemReader":{"Resource":"arn:aws:states:::s3:getObject","Parameters":{"Bucket":"data","Key.$":"$.key"},
            "ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW","MaxItems":990}},
        "ItemBatcher":{"MaxItemsPerBatch":100,"BatchInput":{"from.$":"$.key"}},
        "ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"data","Prefix":"out"}},"#;
    let count = r#""S":{"Type":"Pass","Parameters":{"n.$":"States.ArrayLength($.Items)","first.$":"$.Items[0].name","from.$":"$.BatchInput.from"},"End":true}"#;
    world.machine("m", &machine(fields, count)).await;
    let engine = world.node(1).await;
    let view = run(&engine, "m", r#"{"key":"in/rows.csv"}"#).await;
    let map_run = map_run_of(&world, view.facts.id).await;
    let key = format!("out/{}/manifest.json", map_run.id);
    let expected = format!(
        r#"{{"MapRunArn":"arn:aws:states:us-east-1:000000000000:mapRun:m/M:{}","ResultWriterDetails":{{"Bucket":"data","Key":"{key}"}}}}"#,
        map_run.id
    );
    assert_eq!(output(&view).to_text(), expected);
    let manifest = read(&world, &key).await;
    let files = manifest.get("ResultFiles").unwrap();
    assert_eq!(files.get("FAILED").unwrap().to_text(), "[]");
    let file = &files.get("SUCCEEDED").and_then(Json::as_array).unwrap()[0];
    let results = read(&world, file.get("Key").and_then(Json::as_str).unwrap()).await;
    let results = results.as_array().unwrap();
    assert_eq!(results.len(), 10);
    let text = |name: &str| {
        results[9]
            .get(name)
            .and_then(Json::as_str)
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        text("Output"),
        r#"{"n":90,"first":"name, 900","from":"in/rows.csv"}"#
    );
    assert_eq!(text("Status"), "SUCCEEDED");
    assert_eq!(
        text("StateMachineArn"),
        "arn:aws:states:us-east-1:000000000000:stateMachine:m/M"
    );
    let counts = counts(&map_run);
    assert_eq!((counts.items.total, counts.executions.total), (990, 10));
    assert_eq!(counts.executions.results_written, 10);
    engine.stop_node().await;
}

async fn read(world: &World, key: &str) -> Json {
    let address = objects::Address {
        bucket: "data".to_owned(),
        key: key.to_owned(),
        version: None,
    };
    let bytes = world.objects.read(&address, 1 << 20).await.unwrap();
    asl::json::parse(std::str::from_utf8(&bytes).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_or_written_fails_the_state() {
    let world = World::new(Fake::new()).await;
    world
        .objects
        .put("data", "one.json", "[1]".into())
        .await
        .unwrap();
    world
        .objects
        .put("data", "text.json", "\"x\"".into())
        .await
        .unwrap();
    let reader = r#""ItemReader":{"Resource":"arn:aws:states:::s3:getObject","Parameters":{"Bucket":"data","Key.$":"$"},"ReaderConfig":{"InputType":"JSON"}},"#;
    let writer = r#""ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"NO","Prefix":""}},"#;
    world.machine("reads", &machine(reader, PASS)).await;
    world
        .machine("writes", &machine(&format!("{reader}{writer}"), PASS))
        .await;
    let engine = world.node(1).await;
    let (error, cause) = failure(&run(&engine, "reads", "\"missing.json\"").await);
    assert_eq!(error, "States.ItemReaderFailed");
    assert!(cause.contains("data/missing.json"), "{cause}");
    let (error, cause) = failure(&run(&engine, "reads", "\"text.json\"").await);
    assert_eq!(error, "States.ItemReaderFailed");
    assert_eq!(cause, "Attempting to map over non-iterable node.");
    let (error, _) = failure(&run(&engine, "writes", "\"one.json\"").await);
    assert_eq!(error, "States.ResultWriterFailed");
    assert_eq!(
        output(&run(&engine, "reads", "\"one.json\"").await).to_text(),
        "[1]"
    );
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_tolerated_up_to_the_threshold() {
    let world = World::new(Fake::new()).await;
    world.machine("strict", &machine("", PICKY)).await;
    world
        .machine("lax", &machine(r#""ToleratedFailureCount":2,"#, PICKY))
        .await;
    let engine = world.node(1).await;
    let view = run(&engine, "strict", "[1,0,2]").await;
    let expected = "The specified tolerated failure threshold was exceeded";
    let error = failure(&view);
    assert_eq!(error.0, "States.ExceedToleratedFailureThreshold");
    assert_eq!(error.1, expected);
    assert_eq!(
        map_run_of(&world, view.facts.id).await.status,
        Status::Failed
    );
    let view = run(&engine, "lax", "[0,3,0]").await;
    let out = output(&view);
    let out = out.as_array().unwrap();
    assert_eq!(out[1].to_text(), "3");
    let text = |name: &str| out[0].get(name).and_then(Json::as_str).unwrap().to_owned();
    assert_eq!(
        (text("Status"), text("Error")),
        ("FAILED".to_owned(), "TooSmall".to_owned())
    );
    let counts = counts(&map_run_of(&world, view.facts.id).await);
    assert_eq!((counts.items.failed, counts.items.succeeded), (2, 1));
    failure(&run(&engine, "lax", "[0,0,0]").await);
    nothing_is_left(&world).await;
    engine.stop_node().await;
}

fn waiting() -> String {
    format!(r#""S":{{"Type":"Task","Resource":"{LAMBDA}:f","End":true}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_the_execution_aborts_its_children() {
    let fake = Fake::new().function("f", [Reply::Echo]).held("f");
    let world = World::new(fake.clone()).await;
    world
        .machine("m", &machine(r#""MaxConcurrency":3,"#, &waiting()))
        .await;
    let engine = world.node(1).await;
    let view = engine.start(request("m", "[1,2,3,4,5]")).await.unwrap();
    let id = view.facts.id;
    let run = until(&world, id, |run| counts(run).executions.running == 3).await;
    assert_eq!(counts(&run).items.pending, 2);
    let error = asl::StateError::named("Stop");
    engine.stop(id, error).await.unwrap();
    let run = until(&world, id, |run| run.closed_at.is_some()).await;
    assert_eq!(run.status, Status::Aborted);
    assert_eq!(counts(&run).executions.aborted, 3);
    assert_eq!(children(&world, run.id, &[Status::Aborted]).await.len(), 3);
    let view = engine.view(id).await.unwrap().unwrap();
    let types = history(&engine, &view).await;
    assert_eq!(types[4..], ["5<4:MapRunAborted", "6<0:ExecutionAborted"]);
    fake.release("f", 10);
    nothing_is_left(&world).await;
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_stopped_writes_what_there_is() {
    let fake = Fake::new().function("f", [Reply::Echo]).held("f");
    let world = World::new(fake.clone()).await;
    let fields = r#""MaxConcurrency":1,"ItemBatcher":{"MaxItemsPerBatch":2},"ResultWriter":{
        "Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"data","Prefix":"out"},
        "WriterConfig":{"OutputType":"JSONL","Transformation":"COMPACT"}},"#;
    world.machine("m", &machine(fields, &waiting())).await;
    let engine = world.node(1).await;
    let view = engine.start(request("m", "[1,2,3,4,5]")).await.unwrap();
    let id = view.facts.id;
    fake.release("f", 1);
    until(&world, id, |run| {
        let executions = counts(run).executions;
        executions.succeeded == 1 && executions.running == 1
    })
    .await;
    engine
        .stop(id, asl::StateError::named("Stop"))
        .await
        .unwrap();
    let run = until(&world, id, |run| run.closed_at.is_some()).await;
    let manifest = read(&world, &format!("out/{}/manifest.json", run.id)).await;
    let files = manifest.get("ResultFiles").unwrap();
    let text = async |kind: &str| {
        let file = &files.get(kind).and_then(Json::as_array).unwrap()[0];
        let key = file.get("Key").and_then(Json::as_str).unwrap().to_owned();
        assert!(key.ends_with(&format!("/{kind}_0.jsonl")), "{key}");
        let address = objects::Address {
            bucket: "data".to_owned(),
            key,
            version: None,
        };
        let bytes = world.objects.read(&address, 1 << 20).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    assert_eq!(text("SUCCEEDED").await, "{\"Items\":[1,2]}\n");
    let aborted = text("FAILED").await;
    assert!(aborted.contains(r#""Status":"ABORTED""#), "{aborted}");
    let pending = text("PENDING").await;
    let pending = asl::json::parse(pending.trim_end()).unwrap();
    let member = |name: &str| pending.get(name).and_then(Json::as_str).unwrap().to_owned();
    assert_eq!(member("Input"), r#"{"Items":[5]}"#);
    assert_eq!(member("Status"), "PENDING");
    assert_eq!(counts(&run).executions.results_written, 2);
    fake.release("f", 10);
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_changes_a_run_that_goes_on() {
    let fake = Fake::new().function("f", [Reply::Echo]).held("f");
    let world = World::new(fake.clone()).await;
    world
        .machine("m", &machine(r#""MaxConcurrency":1,"#, &waiting()))
        .await;
    let engine = world.node(1).await;
    let view = engine.start(request("m", "[1,2,3,4]")).await.unwrap();
    let id = view.facts.id;
    let run = until(&world, id, |run| counts(run).executions.running == 1).await;
    let change = MapRunChange {
        concurrency: Some(3),
        tolerated_percentage: Some(50.0),
        ..MapRunChange::default()
    };
    engine.update_map_run(run.id, change).await.unwrap();
    let run = until(&world, id, |run| counts(run).executions.running == 3).await;
    assert_eq!((run.concurrency, run.tolerated_percentage), (3, Some(50.0)));
    fake.release("f", 10);
    let view = engine.wait(id, PATIENCE).await.unwrap().unwrap();
    assert_eq!(output(&view).to_text(), "[1,2,3,4]");
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn children_are_spread_over_the_nodes() {
    let fake = Fake::new().function("f", [Reply::Echo]);
    let world = World::new(fake).await;
    world.machine("m", &machine("", &waiting())).await;
    let first = world.node(1).await;
    let second = world.node(2).await;
    // The first gives half of its shards away, one after another.
    let both = async {
        while !(first.is_ready() && second.is_ready()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, both).await.unwrap();
    let items: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let input = format!("[{}]", items.join(","));
    let view = first.start(request("m", &input)).await.unwrap();
    let view = second.wait(view.facts.id, PATIENCE).await.unwrap().unwrap();
    if view.closed.is_none() {
        let run = map_run_of(&world, view.facts.id).await;
        panic!(
            "it stands at {run:?}; {} messages and rows are left",
            left(&world).await
        );
    }
    assert_eq!(output(&view).to_text(), input);
    let started = |engine: &Engine| engine.metrics().started.get();
    assert!(started(&second) > 0, "the other node started some");
    // A start that a hand-over came in between of is tried again, and counts as another try.
    assert!(started(&first) + started(&second) >= 301);
    let run = map_run_of(&world, view.facts.id).await;
    assert_eq!(children(&world, run.id, &[]).await.len(), 300);
    nothing_is_left(&world).await;
    first.stop_node().await;
    second.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_run_in_a_child_of_another() {
    let world = World::new(Fake::new()).await;
    let inner = r#""S":{"Type":"Map","Label":"inner","End":true,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
        "StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}"#;
    world.machine("m", &machine("", inner)).await;
    let engine = world.node(1).await;
    let view = run(&engine, "m", "[[1,2],[3]]").await;
    assert_eq!(output(&view).to_text(), "[[1,2],[3]]");
    engine.stop_node().await;
}
