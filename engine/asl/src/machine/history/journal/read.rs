//! Reading rows.

use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    super::{
        Detail, Entry, Event, Note, Scheduled,
        fields::{Family, Fields},
    },
    FORMAT,
};
use crate::{
    definition::StateType,
    machine::{Fault, redrive::Remains, rerun::Rerun, snapshot::decode_threads},
    payload::{Home, Payload},
};

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
        let place = format!("step {step}");
        let entries = entries.iter().map(|fields| {
            let reader = EntryReader {
                reader: self,
                step,
                fields: Fields::new(&place, fields),
            };
            reader.entry()
        });
        entries.collect()
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

/// One entry of a row.
struct EntryReader<'a> {
    reader: &'a Reader,
    step: u64,
    fields: Fields<'a>,
}

impl EntryReader<'_> {
    fn payload(&mut self) -> Result<Payload, ReadError> {
        let value = self.fields.next();
        self.resolve(value)
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
            return Err(self.fields.fault("a payload is expected").into());
        };
        match self.reader.payloads.get(&(step, position)) {
            Some(payload) => Ok(payload.clone()),
            None if step < self.step => Err(ReadError::NeedsStep(step)),
            None => Err(self.fields.fault("there is no such payload").into()),
        }
    }

    fn entry(mut self) -> Result<Entry, ReadError> {
        let name = self.fields.text()?;
        let Some(id) = self.fields.optional_number()? else {
            return match name {
                "Backoff" => Ok(Entry::Note(Note::Backoff {
                    thread: self.fields.thread()?,
                    retrier: self.fields.small_number()?,
                    due: self.fields.timestamp()?,
                })),
                "Waiting" => Ok(Entry::Note(Note::Waiting {
                    thread: self.fields.thread()?,
                    until: self.fields.timestamp()?,
                })),
                "Rerun" => {
                    let origin = self.fields.nonce()?.to_be_bytes();
                    let event = self.fields.number()?;
                    // All its payloads are in the note itself.
                    let threads = decode_threads(self.fields.next(), |_, _| None)?;
                    let threads = threads.ok_or_else(|| self.fields.fault("no threads"))?;
                    let rerun = Rerun {
                        origin,
                        event,
                        threads,
                    };
                    Ok(Entry::Note(Note::Rerun(Arc::new(rerun))))
                }
                _ => Err(self.fields.fault("this kind of note is not known").into()),
            };
        };
        let previous = self.fields.number()?;
        let (at, thread) = (self.fields.timestamp()?, self.fields.thread()?);
        let detail = self.detail(name)?;
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
                role_arn: self.fields.string()?,
            },
            "ExecutionSucceeded" => Detail::ExecutionSucceeded {
                output: self.payload()?,
            },
            "ExecutionFailed" => Detail::ExecutionFailed(self.fields.error()?),
            "ExecutionAborted" => Detail::ExecutionAborted(self.fields.error()?),
            "ExecutionTimedOut" => Detail::ExecutionTimedOut(self.fields.error()?),
            "ExecutionRedriven" => {
                let count = self.fields.number()?;
                let payload = |step, position| self.reader.payloads.get(&(step, position)).cloned();
                let threads = decode_threads(self.fields.next(), payload)?;
                let remains = threads.map(|threads| Arc::new(Remains { threads }));
                Detail::ExecutionRedriven { count, remains }
            }
            "ParallelStateStarted" => Detail::ParallelStarted {
                arguments: self.payload()?,
            },
            "ParallelStateSucceeded" => Detail::ParallelSucceeded,
            "ParallelStateFailed" => Detail::ParallelFailed {
                error: self.fields.error()?,
            },
            // A distributed one has nothing but its length.
            "MapStateStarted" if self.fields.len() == 6 => Detail::DistributedStarted {
                length: self.fields.number()?,
            },
            "MapRunStarted" => Detail::MapRunStarted {
                arn: self.fields.string()?,
                id: self.fields.nonce()?.to_be_bytes(),
                spec: self.payload()?,
            },
            "MapRunSucceeded" => Detail::MapRunSucceeded {
                output: self.payload()?,
            },
            "MapRunFailed" => Detail::MapRunFailed {
                error: self.fields.error()?,
            },
            "MapRunAborted" => Detail::MapRunAborted,
            "MapRunRedriven" => Detail::MapRunRedriven {
                arn: self.fields.string()?,
                count: self.fields.number()?,
            },
            "MapStateStarted" => Detail::MapStarted {
                length: self.fields.number()?,
                items: self.payload()?,
                arguments: self.payload()?,
                policy: self.fields.policy()?,
            },
            "MapStateSucceeded" => Detail::MapSucceeded,
            "MapStateFailed" => Detail::MapFailed {
                error: self.fields.error()?,
            },
            "MapIterationStarted" => Detail::IterationStarted {
                name: self.fields.string()?,
                index: self.fields.number()?,
                input: self.payload()?,
            },
            "MapIterationSucceeded" => Detail::IterationSucceeded {
                name: self.fields.string()?,
                index: self.fields.number()?,
            },
            "MapIterationFailed" => Detail::IterationFailed {
                name: self.fields.string()?,
                index: self.fields.number()?,
                error: self.fields.error()?,
            },
            "MapIterationAborted" => Detail::IterationAborted {
                name: self.fields.string()?,
                index: self.fields.number()?,
            },
            "EvaluationFailed" => Detail::EvaluationFailed {
                error: self.fields.error()?,
                location: self.fields.optional_string()?,
                state: self.fields.string()?,
            },
            _ => return self.family_detail(name),
        })
    }

    /// Events whose type begins with a state type or with the family of a callee.
    fn family_detail(&mut self, name: &str) -> Result<Detail, ReadError> {
        if let Some(kind) = name.strip_suffix("StateEntered").and_then(state_type) {
            let (name, input) = (self.fields.string()?, self.payload()?);
            return Ok(Detail::StateEntered { kind, name, input });
        }
        if let Some(kind) = name.strip_suffix("StateExited").and_then(state_type) {
            let (name, output, to) = (
                self.fields.string()?,
                self.payload()?,
                self.fields.optional_string()?,
            );
            let assigned = self.fields.next().as_object().into_iter().flatten();
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
            return Err(self.fields.fault("this type of event is not known").into());
        };
        let call = self.fields.callee(family)?;
        Ok(match what {
            "Scheduled" => Detail::Scheduled(Box::new(Scheduled {
                call,
                arguments: self.payload()?,
                timeout_seconds: self.fields.optional_number()?,
                heartbeat_seconds: self.fields.optional_number()?,
                role_arn: self.fields.optional_string()?,
                nonce: self.fields.nonce()?,
            })),
            "Started" => Detail::Started {
                call,
                worker: self.fields.optional_string()?,
            },
            "Submitted" => Detail::Submitted {
                call,
                output: self.payload()?,
            },
            "Succeeded" => Detail::Succeeded {
                call,
                output: self.payload()?,
            },
            "Failed" | "ScheduleFailed" => Detail::Failed {
                call,
                error: self.fields.error()?,
            },
            "TimedOut" => Detail::TimedOut {
                call,
                error: self.fields.error()?,
            },
            _ => return Err(self.fields.fault("this type of event is not known").into()),
        })
    }
}

fn state_type(name: &str) -> Option<StateType> {
    StateType::ALL
        .into_iter()
        .find(|kind| kind.as_str() == name)
}
