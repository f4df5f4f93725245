//! How a call travels: from arguments to a request that only lacks its host and its signature, and
//! from an answer to an output. One file a form of body; [`rest`] spreads members over the parts of a
//! request.
//!
//! Source: the protocol definitions of Smithy ("AWS protocols"), which the service models name.

mod flat;
mod json;
mod leaf;
mod rest;
mod xml;

#[cfg(test)]
mod tests;

use asl::Json;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::answer::Answer;
use crate::model::{Operation, Protocol, Service};

pub(crate) use flat::{encode, form};
pub(crate) use leaf::time_of;

/// A request but for where it goes and who signs it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) method: Method,
    /// Percent-encoded.
    pub(crate) path: String,
    /// As they mean, not yet encoded.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Prepared {
    fn post(content_type: &'static str, body: Vec<u8>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static(content_type),
        );
        Self {
            method: Method::POST,
            path: "/".to_owned(),
            query: Vec::new(),
            headers,
            body,
        }
    }

    fn header(&mut self, name: &str, value: &str) -> Result<(), String> {
        let unfit = |what: &str| format!("The header '{name}' cannot be sent: {what}");
        let header = HeaderName::try_from(name).map_err(|_| unfit("its name is no header's"))?;
        let value = HeaderValue::from_str(value).map_err(|_| unfit("its value is no header's"))?;
        self.headers.insert(header, value);
        Ok(())
    }
}

/// The request of a call. `token` fills members that make a repeated call harmless; the problem is one
/// of the arguments, which have been checked against the shapes before.
pub(crate) fn request(
    service: &Service,
    name: &str,
    operation: &Operation,
    arguments: &Json,
    token: &str,
) -> Result<Prepared, String> {
    let arguments = with_token(service, operation, arguments, token);
    match service.protocol {
        Protocol::Json => {
            let input = operation.input.as_deref();
            let body = input.map_or_else(Json::empty_object, |input| {
                json::write(service, input, &arguments)
            });
            let content_type = match service.json.as_str() {
                "1.0" => "application/x-amz-json-1.0",
                _ => "application/x-amz-json-1.1",
            };
            let mut prepared = Prepared::post(content_type, body.to_text().into_bytes());
            prepared.header("x-amz-target", &format!("{}.{name}", service.target))?;
            Ok(prepared)
        }
        Protocol::Query | Protocol::Ec2 => {
            let mut pairs = vec![
                ("Action".to_owned(), name.to_owned()),
                ("Version".to_owned(), service.version.clone()),
            ];
            if let Some(input) = &operation.input {
                flat::write(service, input, &arguments, &mut pairs);
            }
            let form = "application/x-www-form-urlencoded; charset=utf-8";
            Ok(Prepared::post(form, flat::form(&pairs).into_bytes()))
        }
        Protocol::RestJson | Protocol::RestXml => rest::request(service, operation, &arguments),
    }
}

/// The arguments, with a token where the operation takes one and none was given.
fn with_token(service: &Service, operation: &Operation, arguments: &Json, token: &str) -> Json {
    let members = service.members(operation.input.as_deref());
    let tokens = members.into_iter().flatten().filter(|(name, member)| {
        member.is_token && crate::arguments::argument(arguments, name).is_none()
    });
    let mut filled = arguments.as_object().cloned().unwrap_or_default();
    for (name, _) in tokens {
        filled.insert(crate::names::pascal(name).into(), Json::string(token));
    }
    Json::object(filled)
}

/// The output of an operation that succeeded. The problem is one of the answer.
pub(crate) fn output(
    service: &Service,
    operation: &Operation,
    answer: &Answer,
) -> Result<Json, String> {
    let Some(output) = operation.output.as_deref() else {
        return Ok(Json::empty_object());
    };
    match service.protocol {
        Protocol::Json => json::read_body(service, output, answer),
        Protocol::Query | Protocol::Ec2 => {
            let text = answer.text()?;
            if text.trim().is_empty() {
                return Ok(Json::empty_object());
            }
            let document = xml::parse(text)?;
            let root = document.root_element();
            let wrapper = operation.wrapper.as_deref();
            let node = match wrapper {
                Some(wrapper) => xml::child(root, wrapper),
                None => Some(root),
            };
            Ok(node.map_or_else(Json::empty_object, |node| xml::read(service, output, node)))
        }
        Protocol::RestJson | Protocol::RestXml => rest::output(service, output, answer),
    }
}

/// The input of a service that is no network away: what the JSON protocol would carry.
pub(crate) fn own_input(service: &Service, operation: &Operation, arguments: &Json) -> Json {
    let input = operation.input.as_deref();
    input.map_or_else(Json::empty_object, |input| {
        json::write(service, input, arguments)
    })
}

/// The output of such a service, as an integration gives it.
pub(crate) fn own_output(service: &Service, operation: &Operation, output: &Json) -> Json {
    let shape = operation.output.as_deref();
    shape.map_or_else(Json::empty_object, |shape| {
        json::read(service, shape, output)
    })
}

/// What an answer that is no success says of itself: the code, where it has one, and the message.
pub(crate) fn fault(service: &Service, answer: &Answer) -> (Option<String>, String) {
    match service.protocol {
        Protocol::Json | Protocol::RestJson => json::fault(answer),
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => xml::fault(answer),
    }
}
