//! `arn:aws:states:::http:invoke`: one call of an HTTPS API through a connection.
//! Source: Step Functions developer guide, "Call HTTPS APIs in Step Functions workflows".
//!
//! Differences to AWS, each on purpose: redirects are followed (at most five, every hop checked by
//! the egress policy, the connection's credentials sent to the first origin only); `http://` is
//! accepted where the egress settings name the host; a connection's secrets that an API sends back
//! are masked in the output.

mod answer;
mod encode;
mod oauth;
mod parameters;
mod request;
mod seen;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use asl::{Json, StateError, error::names};
use reqwest::{Response, Url};

use self::oauth::Tokens;
use self::parameters::Parameters;
use self::request::Hop;
use crate::client::{Client, TransportError};
use crate::http::shorter;
use crate::registry::{Authorization, Cached, Connection};
use crate::secret::Redactor;
use crate::{failure, limits};

pub use self::parameters::is_connection_name;
pub(crate) use self::parameters::reserved_header;
pub use self::seen::{Answered, Seen, Sent};

/// One HTTP task.
#[derive(Clone, Debug)]
pub struct HttpCall {
    /// `Parameters` or `Arguments`, evaluated.
    pub parameters: Json,
    /// What is left of the task's own time, where it is bounded. Ending the task then is the
    /// caller's; a call outlives it by [`limits::TASK_TIME_GRACE`] at most.
    pub time_left: Option<Duration>,
}

/// Runs HTTP tasks.
pub struct HttpTasks {
    client: Client,
    registry: Arc<Cached>,
    tokens: Tokens,
    timeout: Duration,
    answer_bytes_max: usize,
}

impl HttpTasks {
    pub fn new(client: Client, registry: Arc<Cached>) -> Self {
        Self {
            client,
            registry,
            tokens: Tokens::default(),
            timeout: limits::HTTP_TASK_TIMEOUT,
            answer_bytes_max: limits::HTTP_ANSWER_BYTES_MAX,
        }
    }

    /// Makes the call and gives the task's output, `{Headers, ResponseBody, StatusCode, StatusText}`.
    pub async fn invoke(&self, call: HttpCall) -> Result<Json, StateError> {
        self.invoke_seen(call, None).await
    }

    /// As [`Self::invoke`], and tells what travelled.
    pub async fn invoke_seen(
        &self,
        call: HttpCall,
        seen: Option<&Seen>,
    ) -> Result<Json, StateError> {
        let parameters = Parameters::read(&call.parameters)?;
        let connection = self.connection(&parameters).await?;
        let (time, is_tasks) = shorter(self.timeout, call.time_left);
        let exchange = self.authorized(&call.parameters, &parameters, &connection, seen);
        match tokio::time::timeout(time, exchange).await {
            Ok(outcome) => outcome,
            Err(_) if is_tasks => Err(failure::task_timed_out()),
            Err(_) => Err(socket_error(&format!(
                "the request timed out after {} seconds",
                time.as_secs()
            ))),
        }
    }

    async fn connection(&self, parameters: &Parameters) -> Result<Arc<Connection>, StateError> {
        let missing = |what: &str| {
            StateError::new(
                "Events.ConnectionResource.ResourceNotFound",
                format!("Connection '{}' {what}.", parameters.connection_arn),
            )
        };
        match self.registry.connection(&parameters.connection_name).await {
            Ok(Some(connection)) => Ok(connection),
            Ok(None) => Err(missing("does not exist")),
            Err(error) => {
                tracing::error!(connection.name = &*parameters.connection_name, error = %error, "a connection could not be looked up");
                Err(missing("could not be looked up"))
            }
        }
    }

    /// With a token where the connection takes one. A token that was kept from before may have
    /// been revoked: after a 401 one new token is tried. The API did nothing with the first call.
    async fn authorized(
        &self,
        written: &Json,
        parameters: &Parameters,
        connection: &Arc<Connection>,
        seen: Option<&Seen>,
    ) -> Result<Json, StateError> {
        let Authorization::OAuth(oauth) = connection.authorization() else {
            let first = request::first(written, parameters, connection, None)?;
            let response = self
                .follow(first, seen)
                .await
                .map_err(|error| error.into_state_error(connection.redactor()))?;
            if let Some(seen) = seen {
                seen.response(&response, |headers| connection.redactor().json(headers));
            }
            return answer::outcome(response, self.answer_bytes_max, connection.redactor()).await;
        };
        let mut may_renew = true;
        loop {
            let token = self.tokens.get(&self.client, connection, oauth).await?;
            let first = request::first(written, parameters, connection, Some(&token.secret))?;
            let redactor = connection.redactor().with(token.secret.expose());
            let response = self
                .follow(first, seen)
                .await
                .map_err(|error| error.into_state_error(&redactor))?;
            if let Some(seen) = seen {
                seen.response(&response, |headers| redactor.json(headers));
            }
            if matches!(response.status().as_u16(), 401 | 407) {
                self.tokens.drop_token(connection, &token.secret).await;
                if token.is_kept && may_renew {
                    may_renew = false;
                    continue;
                }
            }
            return answer::outcome(response, self.answer_bytes_max, &redactor).await;
        }
    }

    /// Sends, and goes where redirects point, each time as if for the first time.
    async fn follow(&self, first: Hop, seen: Option<&Seen>) -> Result<Response, CallError> {
        let mut hop = first;
        for _ in 0..limits::REDIRECTS_MAX {
            let response = self.send(&hop, seen).await?;
            match hop.redirected(&response) {
                Some(next) => hop = next,
                None => return Ok(response),
            }
        }
        self.send(&hop, seen).await
    }

    async fn send(&self, hop: &Hop, seen: Option<&Seen>) -> Result<Response, CallError> {
        check_scheme(&self.client, hop.url())?;
        let request = hop.to_request();
        if let Some(seen) = seen {
            seen.request(&request);
        }
        Ok(self.client.send(request).await?)
    }
}

/// Why a call has no answer.
#[derive(Debug)]
enum CallError {
    Transport(TransportError),
    PlainHttp { host: String },
}

impl From<TransportError> for CallError {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

impl CallError {
    fn into_state_error(self, redactor: &Redactor) -> StateError {
        match self {
            Self::Transport(TransportError::Refused(refusal)) => failure::refused(&refusal),
            Self::Transport(TransportError::Broken(how)) => socket_error(&redactor.text(&how)),
            Self::PlainHttp { host } => StateError::new(
                names::PERMISSIONS,
                format!(
                    "http://{host} is not allowed: use https, or name the host in the egress settings"
                ),
            ),
        }
    }
}

/// Credentials do not travel in the clear, but to a host that the operator named.
fn check_scheme(client: &Client, url: &Url) -> Result<(), CallError> {
    let host = url.host_str().unwrap_or_default();
    if url.scheme() == "https" || client.policy().names(host) {
        return Ok(());
    }
    Err(CallError::PlainHttp {
        host: host.to_owned(),
    })
}

/// Source: developer guide, "Handling errors": States.Http.Socket.
fn socket_error(how: &str) -> StateError {
    StateError::new(
        "States.Http.Socket",
        failure::bounded(&format!("Unable to execute HTTP request: {how}")),
    )
}
