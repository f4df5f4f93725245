//! Running tasks: one background job per call, whose result comes back as an input.

use std::{sync::Arc, time::Duration};

use asl::{
    Json, Payload, StateError,
    definition::resource::Pattern,
    diagnose::MachineType,
    error::names,
    machine::{Input, Invocation, history::Callee},
};
use functions::{Call, FunctionName, HttpCall, IdempotencyToken, InvocationType, lambda_invoke};
use services::Style;

use tokio::sync::{AcquireError, SemaphorePermit};

use crate::{arrival::Arrival, facts::Facts, node::Node, shard::Shard};

/// How a call ended: with the task's result, or with the word that its result comes later.
pub(crate) enum Reply {
    Result(Payload),
    Submitted(Payload),
}

impl Node {
    /// Starts a call as soon as this node may act.
    pub(crate) fn dispatch(
        self: &Arc<Self>,
        shard: &Arc<Shard>,
        facts: &Arc<Facts>,
        invocation: Invocation,
    ) {
        let id = facts.id;
        let attempt = invocation.attempt;
        let (node, facts) = (Arc::clone(self), Arc::clone(facts));
        let mut slots = shard.slots();
        let Some(slot) = slots.get_mut(&id) else {
            return;
        };
        let job = self.tracker.spawn(async move {
            let Ok(_place) = node.place_for(&invocation).await else {
                return;
            };
            if !node.may_act().await {
                // Whoever took the shards over makes the call.
                return;
            }
            let reply = node.call(&facts, &invocation).await;
            node.feed_reply(id, attempt, Arrival::local(input_of(attempt, reply)));
        });
        slot.calls.insert(attempt, job.abort_handle());
    }

    /// Waits for a place among the calls that run at once. One that runs a whole execution takes none: the
    /// calls of that execution need theirs, and its own room bounds it.
    pub(crate) async fn place_for(
        &self,
        invocation: &Invocation,
    ) -> Result<Option<SemaphorePermit<'_>>, AcquireError> {
        if is_sync_child(&invocation.callee) {
            return Ok(None);
        }
        self.calls.acquire().await.map(Some)
    }

    pub(crate) async fn call(
        self: &Arc<Self>,
        facts: &Facts,
        invocation: &Invocation,
    ) -> Result<Reply, StateError> {
        if let Some(answer) = self.mocked(facts, invocation) {
            return answer.map(Reply::Result);
        }
        match &*invocation.callee {
            Callee::Lambda { arn } => {
                let function = FunctionName::parse(arn)
                    .map_err(|error| StateError::new(names::RUNTIME, error.to_string()))
                    .map_err(|error| invocation.framed(error))?;
                let call = self.function_call(facts, invocation, function);
                let answer = self.settings.invoker.invoke(call).await?;
                Ok(Reply::Result(answer.payload))
            }
            // A worker takes it; nothing runs here.
            Callee::Activity { .. } => Err(StateError::named(names::RUNTIME)),
            Callee::Service {
                resource_type,
                resource,
            } => {
                let action = resource.split('.').next().unwrap_or_default();
                match (&**resource_type, action) {
                    ("lambda", "invoke") => self.lambda_invoke(facts, invocation).await,
                    ("states", "startExecution") => {
                        let started = self.start_child(facts, invocation).await;
                        started.map_err(|error| invocation.framed(error))
                    }
                    ("http", "invoke") => {
                        let call = HttpCall {
                            parameters: invocation.arguments.json().clone(),
                            time_left: self.time_left(invocation),
                        };
                        let output = self.settings.http.invoke(call).await;
                        let output = output.map_err(|error| invocation.framed(error))?;
                        Ok(Reply::Result(Payload::from(output)))
                    }
                    _ => {
                        let called = self.call_service(facts, invocation, resource_type, action);
                        called.await.map_err(|error| invocation.framed(error))
                    }
                }
            }
        }
    }

    /// What stands in for the call, where the execution has a test case that mocks the state.
    fn mocked(
        &self,
        facts: &Facts,
        invocation: &Invocation,
    ) -> Option<Result<Payload, StateError>> {
        let (mocks, case) = (self.settings.mocks.as_ref()?, facts.test_case()?);
        let machine = &facts.revision.machine_name;
        mocks.answer(machine, case, &invocation.state, invocation.retry_count)
    }

    /// `arn:aws:states:::lambda:invoke`, with or without a task token.
    async fn lambda_invoke(
        &self,
        facts: &Facts,
        invocation: &Invocation,
    ) -> Result<Reply, StateError> {
        let request = lambda_invoke::request(invocation.arguments.json());
        let request = request.map_err(|error| invocation.framed(error))?;
        let mut call = self.function_call(facts, invocation, request.function);
        call.payload = request.payload;
        call.invocation_type = request.invocation_type;
        call.client_context = request.client_context;
        let answer = self.settings.invoker.invoke(call).await?;
        let output = Payload::from(lambda_invoke::output(&answer));
        Ok(match invocation.callee.pattern() {
            Pattern::TaskToken => Reply::Submitted(output),
            Pattern::RequestResponse | Pattern::Sync | Pattern::Sync2 => Reply::Result(output),
        })
    }

    /// An action of an AWS service, or of what stands in for it.
    async fn call_service(
        &self,
        facts: &Facts,
        invocation: &Invocation,
        resource_type: &str,
        action: &str,
    ) -> Result<Reply, StateError> {
        let pattern = invocation.callee.pattern();
        if matches!(pattern, Pattern::Sync | Pattern::Sync2) {
            let cause = format!(
                "This server cannot wait for the end of a job of '{resource_type}:{action}'. \
                 Start it without '{}', and let the job send its result to a task token.",
                pattern.suffix()
            );
            return Err(StateError::new(names::RUNTIME, cause));
        }
        let (style, service) = match resource_type.strip_prefix("aws-sdk:") {
            Some(service) => (Style::Sdk, service),
            None => (Style::Optimized, resource_type),
        };
        let call = services::Call {
            style,
            service: Arc::from(service),
            action: Arc::from(action),
            arguments: invocation.arguments.json().clone(),
            token: token_of(facts, invocation),
            execution_arn: Arc::clone(&facts.identity.arn),
            machine_arn: Arc::clone(&facts.identity.machine_arn),
            time_left: self.time_left(invocation),
            now: self.clock.now(),
        };
        let output = self.settings.services.call(call).await?;
        let output = Payload::from(output);
        Ok(match pattern {
            Pattern::TaskToken => Reply::Submitted(output),
            Pattern::RequestResponse | Pattern::Sync | Pattern::Sync2 => Reply::Result(output),
        })
    }

    fn function_call(
        &self,
        facts: &Facts,
        invocation: &Invocation,
        function: FunctionName,
    ) -> Call {
        // Both ids are plain text, so the token always fits.
        let token = IdempotencyToken::new(&token_of(facts, invocation)).ok();
        Call {
            function,
            payload: invocation.arguments.clone(),
            invocation_type: InvocationType::RequestResponse,
            client_context: None,
            token: token.unwrap_or_else(|| self.settings.nameless_token.clone()),
            execution_arn: Arc::clone(&facts.identity.arn),
            state_name: Arc::clone(&invocation.state),
            time_left: self.time_left(invocation),
            trace_parent: None,
        }
    }

    fn time_left(&self, invocation: &Invocation) -> Option<Duration> {
        let until = invocation.timeout_at?;
        let micros = until.as_micros() - self.clock.now().as_micros();
        Some(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
    }
}

/// What a call's end is to the execution.
pub(crate) fn input_of(attempt: u64, reply: Result<Reply, StateError>) -> Input {
    match reply {
        Ok(Reply::Result(output)) => Input::TaskSucceeded { attempt, output },
        Ok(Reply::Submitted(output)) => Input::TaskSubmitted { attempt, output },
        Err(error) => Input::TaskFailed { attempt, error },
    }
}

/// Names an attempt: a repeat after a crash carries the same. An Express execution that is run again from its
/// start makes other attempts, which may bear the same numbers.
fn token_of(facts: &Facts, invocation: &Invocation) -> String {
    match facts.revision.machine_type {
        MachineType::Standard => format!("{}-{}", facts.id, invocation.attempt),
        MachineType::Express => format!("{}-{:032x}", facts.id, invocation.nonce),
    }
}

/// Whether the call runs a whole execution: `arn:aws:states:::aws-sdk:sfn:startSyncExecution`.
fn is_sync_child(callee: &Callee) -> bool {
    matches!(
        callee,
        Callee::Service { resource_type, resource }
            if &**resource_type == "aws-sdk:sfn" && &**resource == "startSyncExecution"
    )
}

/// The SDK's metadata, as AWS adds it to the outputs of its optimised integrations: the service
/// here is this server, so there is no exchange of headers to show.
pub(crate) fn sdk_metadata(
    request_id: &str,
    content_length: usize,
    date: &str,
) -> [(&'static str, Json); 2] {
    let length = content_length.to_string();
    let headers = [
        ("connection", "keep-alive"),
        ("Content-Length", length.as_str()),
        ("Content-Type", "application/x-amz-json-1.0"),
        ("Date", date),
        ("x-amzn-RequestId", request_id),
    ];
    let all = headers
        .iter()
        .map(|(name, value)| (Arc::from(*name), Json::array(vec![Json::string(value)])))
        .collect();
    let plain = headers
        .iter()
        .map(|(name, value)| (Arc::from(*name), Json::string(value)))
        .collect();
    [
        (
            "SdkHttpMetadata",
            Json::members([
                ("AllHttpHeaders", Json::object(all)),
                ("HttpHeaders", Json::object(plain)),
                ("HttpStatusCode", Json::from(200u64)),
            ]),
        ),
        (
            "SdkResponseMetadata",
            Json::members([("RequestId", Json::string(request_id))]),
        ),
    ]
}
