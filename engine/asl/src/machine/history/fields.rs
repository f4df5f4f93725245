//! The small texts that rows and snapshots are made of: arrays whose first field names what they
//! are, written and read from left to right.
//!
//! What the fields mean is in [`super::journal`] and [`crate::machine::snapshot`].

use std::{
    fmt::{Display, Write as _},
    sync::Arc,
};

use serde_json::Value;

use super::{Callee, MapPolicy};
use crate::{
    error::StateError,
    json::write::write_string,
    machine::{Fault, ThreadId},
    time::Timestamp,
};

/// Writes fields, each with a comma before it.
#[derive(Default)]
pub(in crate::machine) struct FieldWriter {
    pub(in crate::machine) text: String,
}

impl FieldWriter {
    pub(in crate::machine) fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.text.write_fmt(text);
    }

    pub(in crate::machine) fn number(&mut self, number: impl Display) {
        self.put(format_args!(",{number}"));
    }

    pub(in crate::machine) fn optional_number(&mut self, number: Option<u64>) {
        match number {
            Some(number) => self.number(number),
            None => self.text.push_str(",null"),
        }
    }

    pub(in crate::machine) fn string(&mut self, text: &str) {
        self.text.push(',');
        write_string(text, &mut self.text);
    }

    pub(in crate::machine) fn optional_string(&mut self, text: Option<&Arc<str>>) {
        match text {
            Some(text) => self.string(text),
            None => self.text.push_str(",null"),
        }
    }

    /// As a text: a fraction read as a JSON number might come back a little different.
    pub(in crate::machine) fn optional_fraction(&mut self, number: Option<f64>) {
        match number {
            Some(number) => self.put(format_args!(",\"{number}\"")),
            None => self.text.push_str(",null"),
        }
    }

    pub(in crate::machine) fn nonce(&mut self, nonce: u128) {
        self.put(format_args!(",\"{nonce:032x}\""));
    }

    pub(in crate::machine) fn policy(&mut self, policy: &MapPolicy) {
        self.number(policy.concurrency);
        self.optional_number(policy.tolerated_count);
        self.optional_fraction(policy.tolerated_percentage);
    }

    pub(in crate::machine) fn error(&mut self, error: &StateError) {
        self.optional_string(error.error.as_ref());
        self.optional_string(error.cause.as_ref());
    }

    /// An ARN, or a service's resource type and resource.
    pub(in crate::machine) fn callee(&mut self, call: &Callee) {
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
}

/// Which kind of callee an ARN or pair stands for.
#[derive(Clone, Copy)]
pub(in crate::machine) enum Family {
    Lambda,
    Activity,
    Task,
}

/// Reads the fields of one array. A field that is not there reads as null.
pub(in crate::machine) struct Fields<'a> {
    /// Where they stand, for faults: `step 5`.
    place: &'a dyn Display,
    values: &'a [Value],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(in crate::machine) fn new(place: &'a dyn Display, values: &'a [Value]) -> Self {
        Self {
            place,
            values,
            at: 0,
        }
    }

    pub(in crate::machine) fn len(&self) -> usize {
        self.values.len()
    }

    /// What is wrong with the field that was read last.
    pub(in crate::machine) fn fault(&self, what: &str) -> Fault {
        let field = self.at.saturating_sub(1);
        let name = self.values.first().and_then(Value::as_str).unwrap_or("?");
        Fault::new(format!("{}, {name}, field {field}: {what}", self.place))
    }

    pub(in crate::machine) fn next(&mut self) -> &'a Value {
        self.at += 1;
        self.values.get(self.at - 1).unwrap_or(&Value::Null)
    }

    /// A count or a place in a row of counted things: always so small that it can be counted on.
    pub(in crate::machine) fn number(&mut self) -> Result<u64, Fault> {
        let number = self.next().as_u64().filter(|number| *number < 1 << 53);
        number.ok_or_else(|| self.fault("a number is expected"))
    }

    pub(in crate::machine) fn small_number(&mut self) -> Result<u32, Fault> {
        let number = self.number()?;
        u32::try_from(number).map_err(|_| self.fault("a smaller number is expected"))
    }

    pub(in crate::machine) fn optional_number(&mut self) -> Result<Option<u64>, Fault> {
        self.optional(|fields| {
            let number = fields.next().as_u64();
            number.ok_or_else(|| fields.fault("a number is expected"))
        })
    }

    pub(in crate::machine) fn optional_fraction(&mut self) -> Result<Option<f64>, Fault> {
        self.optional(|fields| {
            let number = fields.text()?.parse().ok();
            number.ok_or_else(|| fields.fault("a fraction is expected"))
        })
    }

    /// What `read` makes of the next field, unless it is null.
    pub(in crate::machine) fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        if self.next().is_null() {
            return Ok(None);
        }
        self.at -= 1;
        read(self).map(Some)
    }

    pub(in crate::machine) fn flag(&mut self) -> Result<bool, Fault> {
        let flag = self.next().as_bool();
        flag.ok_or_else(|| self.fault("true or false is expected"))
    }

    pub(in crate::machine) fn thread(&mut self) -> Result<ThreadId, Fault> {
        self.small_number().map(ThreadId)
    }

    pub(in crate::machine) fn timestamp(&mut self) -> Result<Timestamp, Fault> {
        let number = self.next().as_i64();
        number
            .map(Timestamp)
            .ok_or_else(|| self.fault("a time is expected"))
    }

    pub(in crate::machine) fn text(&mut self) -> Result<&'a str, Fault> {
        let text = self.next().as_str();
        text.ok_or_else(|| self.fault("a string is expected"))
    }

    pub(in crate::machine) fn string(&mut self) -> Result<Arc<str>, Fault> {
        self.text().map(Arc::from)
    }

    pub(in crate::machine) fn optional_string(&mut self) -> Result<Option<Arc<str>>, Fault> {
        self.optional(Self::string)
    }

    pub(in crate::machine) fn array(&mut self) -> Result<&'a [Value], Fault> {
        let array = self.next().as_array().map(Vec::as_slice);
        array.ok_or_else(|| self.fault("an array is expected"))
    }

    /// The array in the next field, to be read by itself.
    pub(in crate::machine) fn nested(&mut self) -> Result<Fields<'a>, Fault> {
        Ok(Fields::new(self.place, self.array()?))
    }

    pub(in crate::machine) fn error(&mut self) -> Result<StateError, Fault> {
        Ok(StateError {
            error: self.optional_string()?,
            cause: self.optional_string()?,
        })
    }

    pub(in crate::machine) fn policy(&mut self) -> Result<MapPolicy, Fault> {
        Ok(MapPolicy {
            concurrency: self.number()?,
            tolerated_count: self.optional_number()?,
            tolerated_percentage: self.optional_fraction()?,
        })
    }

    /// A number that was written in hexadecimal.
    pub(in crate::machine) fn nonce(&mut self) -> Result<u128, Fault> {
        let nonce = u128::from_str_radix(self.text()?, 16).ok();
        nonce.ok_or_else(|| self.fault("a hexadecimal number is expected"))
    }

    pub(in crate::machine) fn callee(&mut self, family: Family) -> Result<Arc<Callee>, Fault> {
        let callee = match family {
            Family::Lambda => Callee::Lambda {
                arn: self.string()?,
            },
            Family::Activity => Callee::Activity {
                arn: self.string()?,
            },
            Family::Task => {
                let mut pair = self.nested()?;
                Callee::Service {
                    resource_type: pair.string()?,
                    resource: pair.string()?,
                }
            }
        };
        Ok(Arc::new(callee))
    }
}
