//! The workflows' way to functions with code: implements [`functions::Invoker`]. A name without code
//! here goes on to the next invoker, which knows HTTP endpoints.

use std::sync::Arc;

use asl::{Json, Payload, StateError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use functions::invoker::Invocation as Invoking;
use functions::{Account, Answer, Call, InvocationType, Invoker, Outcome, failure};
use http::{HeaderMap, HeaderValue};

use crate::supervise::{Done, Invocation, Refused, Supervisor};

/// Functions on this node first, then whatever `next` knows.
pub struct LocalInvoker {
    supervisor: Arc<Supervisor>,
    account: Account,
    next: Arc<dyn Invoker>,
}

impl LocalInvoker {
    pub fn new(supervisor: Arc<Supervisor>, account: Account, next: Arc<dyn Invoker>) -> Self {
        Self {
            supervisor,
            account,
            next,
        }
    }

    async fn call(&self, call: Call) -> Outcome {
        let token = call.token.as_str();
        let qualifier = call.function.qualifier.as_ref();
        let found = self.supervisor.find(&call.function.name, qualifier).await;
        let function = match found {
            Ok(Some(function)) => function,
            Ok(None) => return self.next.invoke(call).await,
            Err(_) => return Err(failure::service_error(500, None, token)),
        };
        match call.invocation_type {
            InvocationType::DryRun => return Ok(answer(&call, &function.version, 204, None)),
            InvocationType::RequestResponse | InvocationType::Event => {}
        }
        let invocation = Invocation {
            function: Arc::clone(&function),
            payload: Bytes::copy_from_slice(call.payload.text().as_bytes()),
            request_id: Arc::from(token),
            client_context: Some(client_context(&call).to_text()),
            execution_arn: Some(Arc::clone(&call.execution_arn)),
            trace: call.trace_parent.clone(),
            tries: 1,
        };
        let running = self.supervisor.invoke(invocation);
        if call.invocation_type == InvocationType::Event {
            // It is taken: what comes of it is the function's business and in its log.
            drop(running);
            return Ok(answer(&call, &function.version, 202, None));
        }
        let done = running
            .done()
            .await
            .map_err(|refused| self.refused(&call, &refused))?;
        outcome(&call, &done)
    }

    fn refused(&self, call: &Call, refused: &Refused) -> StateError {
        let token = call.token.as_str();
        match refused {
            Refused::Throttled(_) => failure::service_error(429, Some("Rate Exceeded."), token),
            Refused::TooLarge => failure::service_error(413, None, token),
            Refused::NotHere(_) | Refused::Unavailable(_) => {
                failure::service_error(500, Some(&refused.to_string()), token)
            }
            Refused::NoCode => {
                failure::not_found(&call.function.qualified_arn(&self.account), token)
            }
        }
    }
}

impl Invoker for LocalInvoker {
    fn invoke(&self, call: Call) -> Invoking<'_> {
        Box::pin(self.call(call))
    }
}

/// What a task makes of an invocation's end.
fn outcome(call: &Call, done: &Done) -> Outcome {
    let text = String::from_utf8_lossy(&done.payload);
    if done.is_error {
        return Err(failure::function_error(&text));
    }
    let payload = if text.trim().is_empty() {
        Payload::from(Json::Null)
    } else {
        Payload::parse(&text).map_err(|error| failure::answer_not_json(&error.message))?
    };
    Ok(answer(call, &done.version, 200, Some(payload)))
}

fn answer(call: &Call, version: &Arc<str>, status: u16, payload: Option<Payload>) -> Answer {
    Answer {
        payload: payload.unwrap_or_else(|| Payload::from(Json::Null)),
        executed_version: Arc::clone(version),
        status,
        request_id: Arc::from(call.token.as_str()),
        headers: HeaderMap::from_iter([(
            http::header::CONNECTION,
            HeaderValue::from_static("keep-alive"),
        )]),
    }
}

/// The caller's own context, and what this call is.
fn client_context(call: &Call) -> Json {
    let mut context = call
        .client_context
        .as_ref()
        .and_then(Json::as_object)
        .cloned()
        .unwrap_or_default();
    let mut custom = context
        .get("custom")
        .and_then(Json::as_object)
        .cloned()
        .unwrap_or_default();
    let own = [
        ("idempotencyToken", call.token.as_str()),
        ("executionArn", &call.execution_arn),
        ("stateName", &call.state_name),
    ];
    for (name, text) in own {
        custom.insert(Arc::from(name), Json::string(text));
    }
    context.insert(Arc::from("custom"), Json::object(custom));
    Json::object(context)
}

/// The log's end as LogType=Tail returns it.
pub(crate) fn tail(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
