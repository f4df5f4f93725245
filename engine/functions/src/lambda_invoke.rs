//! The shapes of `arn:aws:states:::lambda:invoke`: from a task's parameters to a call, and from an
//! answer to the task's output. Pure: nothing is called here.

use std::sync::Arc;

use asl::json::Object;
use asl::{Json, Payload, StateError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;

use crate::failure;
use crate::invoker::{Answer, InvocationType};
use crate::name::FunctionName;
use crate::parameters::Fields;

/// What the parameters ask for. The rest of a [`crate::Call`] comes from the execution.
#[derive(Clone, Debug)]
pub struct Request {
    pub function: FunctionName,
    pub payload: Payload,
    pub invocation_type: InvocationType,
    pub client_context: Option<Json>,
}

const FIELDS: &[&str] = &[
    "ClientContext",
    "FunctionName",
    "InvocationType",
    "LogType",
    "Payload",
    "Qualifier",
];

/// Longest `ClientContext`, in bytes of base64. Source: Lambda API, Invoke.
const CLIENT_CONTEXT_BYTES_MAX: usize = 3_583;

/// Reads the parameters of the task.
pub fn request(parameters: &Json) -> Result<Request, StateError> {
    let fields = Fields::new(parameters, FIELDS)?;
    let mut function = FunctionName::parse(fields.text("FunctionName")?)
        .map_err(|error| fields.error(&error.to_string()))?;
    if let Some(qualifier) = fields.optional_text("Qualifier")? {
        function = function
            .qualified(qualifier)
            .map_err(|error| fields.error(&error.to_string()))?;
    }
    let invocation_type = match fields.optional_text("InvocationType")? {
        None => InvocationType::default(),
        Some(name) => InvocationType::from_name(name).ok_or_else(|| {
            fields.error(&format!(
                "The value '{name}' of the field 'InvocationType' must be one of [Event, RequestResponse, DryRun]"
            ))
        })?,
    };
    // What it would add to the output, a function's log, comes with the answer where there is one.
    fields.optional_text("LogType")?;
    let client_context = fields
        .optional_text("ClientContext")?
        .map(client_context)
        .transpose()?;
    // Lambda gives a function that is called without a payload an empty event.
    let payload = fields
        .get("Payload")
        .map_or_else(Json::empty_object, Json::clone)
        .into();
    Ok(Request {
        function,
        payload,
        invocation_type,
        client_context,
    })
}

/// Source: Lambda API, Invoke: base64 of a JSON object; InvalidRequestContentException otherwise.
fn client_context(base64: &str) -> Result<Json, StateError> {
    let bad = |why: &str| failure::service_error(400, Some(why), "");
    if base64.len() > CLIENT_CONTEXT_BYTES_MAX {
        return Err(bad("Client context must be no longer than 3583 bytes"));
    }
    STANDARD
        .decode(base64)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| asl::json::parse(&text).ok())
        .filter(|value| value.as_object().is_some())
        .ok_or_else(|| bad("Client context must be a valid Base64-encoded JSON object."))
}

/// The task's output. Members and their order as recorded on AWS.
pub fn output(answer: &Answer) -> Json {
    let headers = SdkHeaders::of(answer);
    let is_result = answer.status == 200;
    let mut members = Object::new();
    if is_result {
        insert(
            &mut members,
            "ExecutedVersion",
            Json::string(&answer.executed_version),
        );
    }
    if let Some(log) = header(&answer.headers, "x-amz-log-result") {
        insert(&mut members, "LogResult", Json::string(log));
    }
    let payload = if is_result {
        answer.payload.json().clone()
    } else {
        Json::string("")
    };
    insert(&mut members, "Payload", payload);
    insert(
        &mut members,
        "SdkHttpMetadata",
        Json::members([
            ("AllHttpHeaders", headers.all()),
            ("HttpHeaders", headers.single()),
            ("HttpStatusCode", Json::from(u64::from(answer.status))),
        ]),
    );
    insert(
        &mut members,
        "SdkResponseMetadata",
        Json::members([("RequestId", Json::string(&answer.request_id))]),
    );
    insert(
        &mut members,
        "StatusCode",
        Json::from(u64::from(answer.status)),
    );
    Json::object(members)
}

fn insert(members: &mut Object, name: &str, value: Json) {
    members.insert(Arc::from(name), value);
}

/// The headers that Lambda's own answer has, in Lambda's spelling. Other headers of an endpoint
/// are its own business and stay out of the workflow's data.
struct SdkHeaders(Vec<(&'static str, Arc<str>)>);

/// In the order of `AllHttpHeaders`.
const ALL_ORDER: &[&str] = &[
    "X-Amz-Executed-Version",
    "x-amzn-Remapped-Content-Length",
    "Connection",
    "x-amzn-RequestId",
    "Content-Length",
    "Date",
    "X-Amzn-Trace-Id",
    "Content-Type",
];

impl SdkHeaders {
    fn of(answer: &Answer) -> Self {
        let is_result = answer.status == 200;
        let value = |name: &str| -> Option<Arc<str>> {
            let own = || header(&answer.headers, name).map(Arc::from);
            match name {
                "X-Amz-Executed-Version" => is_result.then(|| Arc::clone(&answer.executed_version)),
                "x-amzn-Remapped-Content-Length" => Some(Arc::from("0")),
                "Connection" => own().or_else(|| Some(Arc::from("keep-alive"))),
                "x-amzn-RequestId" => Some(Arc::clone(&answer.request_id)),
                "Content-Length" => {
                    let length = if is_result {
                        answer.payload.text().len()
                    } else {
                        0
                    };
                    Some(Arc::from(length.to_string()))
                }
                "Content-Type" => is_result.then(|| Arc::from("application/json")),
                _ => own(),
            }
        };
        Self(
            ALL_ORDER
                .iter()
                .filter_map(|name| Some((*name, value(name)?)))
                .collect(),
        )
    }

    fn all(&self) -> Json {
        let members = self.0.iter().map(|(name, value)| {
            (
                Arc::from(*name),
                Json::array(vec![Json::String(Arc::clone(value))]),
            )
        });
        Json::object(members.collect())
    }

    /// By name, without regard to case.
    fn single(&self) -> Json {
        let mut headers: Vec<_> = self.0.iter().collect();
        headers.sort_by_key(|(name, _)| name.to_ascii_lowercase());
        let members = headers
            .into_iter()
            .map(|(name, value)| (Arc::from(*name), Json::String(Arc::clone(value))));
        Json::object(members.collect())
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests;
