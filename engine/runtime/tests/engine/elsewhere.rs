//! A node that owns no shard starts executions through the inbox of one that does.

use std::time::Duration;

use functions::fake::Fake;
use runtime::StartError;

use crate::world::{PATIENCE, World, history, output, request};

const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
const WAIT: &str =
    r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":31000000,"End":true}}}"#;

/// A database with one shard, so that a second node has none.
async fn world() -> World {
    let world = World::new(Fake::new()).await;
    world.database.execute(
        "DELETE FROM slot_range;
         INSERT INTO slot_range (first_slot, last_slot, shard) VALUES (0, 4095, 0);
         DELETE FROM shard WHERE id > 0",
    );
    world.machine("pass", PASS).await;
    world.machine("wait", WAIT).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_a_shard_starts_executions_all_the_same() {
    let world = world().await;
    let owner = world.node(1).await;
    let asked = world.node(2).await;
    assert!(owner.is_ready() && !asked.is_ready());
    let view = asked
        .start_and_wait(request("pass", r#"{"a": 1.0}"#), PATIENCE)
        .await
        .unwrap();
    assert_eq!(output(&view).to_text(), r#"{"a":1.0}"#);
    assert_eq!(view.facts.input.text(), r#"{"a": 1.0}"#);
    let expected = [
        "1<0:ExecutionStarted",
        "2<0:PassStateEntered",
        "3<2:PassStateExited",
        "4<3:ExecutionSucceeded",
    ];
    assert_eq!(history(&asked, &view).await, expected);
    assert_eq!(history(&owner, &view).await, expected);
    assert_eq!(asked.metrics().starts_sent.get(), 1);
    assert_eq!(owner.metrics().started.get(), 1);
    asked.stop_node().await;
    owner.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_given_once_also_through_the_inbox() {
    let world = world().await;
    let owner = world.node(1).await;
    let asked = world.node(2).await;
    let named = |input: &str| {
        let mut request = request("wait", input);
        request.name = Some("one".to_owned());
        request
    };
    let first = asked.start(named("{}")).await.unwrap();
    assert!(first.closed.is_none());
    assert_eq!(&*first.facts.identity.name, "one");
    for node in [&asked, &owner] {
        let again = node.start(named("{}")).await.unwrap_err();
        assert!(
            matches!(again, StartError::NameTaken { by, is_same_input: true } if by == first.facts.id),
            "{again:?}"
        );
        let other = node.start(named(r#"{"x":1}"#)).await.unwrap_err();
        assert!(
            matches!(other, StartError::NameTaken { by, is_same_input: false } if by == first.facts.id),
            "{other:?}"
        );
    }
    // Raced from both, one wins.
    for round in 0..10 {
        let starts = [&owner, &asked].map(|node| {
            let mut request = request("wait", "{}");
            request.name = Some(format!("round-{round}"));
            node.start(request)
        });
        let outcomes = futures_util::future::join_all(starts).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    }
    let missing = asked.start(request("missing", "{}")).await.unwrap_err();
    assert!(matches!(missing, StartError::MachineDoesNotExist));
    asked.stop_node().await;
    owner.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_whose_owner_dies_begins_with_the_next_one() {
    let world = world().await;
    let brief = |settings: &mut runtime::Settings| settings.lease = Duration::from_secs(3);
    let owner = world.node_with(world.db.clone(), 1, brief).await;
    let asked = world.node(2).await;
    owner.vanish();
    // Nobody reads the inbox until the lease is over and the asked node has taken over.
    let view = asked.start(request("wait", "{}")).await.unwrap();
    assert!(view.closed.is_none());
    // That it owns the shard is seen in what it did; its lease may be over again on a busy machine.
    assert_eq!(asked.metrics().started.get(), 1);
    let lines = history(&asked, &view).await;
    assert_eq!(lines, ["1<0:ExecutionStarted", "2<0:WaitStateEntered"]);
    asked.stop_node().await;
}
