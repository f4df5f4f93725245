//! Laws over random machines, inputs, answers and interleavings: [`trial`] checks them after every step.

mod jsonata;
mod machines;
mod trial;

use std::{collections::BTreeMap, sync::Arc};

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use self::{
    machines::Choices,
    trial::{Crash, Trial},
};
use super::world::definition;
use crate::{
    Definition, Payload, StateError,
    definition::StateType,
    machine::{Input, Limits, Timer},
};

/// Turns after which a run is not followed any further: more than the events and retries of any, since
/// runs that were cut off cannot be compared.
const TURNS_MAX: usize = 2_000;

/// What a trial is made of; several may share it.
struct Setting {
    definition: Arc<Definition>,
    input: Payload,
    limits: Limits,
    script: u64,
}

impl Setting {
    fn new(choices: &mut Choices<'_>, script: u64) -> Self {
        let machine = machines::machine(choices);
        let input = machines::input(choices);
        let limits = Limits {
            payload_bytes_max: choices.of(&[262_144, 900, 300]),
            variables_bytes_max: choices.of(&[262_144, 600]),
            events_max: choices.of(&[200, 60]),
            execution_seconds_max: 365 * 24 * 60 * 60,
            concurrency_max: u64::from(choices.below(4)) + 1,
            step_events_max: choices.of(&[512, 1, 4, 9]),
            step_bytes_max: choices.of(&[512 * 1024, 200]),
        };
        Self {
            definition: definition(&machine),
            input: Payload::from(input),
            limits,
            script,
        }
    }

    /// A trial that has been started.
    fn trial(&self) -> Trial {
        let definition = Arc::clone(&self.definition);
        let mut trial = Trial::new(definition, self.limits.clone(), self.script);
        trial.feed(Input::Start {
            input: self.input.clone(),
        });
        trial
    }
}

fn settle(trial: &mut Trial) {
    for _ in 0..TURNS_MAX {
        if !trial.turn() {
            trial.check_rest();
            return;
        }
    }
}

fn settle_crashing(trial: &mut Trial, crash: Crash) {
    for turn in 0..TURNS_MAX {
        if turn % 3 == 1 {
            trial.take_snapshot();
        }
        if !trial.crashing_turn(crash) {
            trial.check_rest();
            return;
        }
    }
}

/// A machine and what befalls it.
#[derive(Clone)]
struct Case {
    bytes: Vec<u8>,
    script: u64,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut choices = Choices::new(&self.bytes);
        writeln!(f, "machine: {}", machines::machine(&mut choices))?;
        writeln!(f, "input: {}", machines::input(&mut choices))?;
        writeln!(f, "bytes: {:?}, script: {}", self.bytes, self.script)
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..250);
    (bytes, any::<u64>()).prop_map(|(bytes, script)| Case { bytes, script })
}

/// As many cases as `PROPTEST_CASES` says, else 256.
fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_run_that_crashes_at_every_step_has_the_same_history(case in cases()) {
        let setting = Setting::new(&mut Choices::new(&case.bytes), case.script);
        let mut straight = setting.trial();
        settle(&mut straight);
        for crash in [Crash::AfterCommit, Crash::BeforeCommit] {
            let mut crashing = setting.trial();
            settle_crashing(&mut crashing, crash);
            prop_assert_eq!(crashing.history(), straight.history());
            prop_assert_eq!(crashing.steps(), straight.steps());
        }
    }

    #[test]
    fn a_redriven_run_that_crashes_at_every_step_has_the_same_history(case in cases()) {
        let setting = Setting::new(&mut Choices::new(&case.bytes), case.script);
        let mut straight = setting.trial();
        settle(&mut straight);
        let mut crashing = setting.trial();
        settle(&mut crashing);
        for crash in [Crash::AfterCommit, Crash::BeforeCommit] {
            if !straight.redrive() {
                break;
            }
            prop_assert!(crashing.redrive());
            // The node that redrove it is gone.
            crashing.wake();
            settle(&mut straight);
            settle_crashing(&mut crashing, crash);
            prop_assert_eq!(crashing.history(), straight.history());
        }
    }

    #[test]
    fn the_laws_hold_whatever_comes_in_whatever_order(case in cases()) {
        let mut choices = Choices::new(&case.bytes);
        let mut trial = Setting::new(&mut choices, case.script).trial();
        for _ in 0..TURNS_MAX {
            if choices.is_used_up() {
                break;
            }
            match choices.below(8) {
                0..=3 => drop(trial.turn()),
                4 => trial.out_of_turn(usize::from(choices.below(255))),
                5 => {
                    let input = anything(&mut choices, trial.execution.last_event);
                    trial.feed(input);
                }
                6 => trial.take_snapshot(),
                _ => trial.wake(),
            }
        }
        if choices.one_in(4) {
            trial.feed(Input::Stop(StateError { error: None, cause: None }));
            prop_assert!(trial.execution.is_closed());
        }
        settle(&mut trial);
        trial.take_snapshot();
        for _ in 0..3 {
            if !trial.redrive() {
                break;
            }
            for _ in 0..choices.below(10) {
                trial.turn();
            }
            trial.take_snapshot();
            trial.wake();
            settle(&mut trial);
        }
        if trial.execution.is_closed() {
            // Trials check that a closed execution stays as it is.
            for _ in 0..20 {
                let input = anything(&mut choices, trial.execution.last_event);
                trial.feed(input);
            }
            trial.wake();
        }
    }
}

/// An input for something that is there, was there or never will be.
fn anything(choices: &mut Choices<'_>, last_event: u64) -> Input {
    let number = (u64::from(choices.below(255)) + 1).min(last_event + 2);
    let output = || Payload::from(super::world::json(r#"{"late":true}"#));
    let attempt = number;
    match choices.below(10) {
        0 => Input::TaskSucceeded {
            attempt,
            output: output(),
        },
        1 => Input::TaskFailed {
            attempt,
            error: StateError::new("E1", "late"),
        },
        2 => Input::TaskStarted {
            attempt,
            worker: None,
        },
        3 => Input::TaskSubmitted {
            attempt,
            output: output(),
        },
        4 => Input::Continue,
        5 => Input::Start { input: output() },
        6 => Input::TimerFired(Timer::Wait(number)),
        7 => Input::TimerFired(Timer::Retry(number)),
        8 => Input::TimerFired(Timer::Task(number)),
        _ => Input::TimerFired(choices.of(&[Timer::Heartbeat(number), Timer::Execution])),
    }
}

/// Laws over machines that never do a thing would say nothing of it.
#[test]
fn the_random_machines_do_everything() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::new();
    for _ in 0..400 {
        let case = cases().new_tree(&mut runner).expect("a case").current();
        let mut trial = Setting::new(&mut Choices::new(&case.bytes), case.script).trial();
        settle(&mut trial);
        for event in &trial.events {
            *seen.entry(event.detail.type_name()).or_insert(0) += 1;
        }
    }
    let steps = ["Entered", "Exited"];
    let states = StateType::ALL
        .into_iter()
        .flat_map(|kind| steps.map(|step| format!("{}State{step}", kind.as_str())))
        .filter(|name| name != "FailStateExited");
    let others = "ExecutionStarted ExecutionSucceeded ExecutionFailed ExecutionTimedOut WaitStateAborted \
        TaskStateAborted ParallelStateAborted MapStateAborted ParallelStateStarted ParallelStateSucceeded \
        ParallelStateFailed MapStateStarted MapStateSucceeded MapStateFailed MapIterationStarted \
        MapIterationSucceeded MapIterationFailed MapIterationAborted LambdaFunctionScheduled \
        LambdaFunctionStarted LambdaFunctionSucceeded LambdaFunctionFailed LambdaFunctionTimedOut \
        ActivityScheduled ActivityStarted ActivitySucceeded ActivityFailed ActivityTimedOut TaskScheduled \
        EvaluationFailed TaskStarted TaskSubmitted TaskSucceeded TaskFailed TaskTimedOut";
    let wanted = states.chain(others.split_whitespace().map(str::to_owned));
    let missing: Vec<String> = wanted
        .filter(|name| !seen.contains_key(name.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "never seen: {missing:?}; seen: {seen:?}"
    );
}
