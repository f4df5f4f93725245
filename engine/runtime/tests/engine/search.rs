//! What searches look at is filled in behind the closes, whoever dies in between.

use functions::fake::Fake;
use runtime::{Engine, ExecutionId, StartRequest};
use store::{
    fault::{Action, Point},
    search::{Filter, find},
};

use crate::world::{PATIENCE, World, request, run};

/// Fails where the input says so: in a state of its own, in a branch, or after a failure was caught.
const MACHINE: &str = r#"{"StartAt":"Which","States":{
    "Which":{"Type":"Choice","Default":"Fine","Choices":[
        {"Variable":"$.in","StringEquals":"plain","Next":"Plain"},
        {"Variable":"$.in","StringEquals":"branch","Next":"Both"},
        {"Variable":"$.in","StringEquals":"caught","Next":"Caught"}]},
    "Fine":{"Type":"Pass","End":true},
    "Plain":{"Type":"Fail","Error":"Mine","Cause":"as asked"},
    "Both":{"Type":"Parallel","End":true,"Branches":[
        {"StartAt":"Inner","States":{"Inner":{"Type":"Fail","Error":"Within"}}},
        {"StartAt":"Beside","States":{"Beside":{"Type":"Wait","Seconds":5,"End":true}}}]},
    "Caught":{"Type":"Parallel","Next":"Fine","Catch":[{"ErrorEquals":["States.ALL"],"Next":"Late"}],
        "Branches":[{"StartAt":"Inner2","States":{"Inner2":{"Type":"Fail","Error":"Within"}}}]},
    "Late":{"Type":"Pass","InputPath":"$.nothing","End":true}}}"#;

async fn found(
    world: &World,
    machine: uuid::Uuid,
    state: Option<&str>,
    error: Option<&str>,
) -> Vec<ExecutionId> {
    let filter = Filter {
        machine_id: machine,
        failed_state: state.map(str::to_owned),
        error: error.map(str::to_owned),
    };
    find(&world.db, &filter, None, 10).await.unwrap()
}

/// Waits until the search gives just these.
#[track_caller]
fn until_found<'a>(
    world: &'a World,
    machine: uuid::Uuid,
    state: Option<&'a str>,
    error: Option<&'a str>,
    expected: &'a [ExecutionId],
) -> impl Future<Output = ()> + 'a {
    let caller = std::panic::Location::caller();
    async move {
        let filled = async {
            while found(world, machine, state, error).await != expected {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, filled).await;
        assert!(waited.is_ok(), "never found, at {caller}");
    }
}

async fn fail(engine: &Engine, input: &str) -> ExecutionId {
    let view = run(engine, "m", &format!(r#"{{"in":"{input}"}}"#)).await;
    assert!(view.closed.is_some());
    view.facts.id
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_found_by_error_and_by_the_innermost_state() {
    let world = World::new(Fake::new()).await;
    world.machine("m", MACHINE).await;
    let engine = world.node(1).await;
    let plain = fail(&engine, "plain").await;
    let branch = fail(&engine, "branch").await;
    let caught = fail(&engine, "caught").await;
    let fine = run(&engine, "m", r#"{"in":""}"#).await;
    let machine = fine.facts.revision.machine_id;
    until_found(&world, machine, Some("Plain"), None, &[plain]).await;
    until_found(&world, machine, None, Some("Mine"), &[plain]).await;
    until_found(&world, machine, Some("Inner"), Some("Within"), &[branch]).await;
    until_found(
        &world,
        machine,
        Some("Late"),
        Some("States.Runtime"),
        &[caught],
    )
    .await;
    assert!(
        found(&world, machine, Some("Inner2"), None)
            .await
            .is_empty()
    );
    // One that succeeded is nowhere.
    assert_eq!(found(&world, machine, None, None).await.len(), 3);
    let health = engine.health().await.unwrap();
    assert!(health.search_lag < PATIENCE);
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_the_close_leaves_nothing_out() {
    let world = World::new(Fake::new()).await;
    world.machine("m", MACHINE).await;
    let db = world.another_db().await;
    db.faults().arm(Point::AfterCommit, 0, Action::Hang);
    let doomed = world.node_on(db.clone(), 1).await;
    let mut named = request("m", r#"{"in":"plain"}"#);
    named.name = Some("lost".to_owned());
    let starting = doomed.start(StartRequest { ..named });
    tokio::select! {
        () = db.faults().until_hung(1) => {}
        view = starting => panic!("the node should hang: {view:?}"),
    }
    doomed.vanish();
    let survivor = world.node(1).await;
    let view = survivor.find("m", "lost").await.unwrap().unwrap();
    let machine = view.facts.revision.machine_id;
    until_found(&world, machine, None, Some("Mine"), &[view.facts.id]).await;
    survivor.stop_node().await;
}
