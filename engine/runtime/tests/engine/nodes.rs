//! Several nodes on one database: takeovers, hand-overs, and what is sent to the wrong one.

use functions::fake::{Fake, Reply};
use runtime::{NodeId, TaskEnd};
use store::fault::{Action, Point};
use uuid::Uuid;

use crate::world::{LAMBDA, PATIENCE, World, history, output, request, value};

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_node_hands_its_executions_over() {
    let fake = Fake::new().function("f", [Reply::Echo]).held("f");
    let world = World::new(fake.clone()).await;
    world
        .machine(
            "m",
            &format!(r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{LAMBDA}:f","End":true}}}}}}"#),
        )
        .await;
    let first = world.node(1).await;
    let mut started = Vec::new();
    for n in 0..50 {
        started.push(
            first
                .start(request("m", &n.to_string()))
                .await
                .unwrap()
                .facts
                .id,
        );
    }
    let second = world.node(2).await;
    first.stop_node().await;
    fake.release("f", 1000);
    for (n, id) in started.into_iter().enumerate() {
        let view = second.wait(id, PATIENCE).await.unwrap().unwrap();
        assert_eq!(output(&view).to_text(), n.to_string());
    }
    second.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_stops_may_be_sent_to_any_node() {
    let world = World::new(Fake::new()).await;
    let arn = world.activity("act").await;
    world
        .machine("m", &format!(r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{arn}","End":true}}}}}}"#))
        .await;
    let first = world.node(1).await;
    let second = world.node(2).await;
    let view = first.start(request("m", "{}")).await.unwrap();
    let task = second
        .activity_task("act", None, PATIENCE)
        .await
        .unwrap()
        .unwrap();
    let answer = asl::Payload::parse("5").unwrap();
    assert_eq!(
        second.end_task(&task.token, Ok(answer)).await.unwrap(),
        TaskEnd::Done
    );
    let closed = first.wait(view.facts.id, PATIENCE).await.unwrap().unwrap();
    assert_eq!(output(&closed).to_text(), "5");
    let view = first.start(request("m", "{}")).await.unwrap();
    let error = asl::StateError {
        error: None,
        cause: None,
    };
    let stopped = second.stop(view.facts.id, error).await.unwrap().unwrap();
    assert!(stopped.closed.is_some());
    first.stop_node().await;
    second.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_given_once_whichever_node_is_asked() {
    let world = World::new(Fake::new()).await;
    world
        .machine(
            "m",
            r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":9,"End":true}}}"#,
        )
        .await;
    let nodes = [world.node(1).await, world.node(2).await];
    // Both own shards once the first has handed some over.
    for round in 0..20 {
        let starts = nodes.iter().map(|node| {
            let mut named = request("m", "{}");
            named.name = Some(format!("round-{round}"));
            node.start(named)
        });
        let outcomes = futures_util::future::join_all(starts).await;
        let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(won, 1);
    }
    for node in nodes {
        node.stop_node().await;
    }
}

/// The first node has its function's answer and is about to commit it when its shards are taken over:
/// what it then sends does not land, and the answer that counts is the one that the second node gets.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_held_open_across_a_takeover_does_not_land() {
    let fake = Fake::new()
        .function("f", [value("1"), value("2")])
        .held("f");
    let world = World::new(fake.clone()).await;
    world
        .machine(
            "m",
            &format!(r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{LAMBDA}:f","End":true}}}}}}"#),
        )
        .await;
    let db = world.another_db().await;
    let first = world.node_on(db.clone(), 1).await;
    let id = first.start(request("m", "{}")).await.unwrap().facts.id;
    db.faults()
        .arm_step(Point::BeforeCommit, id, 2, Action::Hold);
    fake.release("f", 1);
    db.faults().until_cut(1).await;
    let second = world.node(2).await;
    world.let_lease_run_out(NodeId(Uuid::from_u128(1))).await;
    db.faults().let_go();
    fake.release("f", 100);
    let view = second.wait(id, PATIENCE).await.unwrap().unwrap();
    assert_eq!(output(&view).to_text(), "2");
    let calls = fake.calls();
    assert!(calls.iter().all(|call| call.token == calls[0].token));
    let lines = history(&second, &view).await;
    let ends = lines
        .iter()
        .filter(|line| line.ends_with("LambdaFunctionSucceeded"));
    assert_eq!(ends.count(), 1, "{lines:?}");
    // The first node lives on, as another.
    first.wait(id, PATIENCE).await.unwrap();
    first.stop_node().await;
    second.stop_node().await;
}
