//! Runs a machine of states that need nothing from outside, for the tests of this folder.

use std::sync::Arc;

use asl::{
    Json, Payload, Timestamp, diagnose,
    machine::{Execution, Identity, Input, Limits, Outcome, Surroundings, advance},
    query::Random,
};

/// How an execution ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The definition has errors: what CreateStateMachine says of it.
    #[allow(dead_code, reason = "shown when a test fails")]
    Refused(String),
    Succeeded(Json),
    /// Its error and its cause.
    Failed(String, String),
}

/// The moment of every run: 2026-11-23T16:00:00.123Z.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_449_600_123);

struct Counting(u64);

impl Random for Counting {
    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

pub(crate) fn run(definition: &str, input: &str) -> Ended {
    let (parsed, found) = diagnose::parse(definition, diagnose::MachineType::Standard);
    let Some(definition) = parsed else {
        return Ended::Refused(diagnose::invalid_definition_message(&found).unwrap_or_default());
    };
    let name = |name: &str| Arc::from(name);
    let identity = Identity {
        id: [7; 16],
        arn: name("arn:aws:states:us-east-1:000000000000:execution:m:e"),
        name: name("e"),
        machine_arn: name("arn:aws:states:us-east-1:000000000000:stateMachine:m"),
        machine_name: name("m"),
        role_arn: name("arn:aws:iam::000000000000:role/r"),
        started_at: NOW,
    };
    let mut execution = Execution::new(Arc::new(identity), Arc::new(definition));
    let mut next = Some(Input::Start {
        input: Payload::parse(input).unwrap(),
    });
    let limits = Limits {
        payload_bytes_max: 4 * 1024 * 1024,
        ..Limits::default()
    };
    while let Some(input) = next.take() {
        #[expect(clippy::disallowed_methods, reason = "this test owns its execution")]
        let step = advance(
            &mut execution,
            Surroundings {
                now: NOW,
                random: &mut Counting(0),
                limits: &limits,
            },
            input,
        )
        .unwrap();
        let goes_on = step
            .commands
            .iter()
            .any(|command| matches!(command, asl::machine::Command::Continue));
        next = goes_on.then_some(Input::Continue);
    }
    let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
    match execution.outcome.clone() {
        Some(Outcome::Succeeded(output)) => Ended::Succeeded(output.json().clone()),
        Some(Outcome::Failed(error) | Outcome::Aborted(error) | Outcome::TimedOut(error)) => {
            Ended::Failed(text(&error.error), text(&error.cause))
        }
        None => panic!("the execution waits"),
    }
}
