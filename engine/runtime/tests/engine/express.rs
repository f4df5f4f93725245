//! Express executions: in memory with an answer, and by a row without one; nested ones; crashes.

use std::{future::Future, sync::Arc, time::Duration};

use asl::{diagnose::MachineType, machine::Outcome};
use functions::fake::{Fake, Reply};
use runtime::{Engine, StartError};
use store::fault::{Action, Point};

use crate::world::{LAMBDA, PATIENCE, World, history, output, request, run, value};

const PASS: &str =
    r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","End":true}}}"#;

fn task(function: &str) -> String {
    format!(
        r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{LAMBDA}:{function}","End":true,
            "Retry":[{{"ErrorEquals":["Busy"],"IntervalSeconds":1}}]}}}}}}"#
    )
}

async fn express(world: &World, name: &str, definition: &str) {
    world
        .machine_of(MachineType::Express, name, definition)
        .await;
}

fn count(world: &World, table: &str) -> i64 {
    world.database.rows(table)
}

/// Waits until something holds, and fails where that takes far too long.
async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let reached = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, reached).await;
    assert!(waited.is_ok(), "not {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synchronous_execution_leaves_nothing_behind() {
    let world = World::new(Fake::new()).await;
    express(&world, "m", PASS).await;
    let engine = world.node(1).await;
    let mut named = request("m", r#"{"a": 1.0}"#);
    named.name = Some("mine".to_owned());
    let finished = engine.start_sync(named).await.unwrap();
    assert!(
        matches!(finished.outcome(), Outcome::Succeeded(output) if output.text() == r#"{"a": 1.0}"#)
    );
    assert_eq!(
        (finished.billing.duration_ms, finished.billing.memory_mb),
        (100, 64)
    );
    let id = finished.facts.id;
    assert_eq!(
        *finished.facts.identity.arn,
        format!("arn:aws:states:us-east-1:000000000000:express:m:mine:{id}")
    );
    // The service's limit stands where the machine has none of its own.
    let definition = &finished.facts.revision.definition;
    assert_eq!(definition.timeout_seconds, Some(300));
    for table in ["execution", "execution_name", "journal", "express_start"] {
        assert_eq!(count(&world, table), 0, "{table}");
    }
    assert!(engine.view(id).await.unwrap().is_none());
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_retries_waits_and_branches_are_those_of_the_core() {
    let busy = Reply::Error(asl::StateError::new("Busy", "try again"));
    let fake = Fake::new()
        .function("flaky", [busy, value("7")])
        .function("echo", [Reply::Echo]);
    let world = World::new(fake.clone()).await;
    let definition = format!(
        r#"{{"StartAt":"T","States":{{
            "T":{{"Type":"Task","Resource":"{LAMBDA}:flaky","ResultPath":"$.t","Next":"P",
                 "Retry":[{{"ErrorEquals":["Busy"],"IntervalSeconds":1}}]}},
            "P":{{"Type":"Parallel","ResultPath":"$.p","Next":"M","Branches":[
                {{"StartAt":"L","States":{{"L":{{"Type":"Task","Resource":"{LAMBDA}:echo","ResultSelector":{{"t.$":"$.t"}},"End":true}}}}}},
                {{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":1,"OutputPath":"$.items","End":true}}}}}}]}},
            "M":{{"Type":"Map","ItemsPath":"$.items","End":true,
                 "ItemProcessor":{{"StartAt":"I","States":{{"I":{{"Type":"Task","Resource":"{LAMBDA}:echo","End":true}}}}}}}}}}}}"#
    );
    express(&world, "m", &definition).await;
    let engine = world.node(1).await;
    let items: Vec<String> = (0..600).map(|n| n.to_string()).collect();
    let items = format!("[{}]", items.join(","));
    let view = run(&engine, "m", &format!(r#"{{"items":{items}}}"#)).await;
    assert_eq!(output(&view).to_text(), items);
    let calls = fake.calls();
    assert_eq!(calls.len(), 603);
    assert_ne!(calls[0].token, calls[1].token);
    assert!(calls[0].execution_arn.contains(":express:m:"));
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_takes_too_long_times_out_whatever_it_does() {
    let fake = Fake::new().function("never", [Reply::Never]);
    let world = World::new(fake).await;
    let states = [
        r#""A":{"Type":"Wait","Seconds":250,"End":true}"#.to_owned(),
        // An endless loop, which no history's length ends.
        r#""A":{"Type":"Pass","Next":"A"}"#.to_owned(),
        format!(r#""A":{{"Type":"Task","Resource":"{LAMBDA}:never","End":true}}"#),
    ];
    for (index, state) in states.iter().enumerate() {
        let loose = r#","Z":{"Type":"Choice","Choices":[{"Variable":"$.x","IsPresent":true,"Next":"A"}],"Default":"E"},"E":{"Type":"Succeed"}"#;
        let start = if index == 1 { "Z" } else { "A" };
        let loose = if index == 1 { loose } else { "" };
        let definition =
            format!(r#"{{"TimeoutSeconds":1,"StartAt":"{start}","States":{{{state}{loose}}}}}"#);
        express(&world, &format!("m{index}"), &definition).await;
    }
    let engine = world.node(1).await;
    for index in 0..states.len() {
        let view = run(&engine, &format!("m{index}"), r#"{"x":1}"#).await;
        let outcome = view.closed.as_ref().map(|closed| &closed.outcome);
        assert!(
            matches!(outcome, Some(Outcome::TimedOut(error))
                if error.error.as_deref() == Some("States.Timeout") && error.cause.is_none()),
            "{index}: {outcome:?}"
        );
    }
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_type_of_machine_has_its_own_way_to_start() {
    let world = World::new(Fake::new()).await;
    world.machine("standard", PASS).await;
    let engine = world.node(1).await;
    let refused = engine.start_sync(request("standard", "{}")).await;
    assert!(matches!(refused, Err(StartError::MachineTypeNotSupported)));
    let missing = engine.start_sync(request("gone", "{}")).await;
    assert!(matches!(missing, Err(StartError::MachineDoesNotExist)));
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_there_from_the_answer_until_the_execution_has_closed() {
    let fake = Fake::new().function("f", [Reply::Echo]).held("f");
    let world = World::new(fake.clone()).await;
    express(&world, "m", &task("f")).await;
    let engine = world.node(1).await;
    // The same name twice: each is an execution of its own.
    let mut arns = Vec::new();
    for _ in 0..2 {
        let mut named = request("m", r#"{"n": 1}"#);
        named.name = Some("same".to_owned());
        let view = engine.start(named).await.unwrap();
        assert!(view.closed.is_none());
        arns.push(view.facts.identity.arn.to_string());
    }
    assert_ne!(arns[0], arns[1]);
    assert_eq!(count(&world, "express_start"), 2);
    fake.release("f", 2);
    until("without rows", || async {
        count(&world, "express_start") == 0
    })
    .await;
    assert_eq!(fake.calls().len(), 2);
    assert_eq!(fake.calls()[0].payload.text(), r#"{"n": 1}"#);
    assert_eq!(count(&world, "execution"), 0);
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_node_waits_for_its_answers() {
    let fake = Fake::new().function("f", [Reply::Echo]).held("f");
    let world = World::new(fake.clone()).await;
    express(&world, "m", &task("f")).await;
    let engine = world.node(1).await;
    engine.start(request("m", "2")).await.unwrap();
    let running = async {
        let finished = engine.start_sync(request("m", "1")).await.unwrap();
        assert!(matches!(finished.outcome(), Outcome::Succeeded(_)));
    };
    let stopping = async {
        until("called", || async { fake.calls().len() == 2 }).await;
        tokio::join!(engine.stop_node(), async {
            let refused = engine.start_sync(request("m", "3")).await;
            assert!(matches!(refused, Err(StartError::Unavailable)));
            fake.release("f", 2);
        });
    };
    tokio::join!(running, stopping);
    assert_eq!(count(&world, "express_start"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_is_in_force_at_once_on_its_own_node_and_soon_on_others() {
    let world = World::new(Fake::new()).await;
    express(&world, "m", PASS).await;
    let (engine, other) = (world.node(1).await, world.node(2).await);
    for node in [&engine, &other] {
        node.start_sync(request("m", "1")).await.unwrap();
    }
    let machine = store::machine::get(&world.db, "m").await.unwrap().unwrap();
    let change = store::machine::Change {
        expected_revision: None,
        definition: Some(
            r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Result":"new","End":true}}}"#
                .to_owned(),
        ),
        role_arn: None,
        logging: None,
        tracing: None,
        encryption: None,
        version_description: None,
        versions_max: 10,
    };
    let id = uuid::Uuid::from_u128(77);
    store::machine::update(&world.db, machine.id, &change, id, machine.created_at)
        .await
        .unwrap();
    engine.forget_machine("m");
    let is_new = async |node: &Engine| {
        let finished = node.start_sync(request("m", "1")).await.unwrap();
        matches!(finished.outcome(), Outcome::Succeeded(output) if output.text() == r#""new""#)
    };
    assert!(is_new(&engine).await);
    let soon = async { while !is_new(&other).await {} };
    let waited = tokio::time::timeout(Duration::from_secs(5), soon).await;
    assert!(waited.is_ok());
    engine.stop_node().await;
    other.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standard_parent_starts_express_children_but_cannot_wait_for_them_by_sync() {
    let fake = Fake::new().function("f", [Reply::Echo]);
    let world = World::new(fake.clone()).await;
    express(&world, "child", &task("f")).await;
    let parent = |resource: &str, input: &str| {
        format!(
            r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"arn:aws:states:::{resource}",
                "Parameters":{{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Name":"kid",{input}}},"End":true}}}}}}"#
        )
    };
    let input = r#""Input.$":"$""#;
    world
        .machine("plain", &parent("states:startExecution", input))
        .await;
    world
        .machine("sync", &parent("states:startExecution.sync", input))
        .await;
    let engine = world.node(1).await;
    let plain = run(&engine, "plain", r#"{"n":1}"#).await;
    let arn = output(&plain).get("ExecutionArn").cloned().unwrap();
    let arn = arn.as_str().unwrap();
    assert!(arn.contains(":express:child:kid:"), "{arn}");
    until("called", || async { fake.calls().len() == 1 }).await;

    let sync = run(&engine, "sync", "{}").await;
    let outcome = sync.closed.as_ref().map(|closed| &closed.outcome);
    let Some(Outcome::Failed(error)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(
        error.error.as_deref(),
        Some("StepFunctions.StateMachineTypeNotSupportedException")
    );

    assert!(!history(&engine, &sync).await.is_empty());
    engine.stop_node().await;
}

/// Starts on a node whose row-writing stops at a point; says whether the start was answered, and how often
/// the function was called once the node has come back.
async fn crash_at(point: Point, skip: u64) -> (bool, usize) {
    let fake = Fake::new().function("f", [Reply::Echo]);
    let world = World::new(fake.clone()).await;
    express(&world, "m", &task("f")).await;
    let db = world.another_db().await;
    let doomed = world.node_on(db.clone(), 1).await;
    db.faults().arm(point, skip, Action::Hang);
    let is_answered = tokio::select! {
        started = doomed.start(request("m", "1")) => {
            started.unwrap();
            // The next statement deletes the row.
            db.faults().until_hung(1).await;
            true
        }
        () = db.faults().until_hung(1) => false,
    };
    doomed.vanish();
    let survivor = world.node(1).await;
    until("without rows", || async {
        count(&world, "express_start") == 0
    })
    .await;
    survivor.stop_node().await;
    (is_answered, fake.calls().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_runs_at_least_once_after_a_crash() {
    // The row was not written, and nobody was told so.
    assert_eq!(crash_at(Point::BeforeCommit, 0).await, (false, 0));
    // It was, and the answer did not get out.
    for point in [Point::InDoubt, Point::AfterCommit] {
        assert_eq!(crash_at(point, 0).await, (false, 1), "{point:?}");
    }
    // The execution has closed and its row is still there: it runs again.
    assert_eq!(crash_at(Point::BeforeCommit, 1).await, (true, 2));
    for point in [Point::InDoubt, Point::AfterCommit] {
        assert_eq!(crash_at(point, 1).await, (true, 1), "{point:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_under_way_runs_from_its_start_on_the_node_that_takes_over() {
    let calls = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let first = Reply::Computed(Arc::new(move |_: &functions::Call| {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok(asl::json::parse("1").unwrap())
    }));
    let fake = Fake::new()
        .function("first", [first])
        .function("second", [Reply::Never, Reply::Echo]);
    let world = World::new(fake.clone()).await;
    let definition = format!(
        r#"{{"StartAt":"A","States":{{"A":{{"Type":"Task","Resource":"{LAMBDA}:first","Next":"B"}},
            "B":{{"Type":"Task","Resource":"{LAMBDA}:second","End":true}}}}}}"#
    );
    express(&world, "m", &definition).await;
    let doomed = world.node(1).await;
    doomed.start(request("m", "{}")).await.unwrap();
    until("in its second task", || async { fake.calls().len() == 2 }).await;
    doomed.vanish();
    let survivor = world.node(1).await;
    until("done again", || async {
        count(&world, "express_start") == 0
    })
    .await;
    assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 2);
    let tokens: Vec<_> = fake.calls().iter().map(|call| call.token.clone()).collect();
    assert_eq!(tokens.len(), 4);
    // Another run makes other attempts: a function that remembers tokens must not take them for the same.
    assert_ne!(tokens[0], tokens[2]);
    survivor.stop_node().await;
}
