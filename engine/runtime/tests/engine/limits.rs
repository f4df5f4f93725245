//! AWS's limits, lowered so that a test reaches them.

use asl::{StateError, machine::Outcome};
use functions::fake::Fake;
use runtime::{PollError, StartError};
use std::time::Duration;

use crate::world::{PATIENCE, World, history, request};

const WAIT: &str =
    r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":31000000,"End":true}}}"#;

fn stop() -> StateError {
    StateError::new("Test", "enough")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_executions_are_open_than_may_be() {
    let world = World::new(Fake::new()).await;
    world.machine("m", WAIT).await;
    world
        .machine(
            "short",
            r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#,
        )
        .await;
    let lowered = |settings: &mut runtime::Settings| settings.open_executions_max = 2;
    let engine = world.node_with(world.db.clone(), 1, lowered).await;
    // What has closed does not count, nor does what could not start.
    for _ in 0..5 {
        crate::world::run(&engine, "short", "{}").await;
        assert!(engine.start(request("nothing", "{}")).await.is_err());
    }
    let first = engine.start(request("m", "{}")).await.unwrap();
    engine.start(request("m", "{}")).await.unwrap();
    let refused = engine.start(request("m", "{}")).await.unwrap_err();
    assert!(matches!(refused, StartError::LimitExceeded), "{refused:?}");
    assert_eq!(
        refused.to_string(),
        "The maximum number of running executions has been reached. Running executions must end or \
         be stopped before a new execution can be started."
    );
    engine.stop(first.facts.id, stop()).await.unwrap();
    engine.start(request("m", "{}")).await.unwrap();
    engine.stop_node().await;

    // Another node knows from the table what is open.
    let other = world.node_with(world.db.clone(), 2, lowered).await;
    let refused = other.start(request("m", "{}")).await.unwrap_err();
    assert!(matches!(refused, StartError::LimitExceeded), "{refused:?}");
    assert_eq!(other.metrics().open_executions.get(), 2);
    other.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_is_older_than_any_may_be_times_out() {
    let world = World::new(Fake::new()).await;
    world.machine("m", WAIT).await;
    let engine = world.node(1).await;
    let asleep = engine.start(request("m", "{}")).await.unwrap();
    engine.stop_node().await;
    let lowered = |settings: &mut runtime::Settings| settings.limits.execution_seconds_max = 0;
    let engine = world.node_with(world.db.clone(), 2, lowered).await;
    let view = engine
        .wait(asleep.facts.id, PATIENCE)
        .await
        .unwrap()
        .unwrap();
    let outcome = view.closed.as_ref().map(|closed| &closed.outcome);
    let Some(Outcome::TimedOut(error)) = outcome else {
        panic!("it timed out, not: {outcome:?}");
    };
    assert_eq!(error.error.as_deref(), Some("States.Timeout"));
    let lines = history(&engine, &view).await;
    let last = lines.last().unwrap();
    assert!(last.ends_with("ExecutionTimedOut"), "{lines:?}");
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_workers_wait_for_an_activity_than_may() {
    let world = World::new(Fake::new()).await;
    let lowered = |settings: &mut runtime::Settings| settings.activity_pollers_max = 1;
    let engine = world.node_with(world.db.clone(), 1, lowered).await;
    let poll = |activity: &'static str, patience| engine.activity_task(activity, None, patience);
    {
        let waiting = poll("act", PATIENCE);
        let mut waiting = std::pin::pin!(waiting);
        let begun = futures_util::poll!(waiting.as_mut());
        assert!(begun.is_pending());
        let refused = poll("act", PATIENCE).await.unwrap_err();
        assert!(matches!(refused, PollError::TooManyWorkers), "{refused:?}");
        assert!(poll("other", Duration::ZERO).await.unwrap().is_none());
    }
    // The one that went away gave its place back.
    assert!(poll("act", Duration::ZERO).await.unwrap().is_none());
    engine.stop_node().await;
}
