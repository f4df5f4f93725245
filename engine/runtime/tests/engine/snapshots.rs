//! Waking by a snapshot and the rows after it.

use asl::Payload;
use functions::fake::Fake;
use runtime::{Engine, ExecutionId, TaskEnd};
use store::snapshot::Snapshot;

use crate::world::{PATIENCE, World, history, output, request};

const ROUNDS: u64 = 60;
const MORE: &str = r#"{"more":true}"#;

/// Rounds of a chain of states and a task that a worker ends: each ends with a sleep in the database.
fn rounds() -> String {
    let chain: Vec<String> = (0..20)
        .map(|n| {
            let next = if n < 19 {
                format!("P{}", n + 1)
            } else {
                "T".to_owned()
            };
            format!(r#""P{n}":{{"Type":"Pass","Next":"{next}"}}"#)
        })
        .collect();
    format!(
        r#"{{"StartAt":"P0","States":{{{},
            "T":{{"Type":"Task","Resource":"arn:aws:states:us-east-1:000000000000:activity:act","Next":"C"}},
            "C":{{"Type":"Choice","Choices":[{{"Variable":"$.more","BooleanEquals":true,"Next":"P0"}}],"Default":"E"}},
            "E":{{"Type":"Pass","End":true}}}}}}"#,
        chain.join(",")
    )
}

/// Takes the next task; that it is there says that all that came before was worked off.
async fn take(engine: &Engine) -> String {
    let task = engine.activity_task("act", None, PATIENCE).await.unwrap();
    task.expect("a task comes").token
}

async fn end(engine: &Engine, token: &str, answer: &str) {
    let answer = Payload::parse(answer).unwrap();
    let ended = engine.end_task(token, Ok(answer)).await.unwrap();
    assert_eq!(ended, TaskEnd::Done);
}

async fn snapshot(world: &World, id: ExecutionId) -> Option<Snapshot> {
    store::snapshot::get(&world.db, id).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeper_of_thousands_of_events_wakes_by_a_bounded_number_of_rows() {
    let world = World::new(Fake::new()).await;
    world.activity("act").await;
    world.machine("m", &rounds()).await;
    let engine = world.node(1).await;
    let view = engine.start(request("m", "{}")).await.unwrap();
    let id = view.facts.id;
    let loaded = || engine.metrics().steps_loaded.get();
    for number in 0..ROUNDS {
        let before = loaded();
        let token = take(&engine).await;
        end(&engine, &token, MORE).await;
        let rows = loaded() - before;
        assert!(rows < 120, "round {number} read {rows} rows");
    }
    let token = take(&engine).await;
    let (all, written) = (loaded(), engine.metrics().snapshots_written.get());
    assert!(written > 3, "{written} snapshots");
    assert!(snapshot(&world, id).await.is_some());

    // Without any snapshot it goes on all the same.
    engine.stop_node().await;
    store::snapshot::delete(&world.db, &[id]).await.unwrap();
    let engine = world.node(2).await;
    end(&engine, &token, MORE).await;
    let token = take(&engine).await;
    assert_eq!(engine.metrics().snapshots_refused.get(), 0);
    engine.stop_node().await;

    // And so it does with one that is damaged, or of a format that is not known.
    let damaged = Snapshot {
        step: 1_000_000,
        format: 1,
        body: r#"{"format":1,"payloads":[],"#.to_owned(),
    };
    store::snapshot::put(&world.db, id, &damaged).await.unwrap();
    let engine = world.node(3).await;
    end(&engine, &token, MORE).await;
    let token = take(&engine).await;
    assert_eq!(engine.metrics().snapshots_refused.get(), 1);
    engine.stop_node().await;
    let unknown = Snapshot {
        format: 7,
        ..damaged
    };
    store::snapshot::put(&world.db, id, &unknown).await.unwrap();
    let third = world.node(4).await;
    end(&third, &token, r#"{"more":false,"last":1}"#).await;
    let view = third.wait(id, PATIENCE).await.unwrap().unwrap();
    assert_eq!(output(&view).to_text(), r#"{"more":false,"last":1}"#);

    assert_eq!(third.metrics().snapshots_refused.get(), 1);

    // Every event is there, once and in order.
    let lines = history(&third, &view).await;
    let events = lines.len() as u64;
    assert!(events > ROUNDS * 45, "{events} events");
    for (number, line) in (1..).zip(&lines) {
        assert!(line.starts_with(&format!("{number}<")), "{line}");
    }
    assert!(all < events, "{all} rows were read for {events} events");
    third.stop_node().await;
}
