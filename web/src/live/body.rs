//! Reading a request's JSON and query, and secrets in the former.

use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::answer::Problem;
use crate::hidden::Hidden;

/// A request's body as `T`. What does not fit is refused with the place and what is allowed there.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| Problem::Invalid(format!("the body cannot be read: {error}")))?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Problem::Invalid(format!("the body does not fit: {error}")))
    }
}

/// A request's query as `T`.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|query| Self(query.0))
            .map_err(|error| {
                Problem::Invalid(format!("the query does not fit: {}", error.body_text()))
            })
    }
}

/// A secret in a request. Where it is no text, the error does not repeat it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretText(pub(crate) Hidden<String>);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(Hidden::new(text))),
            _ => Err(serde::de::Error::custom("a secret is a text")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_another_type_is_refused_without_being_repeated() {
        let error = serde_json::from_str::<SecretText>("12345").unwrap_err();
        assert_eq!(error.to_string(), "a secret is a text");
        let read: SecretText = serde_json::from_str("\"hunter2\"").unwrap();
        assert_eq!(read.0.reveal(), "hunter2");
        assert!(!format!("{read:?}").contains("hunter2"));
    }
}
