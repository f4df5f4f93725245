//! What random runs and readings have found wrong, one case each.

use super::world::{World, definition, json};
use crate::{
    Json, Payload, StateError, Timestamp,
    machine::{Command, Execution, Input, Limits, Outcome, Timer, execution::Position, resume},
};

const LAMBDA: &str = "arn:aws:lambda:us-east-1:000000000000:function";

#[test]
fn an_aborted_branch_takes_the_branches_inside_it_along() {
    let source = json(
        r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","Next":"Never","Catch":[{"ErrorEquals":["States.ALL"],"Next":"W"}],"Branches":[
            {"StartAt":"I","States":{"I":{"Type":"Parallel","End":true,"Branches":[
                {"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}]}}},
            {"StartAt":"F","States":{"F":{"Type":"Fail"}}}]},
            "Never":{"Type":"Fail"},"W":{"Type":"Wait","Seconds":3,"End":true}}}"#,
    );
    let mut world = World::new(&source, 1);
    let outcome = world.run(&json("{}"));
    assert!(
        matches!(outcome, Some(Outcome::Succeeded(_))),
        "{outcome:?}"
    );
}

#[test]
fn a_catcher_whose_output_is_too_large_is_not_asked_again() {
    let source = json(&format!(
        r#"{{"StartAt":"T","States":{{
            "T":{{"Type":"Task","Resource":"{LAMBDA}:f","Next":"E","Catch":[
                {{"ErrorEquals":["States.DataLimitExceeded","E"],"ResultPath":"$.error","Next":"E"}}]}},
            "E":{{"Type":"Succeed"}}}}}}"#
    ));
    let mut world = World::new(&source, 1).answers("f", &[Err("E")]);
    let input = Json::members([("a", Json::string("x".repeat(262_100)))]);
    match world.run(&input) {
        Some(Outcome::Failed(error)) => {
            assert_eq!(error.error.as_deref(), Some("States.DataLimitExceeded"));
        }
        other => panic!("the execution failed, not: {other:?}"),
    }
}

/// A payload's home is a place in one execution's journal; two executions never share one.
#[test]
fn executions_share_neither_results_of_a_definition_nor_payloads_from_outside() {
    let definition = definition(&json(&format!(
        r#"{{"StartAt":"P","States":{{"P":{{"Type":"Pass","Result":{{"a":1}},"Next":"W"}},
            "W":{{"Type":"Wait","Seconds":1,"Next":"T"}},
            "T":{{"Type":"Task","Resource":"{LAMBDA}:f","Next":"P2"}},"P2":{{"Type":"Pass","End":true}}}}}}"#
    )));
    let input = Payload::from(json(r#"{"in":1}"#));
    let output = Payload::from(json(r#"{"out":1}"#));
    for _ in 0..2 {
        let mut world = World::of(definition.clone(), 1);
        world.feed(Input::Start {
            input: input.clone(),
        });
        world.settle();
        let Some(Position::Called { call, .. }) = world
            .execution
            .threads
            .values()
            .map(|thread| &thread.position)
            .next()
        else {
            panic!("the task is called");
        };
        let attempt = call.attempt;
        world.feed(Input::TaskSucceeded {
            attempt,
            output: output.clone(),
        });
        assert!(world.execution.is_closed());
    }
}

#[test]
fn only_a_service_that_is_waited_for_submits() {
    let source = json(&format!(
        r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{LAMBDA}:f","End":true}}}}}}"#
    ));
    let mut world = World::new(&source, 1);
    world.run(&json("{}"));
    let before = world.events.len();
    let output = Payload::from(json("1"));
    world.feed(Input::TaskSubmitted { attempt: 3, output });
    assert_eq!(world.events.len(), before);
}

#[test]
fn a_task_that_its_own_step_gives_up_is_never_called() {
    let source = json(
        r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","Next":"W","Catch":[{"ErrorEquals":["States.ALL"],"Next":"W"}],"Branches":[
            {"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "TimeoutSeconds":9,"HeartbeatSeconds":3,"End":true,
                "Parameters":{"QueueUrl":"q","MessageBody":{"t.$":"$$.Task.Token"}}}}},
            {"StartAt":"F","States":{"F":{"Type":"Fail"}}}]},
            "W":{"Type":"Wait","Seconds":3,"End":true}}}"#,
    );
    let mut world = World::new(&source, 1);
    let step = world.step(Input::Start {
        input: json("{}").into(),
    });
    assert!(step.opened.is_empty() && step.closed.is_empty());
    let [
        Command::SetTimer {
            timer: Timer::Wait(_),
            ..
        },
    ] = step.commands.as_slice()
    else {
        panic!(
            "only the Wait state asks for something: {:?}",
            step.commands
        );
    };
}

#[test]
fn a_job_that_was_taken_on_is_watched_again_after_a_crash() {
    let source = json(
        r#"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync","End":true,
            "Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:c"}}}}"#,
    );
    let mut world = World::new(&source, 1);
    world.run(&json("{}"));
    let output = Payload::from(json("{}"));
    world.feed(Input::TaskSubmitted { attempt: 3, output });
    match resume(&world.execution, world.now).as_slice() {
        [Command::Invoke(call)] => assert!(call.is_submitted && call.attempt == 3),
        other => panic!("the job is called again: {other:?}"),
    }
}

#[test]
fn variables_have_a_limit_each_and_together() {
    let source = |expression: &str| {
        json(&format!(
            r#"{{"StartAt":"P","States":{{"P":{{"Type":"Pass","Assign":{{"a.$":"{expression}","b.$":"{expression}"}},"Next":"Q"}},
                "Q":{{"Type":"Pass","Assign":{{"c.$":"$"}},"End":true}}}}}}"#
        ))
    };
    let run = |expression: &str, limits: Limits| {
        let mut world = World::new(&source(expression), 1);
        world.limits = limits;
        world.run(&Json::string("x".repeat(100)))
    };
    let check = |outcome: Option<Outcome>, state: &str| match outcome {
        Some(Outcome::Failed(StateError { error, cause })) => {
            assert_eq!(error.as_deref(), Some("States.DataLimitExceeded"));
            assert!(cause.expect("a cause").contains(state));
        }
        other => panic!("the execution failed, not: {other:?}"),
    };
    let limits = |payload_bytes_max, variables_bytes_max| Limits {
        payload_bytes_max,
        variables_bytes_max,
        ..Limits::default()
    };
    check(run("$", limits(203, 1000)), "'P'");
    check(run("$", limits(204, 305)), "'Q'");
    let outcome = run("$", limits(204, 306));
    assert!(
        matches!(outcome, Some(Outcome::Succeeded(_))),
        "{outcome:?}"
    );
}

#[test]
fn a_fraction_is_folded_to_itself() {
    let source = json(
        r#"{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.i","ToleratedFailurePercentagePath":"$.p","End":true,
            "ItemProcessor":{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1,"End":true}}}}}}"#,
    );
    for percentage in [
        "33.300000000000004",
        "0.1",
        "5e-324",
        "99.99999999999999",
        "1E1",
    ] {
        // The world compares what it folds.
        World::new(&source, 1).run(&json(&format!(r#"{{"i":[1],"p":{percentage}}}"#)));
    }
}

#[test]
fn a_woken_execution_that_has_closed_asks_for_nothing() {
    let source =
        json(r#"{"TimeoutSeconds":5,"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#);
    let mut world = World::new(&source, 1);
    world.run(&json("{}"));
    assert_eq!(resume(&world.execution, world.now), []);
    let unstarted = Execution::new(world.execution.identity.clone(), definition(&source));
    let timers = resume(&unstarted, Timestamp(0));
    assert!(matches!(
        timers.as_slice(),
        [Command::SetTimer {
            timer: Timer::Execution,
            ..
        }]
    ));
}

/// Values share their parts: what each of these computes would spell from gigabytes upwards, and is
/// never written out.
#[test]
fn what_spells_a_huge_text_is_refused_before_it_is_spelled() {
    let doubled = |times: usize| {
        let call = |inner: String| format!("States.Array({inner}, {inner})");
        (0..times).fold("$.a".to_owned(), |inner, _| call(inner))
    };
    let wide: Vec<String> = (0..8).map(|n| format!(r#""k{n}.$":"$""#)).collect();
    let wide = wide.join(",");
    let branch = r#"{"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}"#;
    let branches: Vec<String> = (0..20)
        .map(|n| branch.replace('B', &format!("B{n}")))
        .collect();
    let innermost = r#"{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}}"#;
    let deep = (0..12).fold(innermost.to_owned(), |inner, level| {
        format!(
            r#"{{"StartAt":"P{level}","States":{{"P{level}":{{"Type":"Parallel","End":true,
                "Parameters":{{{wide}}},"Branches":[{inner}]}}}}}}"#
        )
    });
    let cases = [
        // Forty times twice, each in a state of its own.
        r#"{"StartAt":"D","States":{"D":{"Type":"Pass","Parameters":{"a.$":"States.Array($.a, $.a)"},"Next":"C"},
            "C":{"Type":"Choice","Choices":[{"Variable":"$.never","IsPresent":true,"Next":"E"}],"Default":"D"},"E":{"Type":"Succeed"}}}"#.to_owned(),
        // Many results that are one value, joined to a list.
        format!(r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","ItemsPath":"$.items","ItemSelector":{{"a.$":"$.a"}},"ItemProcessor":{branch},"End":true}}}}}}"#),
        format!(r#"{{"StartAt":"P","States":{{"P":{{"Type":"Parallel","Branches":[{}],"End":true}}}}}}"#, branches.join(",")),
        // Each level hands eight times its input to the next.
        deep,
        format!(r#"{{"StartAt":"P","States":{{"P":{{"Type":"Pass","Assign":{{{wide}}},"End":true}}}}}}"#),
        format!(r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{LAMBDA}:f","Parameters":{{{wide}}},"End":true}}}}}}"#),
        format!(r#"{{"StartAt":"P","States":{{"P":{{"Type":"Pass","Parameters":{{"a.$":"{}"}},"End":true}}}}}}"#, doubled(4)),
    ];
    let items: Vec<Json> = (0..50_i64).map(Json::from).collect();
    let input = Json::members([
        ("a", Json::string("x".repeat(40_000))),
        ("items", Json::array(items)),
    ]);
    for source in cases {
        let mut world = World::new(&json(&source), 1);
        match world.run(&input) {
            Some(Outcome::Failed(error)) => {
                let shown = source.get(..80).unwrap_or(&source);
                let name = error.error.as_deref();
                let expected = ["States.DataLimitExceeded", "States.IntrinsicFailure"];
                assert!(
                    name.is_some_and(|name| expected.contains(&name)),
                    "{shown}: {error:?}"
                );
            }
            other => panic!("{source} failed, not: {other:?}"),
        }
    }
}

#[test]
fn a_result_that_nests_deeper_than_text_can_is_refused() {
    let source = json(
        r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","Next":"C","Branches":[
            {"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}]},
            "C":{"Type":"Choice","Choices":[{"Variable":"$.never","IsPresent":true,"Next":"E"}],"Default":"P"},"E":{"Type":"Succeed"}}}"#,
    );
    let mut world = World::new(&source, 1);
    match world.run(&json("{}")) {
        Some(Outcome::Failed(error)) => {
            assert_eq!(error.error.as_deref(), Some("States.DataLimitExceeded"));
        }
        other => panic!("the execution failed, not: {other:?}"),
    }
}
