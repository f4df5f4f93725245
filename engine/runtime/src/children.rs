//! Nested executions: `arn:aws:states:::states:startExecution` in its four forms.
//!
//! A child's name and id come from the parent's own step, so a start that is repeated after a crash
//! meets the child that is there already. Source of the shapes: recorded histories.

use std::sync::Arc;

use asl::{
    Json, Payload, StateError,
    definition::resource::Pattern,
    error::names,
    json::Object,
    machine::{Execution, Invocation, Outcome},
};
use store::commit::{Message, Parent};

use crate::{
    arrival::Message as Body,
    dispatch::{Reply, sdk_metadata},
    drive::signed,
    engine::{StartError, StartRequest},
    facts::{Facts, status},
    node::Node,
};

impl Node {
    pub(crate) async fn start_child(
        self: &Arc<Self>,
        facts: &Facts,
        invocation: &Invocation,
    ) -> Result<Reply, StateError> {
        let parameters = invocation.arguments.json();
        let machine_arn = parameters.get("StateMachineArn").and_then(Json::as_str);
        let Some(machine_arn) = machine_arn else {
            return Err(StateError::new(
                names::RUNTIME,
                "The field 'StateMachineArn' is required but was missing",
            ));
        };
        let input = input_of_child(parameters).map_err(|error| {
            service_error(
                "InvalidExecutionInputException",
                &format!("Invalid State Machine Execution Input: '{error}'"),
                &request_id(invocation),
            )
        })?;
        let pattern = invocation.callee.pattern();
        let parent = match pattern {
            Pattern::Sync | Pattern::Sync2 => Some(Parent {
                execution: facts.id,
                attempt: signed(invocation.attempt),
                is_parsed: pattern == Pattern::Sync2,
            }),
            Pattern::RequestResponse | Pattern::TaskToken => None,
        };
        let given = parameters
            .get("Name")
            .and_then(Json::as_str)
            .map(str::to_owned);
        let request = StartRequest {
            machine_arn: machine_arn.to_owned(),
            name: given,
            input,
            parent,
            trace_header: facts.trace_header.clone(),
            child_id: Some(invocation.nonce),
        };
        let view = match self.start(request).await {
            Ok(view) => view,
            // The same start came through before a crash: the child is there. One that waits for
            // it is known by its parent; another by its name, which is this attempt's own unless
            // the parent gave one.
            Err(StartError::NameTaken {
                by,
                is_same_input: true,
            }) => {
                let child = self.view_of(by).await.ok().flatten();
                let child = child.ok_or_else(|| unavailable(invocation))?;
                if child.facts.parent != parent {
                    let taken = StartError::NameTaken {
                        by,
                        is_same_input: true,
                    };
                    return Err(start_error(&taken, machine_arn, invocation));
                }
                child
            }
            Err(error) => return Err(start_error(&error, machine_arn, invocation)),
        };
        let date = http_date(view.facts.identity.started_at);
        let metadata = sdk_metadata(&request_id(invocation), 161, &date);
        let mut output = Object::new();
        output.insert(
            Arc::from("ExecutionArn"),
            Json::String(Arc::clone(&view.facts.identity.arn)),
        );
        let [http, response] = metadata;
        output.insert(Arc::from(http.0), http.1);
        output.insert(Arc::from(response.0), response.1);
        let started = view.facts.identity.started_at;
        output.insert(Arc::from("StartDate"), Json::from(started.to_iso()));
        let output = Payload::from(Json::object(output));
        Ok(match pattern {
            Pattern::RequestResponse => Reply::Result(output),
            Pattern::Sync | Pattern::Sync2 | Pattern::TaskToken => Reply::Submitted(output),
        })
    }

    /// What a closing child tells the task that waits for it.
    pub(crate) fn report_to_parent(
        &self,
        facts: &Facts,
        execution: &Execution,
        outcome: &Outcome,
    ) -> Option<Message> {
        let parent = facts.parent?;
        let attempt = u64::try_from(parent.attempt).unwrap_or(0);
        let body = match outcome {
            Outcome::Succeeded(output) => Body::TaskSucceeded {
                attempt,
                output: description(facts, execution, outcome, Some(output), parent.is_parsed)
                    .to_text(),
            },
            Outcome::Failed(_) | Outcome::Aborted(_) | Outcome::TimedOut(_) => Body::TaskFailed {
                attempt,
                error: Some(names::TASK_FAILED.to_owned()),
                cause: Some(description(facts, execution, outcome, None, false).to_text()),
            },
        };
        let shard = self.shard_id_of(parent.execution);
        Some(Message {
            shard,
            execution: parent.execution,
            body: body.to_text(),
        })
    }
}

/// A closed child as DescribeExecution would show it, in the spelling of the optimised integration.
fn description(
    facts: &Facts,
    execution: &Execution,
    outcome: &Outcome,
    output: Option<&Payload>,
    is_parsed: bool,
) -> Json {
    let data = |payload: &Payload| {
        if is_parsed {
            payload.json().clone()
        } else {
            Json::string(payload.text())
        }
    };
    let included = || Json::members([("Included", Json::Bool(true))]);
    let mut members = Object::new();
    let mut put = |name: &str, value: Json| members.insert(Arc::from(name), value);
    if let Outcome::Failed(error) | Outcome::Aborted(error) | Outcome::TimedOut(error) = outcome {
        if let Some(cause) = &error.cause {
            put("Cause", Json::String(Arc::clone(cause)));
        }
        if let Some(name) = &error.error {
            put("Error", Json::String(Arc::clone(name)));
        }
    }
    put(
        "ExecutionArn",
        Json::String(Arc::clone(&facts.identity.arn)),
    );
    put("Input", data(&facts.input));
    put("InputDetails", included());
    put("Name", Json::String(Arc::clone(&facts.identity.name)));
    if let Some(output) = output {
        put("Output", data(output));
        put("OutputDetails", included());
    }
    put(
        "StartDate",
        Json::from(facts.identity.started_at.as_millis()),
    );
    put(
        "StateMachineArn",
        Json::String(Arc::clone(&facts.identity.machine_arn)),
    );
    put("Status", Json::string(status_name(outcome)));
    put("StopDate", Json::from(execution.last_at.as_millis()));
    Json::object(members)
}

/// `Input`: JSON as a text or as it stands; an empty object where there is none.
fn input_of_child(parameters: &Json) -> Result<Payload, asl::json::ParseError> {
    match parameters.get("Input") {
        None | Some(Json::Null) => Ok(Payload::from(Json::empty_object())),
        Some(Json::String(text)) => Payload::parse(text),
        Some(value) => Ok(Payload::from(value.clone())),
    }
}

fn status_name(outcome: &Outcome) -> &'static str {
    crate::facts::status_name(status(outcome))
}

fn request_id(invocation: &Invocation) -> String {
    uuid::Builder::from_random_bytes(invocation.nonce.to_be_bytes())
        .into_uuid()
        .to_string()
}

/// An error of the service in the words of the SDK that the optimised integrations use.
fn service_error(code: &str, message: &str, request_id: &str) -> StateError {
    StateError::new(
        &format!("StepFunctions.{code}"),
        format!(
            "{message} (Service: AWSStepFunctions; Status Code: 400; Error Code: \
             {}; Request ID: {request_id}; Proxy: null)",
            code.trim_end_matches("Exception")
        ),
    )
}

fn unavailable(invocation: &Invocation) -> StateError {
    service_error(
        "ServiceUnavailableException",
        "Try again later",
        &request_id(invocation),
    )
}

fn start_error(error: &StartError, machine_arn: &str, invocation: &Invocation) -> StateError {
    let id = request_id(invocation);
    match error {
        StartError::MachineDoesNotExist => service_error(
            "StateMachineDoesNotExistException",
            &format!("State Machine Does Not Exist: '{machine_arn}'"),
            &id,
        ),
        StartError::NameTaken { .. } => {
            let name = invocation
                .arguments
                .json()
                .get("Name")
                .and_then(Json::as_str);
            let arn = machine_arn.replace(":stateMachine:", ":execution:");
            let arn = format!("{arn}:{}", name.unwrap_or_default());
            let message = format!("Execution Already Exists: '{arn}'");
            service_error("ExecutionAlreadyExistsException", &message, &id)
        }
        StartError::MachineDeleting => service_error(
            "StateMachineDeletingException",
            &format!("State Machine is being deleted: '{machine_arn}'"),
            &id,
        ),
        StartError::NoTestCase(message) => service_error("ValidationException", message, &id),
        StartError::InvalidArn(message) => service_error("InvalidArnException", message, &id),
        StartError::MachineTypeNotSupported => service_error(
            "StateMachineTypeNotSupportedException",
            "This operation is not supported by this type of state machine",
            &id,
        ),
        StartError::LimitExceeded => {
            service_error("ExecutionLimitExceededException", &error.to_string(), &id)
        }
        StartError::Throttled | StartError::Unavailable | StartError::Fault(_) => {
            unavailable(invocation)
        }
    }
}

/// `Mon, 23 Nov 2026 18:00:00 GMT`
fn http_date(at: asl::Timestamp) -> String {
    at.to_chrono()
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}
