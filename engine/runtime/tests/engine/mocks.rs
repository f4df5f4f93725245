//! Mocked integrations: executions that are started with a test case.

use std::sync::Arc;

use asl::{diagnose::MachineType, machine::Outcome};
use functions::fake::{Fake, Reply};
use runtime::{Engine, StartError, View, mocks::Mocks};

use crate::world::{LAMBDA, PATIENCE, World, output, request, run};

const FILE: &str = r#"{
    "StateMachines": {
        "m": {"TestCases": {"Happy": {"Pay": "Paid"}, "Later": {"Pay": "PaidLater"}, "Never": {"Pay": "Down"}}},
        "t": {"TestCases": {"Told": {"Ask": "Paid"}}}
    },
    "MockedResponses": {
        "Paid": {"0": {"Return": {"paid": 1.50}}},
        "PaidLater": {"0-1": {"Throw": {"Error": "Busy", "Cause": "later"}}, "2": {"Return": {"paid": 2}}},
        "Down": {"0-9": {"Throw": {"Error": "Down", "Cause": "for good"}}}
    }
}"#;

fn flow() -> String {
    format!(
        r#"{{"StartAt":"Pay","States":{{
            "Pay":{{"Type":"Task","Resource":"{LAMBDA}:pay","Next":"Ship",
                "Retry":[{{"ErrorEquals":["Busy"],"IntervalSeconds":1,"BackoffRate":1}}]}},
            "Ship":{{"Type":"Task","Resource":"{LAMBDA}:ship","End":true}}}}}}"#
    )
}

async fn node(world: &World, number: u128) -> Engine {
    let mocks = Arc::new(Mocks::parse(FILE).unwrap());
    let with_mocks = |settings: &mut runtime::Settings| settings.mocks = Some(mocks);
    world.node_with(world.db.clone(), number, with_mocks).await
}

fn failure(view: &View) -> &str {
    match view.closed.as_ref().map(|closed| &closed.outcome) {
        Some(Outcome::Failed(error)) => error.error.as_deref().unwrap_or_default(),
        other => panic!("it failed, not: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mocked_state_makes_no_call_and_the_others_do() {
    let fake = Fake::new().function("ship", [Reply::Echo]);
    let world = World::new(fake.clone()).await;
    world.machine("m", &flow()).await;
    world.machine_of(MachineType::Express, "e", &flow()).await;
    let engine = node(&world, 1).await;
    let happy = run(&engine, "m#Happy", "{}").await;
    assert_eq!(output(&happy).to_text(), r#"{"paid":1.50}"#);
    let later = run(&engine, "m#Later", "{}").await;
    assert_eq!(output(&later).to_text(), r#"{"paid":2}"#);
    let never = run(&engine, "m#Never", "{}").await;
    assert_eq!(failure(&never), "Down");
    // Only what is not mocked was called.
    assert_eq!(fake.calls().len(), 2);
    for machine in ["m#Sad", "e#Happy"] {
        let refused = engine.start(request(machine, "{}")).await;
        assert!(
            matches!(refused, Err(StartError::NoTestCase(_))),
            "{machine}"
        );
    }
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_waits_for_a_token_is_ended_by_its_mock() {
    let world = World::new(Fake::new()).await;
    let ask = r#"{"StartAt":"Ask","States":{"Ask":{"Type":"Task","End":true,
        "Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters":{"QueueUrl":"q","MessageBody.$":"$$.Task.Token"}}}}"#;
    world.machine("t", ask).await;
    let engine = node(&world, 1).await;
    let told = run(&engine, "t#Told", "{}").await;
    assert_eq!(output(&told).to_text(), r#"{"paid":1.50}"#);
    assert_eq!(world.database.rows("open_task"), 0);
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_node_goes_on_with_the_same_test_case() {
    let fake = Fake::new().function("ship", [Reply::Echo]);
    let world = World::new(fake.clone()).await;
    let waits = flow().replace(r#""IntervalSeconds":1"#, r#""IntervalSeconds":3"#);
    world.machine("m", &waits).await;
    let engine = node(&world, 1).await;
    let started = engine.start(request("m#Later", "{}")).await.unwrap();
    engine.stop_node().await;
    let engine = node(&world, 2).await;
    let ended = engine.wait(started.facts.id, PATIENCE).await.unwrap();
    assert_eq!(output(&ended.unwrap()).to_text(), r#"{"paid":2}"#);
    assert_eq!(fake.calls().len(), 1);
    engine.stop_node().await;
}
