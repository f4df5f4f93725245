//! Who a request comes from. Every handler's type asks for a [`Principal`], and only the guard makes one:
//! a route that was mounted without the guard answers nobody.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

/// The caller of a request, proven.
#[derive(Clone, Debug)]
pub struct Principal {
    caller: Caller,
    form_token: Option<Arc<str>>,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Whoever sits at this machine, while there are no keys.
    Local,
    /// Whoever holds this key.
    Key { id: Arc<str>, name: Arc<str> },
}

impl Principal {
    /// For the guard alone.
    pub(super) fn new(caller: Caller, form_token: Option<String>) -> Self {
        Self {
            caller,
            form_token: form_token.map(Arc::from),
        }
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// What to call the caller on a page or in a record: the key's name, or `local`.
    pub fn name(&self) -> &str {
        match &self.caller {
            Caller::Local => "local",
            Caller::Key { name, .. } => name,
        }
    }

    /// Whether the caller signed in, and so may sign out.
    pub fn is_signed_in(&self) -> bool {
        matches!(self.caller, Caller::Key { .. }) && self.form_token.is_some()
    }

    /// What a form sends back in its hidden field `csrf`, and a script in the header `x-csrf-token`. Empty
    /// for callers that show a key with each request: those need none.
    pub fn form_token(&self) -> &str {
        self.form_token.as_deref().unwrap_or("")
    }
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Response> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!(path = parts.uri.path(), "a route is not behind the guard");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "this route has no guard before it, so it answers nobody",
            )
                .into_response()
        })
    }
}
