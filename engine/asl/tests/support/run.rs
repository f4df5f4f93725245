//! Runs a machine for the tests of this folder. Around it is a small world: a task answers with its
//! arguments, or fails with the error that its function is named after; time passes at once.

use std::{collections::VecDeque, sync::Arc};

use asl::{
    Json, Payload, StateError, Timestamp, diagnose,
    machine::{
        Command, Execution, Identity, Input, Limits, Outcome, Surroundings, advance,
        history::{Callee, Detail},
    },
    query::Random,
};

/// How an execution ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The definition has errors: what CreateStateMachine says of it.
    Refused(String),
    Succeeded(Json),
    /// Its error and its cause.
    Failed(String, String),
}

/// What EvaluationFailed events say: the state and the field.
pub(crate) type Failures = Vec<(String, String)>;

/// The moment when every run begins: 2026-11-23T16:00:00.123Z.
const BEGINNING: Timestamp = Timestamp::from_millis(1_795_449_600_123);

struct Counting(u64);

impl Random for Counting {
    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

pub(crate) fn run(definition: &str, input: &str) -> (Ended, Failures) {
    let (parsed, found) = diagnose::parse(definition, diagnose::MachineType::Standard);
    let Some(definition) = parsed else {
        let message = diagnose::invalid_definition_message(&found).unwrap_or_default();
        return (Ended::Refused(message), Failures::new());
    };
    let name = |name: &str| Arc::from(name);
    let identity = Identity {
        id: [7; 16],
        arn: name("arn:aws:states:us-east-1:000000000000:execution:m:e"),
        name: name("e"),
        machine_arn: name("arn:aws:states:us-east-1:000000000000:stateMachine:m"),
        machine_name: name("m"),
        role_arn: name("arn:aws:iam::000000000000:role/r"),
        started_at: BEGINNING,
    };
    let mut execution = Execution::new(Arc::new(identity), Arc::new(definition));
    let mut agenda = VecDeque::from([(
        BEGINNING,
        Input::Start {
            input: Payload::parse(input).unwrap(),
        },
    )]);
    let limits = Limits {
        payload_bytes_max: 4 * 1024 * 1024,
        ..Limits::default()
    };
    let mut failures = Failures::new();
    while let Some((now, input)) = agenda.pop_front() {
        #[expect(clippy::disallowed_methods, reason = "this test owns its execution")]
        let step = advance(
            &mut execution,
            Surroundings {
                now,
                random: &mut Counting(0),
                limits: &limits,
            },
            input,
        )
        .unwrap();
        for event in step.events() {
            if let Detail::EvaluationFailed {
                state, location, ..
            } = &event.detail
            {
                let location = location.as_deref().unwrap_or_default();
                failures.push((state.to_string(), location.to_owned()));
            }
        }
        agenda.extend(step.commands.iter().filter_map(|command| match command {
            Command::Continue => Some((now, Input::Continue)),
            Command::SetTimer { timer, due } => Some((*due, Input::TimerFired(*timer))),
            Command::Invoke(call) => {
                let (attempt, output) = (call.attempt, call.arguments.clone());
                let error = match &*call.callee {
                    Callee::Lambda { arn } => arn.rsplit_once("fails-").map(|(_, error)| error),
                    Callee::Activity { .. } | Callee::Service { .. } => None,
                };
                let answer = match error {
                    Some(error) => Input::TaskFailed {
                        attempt,
                        error: StateError::new(error, "as asked"),
                    },
                    None => Input::TaskSucceeded { attempt, output },
                };
                Some((now, answer))
            }
            Command::Offer(_)
            | Command::StartMapRun(_)
            | Command::StopMapRun { .. }
            | Command::Cancel { .. }
            | Command::Closed(_) => None,
        }));
    }
    let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
    let ended = match &execution.outcome {
        Some(Outcome::Succeeded(output)) => Ended::Succeeded(output.json().clone()),
        Some(Outcome::Failed(error) | Outcome::Aborted(error) | Outcome::TimedOut(error)) => {
            Ended::Failed(text(&error.error), text(&error.cause))
        }
        None => panic!("the execution waits"),
    };
    (ended, failures)
}
