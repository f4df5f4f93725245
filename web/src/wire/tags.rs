//! Tags as operations take and give them, and whose they may be.

use serde::{Deserialize, Serialize};
use store::tag;
use uuid::Uuid;

use super::arn::Resource;
use super::error::{ApiError, Code};
use crate::app::App;

/// Signs that a tag may have besides letters, digits and white space.
const SIGNS: &str = "_.:/=+-@";
/// Keys that begin with this are AWS's own.
const RESERVED: &str = "aws:";

/// A tag on the wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tag {
    key: Option<String>,
    value: Option<String>,
}

impl From<tag::Tag> for Tag {
    fn from(tag: tag::Tag) -> Self {
        Self {
            key: Some(tag.key),
            value: Some(tag.value),
        }
    }
}

/// The tags to store. Lengths were checked with the model.
pub(super) fn check(app: &App, arn: &str, given: Vec<Tag>) -> Result<Vec<tag::Tag>, ApiError> {
    if given.len() > usize::try_from(app.settings.limits.tags_max).unwrap_or(usize::MAX) {
        return Err(too_many(app, arn));
    }
    let mut tags: Vec<tag::Tag> = Vec::with_capacity(given.len());
    for Tag { key, value } in given {
        let key = key.ok_or_else(|| ApiError::validation("Every tag must have a key."))?;
        let value = value.unwrap_or_default();
        if tags.iter().any(|earlier| earlier.key == key) {
            return Err(ApiError::validation(format!(
                "The tag key '{key}' is given more than once."
            )));
        }
        if key
            .get(..RESERVED.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(RESERVED))
        {
            return Err(ApiError::validation(format!(
                "The tag key '{key}' begins with '{RESERVED}', which is reserved."
            )));
        }
        for text in [&key, &value] {
            if !text.chars().all(is_allowed) {
                return Err(ApiError::validation(format!(
                    "The tag key or value '{text}' has a sign that is not allowed. Tags may only \
                     contain Unicode letters, digits, white space, or these symbols: _ . : / = + - @"
                )));
            }
        }
        tags.push(tag::Tag { key, value });
    }
    Ok(tags)
}

fn is_allowed(c: char) -> bool {
    (c.is_alphanumeric() || c.is_whitespace() || SIGNS.contains(c)) && !c.is_control()
}

pub(super) fn too_many(app: &App, arn: &str) -> ApiError {
    ApiError {
        resource_name: Some(arn.to_owned()),
        ..ApiError::new(
            Code::TooManyTags,
            format!(
                "Too Many Tags: '{arn}' may have at most {}",
                app.settings.limits.tags_max
            ),
        )
    }
}

/// The id of the live state machine or activity that an ARN names, which is what has tags.
pub(super) async fn find_resource(app: &App, arn: &str) -> Result<Uuid, ApiError> {
    let read = app.arns.read(arn)?;
    let found = match (read.is_ours, &read.resource) {
        (
            true,
            Resource::StateMachine {
                name,
                label: None,
                qualifier: None,
            },
        ) => store::machine::get(&app.db, name).await?.map(|it| it.id),
        (true, Resource::Activity { name }) => {
            store::activity::get(&app.db, name).await?.map(|it| it.id)
        }
        // Versions and aliases have no tags.
        (_, Resource::StateMachine { .. } | Resource::Activity { .. }) => None,
        (_, other) => return Err(other.is_out_of_place()),
    };
    found.ok_or_else(|| ApiError::no_resource(arn))
}
