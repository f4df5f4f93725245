//! What runs a second time: Express children, Map Runs that are redriven, children that were lost.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use asl::{Json, StateError};
use functions::fake::{Fake, Reply};
use runtime::{Engine, ExecutionId};
use store::{
    commit::Status,
    fault::{Action, Point},
};

use super::{
    PICKY, children, counts, failure, machine_of, map_run_of, nothing_is_left, until, waiting,
};
use crate::{
    cuts::cut_each,
    world::{PATIENCE, World, history, output, request, run},
};

/// The flow that is redriven takes fewer commits than this.
const MORE_THAN_COMMITS: u64 = 16;

/// Fails for the item 1, the first time.
fn fails_once() -> (Reply, Arc<AtomicUsize>) {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let reply = Reply::Computed(Arc::new(move |call| {
        let item = call.payload.json().clone();
        let is_it = item.to_text() == "1";
        if is_it && count.fetch_add(1, Ordering::SeqCst) == 0 {
            return Err(StateError::new("Odd", "one"));
        }
        Ok(item)
    }));
    (reply, seen)
}

fn calls_of(world: &World, item: &str) -> usize {
    let calls = world.fake.calls();
    calls
        .iter()
        .filter(|call| call.payload.text() == item)
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn express_children_leave_results_as_others_do() {
    let world = World::new(Fake::new()).await;
    let lax = r#""ToleratedFailureCount":2,"#;
    world.machine("m", &machine_of("EXPRESS", lax, PICKY)).await;
    let engine = world.node(1).await;
    let items: Vec<String> = (0..600).map(|n| n.to_string()).collect();
    let view = run(&engine, "m", &format!("[{}]", items.join(","))).await;
    let out = output(&view);
    let out = out.as_array().unwrap();
    assert_eq!((out.len(), out[599].to_text()), (600, "599".to_owned()));
    let text = |name: &str| out[0].get(name).and_then(Json::as_str).unwrap().to_owned();
    assert_eq!(text("Error"), "TooSmall");
    let arn = text("ExecutionArn");
    assert!(
        arn.starts_with("arn:aws:states:us-east-1:000000000000:express:m/M:"),
        "{arn}"
    );
    let map_run = map_run_of(&world, view.facts.id).await;
    assert!(map_run.is_express);
    let counts = counts(&map_run);
    assert_eq!((counts.items.succeeded, counts.items.failed), (599, 1));
    assert_eq!(children(&world, map_run.id, &[]).await.len(), 600);
    let failed = children(&world, map_run.id, &[Status::Failed]).await;
    let child = engine.view(failed[0]).await.unwrap().unwrap();
    assert_eq!(*child.facts.identity.arn, *arn);
    nothing_is_left(&world).await;
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_the_execution_aborts_express_children() {
    let fake = Fake::new().function("f", [Reply::Echo]).held("f");
    let world = World::new(fake.clone()).await;
    let fields = r#""MaxConcurrency":3,"#;
    world
        .machine("m", &machine_of("EXPRESS", fields, &waiting()))
        .await;
    let engine = world.node(1).await;
    let view = engine.start(request("m", "[1,2,3,4,5]")).await.unwrap();
    let id = view.facts.id;
    until(&world, id, |run| counts(run).executions.running == 3).await;
    engine.stop(id, StateError::named("Stop")).await.unwrap();
    let run = until(&world, id, |run| run.closed_at.is_some()).await;
    assert_eq!(run.status, Status::Aborted);
    assert_eq!(counts(&run).executions.aborted, 3);
    fake.release("f", 10);
    nothing_is_left(&world).await;
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn express_children_are_spread_over_the_nodes() {
    let world = World::new(Fake::new().function("f", [Reply::Echo])).await;
    world
        .machine("m", &machine_of("EXPRESS", "", &waiting()))
        .await;
    let first = world.node(1).await;
    let second = world.node(2).await;
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
    assert_eq!(output(&view).to_text(), input);
    let started = |engine: &Engine| engine.metrics().started.get();
    assert!(started(&second) > 0, "the other node ran some");
    nothing_is_left(&world).await;
    first.stop_node().await;
    second.stop_node().await;
}

/// A machine whose items go one by one, and whose item 1 fails once: 0 is done, 2 never began.
async fn failed(kind: &str) -> (World, Engine, ExecutionId) {
    let world = World::new(Fake::new().function("f", [fails_once().0])).await;
    let fields = r#""MaxConcurrency":1,"#;
    world
        .machine("m", &machine_of(kind, fields, &waiting()))
        .await;
    let engine = world.node(1).await;
    let view = run(&engine, "m", "[0,1,2]").await;
    assert_eq!(
        failure(&view).0,
        "States.ExceedToleratedFailureThreshold",
        "{kind}"
    );
    (world, engine, view.facts.id)
}

async fn check_redrive(kind: &str) {
    let (world, engine, id) = failed(kind).await;
    let before = map_run_of(&world, id).await;
    assert_eq!((before.status, before.redrive_count), (Status::Failed, 0));
    engine.redrive(id, None).await.unwrap();
    let view = engine.wait(id, PATIENCE).await.unwrap().unwrap();
    assert_eq!(output(&view).to_text(), "[0,1,2]", "{kind}");
    let lines = history(&engine, &view).await;
    assert_eq!(
        lines[7..],
        [
            "8<7:ExecutionRedriven",
            "9<8:MapRunRedriven",
            "10<9:MapRunSucceeded",
            "11<10:MapStateSucceeded",
            "12<10:MapStateExited",
            "13<12:ExecutionSucceeded"
        ]
    );
    let after = map_run_of(&world, id).await;
    assert_eq!((after.id, after.status), (before.id, Status::Succeeded));
    assert_eq!(after.redrive_count, 1);
    assert!(after.redriven_at.is_some());
    let counts = counts(&after);
    assert_eq!((counts.items.succeeded, counts.items.total), (3, 3));
    assert_eq!(counts.executions.pending_redrive, 0);
    assert_eq!(calls_of(&world, "0"), 1);
    assert_eq!(calls_of(&world, "1"), 2);
    // A Standard child is the same execution, an Express one another.
    let all = children(&world, after.id, &[]).await.len();
    assert_eq!(all, if kind == "EXPRESS" { 4 } else { 3 });
    nothing_is_left(&world).await;
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_goes_on_with_the_same_map_run_and_runs_nothing_twice() {
    check_redrive("STANDARD").await;
    check_redrive("EXPRESS").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_is_redriven_by_its_map_run_alone() {
    let (world, engine, id) = failed("STANDARD").await;
    let map_run = map_run_of(&world, id).await;
    let child = children(&world, map_run.id, &[Status::Failed]).await[0];
    let refused = engine.redrive(child, None).await.unwrap_err();
    assert!(refused.to_string().contains("Map Run"), "{refused}");
    engine.stop_node().await;
}

/// Redrives on one node whose commit fails at a point, and ends on another life of it; false where there
/// are fewer commits.
async fn crash_at(kind: &str, point: Point, skip: u64) -> bool {
    let (world, first, id) = failed(kind).await;
    first.stop_node().await;
    let db = world.another_db().await;
    let doomed = world.node_on(db.clone(), 1).await;
    db.faults().arm(point, skip, Action::Hang);
    let is_hung = {
        let redriving = async {
            doomed.redrive(id, Some("token")).await.unwrap();
            doomed.wait(id, PATIENCE).await.unwrap();
        };
        tokio::select! {
            () = db.faults().until_hung(1) => true,
            () = redriving => false,
        }
    };
    if !is_hung {
        doomed.stop_node().await;
        return false;
    }
    doomed.vanish();
    let survivor = world.node(1).await;
    survivor.redrive(id, Some("token")).await.unwrap();
    let view = survivor.wait(id, PATIENCE).await.unwrap().unwrap();
    let place = format!("{kind} {point:?} of commit {skip}");
    let lines = history(&survivor, &view).await;
    assert!(view.closed.is_some(), "{place}: it stands at {lines:#?}");
    assert_eq!(output(&view).to_text(), "[0,1,2]", "{place}");
    assert_eq!(lines.len(), 13, "{place}: {lines:#?}");
    let run = map_run_of(&world, id).await;
    assert_eq!(run.redrive_count, 1, "{place}");
    let counts = counts(&run);
    assert_eq!((counts.items.succeeded, counts.items.total), (3, 3));
    assert_eq!(calls_of(&world, "0"), 1, "{place}");
    nothing_is_left(&world).await;
    survivor.stop_node().await;
    true
}

async fn cut(kind: &str, point: Point) {
    cut_each(point, 5, MORE_THAN_COMMITS, |skip| {
        crash_at(kind, point, skip)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_finished_child_runs_again_where_a_redrive_is_cut_before_a_commit() {
    cut("STANDARD", Point::BeforeCommit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_finished_child_runs_again_where_a_redrive_is_cut_in_a_commit() {
    cut("STANDARD", Point::InDoubt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_finished_express_child_runs_again_where_a_redrive_is_cut_before_a_commit() {
    cut("EXPRESS", Point::BeforeCommit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_finished_express_child_runs_again_where_a_redrive_is_cut_in_a_commit() {
    cut("EXPRESS", Point::InDoubt).await;
}
