//! How much memory the data of an execution takes: each payload once, however many places hold it.

use std::collections::HashSet;

use asl::{
    Payload,
    machine::{
        Execution,
        execution::{Position, Visit},
    },
};

use crate::limits::EXPRESS_RUN_BYTES;

/// Bytes of all that the execution still holds, and in how many payloads. A value that was read out of its
/// text takes memory too; the factor is no measurement but errs on the safe side.
pub(super) fn of(execution: &Execution) -> (usize, usize) {
    const VALUE_AND_TEXT: usize = 3;
    let mut scale = Scale::default();
    scale.put(&execution.input);
    for thread in execution.threads.values() {
        for (_, value) in &thread.variables {
            scale.put(value);
        }
        scale.position(&thread.position);
    }
    let bytes = scale.bytes * VALUE_AND_TEXT + EXPRESS_RUN_BYTES + execution.threads.len() * 512;
    (bytes, scale.seen.len())
}

#[derive(Default)]
struct Scale {
    seen: HashSet<usize>,
    bytes: usize,
}

impl Scale {
    fn put(&mut self, payload: &Payload) {
        if self.seen.insert(payload.address()) {
            self.bytes += payload.text().len();
        }
    }

    fn visit(&mut self, visit: &Visit) {
        self.put(&visit.input);
    }

    fn position(&mut self, position: &Position) {
        match position {
            Position::Ready { input, .. } => self.put(input),
            Position::Entered(visit)
            | Position::Waiting { visit, .. }
            | Position::Failing { visit, .. }
            | Position::Backoff { visit, .. } => self.visit(visit),
            Position::Called { visit, call } => {
                self.visit(visit);
                self.put(&call.arguments);
            }
            Position::Returned { visit, result } => {
                self.visit(visit);
                self.put(result);
            }
            Position::Branches { visit, branches } => {
                self.visit(visit);
                for output in branches.outputs.iter().flatten() {
                    self.put(output);
                }
            }
            Position::Items { visit, items } => {
                self.visit(visit);
                self.put(&items.items);
                self.put(&items.arguments);
                for ended in &items.ended {
                    self.put(&ended.output);
                }
                for output in items.outputs.values() {
                    self.put(output);
                }
            }
            Position::MapRun { visit, run } => {
                self.visit(visit);
                self.put(&run.spec);
            }
            Position::Finished(output) => self.put(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use asl::{
        Timestamp,
        diagnose::MachineType,
        machine::{Identity, Input, Limits, Surroundings, advance},
    };

    use super::*;
    use crate::random::SystemRandom;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test owns its execution")]
    fn a_payload_counts_once_however_often_it_is_held() {
        let definition = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":9,"End":true}}}"#;
        let (definition, problems) = asl::diagnose::parse(definition, MachineType::Express);
        assert_eq!(problems, []);
        let text: Arc<str> = Arc::from("x");
        let identity = Identity {
            id: [0; 16],
            arn: Arc::clone(&text),
            name: Arc::clone(&text),
            machine_arn: Arc::clone(&text),
            machine_name: Arc::clone(&text),
            role_arn: text,
            started_at: Timestamp(0),
        };
        let mut execution = Execution::new(Arc::new(identity), Arc::new(definition.unwrap()));
        let around = Surroundings {
            now: Timestamp(0),
            random: &mut SystemRandom,
            limits: &Limits::default(),
        };
        let input = Payload::parse(&format!("\"{}\"", "x".repeat(98))).unwrap();
        let step = advance(&mut execution, around, Input::Start { input }).unwrap();
        assert!(!step.is_empty());
        assert_eq!(of(&execution), (300 + EXPRESS_RUN_BYTES + 512, 1));
    }
}
