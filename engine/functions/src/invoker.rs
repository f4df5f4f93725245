//! The seam: one call of a function in, one outcome out. No retries and no history: those are the
//! workflow's. Implementations: [`crate::HttpInvoker`], and [`crate::fake::Fake`] for tests.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use asl::{Json, Payload, StateError};
use http::HeaderMap;

use crate::name::FunctionName;

/// What runs functions.
pub trait Invoker: Send + Sync {
    /// Calls the function once and reports how it ended. Dropping the future gives the call up.
    fn invoke(&self, call: Call) -> Invocation<'_>;
}

pub type Invocation<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// An answer, or the error that a workflow's retriers and catchers see.
pub type Outcome = Result<Answer, StateError>;

/// One call of a function.
#[derive(Clone, Debug)]
pub struct Call {
    pub function: FunctionName,
    /// The event, as JSON text.
    pub payload: Payload,
    pub invocation_type: InvocationType,
    /// The caller's own client context: a JSON object, as Lambda defines it.
    pub client_context: Option<Json>,
    pub token: IdempotencyToken,
    pub execution_arn: Arc<str>,
    pub state_name: Arc<str>,
    /// What is left of the task's own time, where it is bounded. Ending the task then is the
    /// caller's; a call outlives it by [`crate::limits::TASK_TIME_GRACE`] at most.
    pub time_left: Option<Duration>,
    /// A `traceparent` header's value (W3C Trace Context).
    pub trace_parent: Option<Arc<str>>,
}

/// Source: `InvocationType` in Lambda's service model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvocationType {
    /// Wait for the answer.
    #[default]
    RequestResponse,
    /// Hand the event over; the answer says only that it was taken.
    Event,
    /// Only look whether the function is there.
    DryRun,
}

impl InvocationType {
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestResponse => "RequestResponse",
            Self::Event => "Event",
            Self::DryRun => "DryRun",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::RequestResponse, Self::Event, Self::DryRun]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// What a function answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The result; JSON `null` where the function said nothing.
    pub payload: Payload,
    /// `$LATEST` or a version's number.
    pub executed_version: Arc<str>,
    /// As Lambda's Invoke answers: 200, 202 for an event, 204 for a dry run.
    pub status: u16,
    pub request_id: Arc<str>,
    /// The headers of the answer, for `SdkHttpMetadata`.
    pub headers: HeaderMap,
}

/// Names one attempt of one task, and stays the same when the attempt runs again after a crash, so
/// that a function can tell a repeat from a new call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyToken(Arc<str>);

/// A text that no header can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency token is 1 to 128 visible ASCII characters")]
pub struct TokenError;

impl IdempotencyToken {
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let is_sendable =
            (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_sendable {
            Ok(Self(Arc::from(text)))
        } else {
            Err(TokenError)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_must_fit_into_a_header() {
        assert!(IdempotencyToken::new("0190-abc:1").is_ok());
        for text in ["", "a b", "a\nb", "ä", &"x".repeat(129)] {
            assert_eq!(IdempotencyToken::new(text), Err(TokenError), "{text}");
        }
    }

    #[test]
    fn invocation_types_have_lambdas_names() {
        assert_eq!(
            InvocationType::from_name("Event"),
            Some(InvocationType::Event)
        );
        assert_eq!(InvocationType::from_name("event"), None);
    }
}
