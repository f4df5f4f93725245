//! Redriving: what is appended for each state type, and the law that a redrive after the cause is
//! mended ends as a run in which nothing went wrong.

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;
use serde_json::{Value, json as value};

use super::world::{World, json};
use crate::{
    Json, StateError,
    machine::{
        Input, Outcome,
        history::{Callee, Detail},
    },
};

const LAMBDA: &str = "arn:aws:lambda:us-east-1:000000000000:function";

fn source(states: &str) -> Json {
    json(&states.replace("LAMBDA", LAMBDA))
}

/// Runs to a failure, redrives, and gives what was appended with the new outcome.
#[track_caller]
fn check(world: &mut World, input: &str, appended: &str) {
    let outcome = world.run(&json(input));
    assert!(
        matches!(outcome, Some(Outcome::Failed(_))),
        "it fails first: {outcome:?}"
    );
    let before = world.events.len();
    assert!(world.redrive(), "it can be redriven");
    world.settle();
    let expected: Vec<&str> = appended.split_whitespace().collect();
    assert_eq!(world.history()[before..], expected);
}

#[test]
fn a_failed_task_is_scheduled_again_with_its_retries_before_it() {
    let source = source(
        r#"{"StartAt":"A","States":{
            "A":{"Type":"Pass","Assign":{"v":1},"Next":"T"},
            "T":{"Type":"Task","Resource":"LAMBDA:f","Parameters":{"v.$":"$v","n.$":"$$.State.RetryCount",
                 "r.$":"$$.Execution.RedriveCount"},
                 "Retry":[{"ErrorEquals":["E"],"MaxAttempts":1,"IntervalSeconds":1}],"End":true}}}"#,
    );
    let mut world = World::new(&source, 1).answers("f", &[Err("E"), Err("E"), Err("E"), Ok("7")]);
    check(
        &mut world,
        "{}",
        "12<11:ExecutionRedriven 13<12:LambdaFunctionScheduled 14<13:LambdaFunctionStarted
         15<14:LambdaFunctionFailed 16<15:LambdaFunctionScheduled 17<16:LambdaFunctionStarted
         18<17:LambdaFunctionSucceeded 19<18:TaskStateExited 20<19:ExecutionSucceeded",
    );
    let asked = world.events.iter().filter_map(|event| match &event.detail {
        Detail::Scheduled(scheduled) => Some(scheduled.arguments.text().to_owned()),
        _ => None,
    });
    assert_eq!(
        asked.collect::<Vec<_>>(),
        [
            r#"{"v":1,"n":0,"r":0}"#,
            r#"{"v":1,"n":1,"r":0}"#,
            r#"{"v":1,"n":0,"r":1}"#,
            r#"{"v":1,"n":1,"r":1}"#,
        ]
    );
}

#[test]
fn a_fail_state_is_entered_again_and_a_choice_evaluated_again() {
    let fail = source(r#"{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E"}}}"#);
    check(
        &mut World::new(&fail, 1),
        "{}",
        "4<3:ExecutionRedriven 5<4:FailStateEntered 6<5:ExecutionFailed",
    );
    let choice = source(
        r#"{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$$.Execution.RedriveCount",
            "NumericEquals":1,"Next":"S"}]},"S":{"Type":"Succeed"}}}"#,
    );
    check(
        &mut World::new(&choice, 1),
        "{}",
        "4<3:ExecutionRedriven 5<4:ChoiceStateExited 6<5:SucceedStateEntered 7<6:SucceedStateExited
         8<7:ExecutionSucceeded",
    );
}

#[test]
fn a_distributed_map_goes_on_with_its_map_run() {
    let source = source(
        r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{
                "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
                "StartAt":"Q","States":{"Q":{"Type":"Pass","End":true}}}}}}]}}}"#,
    );
    let mut world = World::new(&source, 1);
    world
        .map_runs
        .extend([Err(StateError::named("E")), Ok(json("[7]"))]);
    check(
        &mut world,
        "[1]",
        "11<10:ExecutionRedriven 12<11:MapRunRedriven 13<12:MapRunSucceeded 14<13:MapStateSucceeded
         15<13:MapStateExited 16<15:ParallelStateSucceeded 17<15:ParallelStateExited
         18<17:ExecutionSucceeded",
    );
    let arns = world.events.iter().filter_map(|event| match &event.detail {
        Detail::MapRunStarted { arn, .. } => Some((Arc::clone(arn), 0)),
        Detail::MapRunRedriven { arn, count } => Some((Arc::clone(arn), *count)),
        _ => None,
    });
    let arns: Vec<_> = arns.collect();
    assert_eq!(arns.len(), 2);
    assert_eq!(arns[0].0, arns[1].0);
    assert_eq!((arns[0].1, arns[1].1), (0, 1));
}

#[test]
fn only_the_branches_without_success_go_on() {
    let source = source(
        r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"LAMBDA:a","End":true}}},
            {"StartAt":"B","States":{"B":{"Type":"Task","Resource":"LAMBDA:b","End":true}}},
            {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"End":true}}}]}}}"#,
    );
    let mut world = World::new(&source, 1)
        .answers("a", &[Ok("1")])
        .answers("b", &[Err("E"), Ok("2")]);
    check(
        &mut world,
        "0",
        "17<16:ExecutionRedriven 18<17:LambdaFunctionScheduled 19<18:LambdaFunctionStarted
         20<19:LambdaFunctionSucceeded 21<20:TaskStateExited 22<17:WaitStateExited
         23<22:ParallelStateSucceeded 24<22:ParallelStateExited 25<24:ExecutionSucceeded",
    );
    assert_eq!(world.invoked, ["a", "b", "b"]);
    assert_eq!(
        world.execution.outcome,
        Some(Outcome::Succeeded(json("[1,2,0]").into()))
    );
    // The wait began anew.
    let redriven = world.execution.redriven_at.expect("it was redriven");
    assert_eq!(world.now, redriven.plus_seconds(5));
}

#[test]
fn iterations_begin_again_no_more_at_once_than_the_map_allows() {
    let source = source(
        r#"{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"ToleratedFailureCount":1,"End":true,
            "ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"LAMBDA:f","End":true}}}}}}"#,
    );
    let mut world = World::new(&source, 1).answers(
        "f",
        &[Err("E"), Ok("1"), Err("E"), Ok("0"), Ok("2"), Ok("3")],
    );
    check(
        &mut world,
        "[0,1,2,3]",
        "25<24:ExecutionRedriven
         26<25:MapIterationStarted 27<26:LambdaFunctionScheduled 28<27:LambdaFunctionStarted
         29<28:LambdaFunctionSucceeded 30<29:TaskStateExited 31<30:MapIterationSucceeded
         32<30:MapIterationStarted 33<32:LambdaFunctionScheduled 34<33:LambdaFunctionStarted
         35<34:LambdaFunctionSucceeded 36<35:TaskStateExited 37<36:MapIterationSucceeded
         38<36:MapIterationStarted 39<38:TaskStateEntered 40<39:LambdaFunctionScheduled
         41<40:LambdaFunctionStarted 42<41:LambdaFunctionSucceeded 43<42:TaskStateExited
         44<43:MapIterationSucceeded 45<44:MapStateSucceeded 46<44:MapStateExited 47<46:ExecutionSucceeded",
    );
    assert_eq!(
        world.execution.outcome,
        Some(Outcome::Succeeded(json("[0,1,2,3]").into()))
    );
}

#[test]
fn a_stopped_execution_goes_on_where_it_stood() {
    let source = source(
        r#"{"StartAt":"W","TimeoutSeconds":60,"States":{"W":{"Type":"Wait","Seconds":50,"End":true}}}"#,
    );
    let mut world = World::new(&source, 1);
    world.feed(Input::Start {
        input: json("{}").into(),
    });
    world.now = world.now.plus_seconds(40);
    world.feed(Input::Stop(StateError {
        error: None,
        cause: None,
    }));
    assert!(world.redrive());
    // The machine's own time begins anew as well, or it would be over before the wait.
    world.settle();
    assert!(matches!(
        world.execution.outcome,
        Some(Outcome::Succeeded(_))
    ));
    assert!(!world.redrive(), "what succeeded is not redriven");
}

#[test]
fn a_state_that_joined_more_than_may_leave_it_runs_again_whole() {
    let source = source(
        r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"LAMBDA:a","End":true}}},
            {"StartAt":"B","States":{"B":{"Type":"Task","Resource":"LAMBDA:b","End":true}}}]}}}"#,
    );
    let large = format!("\"{}\"", "x".repeat(150_000));
    let mut world = World::new(&source, 1)
        .answers("a", &[Ok(&large), Ok("1")])
        .answers("b", &[Ok(&large), Ok("2")]);
    let outcome = world.run(&json("{}"));
    assert!(matches!(outcome, Some(Outcome::Failed(_))));
    assert!(world.redrive());
    world.settle();
    assert_eq!(
        world.execution.outcome,
        Some(Outcome::Succeeded(json("[1,2]").into()))
    );
}

#[test]
fn a_full_history_has_no_room_for_a_redrive() {
    let source = source(r#"{"StartAt":"F","States":{"F":{"Type":"Fail"}}}"#);
    let mut world = World::new(&source, 1);
    world.limits.events_max = 5;
    assert!(world.run(&json("{}")).is_some());
    // Three events and the redrive leave room for one more, which has to be the end.
    assert!(world.redrive());
    world.settle();
    assert_eq!(
        world.history()[3..],
        ["4<3:ExecutionRedriven", "5<4:ExecutionFailed"]
    );
    assert!(!world.redrive());
}

/// Machines of nested Parallel and Map states whose leaves are tasks, each a function of its own.
pub(super) struct Maker<'a> {
    choices: &'a [u8],
    at: usize,
    pub(super) functions: usize,
    names: usize,
}

impl<'a> Maker<'a> {
    pub(super) const fn new(choices: &'a [u8]) -> Self {
        Self {
            choices,
            at: 0,
            functions: 0,
            names: 0,
        }
    }

    pub(super) fn below(&mut self, bound: u8) -> u8 {
        let byte = self.choices.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte % bound
    }

    pub(super) fn scope(&mut self, depth: u8) -> Value {
        let count = self.below(2) + 1;
        let names: Vec<String> = (0..count)
            .map(|_| {
                self.names += 1;
                format!("S{}", self.names)
            })
            .collect();
        let mut states = serde_json::Map::new();
        for (index, name) in names.iter().enumerate() {
            let mut state = match self.below(5) {
                1 | 2 if depth < 3 => {
                    let branches: Vec<Value> = (0..=self.below(2) + 1)
                        .map(|_| self.scope(depth + 1))
                        .collect();
                    value!({"Type": "Parallel", "Branches": branches, "ResultPath": format!("$.{name}")})
                }
                3 if depth < 3 => value!({
                    "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": self.below(3),
                    "ItemSelector": {"items.$": "$.items", "item.$": "$$.Map.Item.Value"},
                    "ItemProcessor": self.scope(depth + 1), "ResultPath": format!("$.{name}")
                }),
                4 => value!({"Type": "Wait", "Seconds": self.below(3)}),
                _ => {
                    self.functions += 1;
                    let function = format!("{LAMBDA}:f{}", self.functions);
                    value!({"Type": "Task", "Resource": function, "ResultPath": format!("$.{name}")})
                }
            };
            match names.get(index + 1) {
                Some(next) => state["Next"] = value!(next),
                None => state["End"] = value!(true),
            }
            states.insert(name.clone(), state);
        }
        value!({"StartAt": names[0], "States": states})
    }
}

/// How often each function's task came to its end with success.
pub(super) fn successes(world: &World) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in &world.events {
        if let Detail::Succeeded { call, .. } = &event.detail
            && let Callee::Lambda { arn } = &**call
        {
            *counts.entry(arn.to_string()).or_default() += 1;
        }
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_redrive_ends_as_a_straight_run_and_no_finished_task_runs_again(
        machine in proptest::collection::vec(any::<u8>(), 0..60),
        mishaps in proptest::collection::vec(any::<u8>(), 0..40),
        step_events_max in prop::sample::select(vec![512, 1, 3]),
    ) {
        let mut maker = Maker::new(&machine);
        let machine = json(&maker.scope(0).to_string());
        let functions = maker.functions;
        let answer = |n: usize| json(&format!(r#"{{"f":{n}}}"#));
        let world = || {
            let mut world = World::new(&machine, 7);
            world.limits.step_events_max = step_events_max;
            for n in 1..=functions {
                world.functions.insert(format!("f{n}"), [Ok(answer(n))].into());
            }
            world
        };
        let input = json(r#"{"items":[1,2,3]}"#);
        let mut straight = world();
        straight.run(&input);

        let mut cut = world();
        let mut mishaps = Maker::new(&mishaps);
        for n in 1..=functions {
            let answers = cut.functions.get_mut(&format!("f{n}")).expect("is there");
            for _ in 0..mishaps.below(4) {
                answers.push_front(match mishaps.below(2) {
                    0 => Ok(answer(n)),
                    _ => Err(StateError::new("E", "a mishap")),
                });
            }
        }
        cut.feed(Input::Start { input: input.into() });
        loop {
            if mishaps.below(5) == 4 {
                for _ in 0..mishaps.below(20) {
                    cut.turn();
                }
                cut.feed(Input::Stop(StateError { error: None, cause: None }));
            }
            cut.settle();
            if !cut.redrive() {
                break;
            }
        }
        prop_assert_eq!(&cut.execution.outcome, &straight.execution.outcome);
        prop_assert_eq!(successes(&cut), successes(&straight));
    }
}
