//! A crash at every commit of a Map Run: nothing is lost and nothing done twice.

use functions::{
    Call,
    fake::{Fake, Reply},
};
use runtime::{Engine, ExecutionId};
use store::{
    commit::Status,
    fault::{Action, Point},
    list::Filter,
};
use uuid::Uuid;

use super::{children, counts, machine_of, map_run_of, nothing_is_left};
use crate::{
    cuts::cut_each,
    world::{LAMBDA, PATIENCE, World, history, output, request},
};

/// The flow takes fewer commits than this: the test says so where that is no longer true.
const MORE_THAN_COMMITS: u64 = 20;

async fn world(kind: &str) -> World {
    let world = World::new(Fake::new().function("f", [Reply::Echo])).await;
    let rows: Vec<String> = (0..3).map(|n| format!("{{\"n\":{n}}}")).collect();
    let rows = rows.join("\n");
    world
        .objects
        .put("data", "rows.jsonl", rows.into())
        .await
        .unwrap();
    let fields = r#""MaxConcurrency":2,"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","Parameters":{"Bucket":"data","Key":"rows.jsonl"},"ReaderConfig":{"InputType":"JSONL"}},"#;
    let task = format!(r#""S":{{"Type":"Task","Resource":"{LAMBDA}:f","End":true}}"#);
    world.machine("m", &machine_of(kind, fields, &task)).await;
    world
}

async fn find_or_start(engine: &Engine) -> ExecutionId {
    if let Some(view) = engine.find("m", "crashed").await.unwrap() {
        return view.facts.id;
    }
    let mut named = request("m", "{}");
    named.name = Some("crashed".to_owned());
    engine.start(named).await.unwrap().facts.id
}

/// Starts on one node whose commit fails at a point, and ends on another life of it; false where there
/// are fewer commits.
async fn crash_at(kind: &str, point: Point, skip: u64) -> bool {
    let world = world(kind).await;
    let db = world.another_db().await;
    db.faults().arm(point, skip, Action::Hang);
    let doomed = world.node_on(db.clone(), 1).await;
    let mut named = request("m", "{}");
    named.name = Some("crashed".to_owned());
    let is_hung = {
        let starting = doomed.start_and_wait(named, PATIENCE);
        tokio::select! {
            () = db.faults().until_hung(1) => true,
            _ = starting => false,
        }
    };
    if !is_hung {
        doomed.stop_node().await;
        return false;
    }
    doomed.vanish();
    let (results, calls) = (results(&world).await, world.fake.calls());
    let survivor = world.node(1).await;
    let id = find_or_start(&survivor).await;
    let view = survivor.wait(id, PATIENCE).await.unwrap().unwrap();
    let lines = history(&survivor, &view).await;
    assert!(
        view.closed.is_some(),
        "{point:?} of commit {skip}: it stands at {lines:#?}"
    );
    let rows: Vec<String> = (0..3).map(|n| format!("{{\"n\":{n}}}")).collect();
    let expected = format!("[{}]", rows.join(","));
    assert_eq!(
        output(&view).to_text(),
        expected,
        "{point:?} of commit {skip}"
    );
    assert_eq!(lines.len(), 8, "{point:?} of commit {skip}: {lines:#?}");
    let run = map_run_of(&world, id).await;
    let counts = counts(&run);
    assert_eq!((counts.items.succeeded, counts.items.total), (3, 3));
    assert_eq!(
        children(&world, run.id, &[]).await.len(),
        3,
        "{point:?} of commit {skip}"
    );
    if kind == "EXPRESS" {
        // A Standard child's task may be called again, but no child whose result is there begins again.
        for id in results {
            let child = survivor.view(id).await.unwrap().unwrap();
            let input = child.facts.input.text();
            let count = |calls: &[Call]| {
                let calls = calls.iter();
                calls.filter(|call| call.payload.text() == input).count()
            };
            let (before, after) = (count(&calls), count(&world.fake.calls()));
            assert_eq!(before, after, "{point:?} of commit {skip}: {input}");
        }
    }
    nothing_is_left(&world).await;
    survivor.stop_node().await;
    true
}

/// The children that have closed.
async fn results(world: &World) -> Vec<ExecutionId> {
    let statuses = [Status::Succeeded, Status::Failed, Status::Aborted];
    let filter = Filter {
        statuses: statuses.to_vec(),
        ..Filter::default()
    };
    let closed = store::list::executions(&world.db, &filter, None, 100);
    let closed = closed.await.unwrap();
    let is_child = |id: &Uuid| store::map_run::get(&world.db, ExecutionId(*id));
    let mut children = Vec::new();
    for execution in closed {
        if is_child(&execution.machine_id).await.unwrap().is_some() {
            children.push(execution.id);
        }
    }
    children
}

async fn cut(kind: &str, point: Point) {
    cut_each(point, 5, MORE_THAN_COMMITS, |skip| {
        crash_at(kind, point, skip)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_any_commit_of_a_map_run_loses_nothing() {
    cut("STANDARD", Point::BeforeCommit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_any_commit_of_a_map_run_loses_nothing() {
    cut("STANDARD", Point::InDoubt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_any_commit_of_a_map_run_loses_nothing() {
    cut("STANDARD", Point::AfterCommit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn express_children_run_again_after_a_crash_before_a_commit() {
    cut("EXPRESS", Point::BeforeCommit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn express_children_run_again_after_a_crash_in_a_commit() {
    cut("EXPRESS", Point::InDoubt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn express_children_run_again_after_a_crash_behind_a_commit() {
    cut("EXPRESS", Point::AfterCommit).await;
}
