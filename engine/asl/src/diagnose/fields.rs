//! The members of one object of a definition: which must be there, which may, and of what type.
//!
//! Only shapes and ranges; what a field means is the caller's business.

use std::ops::RangeInclusive;

use super::{report::Report, report::shortened};
use crate::json::{Json, Number, Object, pointer::Pointer};

/// An object that is being read, and where it stands.
#[derive(Clone)]
pub(super) struct Fields<'d> {
    pub(super) at: Pointer,
    members: &'d Object,
    /// Fields that were reported as a whole and so are not read any further.
    ignored: Vec<&'d str>,
}

impl<'d> Fields<'d> {
    /// The members of `value`, where it is an object.
    pub(super) fn of(value: &'d Json, at: Pointer, report: &mut Report<'_>) -> Option<Self> {
        if let Some(members) = value.as_object() {
            let ignored = Vec::new();
            return Some(Self {
                at,
                members,
                ignored,
            });
        }
        expected("Object", value, &at, report);
        None
    }

    /// From now on, as if the field were not there.
    pub(super) fn ignore(&mut self, name: &'d str) {
        self.ignored.push(name);
    }

    pub(super) fn get(&self, name: &str) -> Option<&'d Json> {
        self.members
            .get(name)
            .filter(|_| !self.ignored.contains(&name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Where the field of that name stands.
    pub(super) fn place(&self, name: &str) -> Pointer {
        self.at.child(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'d str, &'d Json)> + use<'d> {
        self.members.iter().map(|(name, value)| (&**name, value))
    }

    /// Reports those of `names` that are missing.
    pub(super) fn require(&self, names: &[&str], report: &mut Report<'_>) {
        let missing: Vec<_> = names
            .iter()
            .copied()
            .filter(|name| !self.has(name))
            .collect();
        if !missing.is_empty() {
            let message = format!("These fields are required: [{}]", missing.join(", "));
            report.schema(&self.at, message);
        }
    }

    /// Reports when more than one of `names` is there.
    pub(super) fn at_most_one(&self, names: &[&str], report: &mut Report<'_>) {
        if names.iter().filter(|name| self.has(name)).count() > 1 {
            let names = names.join(", ");
            let message = format!("There should only be one of the following fields: [{names}]");
            report.schema(&self.at, message);
        }
    }

    /// Reports unless exactly one of `names` is there.
    pub(super) fn exactly_one(&self, names: &[&str], report: &mut Report<'_>) {
        if !names.iter().any(|name| self.has(name)) {
            let names = names.join(", ");
            let message = format!("One of the following fields is required: [{names}]");
            report.schema(&self.at, message);
        }
        self.at_most_one(names, report);
    }

    /// Reports every field that is not among `names`.
    pub(super) fn only(&self, names: &[&str], report: &mut Report<'_>) {
        for (name, _) in self.iter() {
            if !names.contains(&name) {
                unsupported(name, &self.at, report);
            }
        }
    }

    /// The text in a field; a wrong type is reported.
    pub(super) fn text(&self, name: &str, report: &mut Report<'_>) -> Option<&'d str> {
        let value = self.get(name)?;
        if value.as_str().is_none() {
            expected("String", value, &self.place(name), report);
        }
        value.as_str()
    }

    /// A text that must be one of a few.
    pub(super) fn choice(
        &self,
        name: &str,
        allowed: &[&str],
        report: &mut Report<'_>,
    ) -> Option<&'d str> {
        let text = self.text(name, report)?;
        if allowed.contains(&text) {
            return Some(text);
        }
        let allowed = allowed.join(", ");
        let message = format!(
            "Value must be one of the following: [{allowed}], but was '{}'",
            shortened(text)
        );
        report.schema(&self.place(name), message);
        None
    }

    pub(super) fn boolean(&self, name: &str, report: &mut Report<'_>) -> Option<bool> {
        let value = self.get(name)?;
        if value.as_bool().is_none() {
            expected("Boolean", value, &self.place(name), report);
        }
        value.as_bool()
    }

    /// The items of an array field with their places; an empty array is reported unless `may_be_empty`.
    pub(super) fn items(
        &self,
        name: &str,
        may_be_empty: bool,
        report: &mut Report<'_>,
    ) -> Option<Vec<(Pointer, &'d Json)>> {
        let value = self.get(name)?;
        let at = self.place(name);
        let Some(items) = value.as_array() else {
            expected("Array", value, &at, report);
            return None;
        };
        if items.is_empty() && !may_be_empty {
            report.schema(&at, "Value must not be an empty array");
        }
        let place = |(index, item)| (at.child(index), item);
        Some(items.iter().enumerate().map(place).collect())
    }

    /// A whole number in `range`, however it is written (`5`, `5.0`).
    pub(super) fn whole(
        &self,
        name: &str,
        range: &RangeInclusive<u64>,
        report: &mut Report<'_>,
    ) -> Option<u64> {
        whole(self.get(name)?, range, &self.place(name), report)
    }

    /// A number in `range`.
    pub(super) fn number(
        &self,
        name: &str,
        range: &RangeInclusive<f64>,
        report: &mut Report<'_>,
    ) -> Option<f64> {
        number(self.get(name)?, range, &self.place(name), report)
    }
}

pub(super) fn whole(
    value: &Json,
    range: &RangeInclusive<u64>,
    at: &Pointer,
    report: &mut Report<'_>,
) -> Option<u64> {
    let Some(written) = value.as_number() else {
        expected("Integer", value, at, report);
        return None;
    };
    let number = written.as_f64();
    if number.fract() != 0.0 || number.is_nan() {
        let message = format!(
            "Expected value of type Integer, but was {}",
            spelled(written)
        );
        report.schema(at, message);
        return None;
    }
    let whole = written
        .as_whole()
        .and_then(|whole| u64::try_from(whole).ok());
    match whole {
        Some(whole) if range.contains(&whole) => Some(whole),
        _ if number > 0.0 && whole.is_none_or(|whole| whole > *range.end()) => {
            report.schema(at, format!("Maximum value is {}", range.end()));
            None
        }
        _ => {
            report.schema(at, format!("Minimum value is {}", range.start()));
            None
        }
    }
}

pub(super) fn number(
    value: &Json,
    range: &RangeInclusive<f64>,
    at: &Pointer,
    report: &mut Report<'_>,
) -> Option<f64> {
    let Some(number) = value.as_number().map(Number::as_f64) else {
        expected("Number", value, at, report);
        return None;
    };
    if number > *range.end() {
        report.schema(at, format!("Maximum value is {:?}", range.end()));
        return None;
    }
    if !range.contains(&number) {
        report.schema(at, format!("Minimum value is {:?}", range.start()));
        return None;
    }
    Some(number)
}

/// Reports a value of the wrong type.
pub(super) fn expected(wanted: &str, value: &Json, at: &Pointer, report: &mut Report<'_>) {
    let kind = value.kind();
    report.schema(
        at,
        format!("Expected value of type {wanted}, but was {kind}"),
    );
}

/// Reports a field that has no meaning where it stands.
pub(super) fn unsupported(name: &str, at: &Pointer, report: &mut Report<'_>) {
    report.schema(at, format!("Field '{}' is not supported", shortened(name)));
}

fn spelled(number: &Number) -> String {
    shortened(number.as_str())
}
