//! Executions from start to end on one node.

use functions::fake::{Fake, Reply};
use runtime::Names;

use crate::world::{LAMBDA, PATIENCE, World, history, output, request, run, value};

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_chain_closes_in_the_commit_that_starts_it() {
    let world = World::new(Fake::new()).await;
    world
        .machine(
            "m",
            r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Result":{"b":1.0},"End":true}}}"#,
        )
        .await;
    let engine = world.node(1).await;
    let view = run(&engine, "m", r#"{"a": 1}"#).await;
    assert_eq!(output(&view).to_text(), r#"{"b":1.0}"#);
    let expected = [
        "1<0:ExecutionStarted",
        "2<0:PassStateEntered",
        "3<2:PassStateExited",
        "4<3:PassStateEntered",
        "5<4:PassStateExited",
        "6<5:ExecutionSucceeded",
    ];
    assert_eq!(history(&engine, &view).await, expected);
    // Another node reads the same from the database.
    let other = world.node(2).await;
    let read = other.view(view.facts.id).await.unwrap().unwrap();
    assert_eq!(read.facts.input.text(), r#"{"a": 1}"#);
    assert_eq!(output(&read), output(&view));
    assert_eq!(history(&other, &view).await, expected);
    engine.stop_node().await;
    other.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_called_with_the_attempts_own_token() {
    let fake = Fake::new().function(
        "f",
        [
            Reply::Error(asl::StateError::new("Busy", "try again")),
            value(r#"{"done":true}"#),
        ],
    );
    let world = World::new(fake.clone()).await;
    world
        .machine(
            "m",
            &format!(
                r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{LAMBDA}:f","End":true,
                    "Retry":[{{"ErrorEquals":["Busy"],"IntervalSeconds":1,"MaxAttempts":2}}]}}}}}}"#
            ),
        )
        .await;
    let engine = world.node(1).await;
    let view = run(&engine, "m", "{}").await;
    assert_eq!(output(&view).to_text(), r#"{"done":true}"#);
    let calls = fake.calls();
    assert_eq!(calls.len(), 2);
    assert_ne!(calls[0].token, calls[1].token);
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_starts_one_execution() {
    let world = World::new(Fake::new()).await;
    world
        .machine(
            "m",
            r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1000,"End":true}}}"#,
        )
        .await;
    let engine = world.node(1).await;
    let named = |input: &str| {
        let mut request = request("m", input);
        request.name = Some("one".to_owned());
        request
    };
    let first = engine.start(named("{}")).await.unwrap();
    let again = engine.start(named("{}")).await.unwrap_err();
    assert!(
        matches!(again, runtime::StartError::NameTaken { by, is_same_input: true } if by == first.facts.id),
        "{again:?}"
    );
    let other = engine.start(named(r#"{"x":1}"#)).await.unwrap_err();
    assert!(matches!(
        other,
        runtime::StartError::NameTaken {
            is_same_input: false,
            ..
        }
    ));
    let found = engine.find("m", "one").await.unwrap().unwrap();
    assert_eq!(found.facts.id, first.facts.id);
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeper_leaves_memory_and_can_be_stopped() {
    let world = World::new(Fake::new()).await;
    world
        .machine(
            "m",
            r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1000,"End":true}}}"#,
        )
        .await;
    let engine = world.node(1).await;
    let view = engine.start(request("m", "{}")).await.unwrap();
    let asleep: i64 = sqlx_count(&world).await;
    assert_eq!(asleep, 1);
    let error = asl::StateError::new("Mine", "enough");
    let stopped = engine.stop(view.facts.id, error).await.unwrap().unwrap();
    let closed = stopped.closed.as_ref().expect("it is closed");
    assert!(
        matches!(&closed.outcome, asl::machine::Outcome::Aborted(error) if error.error.as_deref() == Some("Mine"))
    );
    assert_eq!(sqlx_count(&world).await, 0);
    engine.stop_node().await;
}

async fn sqlx_count(world: &World) -> i64 {
    let map = store::lease::shard_map(&world.db).await.unwrap();
    let shards: Vec<_> = map.owners.iter().map(|(shard, _)| *shard).collect();
    let all = asl::Timestamp(i64::MAX / 4);
    i64::try_from(
        store::timer::due(&world.db, &shards, all, 100)
            .await
            .unwrap()
            .len(),
    )
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_worker_ends_its_task_by_the_token() {
    let world = World::new(Fake::new()).await;
    let arn = world.activity("act").await;
    world
        .machine(
            "m",
            &format!(r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{arn}","End":true}}}}}}"#),
        )
        .await;
    let engine = world.node(1).await;
    let worker = {
        let engine = engine.clone();
        async move {
            let task = engine
                .activity_task("act", Some("w"), PATIENCE)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(task.input, r#"{"n":1}"#);
            let answer = asl::Payload::parse("[1]").unwrap();
            let ended = engine
                .end_task(&task.token, Ok(answer.clone()))
                .await
                .unwrap();
            assert_eq!(ended, runtime::TaskEnd::Done);
            let again = engine.end_task(&task.token, Ok(answer)).await.unwrap();
            assert_eq!(again, runtime::TaskEnd::TimedOut);
        }
    };
    let (view, ()) = tokio::join!(run(&engine, "m", r#"{"n":1}"#), worker);
    assert_eq!(output(&view).to_text(), "[1]");
    assert_eq!(
        history(&engine, &view).await,
        [
            "1<0:ExecutionStarted",
            "2<0:TaskStateEntered",
            "3<2:ActivityScheduled",
            "4<3:ActivityStarted",
            "5<4:ActivitySucceeded",
            "6<5:TaskStateExited",
            "7<6:ExecutionSucceeded",
        ]
    );
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_of_an_activity_that_is_not_there_fails() {
    let world = World::new(Fake::new()).await;
    let arn = Names::default().activity("nobody");
    let definition = format!(
        r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{arn}","End":true,
            "Catch":[{{"ErrorEquals":["States.ALL"],"Next":"C"}}]}},"C":{{"Type":"Succeed"}}}}}}"#
    );
    world.machine("m", &definition).await;
    let engine = world.node(1).await;
    let view = run(&engine, "m", "{}").await;
    let outcome = view.closed.as_ref().map(|closed| &closed.outcome);
    let cause = "An error occurred while executing the state 'T' (entered at the event id #2). \
                 The activity ARN does not exist.";
    let error = asl::StateError::new("States.Runtime", cause);
    assert_eq!(outcome, Some(&asl::machine::Outcome::Failed(error)));
    assert_eq!(
        history(&engine, &view).await,
        [
            "1<0:ExecutionStarted",
            "2<0:TaskStateEntered",
            "3<2:ActivityScheduled",
            "4<3:ActivityScheduleFailed",
            "5<4:ExecutionFailed",
        ]
    );
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_waits_for_its_child() {
    let world = World::new(Fake::new()).await;
    let parent = |form: &str| {
        format!(
            r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"arn:aws:states:::states:startExecution{form}",
                "Parameters":{{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Input.$":"$"}},"End":true}}}}}}"#
        )
    };
    world
        .machine(
            "child",
            r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#,
        )
        .await;
    world.machine("sync", &parent(".sync")).await;
    world.machine("sync2", &parent(".sync:2")).await;
    world.machine("plain", &parent("")).await;
    let engine = world.node(1).await;
    let sync = run(&engine, "sync", r#"{"n":1}"#).await;
    assert_eq!(
        output(&sync).get("Output").unwrap().as_str(),
        Some(r#"{"n":1}"#)
    );
    let sync2 = run(&engine, "sync2", r#"{"n":1}"#).await;
    assert_eq!(
        output(&sync2).get("Output").unwrap().to_text(),
        r#"{"n":1}"#
    );
    let plain = run(&engine, "plain", r#"{"n":1}"#).await;
    assert!(output(&plain).get("ExecutionArn").is_some());
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_of_many_items_takes_several_steps() {
    let world = World::new(Fake::new()).await;
    world
        .machine(
            "m",
            r#"{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}"#,
        )
        .await;
    let engine = world.node(1).await;
    let items: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    let input = format!("[{}]", items.join(","));
    let view = run(&engine, "m", &input).await;
    assert_eq!(output(&view).to_text(), input);
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_cannot_be_made_says_in_which_state() {
    let world = World::new(Fake::new()).await;
    // Only the run shows that what must be a text is a number.
    let task = |resource: &str, field: &str| {
        format!(
            r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"arn:aws:states:::{resource}","Parameters":{{"{field}.$":"$.n"}},"End":true}}}}}}"#
        )
    };
    let engine = world.node(1).await;
    for (name, resource, field) in [
        ("child", "states:startExecution", "StateMachineArn"),
        ("function", "lambda:invoke", "FunctionName"),
    ] {
        world.machine(name, &task(resource, field)).await;
        let view = run(&engine, name, r#"{"n":1}"#).await;
        let closed = view.closed.as_ref().unwrap();
        let asl::machine::Outcome::Failed(error) = &closed.outcome else {
            panic!("{resource}: {:?}", closed.outcome);
        };
        assert_eq!(error.error.as_deref(), Some("States.Runtime"), "{resource}");
        let frame =
            "An error occurred while executing the state 'T' (entered at the event id #2). ";
        let cause = error.cause.as_deref().unwrap();
        assert!(cause.starts_with(frame), "{resource}: {cause}");
    }
    engine.stop_node().await;
}
