//! Redriving: from any node, once for each token, and over a crash at any commit.

use functions::fake::{Fake, Reply};
use runtime::{Engine, ExecutionId, NotRedrivable, RedriveError, View};
use store::fault::{Action, Point};

use crate::{
    cuts::cut_each,
    world::{LAMBDA, PATIENCE, World, history, output, request, run, value},
};

/// A branch that succeeds beside one whose task fails at its first call, then a task.
fn definition() -> String {
    format!(
        r#"{{"StartAt":"P","States":{{
            "P":{{"Type":"Parallel","Next":"T","Branches":[
                {{"StartAt":"A","States":{{"A":{{"Type":"Task","Resource":"{LAMBDA}:good","End":true}}}}}},
                {{"StartAt":"W","States":{{
                    "W":{{"Type":"Wait","Seconds":1,"Next":"B"}},
                    "B":{{"Type":"Task","Resource":"{LAMBDA}:bad","End":true}}}}}}]}},
            "T":{{"Type":"Task","Resource":"{LAMBDA}:good","End":true}}}}}}"#
    )
}

fn functions() -> Fake {
    // By attempt, not by call: a call that is repeated after a crash answers as it did.
    let bad = Reply::Computed(std::sync::Arc::new(move |call: &functions::Call| {
        let attempt = call.token.as_str().rsplit('-').next();
        let attempt: u64 = attempt.and_then(|it| it.parse().ok()).unwrap();
        if attempt < 15 {
            Err(asl::StateError::new("Bad", "not yet"))
        } else {
            Ok(asl::json::parse("1").unwrap())
        }
    }));
    Fake::new()
        .function("bad", [bad])
        .function("good", [Reply::Echo])
}

async fn world() -> World {
    let world = World::new(functions()).await;
    world.machine("m", &definition()).await;
    world
}

async fn fail(engine: &Engine) -> View {
    let view = run(engine, "m", "{}").await;
    let outcome = view.closed.as_ref().map(|closed| &closed.outcome);
    assert!(matches!(outcome, Some(asl::machine::Outcome::Failed(_))));
    view
}

async fn closed(engine: &Engine, id: ExecutionId) -> View {
    engine.wait(id, PATIENCE).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_redriven_from_any_node() {
    let world = world().await;
    let first = world.node(1).await;
    let view = fail(&first).await;
    let id = view.facts.id;
    assert_eq!(first.not_redrivable(&view).await.unwrap(), None);
    // It owns no shard: the message goes to the first.
    let second = world.node(2).await;
    let at = second.redrive(id, Some("once")).await.unwrap();
    let view = closed(&second, id).await;
    assert_eq!(output(&view).to_text(), "[{},1]");
    let redriven = view.facts.redriven.unwrap();
    assert_eq!((redriven.count, redriven.at), (1, at));
    // The first remembers no other end of it.
    let seen = closed(&first, id).await;
    assert_eq!(seen.facts.redriven, view.facts.redriven);
    assert_eq!(output(&seen), output(&view));
    // The branch that had succeeded was not called again, nor is a redrive repeated.
    let calls = world.fake.calls();
    assert_eq!(calls.len(), 4);
    assert_eq!(second.redrive(id, Some("once")).await.unwrap(), at);
    let again = second.redrive(id, Some("twice")).await.unwrap_err();
    assert!(matches!(
        again,
        RedriveError::NotRedrivable(NotRedrivable::Succeeded)
    ));
    assert_eq!(history(&first, &view).await, history(&second, &view).await);
    first.stop_node().await;
    second.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_closed_in_its_first_commit_is_redriven_as_often_as_asked() {
    let world = World::new(Fake::new()).await;
    let definition = r#"{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E"}}}"#;
    world.machine("m", definition).await;
    let engine = world.node(1).await;
    let view = fail(&engine).await;
    let id = view.facts.id;
    for count in 1..=3 {
        engine.redrive(id, None).await.unwrap();
        let view = closed(&engine, id).await;
        assert_eq!(view.facts.redriven.unwrap().count, count);
        assert!(view.closed.is_some());
    }
    let lines = history(&engine, &view).await;
    assert_eq!(
        lines[3..6],
        [
            "4<3:ExecutionRedriven",
            "5<4:FailStateEntered",
            "6<5:ExecutionFailed"
        ]
    );
    assert_eq!(lines.len(), 12);
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_or_gone_is_not_redriven() {
    let world = World::new(Fake::new()).await;
    let definition = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1000,"End":true}}}"#;
    world.machine("m", definition).await;
    let engine = world.node(1).await;
    let view = engine.start(request("m", "{}")).await.unwrap();
    let refused = engine.redrive(view.facts.id, None).await.unwrap_err();
    assert!(matches!(
        refused,
        RedriveError::NotRedrivable(NotRedrivable::Running)
    ));
    // Stopped, redriven, stopped again: asleep each time.
    let none = asl::StateError {
        error: None,
        cause: None,
    };
    for _ in 0..2 {
        let stopped = engine.stop(view.facts.id, none.clone()).await.unwrap();
        assert!(stopped.unwrap().closed.is_some());
        engine.redrive(view.facts.id, None).await.unwrap();
        let now = engine.view(view.facts.id).await.unwrap().unwrap();
        assert!(now.closed.is_none(), "it is open again");
    }
    engine.stop(view.facts.id, none).await.unwrap();
    let now = engine.view(view.facts.id).await.unwrap().unwrap();
    store::machine::begin_delete(&world.db, "m").await.unwrap();
    engine.forget_machine("m");
    assert_eq!(
        engine.not_redrivable(&now).await.unwrap(),
        Some(NotRedrivable::MachineDeleting)
    );
    let nobody = ExecutionId(uuid::Uuid::from_u128(7 << 76));
    let refused = engine.redrive(nobody, None).await.unwrap_err();
    assert!(matches!(refused, RedriveError::DoesNotExist));
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_requests_at_once_redrive_once() {
    let world = World::new(Fake::new().function(
        "f",
        [Reply::Error(asl::StateError::new("E", "first")), value("2")],
    ))
    .await;
    world
        .machine(
            "m",
            &format!(r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{LAMBDA}:f","End":true}}}}}}"#),
        )
        .await;
    let engine = world.node(1).await;
    let id = fail(&engine).await.facts.id;
    let requests = (0..8).map(|_| engine.redrive(id, None));
    let answers = futures_util::future::join_all(requests).await;
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(done, 1, "{answers:?}");
    let view = closed(&engine, id).await;
    assert_eq!(output(&view).to_text(), "2");
    assert_eq!(view.facts.redriven.unwrap().count, 1);
    engine.stop_node().await;
}

/// Redrives on one node whose commit fails at a point, and ends on another.
async fn crash_at(point: Point, skip: u64) -> Option<(Vec<String>, String)> {
    let world = world().await;
    let db = world.another_db().await;
    let doomed = world.node_on(db.clone(), 1).await;
    let id = fail(&doomed).await.facts.id;
    db.faults().arm(point, skip, Action::Hang);
    let hung = {
        let redriving = async {
            doomed.redrive(id, Some("t")).await.unwrap();
            closed(&doomed, id).await;
        };
        tokio::select! {
            () = db.faults().until_hung(1) => true,
            () = redriving => false,
        }
    };
    if !hung {
        doomed.stop_node().await;
        return None;
    }
    doomed.vanish();
    let survivor = world.node(1).await;
    // Whoever got no answer asks again, with the same token.
    survivor.redrive(id, Some("t")).await.unwrap();
    let view = closed(&survivor, id).await;
    assert_eq!(view.facts.redriven.unwrap().count, 1);
    let lines = history(&survivor, &view).await;
    let text = output(&view).to_text();
    survivor.stop_node().await;
    Some((lines, text))
}

/// The types of a history's events, whatever their order.
fn types(lines: &[String]) -> Vec<String> {
    let types = lines.iter().map(|line| line.split(':').nth(1));
    let mut types: Vec<String> = types.map(|it| it.unwrap().to_owned()).collect();
    types.sort();
    types
}

async fn cut(point: Point) {
    let straight = world().await;
    let engine = straight.node(1).await;
    let id = fail(&engine).await.facts.id;
    engine.redrive(id, None).await.unwrap();
    let view = closed(&engine, id).await;
    let expected = &types(&history(&engine, &view).await);
    let expected_output = &output(&view).to_text();
    engine.stop_node().await;
    cut_each(point, 2, 8, |skip| async move {
        let Some((lines, text)) = crash_at(point, skip).await else {
            return false;
        };
        assert_eq!(types(&lines), *expected, "{point:?} of commit {skip}");
        assert_eq!(text, *expected_output, "{point:?} of commit {skip}");
        true
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_any_commit_of_a_redrive_loses_nothing() {
    cut(Point::BeforeCommit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_any_commit_of_a_redrive_loses_nothing() {
    cut(Point::InDoubt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_any_commit_of_a_redrive_loses_nothing() {
    cut(Point::AfterCommit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_closed_longer_ago_than_the_setting_says_is_not_redriven() {
    let world = World::new(Fake::new()).await;
    let fails = r#"{"StartAt":"F","States":{"F":{"Type":"Fail"}}}"#;
    world.machine("m", fails).await;
    let engine = world.node(1).await;
    let view = run(&engine, "m", "{}").await;
    assert_eq!(engine.not_redrivable(&view).await.unwrap(), None, "14 days");
    engine.stop_node().await;
    // The days are counted from the close.
    let at_once = |settings: &mut runtime::Settings| settings.redrivable_days = 0;
    let engine = world.node_with(world.db.clone(), 2, at_once).await;
    let reason = engine.not_redrivable(&view).await.unwrap();
    assert_eq!(reason, Some(NotRedrivable::ClosedLongAgo));
    let refused = engine.redrive(view.facts.id, None).await.unwrap_err();
    assert_eq!(refused.to_string(), "Execution redrivable period exceeded");
    engine.stop_node().await;
}
