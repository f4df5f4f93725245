//! The fields of a service integration's parameters, with AWS's words for what is wrong with them.

use asl::json::Object;
use asl::{Json, StateError, error::names};

use crate::failure;

/// The parameters of one task.
pub(crate) struct Fields<'a> {
    whole: &'a Json,
    members: &'a Object,
}

impl<'a> Fields<'a> {
    /// Refuses what is not an object and fields that are not in `known`.
    pub(crate) fn new(whole: &'a Json, known: &[&str]) -> Result<Self, StateError> {
        let Some(members) = whole.as_object() else {
            return Err(error(whole, "The parameters must be an OBJECT"));
        };
        let fields = Self { whole, members };
        fields.refuse_unknown(members, known)?;
        Ok(fields)
    }

    pub(crate) fn refuse_unknown(
        &self,
        members: &Object,
        known: &[&str],
    ) -> Result<(), StateError> {
        match members.keys().find(|name| !known.contains(&&***name)) {
            Some(name) => Err(self.error(&format!(
                "The field '{name}' is not supported by Step Functions"
            ))),
            None => Ok(()),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Json> {
        self.members.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str, StateError> {
        self.optional_text(name)?.ok_or_else(|| self.missing(name))
    }

    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, StateError> {
        self.get(name)
            .map(|value| value.as_str().ok_or_else(|| self.wrong(name, "a STRING")))
            .transpose()
    }

    pub(crate) fn optional_object(&self, name: &str) -> Result<Option<&'a Object>, StateError> {
        self.get(name)
            .map(|value| {
                value
                    .as_object()
                    .ok_or_else(|| self.wrong(name, "an OBJECT"))
            })
            .transpose()
    }

    pub(crate) fn missing(&self, name: &str) -> StateError {
        self.error(&format!("The field '{name}' is required but was missing"))
    }

    pub(crate) fn wrong(&self, name: &str, expected: &str) -> StateError {
        self.error(&format!(
            "The value for the field '{name}' must be {expected}"
        ))
    }

    pub(crate) fn error(&self, what: &str) -> StateError {
        error(self.whole, what)
    }
}

fn error(parameters: &Json, what: &str) -> StateError {
    StateError::new(
        names::RUNTIME,
        failure::bounded(&format!(
            "The Parameters '{parameters}' could not be used to start the Task: [{what}]"
        )),
    )
}
