//! A crash at every commit: the execution goes on from its last commit, and its history is the same.

use functions::fake::{Fake, Reply};
use futures_util::StreamExt as _;
use runtime::{Engine, ExecutionId};
use store::fault::{Action, Point};

use crate::world::{LAMBDA, PATIENCE, World, history, output, request};

/// The flow below takes fewer commits than this: the test says so where that is no longer true.
const MORE_THAN_COMMITS: u64 = 22;

/// A flow with all that a crash can cut: a chain, a retried task, branches, items, a wait, a child.
fn definition() -> String {
    format!(
        r#"{{"StartAt":"A","States":{{
            "A":{{"Type":"Pass","Assign":{{"v":7}},"Next":"T"}},
            "T":{{"Type":"Task","Resource":"{LAMBDA}:flaky","ResultPath":"$.t","Next":"P",
                 "Retry":[{{"ErrorEquals":["Busy"],"IntervalSeconds":1}}]}},
            "P":{{"Type":"Parallel","ResultPath":"$.p","Next":"M","Branches":[
                {{"StartAt":"L","States":{{"L":{{"Type":"Task","Resource":"{LAMBDA}:echo","End":true}}}}}},
                {{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":1,"End":true}}}}}}]}},
            "M":{{"Type":"Map","MaxConcurrency":1,"ItemsPath":"$.items","ResultPath":"$.m","Next":"C",
                 "ItemProcessor":{{"StartAt":"I","States":{{"I":{{"Type":"Task","Resource":"{LAMBDA}:echo","End":true}}}}}}}},
            "C":{{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","ResultPath":"$.c",
                 "Parameters":{{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Input":{{"v.$":"$v"}}}},
                 "ResultSelector":{{"out.$":"$.Output"}},"End":true}}}}}}"#
    )
}

fn functions() -> Fake {
    // By attempt, not by call: a call that is repeated after a crash answers as it did.
    let flaky = Reply::Computed(std::sync::Arc::new(move |call: &functions::Call| {
        if call.token.as_str().ends_with("-5") {
            Err(asl::StateError::new("Busy", "try again"))
        } else {
            Ok(asl::json::parse("1").unwrap())
        }
    }));
    Fake::new()
        .function("flaky", [flaky])
        .function("echo", [Reply::Echo])
}

async fn world() -> World {
    let world = World::new(functions()).await;
    world
        .machine(
            "child",
            r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#,
        )
        .await;
    world.machine("m", &definition()).await;
    world
}

/// Where each event stands; ids of branches' events depend on who was faster, so only types count.
fn types(history: &[String]) -> Vec<String> {
    let mut types: Vec<String> = history
        .iter()
        .filter_map(|line| line.split(':').nth(1).map(str::to_owned))
        .collect();
    types.sort();
    types
}

/// Starts on one node whose commit fails at a point, and ends on another.
async fn crash_at(point: Point, skip: u64) -> Option<(Vec<String>, String)> {
    let world = world().await;
    let db = world.another_db().await;
    db.faults().arm(point, skip, Action::Hang);
    let doomed = world.node_on(db.clone(), 1).await;
    let mut named = request("m", r#"{"items":[1,2]}"#);
    named.name = Some("crashed".to_owned());
    let (hung, finished) = {
        let starting = doomed.start_and_wait(named, PATIENCE);
        tokio::select! {
            () = db.faults().until_hung(1) => (true, None),
            view = starting => (false, view.ok()),
        }
    };
    if !hung {
        drop(finished);
        doomed.stop_node().await;
        return None;
    }
    doomed.vanish();
    // The process is gone; its node comes back under its own id, as a restart does.
    let survivor = world.node(1).await;
    let id = find_or_start(&survivor).await;
    let view = survivor.wait(id, PATIENCE).await.unwrap().unwrap();
    let lines = history(&survivor, &view).await;
    assert!(
        view.closed.is_some(),
        "{point:?} of commit {skip}: it stands at {lines:#?}"
    );
    let text = output(&view).to_text();
    survivor.stop_node().await;
    Some((lines, text))
}

/// A start whose answer never came is repeated by its caller under the same name.
async fn find_or_start(engine: &Engine) -> ExecutionId {
    if let Some(view) = engine.find("m", "crashed").await.unwrap() {
        return view.facts.id;
    }
    let mut named = request("m", r#"{"items":[1,2]}"#);
    named.name = Some("crashed".to_owned());
    engine.start(named).await.unwrap().facts.id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_commit_loses_nothing() {
    let straight = world().await;
    let engine = straight.node(1).await;
    let view = engine
        .start_and_wait(request("m", r#"{"items":[1,2]}"#), PATIENCE)
        .await
        .unwrap();
    let expected = history(&engine, &view).await;
    let expected_output = output(&view).to_text();
    engine.stop_node().await;
    for point in [Point::BeforeCommit, Point::InDoubt, Point::AfterCommit] {
        // Side by side, since each spends most of its time in the flow's own waits.
        let crashes =
            (0..MORE_THAN_COMMITS).map(|skip| async move { (skip, crash_at(point, skip).await) });
        let mut hits = 0;
        let crashes = futures_util::stream::iter(crashes).buffer_unordered(6);
        for (skip, crashed) in crashes.collect::<Vec<_>>().await {
            let Some((lines, text)) = crashed else {
                continue;
            };
            hits += 1;
            assert_eq!(
                types(&lines),
                types(&expected),
                "{point:?} of commit {skip}"
            );
            assert_eq!(text, expected_output, "{point:?} of commit {skip}");
        }
        assert!(hits > 5, "{point:?} was hit {hits} times only");
        assert!(hits < MORE_THAN_COMMITS, "some commits were not cut");
    }
}
