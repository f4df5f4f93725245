//! What TRACE tells of an HTTP task: the request as the definition has it, without what its connection
//! adds, which is secret; and the response.

use std::sync::Arc;

use asl::json::Object;
use asl::{Json, Payload};

pub(super) fn add(inspection: &mut Object, parameters: &Json, output: Option<&Payload>) {
    let text = |value: Option<&Json>| match value {
        None => None,
        Some(Json::String(text)) => Some(Json::String(Arc::clone(text))),
        Some(other) => Some(Json::from(other.to_text())),
    };
    let request = [
        ("protocol", Some(Json::string("HTTP/1.1"))),
        ("method", text(parameters.get("Method"))),
        ("url", text(parameters.get("ApiEndpoint"))),
        ("headers", text(parameters.get("Headers"))),
        ("body", text(parameters.get("RequestBody"))),
    ];
    inspection.insert(Arc::from("request"), present(request));
    let Some(output) = output.map(Payload::json) else {
        return;
    };
    let response = [
        ("protocol", Some(Json::string("HTTP/1.1"))),
        ("statusCode", text(output.get("StatusCode"))),
        ("statusMessage", text(output.get("StatusText"))),
        ("headers", text(output.get("Headers"))),
        ("body", text(output.get("ResponseBody"))),
    ];
    inspection.insert(Arc::from("response"), present(response));
}

fn present<const N: usize>(members: [(&str, Option<Json>); N]) -> Json {
    let members = members.into_iter();
    let members = members.filter_map(|(name, value)| Some((Arc::from(name), value?)));
    Json::object(members.collect())
}
