//! Reading snapshots.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    super::{
        Fault,
        execution::{
            Again, Branches, Call, Ended, Execution, Identity, Items, MapRunning, Origin, Outcome,
            Position, Thread, ThreadId, Visit,
        },
        history::{
            fields::{Family, Fields},
            journal::Reader,
        },
    },
    FORMAT,
};
use crate::{
    definition::Definition,
    payload::{Home, Payload},
};

/// The execution that `text` tells of. `reader` learns its payloads, and can then read the rows that
/// follow.
///
/// # Errors
/// A fault for a text in another format or a damaged one: fold the whole journal instead.
pub fn decode(
    text: &str,
    identity: Arc<Identity>,
    definition: Arc<Definition>,
    reader: &mut Reader,
) -> Result<Execution, Fault> {
    let unreadable = |error| Fault::new(format!("a snapshot cannot be read: {error}"));
    let parts: Parts<'_> = serde_json::from_str(text).map_err(unreadable)?;
    if parts.format != FORMAT {
        let fault = format!("a snapshot is in format {}", parts.format);
        return Err(Fault::new(fault));
    }
    let payloads = parts.payloads.into_iter().map(|(step, position, raw)| {
        let payload = Payload::from_trusted_text(raw.get());
        if let (Some(step), Some(position)) = (step, position) {
            payload.set_home(Home { step, position });
            reader.learn_payload(&payload);
        }
        payload
    });
    let snapshot = Snapshot {
        payloads: payloads.collect(),
    };
    let place = "the snapshot";
    let mut execution = Execution::new(identity, definition);
    snapshot.execution(&mut execution, Fields::new(&place, &parts.execution))?;
    for fields in &parts.threads {
        let (id, thread) = snapshot.thread(Fields::new(&place, fields))?;
        execution.threads.insert(id, thread);
    }
    for fields in &parts.kept {
        let (id, thread) = snapshot.thread(Fields::new(&place, fields))?;
        execution.kept.insert(id, thread);
    }
    let last = execution.threads.last_key_value();
    if last.is_some_and(|(last, _)| last.0 >= execution.next_thread) {
        return Err(Fault::new("a snapshot would number its next thread twice"));
    }
    let threads = execution.threads.iter();
    let runnable = threads.filter(|(_, thread)| thread.position.is_runnable());
    execution.runnable = runnable.map(|(id, _)| *id).collect::<BTreeSet<_>>();
    Ok(execution)
}

/// Threads as [`super::encode_threads`] wrote them. None where `value` is null, or where a payload is
/// not at hand.
pub(in crate::machine) fn decode_threads(
    value: &Value,
    find: impl Fn(u64, u32) -> Option<Payload>,
) -> Result<Option<BTreeMap<ThreadId, Thread>>, Fault> {
    if value.is_null() {
        return Ok(None);
    }
    let damaged = || Fault::new("the threads of a redrive cannot be read");
    let list = |name| {
        value
            .get(name)
            .and_then(Value::as_array)
            .ok_or_else(damaged)
    };
    let mut payloads = Vec::new();
    for payload in list("payloads")? {
        if let Some(text) = payload.as_str() {
            payloads.push(Payload::from_trusted_text(text));
            continue;
        }
        let number = |at: usize| payload.get(at).and_then(Value::as_u64);
        let position = number(1).and_then(|position| u32::try_from(position).ok());
        let (Some(step), Some(position)) = (number(0), position) else {
            return Err(damaged());
        };
        match find(step, position) {
            Some(payload) => payloads.push(payload),
            None => return Ok(None),
        }
    }
    let snapshot = Snapshot { payloads };
    let place = "a redrive";
    let threads = list("threads")?.iter().map(|fields| {
        let fields = fields.as_array().ok_or_else(damaged)?;
        snapshot.thread(Fields::new(&place, fields))
    });
    threads.collect::<Result<_, _>>().map(Some)
}

#[derive(Deserialize)]
struct Parts<'a> {
    format: u64,
    #[serde(borrow)]
    payloads: Vec<(Option<u64>, Option<u32>, &'a RawValue)>,
    execution: Vec<Value>,
    threads: Vec<Vec<Value>>,
    /// Absent where there are none.
    #[serde(default)]
    kept: Vec<Vec<Value>>,
}

struct Snapshot {
    payloads: Vec<Payload>,
}

impl Snapshot {
    fn payload(&self, fields: &mut Fields<'_>) -> Result<Payload, Fault> {
        let index = usize::try_from(fields.number()?).unwrap_or(usize::MAX);
        let payload = self.payloads.get(index).cloned();
        payload.ok_or_else(|| fields.fault("there is no such payload"))
    }

    fn execution(&self, execution: &mut Execution, mut fields: Fields<'_>) -> Result<(), Fault> {
        fields.text()?;
        execution.last_event = fields.number()?;
        execution.last_step = fields.number()?;
        execution.last_at = fields.timestamp()?;
        execution.next_thread = fields.small_number()?;
        execution.input = self.payload(&mut fields)?;
        let outcome = fields.optional(Fields::text)?;
        execution.outcome = match outcome {
            None => None,
            Some("Succeeded") => Some(Outcome::Succeeded(self.payload(&mut fields)?)),
            Some("Failed") => Some(Outcome::Failed(fields.error()?)),
            Some("Aborted") => Some(Outcome::Aborted(fields.error()?)),
            Some("TimedOut") => Some(Outcome::TimedOut(fields.error()?)),
            Some(_) => return Err(fields.fault("this outcome is not known")),
        };
        let read = match &execution.outcome {
            None => 1,
            Some(Outcome::Succeeded(_)) => 2,
            Some(Outcome::Failed(_) | Outcome::Aborted(_) | Outcome::TimedOut(_)) => 3,
        };
        for _ in read..3 {
            fields.next();
        }
        execution.redrive_count = fields.optional_number()?.unwrap_or(0);
        execution.redriven_at = fields.optional(Fields::timestamp)?;
        Ok(())
    }

    fn thread(&self, mut fields: Fields<'_>) -> Result<(ThreadId, Thread), Fault> {
        fields.text()?;
        let id = fields.thread()?;
        let last_event = fields.number()?;
        let variables = list(&mut fields, |pair| {
            Ok((pair.string()?, self.payload(pair)?))
        })?;
        let origin = match fields.text()? {
            "Root" => Origin::Root,
            "Branch" => Origin::Branch {
                parent: fields.thread()?,
                index: fields.small_number()?,
            },
            "Iteration" => Origin::Iteration {
                parent: fields.thread()?,
                index: fields.number()?,
            },
            _ => return Err(fields.fault("this origin is not known")),
        };
        let thread = Thread {
            origin,
            variables,
            last_event,
            position: self.position(&mut fields)?,
        };
        // Threads are numbered as they begin, so that a family has no circle.
        if thread.origin.parent().is_some_and(|parent| parent >= id)
            || thread.position.children().any(|child| child <= id)
        {
            return Err(fields.fault("a thread comes before those that it starts"));
        }
        Ok((id, thread))
    }

    fn threads(&self, fields: &mut Fields<'_>) -> Result<BTreeMap<ThreadId, Thread>, Fault> {
        values(fields, |fields| self.thread(fields.nested()?))
    }

    fn position(&self, fields: &mut Fields<'_>) -> Result<Position, Fault> {
        Ok(match fields.text()? {
            "Ready" => Position::Ready {
                state: fields.string()?,
                input: self.payload(fields)?,
            },
            "Entered" => Position::Entered(self.visit(fields)?),
            "Waiting" => Position::Waiting {
                visit: self.visit(fields)?,
                until: fields.timestamp()?,
            },
            "Called" => Position::Called {
                visit: self.visit(fields)?,
                call: self.call(fields)?,
            },
            "Returned" => Position::Returned {
                visit: self.visit(fields)?,
                result: self.payload(fields)?,
            },
            "Failing" => Position::Failing {
                visit: self.visit(fields)?,
                error: fields.error()?,
            },
            "Backoff" => Position::Backoff {
                visit: self.visit(fields)?,
                due: fields.timestamp()?,
            },
            "Branches" => Position::Branches {
                visit: self.visit(fields)?,
                branches: self.branches(fields)?,
            },
            "Items" => Position::Items {
                visit: self.visit(fields)?,
                items: self.items(fields)?,
            },
            "MapRun" => Position::MapRun {
                visit: self.visit(fields)?,
                run: self.map_run(fields)?,
            },
            "MapRunRedriven" => Position::MapRun {
                visit: self.visit(fields)?,
                run: MapRunning {
                    redrives: fields.number()?,
                    is_to_redrive: fields.number()? == 1,
                    ..self.map_run(fields)?
                },
            },
            "Finished" => Position::Finished(self.payload(fields)?),
            _ => return Err(fields.fault("this position is not known")),
        })
    }

    fn map_run(&self, fields: &mut Fields<'_>) -> Result<MapRunning, Fault> {
        Ok(MapRunning {
            id: fields.nonce()?.to_be_bytes(),
            attempt: fields.number()?,
            spec: self.payload(fields)?,
            result: fields.optional(|fields| self.payload(fields))?,
            redrives: 0,
            is_to_redrive: false,
        })
    }

    fn visit(&self, fields: &mut Fields<'_>) -> Result<Visit, Fault> {
        Ok(Visit {
            state: fields.string()?,
            entered: fields.number()?,
            entered_previous: fields.number()?,
            entered_at: fields.timestamp()?,
            input: self.payload(fields)?,
            retries: values(fields, Fields::number)?,
        })
    }

    fn call(&self, fields: &mut Fields<'_>) -> Result<Call, Fault> {
        Ok(Call {
            attempt: fields.number()?,
            callee: {
                let family = match fields.text()? {
                    "LambdaFunction" => Family::Lambda,
                    "Activity" => Family::Activity,
                    "Task" => Family::Task,
                    _ => return Err(fields.fault("this kind of callee is not known")),
                };
                fields.callee(family)?
            },
            arguments: self.payload(fields)?,
            timeout_seconds: fields.optional_number()?,
            timeout_at: fields.optional(Fields::timestamp)?,
            heartbeat_seconds: fields.optional_number()?,
            role_arn: fields.optional_string()?,
            nonce: fields.nonce()?,
            is_started: fields.flag()?,
            is_submitted: fields.flag()?,
        })
    }

    fn branches(&self, fields: &mut Fields<'_>) -> Result<Branches, Fault> {
        Ok(Branches {
            threads: values(fields, Fields::thread)?,
            outputs: values(fields, |fields| {
                fields.optional(|fields| self.payload(fields))
            })?,
        })
    }

    fn items(&self, fields: &mut Fields<'_>) -> Result<Items, Fault> {
        Ok(Items {
            items: self.payload(fields)?,
            arguments: self.payload(fields)?,
            length: fields.number()?,
            policy: fields.policy()?,
            next: fields.number()?,
            cause: fields.number()?,
            failures: fields.number()?,
            running: list(fields, |pair| Ok((pair.number()?, pair.thread()?)))?,
            ended: list(fields, |three| {
                Ok(Ended {
                    index: three.number()?,
                    last_event: three.number()?,
                    output: self.payload(three)?,
                })
            })?,
            outputs: list(fields, |pair| Ok((pair.number()?, self.payload(pair)?)))?,
            again: fields
                .optional(|fields| {
                    list(fields, |three| {
                        let (index, thread) = (three.number()?, three.thread()?);
                        let threads = self.threads(three)?;
                        Ok((index, Again { thread, threads }))
                    })
                })?
                .unwrap_or_default(),
        })
    }
}

/// An array of arrays.
fn list<T, C: FromIterator<T>>(
    fields: &mut Fields<'_>,
    mut read: impl FnMut(&mut Fields<'_>) -> Result<T, Fault>,
) -> Result<C, Fault> {
    values(fields, |fields| read(&mut fields.nested()?))
}

/// An array whose elements are read one by one.
fn values<'a, T, C: FromIterator<T>>(
    fields: &mut Fields<'a>,
    mut read: impl FnMut(&mut Fields<'a>) -> Result<T, Fault>,
) -> Result<C, Fault> {
    let mut nested = fields.nested()?;
    let count = nested.len();
    (0..count).map(|_| read(&mut nested)).collect()
}
