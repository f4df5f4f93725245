//! What one node does for all, at times that a test chooses.

use asl::Timestamp;
use functions::fake::Fake;
use runtime::{
    Engine, ExecutionId, NodeId,
    maintenance::{Caretaker, Tended},
};
use uuid::Uuid;

use crate::world::{PATIENCE, World, history, request, run};

const DAY: i64 = 24 * 60 * 60;
const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
const WAIT: &str =
    r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":31000000,"End":true}}}"#;

fn caretaker(world: &World, node: u128, engine: &Engine) -> Caretaker {
    let node = NodeId(Uuid::from_u128(node));
    Caretaker::new(world.db.clone(), node, 90, engine.metrics().clone())
}

/// Turns until nothing is left to do at that time.
async fn tend(caretaker: &mut Caretaker, now: Timestamp) -> Tended {
    let mut all = Tended::default();
    for _ in 0..200 {
        let tended = caretaker.turn(now).await;
        assert!(tended.is_holder);
        all.forgotten += tended.forgotten;
        all.partitions_made += tended.partitions_made;
        all.retired.extend(tended.retired);
        if tended.is_done {
            return all;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never ends: {all:?}");
}

async fn is_kept(world: &World, id: ExecutionId) -> bool {
    let found = store::execution::get(&world.db, id).await.unwrap();
    found.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_closed_before_the_retention_goes_and_what_runs_stays() {
    let world = World::new(Fake::new()).await;
    world.machine("pass", PASS).await;
    world.machine("wait", WAIT).await;
    let engine = world.node(1).await;
    let named = || {
        let mut request = request("pass", "{}");
        request.name = Some("once".to_owned());
        request
    };
    let closed = engine.start_and_wait(named(), PATIENCE).await.unwrap();
    let open = engine.start(request("wait", "{}")).await.unwrap();
    let before = history(&engine, &open).await;
    assert!(open.closed.is_none(), "{before:?}");
    let now = engine.now();
    let mut caretaker = caretaker(&world, 1, &engine);

    let early = tend(&mut caretaker, now.plus_seconds(89 * DAY)).await;
    assert_eq!((early.forgotten, early.retired.len()), (0, 0), "{early:?}");
    assert!(is_kept(&world, closed.facts.id).await);
    assert!(engine.start(named()).await.is_err(), "the name is taken");

    let late = tend(&mut caretaker, now.plus_seconds(92 * DAY)).await;
    assert_eq!(late.forgotten, 1);
    assert!(
        late.partitions_made > 0 && !late.retired.is_empty(),
        "{late:?}"
    );
    assert!(!is_kept(&world, closed.facts.id).await);
    assert!(is_kept(&world, open.facts.id).await);
    engine.start(named()).await.unwrap();

    // The survivor is whole, here and on a node that knows nothing of it.
    let other = world.node(2).await;
    assert_eq!(history(&other, &open).await, before);
    let stop = asl::StateError::new("Done", "by a test");
    other.stop(open.facts.id, stop).await.unwrap();
    let stopped = other.wait(open.facts.id, PATIENCE).await.unwrap().unwrap();
    assert!(stopped.closed.is_some());
    engine.stop_node().await;
    other.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_for_one_node_at_a_time_and_does_a_bounded_amount() {
    let world = World::new(Fake::new()).await;
    world.machine("pass", PASS).await;
    let engine = world.node(1).await;
    run(&engine, "pass", "{}").await;
    let mut first = caretaker(&world, 1, &engine);
    let mut second = caretaker(&world, 2, &engine);
    // All partitions that there are lie before the retention: more than one turn retires.
    let later = engine.now().plus_seconds(200 * DAY);
    let tended = first.turn(later).await;
    assert!(tended.is_holder && !tended.is_done, "{tended:?}");
    assert_eq!(tended.forgotten, 1);
    assert_eq!(second.turn(later).await, Tended::default());
    let rest = tend(&mut first, later).await;
    assert!(rest.retired.len() >= 8, "{rest:?}");
    // Somebody else goes on where the first was, by what the tables say.
    let mut again = caretaker(&world, 1, &engine);
    let nothing = tend(&mut again, later).await;
    assert_eq!((nothing.forgotten, nothing.retired.len()), (0, 0));
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_makes_the_partitions_that_are_missing_and_says_how_many_days_there_are() {
    let world = World::new(Fake::new()).await;
    world.database.execute(
        "DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT inhrelid::regclass FROM pg_inherits
                WHERE inhparent = 'journal'::regclass
            LOOP EXECUTE 'DROP TABLE ' || name; END LOOP;
        END $$",
    );
    let engine = world.node(1).await;
    let health = engine.health().await.unwrap();
    assert!(health.is_ready);
    assert_eq!(health.journal_days_ahead, 15);
    engine.stop_node().await;
}
