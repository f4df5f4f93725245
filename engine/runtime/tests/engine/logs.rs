//! Logs: lines written behind, for Standard executions without loss, for Express ones as far as memory goes.

use std::sync::Arc;

use asl::diagnose::MachineType;
use functions::fake::{Fake, Reply};
use runtime::{Engine, ExecutionId, NodeId, logs::groups::Sender, maintenance::Caretaker};
use store::commit::Status;
use uuid::Uuid;

use crate::world::{LAMBDA, PATIENCE, World, request, run};

const TWO: &str =
    r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","End":true}}}"#;
const FAILS: &str = r#"{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E","Cause":"why"}}}"#;
const ALL: &str = r#"{"level":"ALL","includeExecutionData":true}"#;

const EXPRESS: MachineType = MachineType::Express;
const STANDARD: MachineType = MachineType::Standard;

/// The types of the logged events, once there are so many.
async fn logged(engine: &Engine, id: ExecutionId, count: usize) -> Vec<String> {
    let read = async {
        loop {
            let lines = engine.logs(id, 0, 100).await.unwrap();
            if lines.len() >= count {
                return lines;
            }
            tokio::task::yield_now().await;
        }
    };
    let lines = tokio::time::timeout(PATIENCE, read).await.unwrap();
    let kind = |body: &str| {
        let line = asl::json::parse(body).unwrap();
        line.get("type").unwrap().as_str().unwrap().to_owned()
    };
    lines.iter().map(|line| kind(&line.body)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synchronous_express_execution_is_known_by_its_log() {
    let world = World::new(Fake::new()).await;
    world.logging_machine(EXPRESS, "m", TWO, ALL).await;
    let engine = world.node(1).await;
    let finished = engine.start_sync(request("m", r#"{"a": 1.0}"#)).await;
    let finished = finished.unwrap();
    let id = finished.facts.id;
    let kinds = logged(&engine, id, 6).await;
    assert_eq!(kinds[0], "ExecutionStarted");
    assert_eq!(kinds[5], "ExecutionSucceeded");
    let first = engine.logs(id, 0, 1).await.unwrap();
    assert!(first[0].body.contains(r#""input":"{\"a\": 1.0}""#));
    let known = engine.logged(id).await.unwrap().unwrap();
    assert_eq!(*known.arn, *finished.facts.identity.arn);
    assert_eq!(known.row.status, Status::Succeeded);
    assert_eq!(known.row.closed_at, Some(finished.closed.at));
    // Nothing else is kept of it.
    for table in ["execution", "journal", "inbox", "express_start"] {
        assert_eq!(world.database.rows(table), 0, "{table}");
    }
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_level_leaves_out_what_went_well_and_tells_how_it_ended() {
    let fake = Fake::new().function("f", [Reply::Error(asl::StateError::new("E", "c"))]);
    let world = World::new(fake).await;
    let errors = r#"{"level":"ERROR","includeExecutionData":true}"#;
    let fatal = r#"{"level":"FATAL"}"#;
    let caught = format!(
        r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{LAMBDA}:f","Next":"B",
            "Catch":[{{"ErrorEquals":["E"],"Next":"B"}}]}},"B":{{"Type":"Pass","End":true}}}}}}"#
    );
    world
        .logging_machine(EXPRESS, "caught", &caught, errors)
        .await;
    world.logging_machine(EXPRESS, "fails", FAILS, fatal).await;
    world.logging_machine(EXPRESS, "fine", TWO, errors).await;
    let engine = world.node(1).await;
    let fine = run(&engine, "fine", "{}").await.facts.id;
    let caught = run(&engine, "caught", "{}").await.facts.id;
    let fails = run(&engine, "fails", "{}").await.facts.id;
    assert_eq!(logged(&engine, fails, 1).await, ["ExecutionFailed"]);
    assert_eq!(logged(&engine, caught, 1).await, ["LambdaFunctionFailed"]);
    // What ended without a line is told by the row, written after the line.
    let ended = async {
        loop {
            let known = engine.logged(caught).await.unwrap().unwrap();
            if known.row.closed_at.is_some() {
                return known.row.status;
            }
            tokio::task::yield_now().await;
        }
    };
    let ended = tokio::time::timeout(PATIENCE, ended).await.unwrap();
    assert_eq!(ended, Status::Succeeded);
    assert!(engine.logged(fine).await.unwrap().is_none());
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn started_without_waiting_and_as_a_child_it_is_logged_all_the_same() {
    let world = World::new(Fake::new()).await;
    world.logging_machine(EXPRESS, "m", TWO, ALL).await;
    let engine = world.node(1).await;
    let started = engine.start(request("m", "{}")).await.unwrap();
    let mut child = request("m", "{}");
    child.child_id = Some(77);
    let child = engine.start(child).await.unwrap();
    for id in [started.facts.id, child.facts.id] {
        assert_eq!(logged(&engine, id, 6).await.len(), 6);
    }
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_does_not_take_is_counted_and_nobody_waits() {
    let world = World::new(Fake::new()).await;
    world.logging_machine(EXPRESS, "m", TWO, ALL).await;
    let engine = world.node(1).await;
    world
        .database
        .execute("ALTER TABLE express_log RENAME TO away");
    assert!(engine.start_sync(request("m", "{}")).await.is_ok());
    let counted = async {
        while engine.metrics().logs_dropped.get() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.unwrap();
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_goes_down_leaves_nothing_of_standard_executions_out() {
    let world = World::new(Fake::new()).await;
    world.logging_machine(STANDARD, "m", TWO, ALL).await;
    let engine = world.node(1).await;
    world
        .database
        .execute("ALTER TABLE execution_log RENAME TO away");
    let id = run(&engine, "m", "{}").await.facts.id;
    engine.stop_node().await;
    world
        .database
        .execute("ALTER TABLE away RENAME TO execution_log");
    let engine = world.node(2).await;
    let kinds = logged(&engine, id, 6).await;
    assert_eq!(kinds[0], "ExecutionStarted");
    assert_eq!(kinds[5], "ExecutionSucceeded");
    let emptied = async {
        while world.database.rows("inbox") > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, emptied).await.unwrap();
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_forgotten_after_the_retention() {
    let world = World::new(Fake::new()).await;
    world.logging_machine(EXPRESS, "m", TWO, ALL).await;
    let engine = world.node(1).await;
    let id = run(&engine, "m", "{}").await.facts.id;
    logged(&engine, id, 6).await;
    let node = NodeId(Uuid::from_u128(1));
    let metrics = engine.metrics().clone();
    let mut caretaker = Caretaker::new(world.db.clone(), node, 90, metrics);
    let day = 24 * 60 * 60;
    let early = caretaker.turn(engine.now().plus_seconds(89 * day)).await;
    assert_eq!((early.is_holder, early.logs_forgotten), (true, 0));
    let late = caretaker.turn(engine.now().plus_seconds(91 * day)).await;
    assert_eq!(late.logs_forgotten, 1);
    assert_eq!(engine.logs(id, 0, 10).await.unwrap(), []);
    assert!(engine.logged(id).await.unwrap().is_none());
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_wait_for_their_group_and_are_given_up_after_a_day() {
    let world = World::new(Fake::new()).await;
    let logging = r#"{"level":"ALL","destinations":[{"cloudWatchLogsLogGroup":
        {"logGroupArn":"arn:aws:logs:us-east-1:000000000000:log-group:g:*"}}]}"#;
    world.logging_machine(STANDARD, "m", TWO, logging).await;
    // Nobody listens there.
    let nowhere = services::Endpoint::Url("http://127.0.0.1:1".parse().unwrap());
    let settings = services::Settings {
        endpoints: [("cloudwatchlogs".to_owned(), nowhere)].into(),
        region: "us-east-1".to_owned(),
        credentials: None,
    };
    let services = Arc::new(services::Services::new(settings).unwrap());
    let called = Arc::clone(&services);
    let engine = world
        .node_with(world.db.clone(), 1, |settings| settings.services = called)
        .await;
    let id = run(&engine, "m", "{}").await.facts.id;
    logged(&engine, id, 6).await;
    let now = engine.now();
    let (metrics, node) = (engine.metrics().clone(), NodeId(Uuid::from_u128(1)));
    engine.stop_node().await;
    assert_eq!(world.database.rows("log_outbox"), 6);
    let mut sender = Sender::new(world.db.clone(), services, node, metrics, 7);
    let sent = sender.turn(now).await.unwrap();
    assert_eq!((sent.lines, sent.lost), (0, 0));
    // The group rests.
    assert!(!sender.turn(now).await.unwrap().is_more);
    let day = sender.turn(now.plus_seconds(25 * 60 * 60)).await.unwrap();
    assert_eq!((day.lines, day.lost), (0, 6));
    assert_eq!(world.database.rows("log_outbox"), 0);
    assert_eq!(world.database.rows("execution_log"), 6);
}
