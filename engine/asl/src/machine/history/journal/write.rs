//! Writing rows.

use super::super::{Detail, Entry, Note, fields::FieldWriter};
use crate::{
    json::write::write_string,
    machine::snapshot::encode_threads,
    payload::{Home, Payload},
};

/// The text of the row that holds `entries`, and from now on the home of the payloads in it.
///
/// Steps of one execution are encoded in their order. Encoding a step again gives the same text.
pub fn encode(step: u64, entries: &[Entry]) -> String {
    let mut writer = Writer {
        step,
        payloads: Vec::new(),
        out: FieldWriter {
            text: String::with_capacity(512),
        },
    };
    for entry in entries {
        writer.entry(entry);
    }
    let payload_bytes: usize = writer
        .payloads
        .iter()
        .map(|payload| payload.text().len() + 1)
        .sum();
    let mut row = String::with_capacity(payload_bytes + writer.out.text.len() + 16);
    row.push_str("{\"p\":[");
    for (index, payload) in writer.payloads.iter().enumerate() {
        if index > 0 {
            row.push(',');
        }
        row.push_str(payload.text());
    }
    row.push_str("],\"e\":[");
    row.push_str(&writer.out.text);
    row.push_str("]}");
    row
}

struct Writer {
    step: u64,
    payloads: Vec<Payload>,
    out: FieldWriter,
}

impl Writer {
    fn entry(&mut self, entry: &Entry) {
        if !self.out.text.is_empty() {
            self.out.text.push(',');
        }
        match entry {
            Entry::Note(Note::Backoff {
                thread,
                retrier,
                due,
            }) => {
                let due = due.as_micros();
                self.out.put(format_args!(
                    "[\"Backoff\",null,{},{retrier},{due}",
                    thread.0
                ));
            }
            Entry::Note(Note::Waiting { thread, until }) => {
                let until = until.as_micros();
                self.out
                    .put(format_args!("[\"Waiting\",null,{},{until}", thread.0));
            }
            Entry::Note(Note::Rerun(rerun)) => {
                self.out.put(format_args!("[\"Rerun\",null"));
                self.out.nonce(u128::from_be_bytes(rerun.origin));
                self.out.number(rerun.event);
                self.out.text.push(',');
                let threads = encode_threads(&rerun.threads, self.step);
                self.out.text.push_str(&threads);
            }
            Entry::Event(event) => {
                self.out.put(format_args!(
                    "[\"{}\",{},{},{},{}",
                    event.detail.type_name(),
                    event.id,
                    event.previous,
                    event.at.as_micros(),
                    event.thread.0
                ));
                self.detail(&event.detail);
            }
        }
        self.out.text.push(']');
    }

    fn detail(&mut self, detail: &Detail) {
        match detail {
            Detail::ExecutionStarted { input, role_arn } => {
                self.payload(input);
                self.out.string(role_arn);
            }
            Detail::ExecutionSucceeded { output } => self.payload(output),
            Detail::ExecutionFailed(error)
            | Detail::ExecutionAborted(error)
            | Detail::ExecutionTimedOut(error)
            | Detail::ParallelFailed { error }
            | Detail::MapFailed { error }
            | Detail::MapRunFailed { error } => self.out.error(error),
            Detail::ExecutionRedriven { count, remains } => {
                self.out.number(count);
                if let Some(remains) = remains {
                    self.out.text.push(',');
                    let threads = encode_threads(&remains.threads, self.step);
                    self.out.text.push_str(&threads);
                }
            }
            Detail::StateEntered { name, input, .. } => {
                self.out.string(name);
                self.payload(input);
            }
            Detail::StateExited {
                name,
                output,
                assigned,
                to,
                ..
            } => {
                self.out.string(name);
                self.payload(output);
                self.out.optional_string(to.as_ref());
                if !assigned.is_empty() {
                    self.out.text.push_str(",{");
                    for (index, (name, value)) in assigned.iter().enumerate() {
                        if index > 0 {
                            self.out.text.push(',');
                        }
                        write_string(name, &mut self.out.text);
                        self.out.text.push(':');
                        self.reference(value);
                    }
                    self.out.text.push('}');
                }
            }
            Detail::StateAborted { .. }
            | Detail::ParallelSucceeded
            | Detail::MapSucceeded
            | Detail::MapRunAborted => {}
            Detail::DistributedStarted { length } => self.out.number(length),
            Detail::MapRunStarted { arn, id, spec } => {
                self.out.string(arn);
                self.out.nonce(u128::from_be_bytes(*id));
                self.payload(spec);
            }
            Detail::MapRunRedriven { arn, count } => {
                self.out.string(arn);
                self.out.number(count);
            }
            Detail::MapRunSucceeded { output } => self.payload(output),
            Detail::Scheduled(scheduled) => {
                self.out.callee(&scheduled.call);
                self.payload(&scheduled.arguments);
                self.out.optional_number(scheduled.timeout_seconds);
                self.out.optional_number(scheduled.heartbeat_seconds);
                self.out.optional_string(scheduled.role_arn.as_ref());
                self.out.nonce(scheduled.nonce);
            }
            Detail::Started { call, worker } => {
                self.out.callee(call);
                self.out.optional_string(worker.as_ref());
            }
            Detail::Submitted { call, output } | Detail::Succeeded { call, output } => {
                self.out.callee(call);
                self.payload(output);
            }
            Detail::Failed { call, error } | Detail::TimedOut { call, error } => {
                self.out.callee(call);
                self.out.error(error);
            }
            Detail::ParallelStarted { arguments } => self.payload(arguments),
            Detail::MapStarted {
                length,
                items,
                arguments,
                policy,
            } => {
                self.out.number(length);
                self.payload(items);
                self.payload(arguments);
                self.out.policy(policy);
            }
            Detail::IterationStarted { name, index, input } => {
                self.out.string(name);
                self.out.number(index);
                self.payload(input);
            }
            Detail::IterationSucceeded { name, index }
            | Detail::IterationAborted { name, index } => {
                self.out.string(name);
                self.out.number(index);
            }
            Detail::IterationFailed { name, index, error } => {
                self.out.string(name);
                self.out.number(index);
                self.out.error(error);
            }
            Detail::EvaluationFailed {
                error,
                location,
                state,
            } => {
                self.out.error(error);
                self.out.optional_string(location.as_ref());
                self.out.string(state);
            }
        }
    }

    fn payload(&mut self, payload: &Payload) {
        self.out.text.push(',');
        self.reference(payload);
    }

    fn reference(&mut self, payload: &Payload) {
        match payload.home() {
            Some(home) if home.step != self.step => {
                self.out
                    .put(format_args!("[{},{}]", home.step, home.position));
            }
            Some(home) => {
                // The step is encoded again: its payloads come in the same order.
                if home.position as usize == self.payloads.len() {
                    self.payloads.push(payload.clone());
                }
                self.out.put(format_args!("{}", home.position));
            }
            None => {
                let position = u32::try_from(self.payloads.len()).unwrap_or(u32::MAX);
                payload.set_home(Home {
                    step: self.step,
                    position,
                });
                self.payloads.push(payload.clone());
                self.out.put(format_args!("{position}"));
            }
        }
    }
}
