//! What TRACE tells of an HTTP task: the request as the definition has it, without what its connection
//! adds, which is secret unless it is asked for; and the response.

use std::sync::Arc;

use asl::Json;
use asl::json::Object;
use runtime::test_state::HttpTested;

pub(super) fn add(inspection: &mut Object, http: &HttpTested, reveals_secrets: bool) {
    let text = |value: Option<&Json>| match value {
        None => None,
        Some(Json::String(text)) => Some(Json::String(Arc::clone(text))),
        Some(other) => Some(Json::from(other.to_text())),
    };
    let protocol = || Some(Json::string("HTTP/1.1"));
    let request = if let Some(sent) = http.seen.sent().filter(|_| reveals_secrets) {
        [
            ("protocol", protocol()),
            ("method", Some(Json::from(sent.method))),
            ("url", Some(Json::from(sent.url))),
            ("headers", text(Some(&sent.headers))),
            ("body", sent.body.map(Json::from)),
        ]
    } else {
        let member = |name: &str| text(http.parameters.json().get(name));
        [
            ("protocol", protocol()),
            ("method", member("Method")),
            ("url", member("ApiEndpoint")),
            ("headers", member("Headers")),
            ("body", member("RequestBody")),
        ]
    };
    inspection.insert(Arc::from("request"), present(request));
    let output = http.result.as_ref().map(asl::Payload::json);
    let member = |name: &str| text(output.and_then(|output| output.get(name)));
    let response = match http.seen.answered() {
        // Also of a task that failed by its status; then the body is its cause.
        Some(answered) => [
            ("protocol", protocol()),
            ("statusCode", Some(Json::from(answered.status.to_string()))),
            ("statusMessage", Some(Json::string(answered.reason))),
            ("headers", text(Some(&answered.headers))),
            ("body", member("ResponseBody")),
        ],
        None => return,
    };
    inspection.insert(Arc::from("response"), present(response));
}

fn present<const N: usize>(members: [(&str, Option<Json>); N]) -> Json {
    let members = members.into_iter();
    let members = members.filter_map(|(name, value)| Some((Arc::from(name), value?)));
    Json::object(members.collect())
}
