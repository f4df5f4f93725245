//! Writing snapshots.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

use super::{
    super::{
        execution::{
            Branches, Call, Execution, Items, Origin, Outcome, Position, Thread, ThreadId, Visit,
        },
        history::{Callee, fields::FieldWriter},
    },
    FORMAT,
};
use crate::{
    json::write::write_string,
    payload::{Home, Payload},
};

/// `execution` as text. Every step of it must have been encoded for the journal before, so that its
/// payloads know where they stand there.
pub fn encode(execution: &Execution) -> String {
    let mut writer = Writer::default();
    writer.execution(execution);
    writer.out.text.push_str("],\"threads\":[");
    for (index, (id, thread)) in execution.threads.iter().enumerate() {
        if index > 0 {
            writer.out.text.push(',');
        }
        writer.thread(*id, thread);
    }
    if !execution.kept.is_empty() {
        writer.out.text.push_str("],\"kept\":[");
        for (index, (id, thread)) in execution.kept.iter().enumerate() {
            if index > 0 {
                writer.out.text.push(',');
            }
            writer.thread(*id, thread);
        }
    }
    let mut text = format!("{{\"format\":{FORMAT},\"payloads\":[");
    let payloads = writer.payloads.iter();
    let bytes: usize = payloads.map(|payload| payload.text().len() + 48).sum();
    text.reserve(bytes + writer.out.text.len() + 32);
    for (index, payload) in writer.payloads.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        match payload.home() {
            Some(Home { step, position }) => {
                // Writing to a String cannot fail.
                let _ = write!(text, "[{step},{position},");
            }
            None => text.push_str("[null,null,"),
        }
        text.push_str(payload.text());
        text.push(']');
    }
    text.push_str("],\"execution\":[");
    text.push_str(&writer.out.text);
    text.push_str("]}");
    text
}

/// `threads` for the row of `step`: `{"payloads":[…],"threads":[["Thread",…], …]}`. A payload is its
/// place in an earlier row, `[step, position]`, or its text in a string where none holds it.
pub(in crate::machine) fn encode_threads(
    threads: &BTreeMap<ThreadId, Thread>,
    step: u64,
) -> String {
    let mut writer = Writer::default();
    for (index, (id, thread)) in threads.iter().enumerate() {
        if index > 0 {
            writer.out.text.push(',');
        }
        writer.thread(*id, thread);
    }
    let mut text = String::from("{\"payloads\":[");
    for (index, payload) in writer.payloads.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        match payload.home() {
            // A step that is encoded again has given a home to what had none.
            Some(Home {
                step: home,
                position,
            }) if home != step => {
                // Writing to a String cannot fail.
                let _ = write!(text, "[{home},{position}]");
            }
            _ => write_string(payload.text(), &mut text),
        }
    }
    text.push_str("],\"threads\":[");
    text.push_str(&writer.out.text);
    text.push_str("]}");
    text
}

/// What makes two payloads one in the snapshot.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Home(u64, u32),
    Address(usize),
}

#[derive(Default)]
struct Writer<'e> {
    out: FieldWriter,
    payloads: Vec<&'e Payload>,
    indexes: HashMap<Key, usize>,
}

impl<'e> Writer<'e> {
    fn execution(&mut self, execution: &'e Execution) {
        self.out.text.push_str("\"Execution\"");
        self.out.number(execution.last_event);
        self.out.number(execution.last_step);
        self.out.number(execution.last_at.as_micros());
        self.out.number(execution.next_thread);
        self.payload(&execution.input);
        match &execution.outcome {
            None => self.out.text.push_str(",null"),
            Some(Outcome::Succeeded(output)) => {
                self.out.string("Succeeded");
                self.payload(output);
            }
            Some(Outcome::Failed(error)) => {
                self.out.string("Failed");
                self.out.error(error);
            }
            Some(Outcome::Aborted(error)) => {
                self.out.string("Aborted");
                self.out.error(error);
            }
            Some(Outcome::TimedOut(error)) => {
                self.out.string("TimedOut");
                self.out.error(error);
            }
        }
        if let Some(at) = execution.redriven_at {
            // The fields of an outcome are at most three.
            let fields = match &execution.outcome {
                None => 1,
                Some(Outcome::Succeeded(_)) => 2,
                Some(Outcome::Failed(_) | Outcome::Aborted(_) | Outcome::TimedOut(_)) => 3,
            };
            for _ in fields..3 {
                self.out.text.push_str(",null");
            }
            self.out.number(execution.redrive_count);
            self.out.number(at.as_micros());
        }
    }

    fn thread(&mut self, id: ThreadId, thread: &'e Thread) {
        self.out.text.push_str("[\"Thread\"");
        self.out.number(id.0);
        self.out.number(thread.last_event);
        self.list(thread.variables.iter(), |writer, (name, value)| {
            writer.out.text.push('[');
            write_string(name, &mut writer.out.text);
            writer.payload(value);
            writer.out.text.push(']');
        });
        match &thread.origin {
            Origin::Root => self.out.string("Root"),
            Origin::Branch { parent, index } => {
                self.out.string("Branch");
                self.out.number(parent.0);
                self.out.number(index);
            }
            Origin::Iteration { parent, index } => {
                self.out.string("Iteration");
                self.out.number(parent.0);
                self.out.number(index);
            }
        }
        self.position(&thread.position);
        self.out.text.push(']');
    }

    fn position(&mut self, position: &'e Position) {
        match position {
            Position::Ready { state, input } => {
                self.out.string("Ready");
                self.out.string(state);
                self.payload(input);
            }
            Position::Entered(visit) => {
                self.out.string("Entered");
                self.visit(visit);
            }
            Position::Waiting { visit, until } => {
                self.out.string("Waiting");
                self.visit(visit);
                self.out.number(until.as_micros());
            }
            Position::Called { visit, call } => {
                self.out.string("Called");
                self.visit(visit);
                self.call(call);
            }
            Position::Returned { visit, result } => {
                self.out.string("Returned");
                self.visit(visit);
                self.payload(result);
            }
            Position::Failing { visit, error } => {
                self.out.string("Failing");
                self.visit(visit);
                self.out.error(error);
            }
            Position::Backoff { visit, due } => {
                self.out.string("Backoff");
                self.visit(visit);
                self.out.number(due.as_micros());
            }
            Position::Branches { visit, branches } => {
                self.out.string("Branches");
                self.visit(visit);
                self.branches(branches);
            }
            Position::Items { visit, items } => {
                self.out.string("Items");
                self.visit(visit);
                self.items(items);
            }
            Position::MapRun { visit, run } => {
                if run.redrives == 0 && !run.is_to_redrive {
                    self.out.string("MapRun");
                    self.visit(visit);
                } else {
                    self.out.string("MapRunRedriven");
                    self.visit(visit);
                    self.out.number(run.redrives);
                    self.out.number(u8::from(run.is_to_redrive));
                }
                self.out.nonce(u128::from_be_bytes(run.id));
                self.out.number(run.attempt);
                self.payload(&run.spec);
                match &run.result {
                    None => self.out.text.push_str(",null"),
                    Some(result) => self.payload(result),
                }
            }
            Position::Finished(output) => {
                self.out.string("Finished");
                self.payload(output);
            }
        }
    }

    fn visit(&mut self, visit: &'e Visit) {
        self.out.string(&visit.state);
        self.out.number(visit.entered);
        self.out.number(visit.entered_previous);
        self.out.number(visit.entered_at.as_micros());
        self.payload(&visit.input);
        self.list(visit.retries.iter(), |writer, count| {
            writer.out.put(format_args!("{count}"));
        });
    }

    fn call(&mut self, call: &'e Call) {
        self.out.number(call.attempt);
        self.out.string(match &*call.callee {
            Callee::Lambda { .. } => "LambdaFunction",
            Callee::Activity { .. } => "Activity",
            Callee::Service { .. } => "Task",
        });
        self.out.callee(&call.callee);
        self.payload(&call.arguments);
        self.out.optional_number(call.timeout_seconds);
        match call.timeout_at {
            Some(at) => self.out.number(at.as_micros()),
            None => self.out.text.push_str(",null"),
        }
        self.out.optional_number(call.heartbeat_seconds);
        self.out.optional_string(call.role_arn.as_ref());
        self.out.nonce(call.nonce);
        self.out.number(call.is_started);
        self.out.number(call.is_submitted);
    }

    fn branches(&mut self, branches: &'e Branches) {
        self.list(branches.threads.iter(), |writer, thread| {
            writer.out.put(format_args!("{}", thread.0));
        });
        self.list(branches.outputs.iter(), |writer, output| match output {
            Some(output) => {
                let index = writer.index(output);
                writer.out.put(format_args!("{index}"));
            }
            None => writer.out.text.push_str("null"),
        });
    }

    fn items(&mut self, items: &'e Items) {
        self.payload(&items.items);
        self.payload(&items.arguments);
        self.out.number(items.length);
        self.out.policy(&items.policy);
        self.out.number(items.next);
        self.out.number(items.cause);
        self.out.number(items.failures);
        self.list(items.running.iter(), |writer, (index, thread)| {
            writer.out.put(format_args!("[{index},{}]", thread.0));
        });
        self.list(items.ended.iter(), |writer, ended| {
            let output = writer.index(&ended.output);
            let (index, last_event) = (ended.index, ended.last_event);
            writer
                .out
                .put(format_args!("[{index},{last_event},{output}]"));
        });
        self.list(items.outputs.iter(), |writer, (index, output)| {
            let output = writer.index(output);
            writer.out.put(format_args!("[{index},{output}]"));
        });
        if items.again.is_empty() {
            return;
        }
        self.list(items.again.iter(), |writer, (index, again)| {
            writer.out.put(format_args!("[{index},{}", again.thread.0));
            writer.list(again.threads.iter(), |writer, (id, thread)| {
                writer.thread(*id, thread);
            });
            writer.out.text.push(']');
        });
    }

    fn list<T>(&mut self, items: impl Iterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.out.text.push_str(",[");
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.out.text.push(',');
            }
            write(self, item);
        }
        self.out.text.push(']');
    }

    fn payload(&mut self, payload: &'e Payload) {
        let index = self.index(payload);
        self.out.number(index);
    }

    /// The payload's place among those of the snapshot.
    fn index(&mut self, payload: &'e Payload) -> usize {
        let key = match payload.home() {
            Some(home) => Key::Home(home.step, home.position),
            None => Key::Address(payload.address()),
        };
        let next = self.payloads.len();
        let index = *self.indexes.entry(key).or_insert(next);
        if index == next {
            self.payloads.push(payload);
        }
        index
    }
}
