//! History events as GetExecutionHistory answers them.
//!
//! Source: the service model's `HistoryEvent` and its details, and recorded histories: what is
//! absent is absent, some details objects are empty and some are not there at all.

use std::sync::Arc;

use super::{Callee, Detail, Event, Scheduled};
use crate::{
    error::StateError,
    json::{Json, Number, Object},
    payload::Payload,
};

/// The event as JSON. Without `with_data`, inputs, outputs and causes of data are left out, as for
/// `includeExecutionData: false`. `region` appears in the details of service calls.
pub fn event(event: &Event, region: &str, with_data: bool) -> Json {
    let mut members = Members::default();
    members.number("id", event.id);
    members.number("previousEventId", event.previous);
    let timestamp = Number::from_f64(event.at.as_seconds_f64());
    members.put("timestamp", timestamp.map_or(Json::Null, Json::Number));
    members.text("type", event.detail.type_name());
    if let Some((name, details)) = details(&event.detail, region, with_data) {
        members.put(name, details.into_json());
    }
    members.into_json()
}

#[derive(Default)]
struct Members(Object);

impl Members {
    fn put(&mut self, name: &str, value: Json) {
        self.0.insert(Arc::from(name), value);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.put(name, Json::string(text));
    }

    fn number(&mut self, name: &str, value: u64) {
        self.put(name, Json::from(value));
    }

    /// A payload as its text, with the member that says it is whole.
    fn payload(&mut self, name: &str, payload: &Payload, with_data: bool) {
        if with_data {
            self.text(name, payload.text());
            self.put(
                &format!("{name}Details"),
                Json::members([("truncated", Json::Bool(false))]),
            );
        }
    }

    fn error(mut self, error: &StateError) -> Self {
        if let Some(name) = &error.error {
            self.put("error", Json::String(Arc::clone(name)));
        }
        if let Some(cause) = &error.cause {
            self.put("cause", Json::String(Arc::clone(cause)));
        }
        self
    }

    fn callee(&mut self, call: &Callee) {
        if let Callee::Service {
            resource_type,
            resource,
        } = call
        {
            self.put("resourceType", Json::String(Arc::clone(resource_type)));
            self.put("resource", Json::String(Arc::clone(resource)));
        }
    }

    fn into_json(self) -> Json {
        Json::object(self.0)
    }
}

fn details(detail: &Detail, region: &str, with_data: bool) -> Option<(&'static str, Members)> {
    let mut members = Members::default();
    let name = match detail {
        Detail::ExecutionStarted { input, role_arn } => {
            members.payload("input", input, with_data);
            members.text("roleArn", role_arn);
            "executionStartedEventDetails"
        }
        Detail::ExecutionSucceeded { output } => {
            members.payload("output", output, with_data);
            "executionSucceededEventDetails"
        }
        Detail::ExecutionFailed(error) => {
            return Some(("executionFailedEventDetails", members.error(error)));
        }
        Detail::ExecutionAborted(error) => {
            return Some(("executionAbortedEventDetails", members.error(error)));
        }
        Detail::ExecutionTimedOut(error) => {
            return Some(("executionTimedOutEventDetails", members.error(error)));
        }
        Detail::ExecutionRedriven { count, .. } => {
            members.number("redriveCount", *count);
            "executionRedrivenEventDetails"
        }
        Detail::StateEntered { name, input, .. } => {
            members.text("name", name);
            members.payload("input", input, with_data);
            "stateEnteredEventDetails"
        }
        Detail::StateExited {
            name,
            output,
            assigned,
            ..
        } => {
            members.text("name", name);
            members.payload("output", output, with_data);
            if with_data && !assigned.is_empty() {
                let variables = assigned
                    .iter()
                    .map(|(name, value)| (Arc::clone(name), Json::string(value.text())))
                    .collect();
                members.put("assignedVariables", Json::object(variables));
                let whole = Json::members([("truncated", Json::Bool(false))]);
                members.put("assignedVariablesDetails", whole);
            }
            "stateExitedEventDetails"
        }
        Detail::Scheduled(scheduled) => {
            return Some(scheduled_details(scheduled, region, with_data));
        }
        Detail::Started { call, worker } => match &**call {
            Callee::Lambda { .. } => return None,
            Callee::Activity { .. } => {
                if let Some(worker) = worker {
                    members.text("workerName", worker);
                }
                "activityStartedEventDetails"
            }
            Callee::Service { .. } => {
                members.callee(call);
                "taskStartedEventDetails"
            }
        },
        Detail::Submitted { call, output } => {
            members.callee(call);
            members.payload("output", output, with_data);
            "taskSubmittedEventDetails"
        }
        Detail::Succeeded { call, output } => {
            members.callee(call);
            members.payload("output", output, with_data);
            match &**call {
                Callee::Lambda { .. } => "lambdaFunctionSucceededEventDetails",
                Callee::Activity { .. } => "activitySucceededEventDetails",
                Callee::Service { .. } => "taskSucceededEventDetails",
            }
        }
        Detail::Failed { call, error } => {
            members.callee(call);
            let name = match &**call {
                Callee::Lambda { .. } => "lambdaFunctionFailedEventDetails",
                Callee::Activity { .. } if super::is_no_activity(error) => {
                    "activityScheduleFailedEventDetails"
                }
                Callee::Activity { .. } => "activityFailedEventDetails",
                Callee::Service { .. } => "taskFailedEventDetails",
            };
            return Some((name, members.error(error)));
        }
        Detail::TimedOut { call, error } => {
            members.callee(call);
            let name = match &**call {
                Callee::Lambda { .. } => "lambdaFunctionTimedOutEventDetails",
                Callee::Activity { .. } => "activityTimedOutEventDetails",
                Callee::Service { .. } => "taskTimedOutEventDetails",
            };
            return Some((name, members.error(error)));
        }
        Detail::MapRunStarted { arn, .. } => {
            members.text("mapRunArn", arn);
            "mapRunStartedEventDetails"
        }
        Detail::MapRunRedriven { arn, count } => {
            members.text("mapRunArn", arn);
            members.number("redriveCount", *count);
            "mapRunRedrivenEventDetails"
        }
        Detail::MapRunFailed { error } => {
            return Some(("mapRunFailedEventDetails", members.error(error)));
        }
        Detail::MapStarted { length, .. } | Detail::DistributedStarted { length } => {
            members.number("length", *length);
            "mapStateStartedEventDetails"
        }
        Detail::IterationStarted { name, index, .. } => {
            members.iteration(name, *index);
            "mapIterationStartedEventDetails"
        }
        Detail::IterationSucceeded { name, index } => {
            members.iteration(name, *index);
            "mapIterationSucceededEventDetails"
        }
        Detail::IterationFailed { name, index, .. } => {
            members.iteration(name, *index);
            "mapIterationFailedEventDetails"
        }
        Detail::IterationAborted { name, index } => {
            members.iteration(name, *index);
            "mapIterationAbortedEventDetails"
        }
        Detail::EvaluationFailed {
            error,
            location,
            state,
        } => {
            if let Some(location) = location {
                members.text("location", location);
            }
            members.text("state", state);
            return Some(("evaluationFailedEventDetails", members.error(error)));
        }
        Detail::StateAborted { .. }
        | Detail::ParallelStarted { .. }
        | Detail::ParallelSucceeded
        | Detail::ParallelFailed { .. }
        | Detail::MapSucceeded
        | Detail::MapFailed { .. }
        | Detail::MapRunSucceeded { .. }
        | Detail::MapRunAborted => return None,
    };
    Some((name, members))
}

impl Members {
    fn iteration(&mut self, name: &str, index: u64) {
        self.text("name", name);
        self.number("index", index);
    }
}

fn scheduled_details(
    scheduled: &Scheduled,
    region: &str,
    with_data: bool,
) -> (&'static str, Members) {
    let mut members = Members::default();
    let name = match &*scheduled.call {
        Callee::Lambda { arn } => {
            members.text("resource", arn);
            members.payload("input", &scheduled.arguments, with_data);
            "lambdaFunctionScheduledEventDetails"
        }
        Callee::Activity { arn } => {
            members.text("resource", arn);
            members.payload("input", &scheduled.arguments, with_data);
            "activityScheduledEventDetails"
        }
        Callee::Service { .. } => {
            members.callee(&scheduled.call);
            members.text("region", region);
            let parameters = if with_data {
                scheduled.arguments.text()
            } else {
                ""
            };
            members.text("parameters", parameters);
            "taskScheduledEventDetails"
        }
    };
    if let Some(seconds) = scheduled.timeout_seconds {
        members.number("timeoutInSeconds", seconds);
    }
    if let (Some(seconds), Callee::Activity { .. } | Callee::Service { .. }) =
        (scheduled.heartbeat_seconds, &*scheduled.call)
    {
        members.number("heartbeatInSeconds", seconds);
    }
    if let (Some(role_arn), Callee::Lambda { .. } | Callee::Service { .. }) =
        (&scheduled.role_arn, &*scheduled.call)
    {
        members.put(
            "taskCredentials",
            Json::members([("roleArn", Json::string(role_arn))]),
        );
    }
    (name, members)
}
