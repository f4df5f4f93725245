//! Checks an input against its operation's shape, before anything else looks at it: types first
//! (`SerializationException`), then every constraint at once (`ValidationException`), in AWS's words.
//!
//! The shapes are in the generated `model`. What a name may hold, or whether an ARN exists, is not a
//! constraint of the model: the operations say that.

mod show;

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::error::ApiError;
use crate::app::App;

/// How many violations an answer spells out; the rest are only counted. A list has no bound of its own
/// in the service's model, so one request could break thousands.
const VIOLATIONS_SHOWN_MAX: usize = 10;

/// What an input, or a part of one, must look like.
pub(super) enum Shape {
    Text {
        /// Length in UTF-16 units, as Java counts.
        min: Option<usize>,
        max: Option<usize>,
        pattern: Option<Pattern>,
        is_sensitive: bool,
    },
    /// One of these texts.
    Choice {
        values: &'static [&'static str],
    },
    Integer {
        min: Option<i64>,
        max: Option<i64>,
        /// 64 bits instead of 32.
        is_long: bool,
        is_sensitive: bool,
    },
    Float {
        min: Option<f64>,
        max: Option<f64>,
        is_sensitive: bool,
    },
    Boolean,
    List {
        min: Option<usize>,
        max: Option<usize>,
        item: &'static Shape,
        is_sensitive: bool,
    },
    Structure {
        name: &'static str,
        fields: &'static [Field],
        is_sensitive: bool,
    },
}

/// A member of a structure.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: &'static Shape,
    pub(super) is_required: bool,
}

/// The patterns of the service's model.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pattern {
    AliasName,
    Visible,
    Ascii,
}

/// Checks `input`, which is the whole body of a request, and takes members out of it that are null:
/// to the service null is absent.
pub(super) fn check(shape: &Shape, input: &mut Value) -> Result<(), ApiError> {
    read(shape, input, &mut Path::default())?;
    let mut violations = Violations::default();
    constrain(shape, input, &mut Path::default(), &mut violations);
    violations.into_result()
}

/// The answer to a text that is longer than a setting allows, for members whose length the model's
/// check leaves to the operation. The value is not shown: all such members are sensitive.
pub(super) fn too_long(member: &str, max: u64) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: \
         Member must have length less than or equal to {max}"
    ))
}

/// Refuses an input or output that is longer than the setting allows.
pub(super) fn payload(app: &App, member: &str, text: &str) -> Result<(), ApiError> {
    let max = app.settings.limits.payload_bytes_max;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > max {
        return Err(too_long(member, max));
    }
    Ok(())
}

/// Refuses U+0000, which no text column of the database can hold. For texts that are kept as they
/// come: names, ARNs and JSON are refused by their own rules.
pub(super) fn storable(member: &str, text: Option<&str>) -> Result<(), ApiError> {
    if text.is_some_and(|text| text.contains('\0')) {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: \
             Member must not contain the character U+0000"
        )));
    }
    Ok(())
}

/// Where a value is: `routingConfiguration.1.member.weight`.
#[derive(Default)]
struct Path(String);

impl Path {
    /// Does something one step further down.
    fn within<T>(&mut self, step: &str, then: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.0.len();
        if length > 0 {
            self.0.push('.');
        }
        self.0.push_str(step);
        let result = then(self);
        self.0.truncate(length);
        result
    }
}

/// Checks types alone.
fn read(shape: &Shape, value: &mut Value, path: &mut Path) -> Result<(), ApiError> {
    match (shape, &mut *value) {
        (Shape::Text { .. } | Shape::Choice { .. }, Value::String(_))
        | (Shape::Boolean, Value::Bool(_))
        | (Shape::Float { .. }, Value::Number(_)) => Ok(()),
        (Shape::Integer { is_long, .. }, Value::Number(number)) => {
            let fits = number
                .as_i64()
                .is_some_and(|it| *is_long || i32::try_from(it).is_ok());
            if fits {
                return Ok(());
            }
            Err(ApiError::serialization(format!(
                "{number} can not be converted to {} at '{}'",
                wanted(shape),
                path.0
            )))
        }
        (Shape::List { item, .. }, Value::Array(items)) => {
            for (index, value) in items.iter_mut().enumerate() {
                if !value.is_null() {
                    path.within(&format!("{}.member", index + 1), |path| {
                        read(item, value, path)
                    })?;
                }
            }
            Ok(())
        }
        (Shape::Structure { fields, .. }, Value::Object(members)) => {
            members.retain(|_, value| !value.is_null());
            for field in *fields {
                if let Some(value) = members.get_mut(field.name) {
                    path.within(field.name, |path| read(field.shape, value, path))?;
                }
            }
            Ok(())
        }
        (_, value) => Err(mismatch(shape, value, path)),
    }
}

fn mismatch(shape: &Shape, value: &Value, path: &Path) -> ApiError {
    let given = match value {
        Value::Null => "NULL",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    };
    let place = if path.0.is_empty() {
        "the request's body".to_owned()
    } else {
        format!("'{}'", path.0)
    };
    ApiError::serialization(format!(
        "{given} can not be converted to {} at {place}",
        wanted(shape)
    ))
}

const fn wanted(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text { .. } | Shape::Choice { .. } => "a String",
        Shape::Integer { is_long: false, .. } => "an Integer",
        Shape::Integer { is_long: true, .. } => "a Long",
        Shape::Float { .. } => "a Float",
        Shape::Boolean => "a Boolean",
        Shape::List { .. } => "a List",
        Shape::Structure { .. } => "a Structure",
    }
}

/// Checks constraints of a value whose type is right.
fn constrain(shape: &Shape, value: &Value, path: &mut Path, violations: &mut Violations) {
    match (shape, value) {
        (
            Shape::Text {
                min, max, pattern, ..
            },
            Value::String(text),
        ) => {
            let length = utf16_length(text);
            length_within(shape, value, length, (*min, *max), path, violations);
            if let Some(pattern) = pattern.filter(|it| !it.matches(text)) {
                violations.add(shape, value, path, || {
                    format!(
                        "Member must satisfy regular expression pattern: {}",
                        pattern.text()
                    )
                });
            }
        }
        (Shape::Choice { values }, Value::String(text)) if !values.contains(&text.as_str()) => {
            violations.add(shape, value, path, || {
                format!(
                    "Member must satisfy enum value set: [{}]",
                    values.join(", ")
                )
            });
        }
        (Shape::Integer { min, max, .. }, Value::Number(number)) => {
            let given = number.as_i64().unwrap_or_default();
            if let Some(min) = min.filter(|min| given < *min) {
                violations.add(shape, value, path, || at_least("value", &min));
            }
            if let Some(max) = max.filter(|max| given > *max) {
                violations.add(shape, value, path, || at_most("value", &max));
            }
        }
        (Shape::Float { min, max, .. }, Value::Number(number)) => {
            let given = number.as_f64().unwrap_or_default();
            if let Some(min) = min.filter(|min| given < *min) {
                violations.add(shape, value, path, || at_least("value", &min));
            }
            if let Some(max) = max.filter(|max| given > *max) {
                violations.add(shape, value, path, || at_most("value", &max));
            }
        }
        (Shape::List { min, max, item, .. }, Value::Array(items)) => {
            length_within(shape, value, items.len(), (*min, *max), path, violations);
            for (index, value) in items.iter().enumerate() {
                path.within(&format!("{}.member", index + 1), |path| {
                    if value.is_null() {
                        violations.add_missing(path);
                    } else {
                        constrain(item, value, path, violations);
                    }
                });
            }
        }
        (Shape::Structure { fields, .. }, Value::Object(members)) => {
            for field in *fields {
                path.within(field.name, |path| match members.get(field.name) {
                    Some(value) => constrain(field.shape, value, path, violations),
                    None if field.is_required => violations.add_missing(path),
                    None => {}
                });
            }
        }
        // `read` has let nothing else through, and a boolean has no constraint.
        _ => {}
    }
}

fn length_within(
    shape: &Shape,
    value: &Value,
    length: usize,
    (min, max): (Option<usize>, Option<usize>),
    path: &Path,
    violations: &mut Violations,
) {
    if let Some(min) = min.filter(|min| length < *min) {
        violations.add(shape, value, path, || at_least("length", &min));
    }
    if let Some(max) = max.filter(|max| length > *max) {
        violations.add(shape, value, path, || at_most("length", &max));
    }
}

fn at_least(what: &str, bound: &dyn std::fmt::Display) -> String {
    format!("Member must have {what} greater than or equal to {bound}")
}

fn at_most(what: &str, bound: &dyn std::fmt::Display) -> String {
    format!("Member must have {what} less than or equal to {bound}")
}

/// How long Java says that a text is.
pub(super) fn utf16_length(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    }
}

impl Pattern {
    fn matches(self, text: &str) -> bool {
        match self {
            Self::AliasName => {
                let is_special = |c: char| c.is_ascii_alphabetic() || "_-.".contains(c);
                text.contains(is_special)
                    && text.chars().all(|c| c.is_ascii_digit() || is_special(c))
            }
            Self::Visible => !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic()),
            Self::Ascii => text.is_ascii(),
        }
    }

    /// The pattern as the service's model spells it.
    const fn text(self) -> &'static str {
        match self {
            Self::AliasName => r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$",
            Self::Visible => "[!-~]+",
            Self::Ascii => r"\p{ASCII}*",
        }
    }
}

impl Shape {
    const fn is_sensitive(&self) -> bool {
        match self {
            Self::Text { is_sensitive, .. }
            | Self::Integer { is_sensitive, .. }
            | Self::Float { is_sensitive, .. }
            | Self::List { is_sensitive, .. }
            | Self::Structure { is_sensitive, .. } => *is_sensitive,
            Self::Choice { .. } | Self::Boolean => false,
        }
    }
}

/// What is wrong with an input, in the order of its members.
#[derive(Default)]
struct Violations {
    shown: Vec<String>,
    count: usize,
}

impl Violations {
    fn add(&mut self, shape: &Shape, value: &Value, path: &Path, rule: impl FnOnce() -> String) {
        self.count += 1;
        if self.shown.len() < VIOLATIONS_SHOWN_MAX {
            let value = if shape.is_sensitive() {
                "Value".to_owned()
            } else {
                format!("Value '{}'", show::show(shape, value))
            };
            self.shown.push(format!(
                "{value} at '{}' failed to satisfy constraint: {}",
                path.0,
                rule()
            ));
        }
    }

    fn add_missing(&mut self, path: &Path) {
        self.count += 1;
        if self.shown.len() < VIOLATIONS_SHOWN_MAX {
            self.shown.push(format!(
                "Value null at '{}' failed to satisfy constraint: Member must not be null",
                path.0
            ));
        }
    }

    fn into_result(self) -> Result<(), ApiError> {
        if self.count == 0 {
            return Ok(());
        }
        let noun = if self.count == 1 { "error" } else { "errors" };
        Err(ApiError::validation(format!(
            "{} validation {noun} detected: {}",
            self.count,
            self.shown.join("; ")
        )))
    }
}
