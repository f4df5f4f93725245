//! Format 1 of a journal row: the entries of one step as JSON text.
//!
//! A row is `{"p":[payload, …],"e":[entry, …]}`. Payloads stand there raw, spelled as the user wrote
//! them. An entry is an array: `[type, event id, previous id, microseconds, thread, …fields]`; in a
//! private note the id is null: `["Backoff", null, thread, …]`. Entries name payloads by position
//! (`3`), or `[step, position]` where an earlier row of the same execution holds the value already.
//! The types "Mock", "Origin", "SearchAttributes", "Usage", "Trace" and "Redrive" are reserved for
//! notes to come; a type that is not known is a fault, never skipped.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Callee, Detail, Entry, Event, MapPolicy, Note, Scheduled};
use crate::{
    definition::StateType,
    error::StateError,
    json::write::write_string,
    machine::{Fault, ThreadId},
    payload::{Home, Payload},
    time::Timestamp,
};

/// The format that [`encode`] writes.
pub const FORMAT: i16 = 1;

/// The text of the row that holds `entries`, and from now on the home of the payloads in it.
pub fn encode(step: u64, entries: &[Entry]) -> String {
    let mut writer = Writer {
        step,
        payloads: Vec::new(),
        text: String::with_capacity(512),
    };
    for entry in entries {
        writer.entry(entry);
    }
    let payload_bytes: usize = writer
        .payloads
        .iter()
        .map(|payload| payload.text().len() + 1)
        .sum();
    let mut row = String::with_capacity(payload_bytes + writer.text.len() + 16);
    row.push_str("{\"p\":[");
    for (index, payload) in writer.payloads.iter().enumerate() {
        if index > 0 {
            row.push(',');
        }
        row.push_str(payload.text());
    }
    row.push_str("],\"e\":[");
    row.push_str(&writer.text);
    row.push_str("]}");
    row
}

struct Writer {
    step: u64,
    payloads: Vec<Payload>,
    text: String,
}

impl Writer {
    fn entry(&mut self, entry: &Entry) {
        if !self.text.is_empty() {
            self.text.push(',');
        }
        match entry {
            Entry::Note(Note::Backoff {
                thread,
                retrier,
                due,
            }) => {
                let due = due.as_micros();
                self.put(format_args!(
                    "[\"Backoff\",null,{},{retrier},{due}",
                    thread.0
                ));
            }
            Entry::Note(Note::Waiting { thread, until }) => {
                let until = until.as_micros();
                self.put(format_args!("[\"Waiting\",null,{},{until}", thread.0));
            }
            Entry::Event(event) => {
                self.put(format_args!(
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
        self.text.push(']');
    }

    fn detail(&mut self, detail: &Detail) {
        match detail {
            Detail::ExecutionStarted { input, role_arn } => {
                self.payload(input);
                self.string(role_arn);
            }
            Detail::ExecutionSucceeded { output } => self.payload(output),
            Detail::ExecutionFailed(error)
            | Detail::ExecutionAborted(error)
            | Detail::ExecutionTimedOut(error)
            | Detail::ParallelFailed { error }
            | Detail::MapFailed { error } => self.error(error),
            Detail::StateEntered { name, input, .. } => {
                self.string(name);
                self.payload(input);
            }
            Detail::StateExited {
                name,
                output,
                assigned,
                to,
                ..
            } => {
                self.string(name);
                self.payload(output);
                self.optional_string(to.as_ref());
                if !assigned.is_empty() {
                    self.text.push_str(",{");
                    for (index, (name, value)) in assigned.iter().enumerate() {
                        if index > 0 {
                            self.text.push(',');
                        }
                        write_string(name, &mut self.text);
                        self.text.push(':');
                        self.reference(value);
                    }
                    self.text.push('}');
                }
            }
            Detail::StateAborted { .. } | Detail::ParallelSucceeded | Detail::MapSucceeded => {}
            Detail::Scheduled(scheduled) => {
                self.callee(&scheduled.call);
                self.payload(&scheduled.arguments);
                self.optional_number(scheduled.timeout_seconds);
                self.optional_number(scheduled.heartbeat_seconds);
                self.optional_string(scheduled.role_arn.as_ref());
                self.put(format_args!(",\"{:032x}\"", scheduled.nonce));
            }
            Detail::Started { call, worker } => {
                self.callee(call);
                self.optional_string(worker.as_ref());
            }
            Detail::Submitted { call, output } | Detail::Succeeded { call, output } => {
                self.callee(call);
                self.payload(output);
            }
            Detail::Failed { call, error } | Detail::TimedOut { call, error } => {
                self.callee(call);
                self.error(error);
            }
            Detail::ParallelStarted { arguments } => self.payload(arguments),
            Detail::MapStarted {
                length,
                items,
                arguments,
                policy,
            } => {
                self.put(format_args!(",{length}"));
                self.payload(items);
                self.payload(arguments);
                self.put(format_args!(",{}", policy.concurrency));
                self.optional_number(policy.tolerated_count);
                match policy.tolerated_percentage {
                    Some(percentage) => self.put(format_args!(",{percentage}")),
                    None => self.text.push_str(",null"),
                }
            }
            Detail::IterationStarted { name, index, input } => {
                self.string(name);
                self.put(format_args!(",{index}"));
                self.payload(input);
            }
            Detail::IterationSucceeded { name, index }
            | Detail::IterationAborted { name, index } => {
                self.string(name);
                self.put(format_args!(",{index}"));
            }
            Detail::IterationFailed { name, index, error } => {
                self.string(name);
                self.put(format_args!(",{index}"));
                self.error(error);
            }
            Detail::EvaluationFailed {
                error,
                location,
                state,
            } => {
                self.error(error);
                self.optional_string(location.as_ref());
                self.string(state);
            }
        }
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.text.write_fmt(text);
    }

    fn string(&mut self, text: &str) {
        self.text.push(',');
        write_string(text, &mut self.text);
    }

    fn optional_string(&mut self, text: Option<&Arc<str>>) {
        match text {
            Some(text) => self.string(text),
            None => self.text.push_str(",null"),
        }
    }

    fn optional_number(&mut self, number: Option<u64>) {
        match number {
            Some(number) => self.put(format_args!(",{number}")),
            None => self.text.push_str(",null"),
        }
    }

    fn error(&mut self, error: &StateError) {
        self.optional_string(error.error.as_ref());
        self.optional_string(error.cause.as_ref());
    }

    fn callee(&mut self, call: &Callee) {
        match call {
            Callee::Lambda { arn } | Callee::Activity { arn } => self.string(arn),
            Callee::Service {
                resource_type,
                resource,
            } => {
                self.text.push_str(",[");
                write_string(resource_type, &mut self.text);
                self.string(resource);
                self.text.push(']');
            }
        }
    }

    fn payload(&mut self, payload: &Payload) {
        self.text.push(',');
        self.reference(payload);
    }

    fn reference(&mut self, payload: &Payload) {
        match payload.home() {
            Some(home) if home.step != self.step => {
                self.put(format_args!("[{},{}]", home.step, home.position));
            }
            Some(home) => self.put(format_args!("{}", home.position)),
            None => {
                let position = u32::try_from(self.payloads.len()).unwrap_or(u32::MAX);
                payload.set_home(Home {
                    step: self.step,
                    position,
                });
                self.payloads.push(payload.clone());
                self.put(format_args!("{position}"));
            }
        }
    }
}

/// Reads rows of one execution and remembers their payloads, since later rows name earlier ones.
#[derive(Debug, Default)]
pub struct Reader {
    payloads: HashMap<(u64, u32), Payload>,
}

/// Why a row could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It names a payload of this earlier step, whose row has not been shown to the reader.
    NeedsStep(u64),
    Damaged(Fault),
}

impl From<Fault> for ReadError {
    fn from(fault: Fault) -> Self {
        Self::Damaged(fault)
    }
}

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    p: Vec<&'a RawValue>,
    e: Vec<Vec<Value>>,
}

impl Reader {
    /// Knows a payload that a snapshot kept.
    pub fn learn_payload(&mut self, payload: &Payload) {
        if let Some(home) = payload.home() {
            self.payloads
                .insert((home.step, home.position), payload.clone());
        }
    }

    /// Takes in a row's payloads only: for a page that refers back to it.
    pub fn learn(&mut self, step: u64, body: &str) -> Result<(), ReadError> {
        self.open(step, body).map(|_| ())
    }

    /// The entries of the row of `step`, written in `format`.
    pub fn read(&mut self, step: u64, format: i16, body: &str) -> Result<Vec<Entry>, ReadError> {
        if format != FORMAT {
            let fault = Fault::new(format!("step {step} is in journal format {format}"));
            return Err(fault.into());
        }
        let entries = self.open(step, body)?;
        entries
            .iter()
            .map(|fields| {
                Fields {
                    reader: self,
                    step,
                    fields,
                    at: 0,
                }
                .entry()
            })
            .collect()
    }

    fn open(&mut self, step: u64, body: &str) -> Result<Vec<Vec<Value>>, ReadError> {
        let row: Row<'_> = serde_json::from_str(body)
            .map_err(|error| Fault::new(format!("step {step} is not a journal row: {error}")))?;
        for (position, raw) in (0u32..).zip(row.p) {
            // A reader that has seen the row keeps its payloads, so that equal ones stay one.
            self.payloads.entry((step, position)).or_insert_with(|| {
                let payload = Payload::from_trusted_text(raw.get());
                payload.set_home(Home { step, position });
                payload
            });
        }
        Ok(row.e)
    }
}

/// The fields of one entry, read from left to right.
struct Fields<'a> {
    reader: &'a Reader,
    step: u64,
    fields: &'a [Value],
    at: usize,
}

impl Fields<'_> {
    fn fault(&self, what: &str) -> ReadError {
        let field = self.at.saturating_sub(1);
        let name = self.fields.first().and_then(Value::as_str).unwrap_or("?");
        Fault::new(format!("step {}, {name}, field {field}: {what}", self.step)).into()
    }

    fn next(&mut self) -> &Value {
        self.at += 1;
        self.fields.get(self.at - 1).unwrap_or(&Value::Null)
    }

    fn number(&mut self) -> Result<u64, ReadError> {
        let number = self.next().as_u64();
        number.ok_or_else(|| self.fault("a number is expected"))
    }

    fn thread(&mut self) -> Result<ThreadId, ReadError> {
        let number = self.number()?;
        u32::try_from(number)
            .map(ThreadId)
            .map_err(|_| self.fault("a thread is expected"))
    }

    fn timestamp(&mut self) -> Result<Timestamp, ReadError> {
        let number = self.next().as_i64();
        number
            .map(Timestamp)
            .ok_or_else(|| self.fault("a time is expected"))
    }

    fn string(&mut self) -> Result<Arc<str>, ReadError> {
        let text = self.next().as_str().map(Arc::from);
        text.ok_or_else(|| self.fault("a string is expected"))
    }

    fn optional_string(&mut self) -> Option<Arc<str>> {
        self.next().as_str().map(Arc::from)
    }

    fn optional_number(&mut self) -> Option<u64> {
        self.next().as_u64()
    }

    fn error(&mut self) -> StateError {
        StateError {
            error: self.optional_string(),
            cause: self.optional_string(),
        }
    }

    fn payload(&mut self) -> Result<Payload, ReadError> {
        let value = self.next().clone();
        self.resolve(&value)
    }

    fn resolve(&self, value: &Value) -> Result<Payload, ReadError> {
        let (step, position) = match value {
            Value::Number(position) => (Some(self.step), position.as_u64()),
            Value::Array(pair) => (
                pair.first().and_then(Value::as_u64),
                pair.get(1).and_then(Value::as_u64),
            ),
            _ => (None, None),
        };
        let position = position.and_then(|position| u32::try_from(position).ok());
        let (Some(step), Some(position)) = (step, position) else {
            return Err(self.fault("a payload is expected"));
        };
        match self.reader.payloads.get(&(step, position)) {
            Some(payload) => Ok(payload.clone()),
            None if step < self.step => Err(ReadError::NeedsStep(step)),
            None => Err(self.fault("there is no such payload")),
        }
    }

    fn callee(&mut self, family: Family) -> Result<Arc<Callee>, ReadError> {
        let callee = match family {
            Family::Lambda => Callee::Lambda {
                arn: self.string()?,
            },
            Family::Activity => Callee::Activity {
                arn: self.string()?,
            },
            Family::Task => {
                let pair = self.next().clone();
                let text = |index: usize| pair.get(index).and_then(Value::as_str).map(Arc::from);
                match (text(0), text(1)) {
                    (Some(resource_type), Some(resource)) => Callee::Service {
                        resource_type,
                        resource,
                    },
                    _ => return Err(self.fault("a resource is expected")),
                }
            }
        };
        Ok(Arc::new(callee))
    }

    fn entry(mut self) -> Result<Entry, ReadError> {
        let name = self.string()?;
        if self.next().is_null() {
            return match &*name {
                "Backoff" => Ok(Entry::Note(Note::Backoff {
                    thread: self.thread()?,
                    retrier: u32::try_from(self.number()?).unwrap_or(u32::MAX),
                    due: self.timestamp()?,
                })),
                "Waiting" => Ok(Entry::Note(Note::Waiting {
                    thread: self.thread()?,
                    until: self.timestamp()?,
                })),
                _ => Err(self.fault("this kind of note is not known")),
            };
        }
        self.at -= 1;
        let (id, previous) = (self.number()?, self.number()?);
        let (at, thread) = (self.timestamp()?, self.thread()?);
        let detail = self.detail(&name)?;
        Ok(Entry::Event(Event {
            id,
            previous,
            at,
            thread,
            detail,
        }))
    }

    fn detail(&mut self, name: &str) -> Result<Detail, ReadError> {
        Ok(match name {
            "ExecutionStarted" => Detail::ExecutionStarted {
                input: self.payload()?,
                role_arn: self.string()?,
            },
            "ExecutionSucceeded" => Detail::ExecutionSucceeded {
                output: self.payload()?,
            },
            "ExecutionFailed" => Detail::ExecutionFailed(self.error()),
            "ExecutionAborted" => Detail::ExecutionAborted(self.error()),
            "ExecutionTimedOut" => Detail::ExecutionTimedOut(self.error()),
            "ParallelStateStarted" => Detail::ParallelStarted {
                arguments: self.payload()?,
            },
            "ParallelStateSucceeded" => Detail::ParallelSucceeded,
            "ParallelStateFailed" => Detail::ParallelFailed {
                error: self.error(),
            },
            "MapStateStarted" => Detail::MapStarted {
                length: self.number()?,
                items: self.payload()?,
                arguments: self.payload()?,
                policy: MapPolicy {
                    concurrency: self.number()?,
                    tolerated_count: self.optional_number(),
                    tolerated_percentage: self.next().as_f64(),
                },
            },
            "MapStateSucceeded" => Detail::MapSucceeded,
            "MapStateFailed" => Detail::MapFailed {
                error: self.error(),
            },
            "MapIterationStarted" => Detail::IterationStarted {
                name: self.string()?,
                index: self.number()?,
                input: self.payload()?,
            },
            "MapIterationSucceeded" => Detail::IterationSucceeded {
                name: self.string()?,
                index: self.number()?,
            },
            "MapIterationFailed" => Detail::IterationFailed {
                name: self.string()?,
                index: self.number()?,
                error: self.error(),
            },
            "MapIterationAborted" => Detail::IterationAborted {
                name: self.string()?,
                index: self.number()?,
            },
            "EvaluationFailed" => Detail::EvaluationFailed {
                error: self.error(),
                location: self.optional_string(),
                state: self.string()?,
            },
            _ => return self.family_detail(name),
        })
    }

    /// Events whose type begins with a state type or with the family of a callee.
    fn family_detail(&mut self, name: &str) -> Result<Detail, ReadError> {
        if let Some(kind) = name.strip_suffix("StateEntered").and_then(state_type) {
            let (name, input) = (self.string()?, self.payload()?);
            return Ok(Detail::StateEntered { kind, name, input });
        }
        if let Some(kind) = name.strip_suffix("StateExited").and_then(state_type) {
            let (name, output, to) = (self.string()?, self.payload()?, self.optional_string());
            let assigned = self.next().clone();
            let assigned = assigned.as_object().into_iter().flatten();
            let assigned = assigned
                .map(|(name, value)| Ok((Arc::from(name.as_str()), self.resolve(value)?)))
                .collect::<Result<_, ReadError>>()?;
            return Ok(Detail::StateExited {
                kind,
                name,
                output,
                assigned,
                to,
            });
        }
        if let Some(kind) = name.strip_suffix("StateAborted").and_then(state_type) {
            return Ok(Detail::StateAborted { kind });
        }
        let families = [
            ("LambdaFunction", Family::Lambda),
            ("Activity", Family::Activity),
            ("Task", Family::Task),
        ];
        let found = families
            .into_iter()
            .find_map(|(prefix, family)| Some((name.strip_prefix(prefix)?, family)));
        let Some((what, family)) = found else {
            return Err(self.fault("this type of event is not known"));
        };
        let call = self.callee(family)?;
        Ok(match what {
            "Scheduled" => Detail::Scheduled(Box::new(Scheduled {
                call,
                arguments: self.payload()?,
                timeout_seconds: self.optional_number(),
                heartbeat_seconds: self.optional_number(),
                role_arn: self.optional_string(),
                nonce: u128::from_str_radix(&self.string()?, 16)
                    .map_err(|_| self.fault("a hexadecimal number is expected"))?,
            })),
            "Started" => Detail::Started {
                call,
                worker: self.optional_string(),
            },
            "Submitted" => Detail::Submitted {
                call,
                output: self.payload()?,
            },
            "Succeeded" => Detail::Succeeded {
                call,
                output: self.payload()?,
            },
            "Failed" => Detail::Failed {
                call,
                error: self.error(),
            },
            "TimedOut" => Detail::TimedOut {
                call,
                error: self.error(),
            },
            _ => return Err(self.fault("this type of event is not known")),
        })
    }
}

#[derive(Clone, Copy)]
enum Family {
    Lambda,
    Activity,
    Task,
}

fn state_type(name: &str) -> Option<StateType> {
    StateType::ALL
        .into_iter()
        .find(|kind| kind.as_str() == name)
}
