//! One test for each way through each state type.

use super::world::{World, json};
use crate::{
    StateError,
    machine::{Input, Outcome},
};

#[track_caller]
fn check_history(world: &World, expected: &str) {
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(world.history(), expected);
}

#[track_caller]
fn check_output(outcome: Option<Outcome>, expected: &str) {
    match outcome {
        Some(Outcome::Succeeded(output)) => assert_eq!(output.text(), expected),
        other => panic!("the execution succeeded, not: {other:?}"),
    }
}

#[track_caller]
fn check_failure(outcome: Option<Outcome>, error: &str) -> StateError {
    match outcome {
        Some(Outcome::Failed(failure)) => {
            assert_eq!(failure.error.as_deref(), Some(error), "{failure:?}");
            failure
        }
        other => panic!("the execution failed, not: {other:?}"),
    }
}

const LAMBDA: &str = "arn:aws:lambda:us-east-1:000000000000:function";

#[test]
fn a_pass_state_passes_its_input_on() {
    let source = json(r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#);
    let mut world = World::new(&source, 1);
    check_output(world.run(&json(r#"{"a":1.0}"#)), r#"{"a":1.0}"#);
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:PassStateEntered 3<2:PassStateExited 4<3:ExecutionSucceeded",
    );
}

#[test]
fn a_caught_error_goes_where_the_catcher_says() {
    let source = json(&format!(
        r#"{{"StartAt":"T","States":{{
            "T":{{"Type":"Task","Resource":"{LAMBDA}:f","Next":"P",
                 "Catch":[{{"ErrorEquals":["E"],"ResultPath":"$.error","Next":"P"}}]}},
            "P":{{"Type":"Pass","End":true}}}}}}"#
    ));
    let mut world = World::new(&source, 1).answers("f", &[Err("E")]);
    let outcome = world.run(&json(r#"{"a":1}"#));
    check_output(
        outcome,
        r#"{"a":1,"error":{"Error":"E","Cause":"because"}}"#,
    );
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:TaskStateEntered 3<2:LambdaFunctionScheduled
         4<3:LambdaFunctionStarted 5<4:LambdaFunctionFailed 6<5:TaskStateExited 7<6:PassStateEntered
         8<7:PassStateExited 9<8:ExecutionSucceeded",
    );
}

#[test]
fn a_retrier_tries_again_after_its_growing_interval() {
    let source = json(&format!(
        r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{LAMBDA}:f","End":true,
            "Retry":[{{"ErrorEquals":["States.ALL"],"IntervalSeconds":2,"MaxAttempts":3,"BackoffRate":3}}]}}}}}}"#
    ));
    let mut world = World::new(&source, 1).answers("f", &[Err("A"), Err("B"), Ok("7")]);
    let began = world.now;
    check_output(world.run(&json("{}")), "7");
    assert_eq!(world.now, began.plus_seconds(2 + 6));
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:TaskStateEntered 3<2:LambdaFunctionScheduled
         4<3:LambdaFunctionStarted 5<4:LambdaFunctionFailed 6<5:LambdaFunctionScheduled
         7<6:LambdaFunctionStarted 8<7:LambdaFunctionFailed 9<8:LambdaFunctionScheduled
         10<9:LambdaFunctionStarted 11<10:LambdaFunctionSucceeded 12<11:TaskStateExited
         13<12:ExecutionSucceeded",
    );
}

#[test]
fn a_task_times_out_without_a_cause() {
    let source = json(&format!(
        r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{LAMBDA}:f","TimeoutSeconds":5,"End":true}}}}}}"#
    ));
    let mut world = World::new(&source, 1);
    let failure = check_failure(world.run(&json("{}")), "States.Timeout");
    assert_eq!(failure.cause, None);
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:TaskStateEntered 3<2:LambdaFunctionScheduled
         4<3:LambdaFunctionStarted 5<4:LambdaFunctionTimedOut 6<5:ExecutionFailed",
    );
}

#[test]
fn a_wait_state_waits() {
    let source =
        json(r#"{"StartAt":"W","States":{"W":{"Type":"Wait","SecondsPath":"$.s","End":true}}}"#);
    let mut world = World::new(&source, 1);
    let began = world.now;
    check_output(world.run(&json(r#"{"s":90}"#)), r#"{"s":90}"#);
    assert_eq!(world.now, began.plus_seconds(90));
    let failure = check_failure(
        World::new(&source, 1).run(&json(r#"{"s":-1}"#)),
        "States.Runtime",
    );
    assert_eq!(
        failure.cause.as_deref(),
        Some(
            "An error occurred while executing the state 'W' (entered at the event id #2). The SecondsPath parameter references a negative value: $.s == -1"
        ),
    );
}

#[test]
fn a_choice_takes_the_first_rule_that_holds() {
    let source = json(
        r#"{"StartAt":"C","States":{
            "C":{"Type":"Choice","Choices":[
                {"Variable":"$.a","NumericGreaterThan":5,"Next":"Big"},
                {"Variable":"$.a","NumericGreaterThan":1,"Next":"Small"}]},
            "Big":{"Type":"Pass","Result":"big","End":true},
            "Small":{"Type":"Pass","Result":"small","End":true}}}"#,
    );
    check_output(World::new(&source, 1).run(&json(r#"{"a":9}"#)), r#""big""#);
    check_output(
        World::new(&source, 1).run(&json(r#"{"a":2}"#)),
        r#""small""#,
    );
    check_failure(
        World::new(&source, 1).run(&json(r#"{"a":0}"#)),
        "States.NoChoiceMatched",
    );
}

#[test]
fn branches_are_joined_in_their_order() {
    let source = json(
        r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":3,"Next":"A2"},"A2":{"Type":"Pass","Result":"a","End":true}}},
            {"StartAt":"B","States":{"B":{"Type":"Pass","Result":"b","End":true}}}]}}}"#,
    );
    let mut world = World::new(&source, 1);
    check_output(world.run(&json("{}")), r#"["a","b"]"#);
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:ParallelStateEntered 3<2:ParallelStateStarted 4<3:WaitStateEntered
         5<3:PassStateEntered 6<5:PassStateExited 7<4:WaitStateExited 8<7:PassStateEntered
         9<8:PassStateExited 10<9:ParallelStateSucceeded 11<9:ParallelStateExited
         12<11:ExecutionSucceeded",
    );
}

#[test]
fn a_failing_branch_ends_its_siblings() {
    let source = json(
        r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","Next":"Never","Catch":[{"ErrorEquals":["States.ALL"],"Next":"Caught"}],"Branches":[
            {"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":3,"End":true}}},
            {"StartAt":"B","States":{"B":{"Type":"Fail","Error":"E","Cause":"c"}}}]},
            "Never":{"Type":"Fail"},"Caught":{"Type":"Pass","End":true}}}"#,
    );
    let mut world = World::new(&source, 1);
    check_output(world.run(&json("{}")), r#"{"Error":"E","Cause":"c"}"#);
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:ParallelStateEntered 3<2:ParallelStateStarted 4<3:WaitStateEntered
         5<3:FailStateEntered 6<4:WaitStateAborted 7<5:ParallelStateFailed 8<7:ParallelStateExited
         9<8:PassStateEntered 10<9:PassStateExited 11<10:ExecutionSucceeded",
    );
}

#[test]
fn a_map_runs_its_items_one_after_another_where_told() {
    let source = json(
        r#"{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"End":true,
            "ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value"},
            "ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}"#,
    );
    let mut world = World::new(&source, 1);
    check_output(
        world.run(&json("[5,6]")),
        r#"[{"i":0,"v":5},{"i":1,"v":6}]"#,
    );
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:MapStateEntered 3<2:MapStateStarted 4<3:MapIterationStarted
         5<4:PassStateEntered 6<5:PassStateExited 7<6:MapIterationSucceeded 8<6:MapIterationStarted
         9<8:PassStateEntered 10<9:PassStateExited 11<10:MapIterationSucceeded
         12<11:MapStateSucceeded 13<11:MapStateExited 14<13:ExecutionSucceeded",
    );
}

#[test]
fn a_map_tolerates_as_many_failures_as_it_says() {
    let source = |tolerated: &str| {
        json(&format!(
            r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","End":true,{tolerated}
                "ItemProcessor":{{"StartAt":"C","States":{{
                    "C":{{"Type":"Choice","Choices":[{{"Variable":"$","NumericEquals":2,"Next":"F"}}],"Default":"P"}},
                    "P":{{"Type":"Pass","End":true}},"F":{{"Type":"Fail","Error":"Two"}}}}}}}}}}}}"#
        ))
    };
    let run = |tolerated| World::new(&source(tolerated), 1).run(&json("[1,2,3,2]"));
    check_output(run(r#""ToleratedFailureCount":2,"#), "[1,3]");
    check_output(run(r#""ToleratedFailurePercentage":50,"#), "[1,3]");
    check_failure(
        run(r#""ToleratedFailureCount":1,"#),
        "States.ExceedToleratedFailureThreshold",
    );
    check_failure(run(""), "Two");
}

#[test]
fn a_map_over_nothing_ends_at_once() {
    let source = json(
        r#"{"StartAt":"M","States":{"M":{"Type":"Map","End":true,
            "ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}"#,
    );
    let mut world = World::new(&source, 1);
    check_output(world.run(&json("[]")), "[]");
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:MapStateEntered 3<2:MapStateStarted 4<3:MapStateSucceeded
         5<3:MapStateExited 6<5:ExecutionSucceeded",
    );
}

#[test]
fn variables_live_in_their_scope() {
    let source = json(
        r#"{"StartAt":"A","States":{
            "A":{"Type":"Pass","Assign":{"x":1},"Next":"B"},
            "B":{"Type":"Pass","Assign":{"y.$":"$x","x":2},"Parameters":{"old.$":"$x"},"Next":"C"},
            "C":{"Type":"Parallel","Next":"D","Branches":[{"StartAt":"I","States":{
                "I":{"Type":"Pass","Assign":{"z.$":"$y"},"Next":"J"},
                "J":{"Type":"Pass","Parameters":{"x.$":"$x","y.$":"$y","z.$":"$z"},"End":true}}}]},
            "D":{"Type":"Pass","End":true}}}"#,
    );
    let mut world = World::new(&source, 1);
    check_output(world.run(&json("{}")), r#"[{"x":2,"y":1,"z":1}]"#);
}

#[test]
fn a_stopped_execution_has_no_cause_in_its_first_state() {
    let source = json(r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3,"End":true}}}"#);
    let mut world = World::new(&source, 1);
    world.feed(Input::Start {
        input: json("{}").into(),
    });
    world.feed(Input::Stop(StateError {
        error: None,
        cause: None,
    }));
    check_history(
        &world,
        "1<0:ExecutionStarted 2<0:WaitStateEntered 3<0:ExecutionAborted",
    );
}

#[test]
fn an_endless_loop_fails_when_its_history_is_full() {
    let source = json(
        r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Choice","Choices":[{"Variable":"$","IsNull":true,"Next":"C"}],"Default":"A"},"C":{"Type":"Succeed"}}}"#,
    );
    let mut world = World::new(&source, 1);
    let failure = check_failure(world.run(&json("{}")), "States.Runtime");
    assert_eq!(
        failure.cause.as_deref(),
        Some("The execution reached the maximum number of history events (25000).")
    );
    assert_eq!(world.events.len(), 25_000);
    assert!(world.rows.iter().all(|(_, row)| row.len() < 600 * 1024));
}

#[test]
fn a_large_value_is_written_once() {
    let states: Vec<String> = (0..30)
        .map(|n| {
            format!(
                r#""S{n}":{{"Type":"Wait","Seconds":1,"Next":"S{}"}}"#,
                n + 1
            )
        })
        .collect();
    let source = json(&format!(
        r#"{{"StartAt":"S0","States":{{{},"S30":{{"Type":"Pass","End":true}}}}}}"#,
        states.join(",")
    ));
    let mut world = World::new(&source, 1);
    let large = format!("\"{}\"", "x".repeat(200_000));
    check_output(world.run(&json(&large)), &large);
    let written: usize = world.rows.iter().map(|(_, row)| row.len()).sum();
    assert!(written < 220_000, "{written} bytes for one value of 200000");
}

#[test]
fn an_output_over_the_limit_fails_its_state() {
    let source = json(
        r#"{"StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"a.$":"$","b.$":"$"},"End":true}}}"#,
    );
    let large = json(&format!("\"{}\"", "x".repeat(200_000)));
    check_failure(
        World::new(&source, 1).run(&large),
        "States.DataLimitExceeded",
    );
}
