//! JSON bodies, written and read by shape.

use asl::{Json, json::Object};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::leaf;
use crate::answer::Answer;
use crate::arguments::argument;
use crate::model::{Location, Service, Shape, Target, TimeFormat};
use crate::names::pascal;

/// Arguments as a body has them. Only members that travel in the body are written.
pub(super) fn write(service: &Service, reference: &str, value: &Json) -> Json {
    match service.target(reference) {
        Target::Blob => Json::string(STANDARD.encode(leaf::plain(value))),
        Target::JsonText => Json::string(value.to_text()),
        Target::Timestamp(format) => match (leaf::time_of(value), format) {
            (Some(time), None | Some(TimeFormat::Unix)) => leaf::time_number(time),
            (Some(_), Some(TimeFormat::Iso | TimeFormat::Rfc822)) => Json::string(leaf::text(
                service.target(reference),
                value,
                TimeFormat::Iso,
            )),
            (None, _) => value.clone(),
        },
        Target::Shape(Shape::Structure { members, .. }) => {
            let mut body = Object::new();
            for (name, member) in members {
                if member.location != Location::Body {
                    continue;
                }
                if let Some(value) = argument(value, name) {
                    let written = write(service, &member.target, value);
                    body.insert(member.wire(name).into(), written);
                }
            }
            Json::object(body)
        }
        Target::Shape(Shape::List { list, .. }) => {
            let items = value.as_array().unwrap_or_default();
            Json::array(
                items
                    .iter()
                    .map(|item| write(service, list, item))
                    .collect(),
            )
        }
        Target::Shape(Shape::Map { map, .. }) => {
            let entries = value.as_object().into_iter().flatten();
            Json::object(
                entries
                    .map(|(key, value)| (key.clone(), write(service, map, value)))
                    .collect(),
            )
        }
        Target::String
        | Target::Integer
        | Target::Float
        | Target::Boolean
        | Target::Shape(Shape::Document { .. }) => value.clone(),
    }
}

/// An answer's body as an output; an empty body is an empty output.
pub(super) fn read_body(
    service: &Service,
    reference: &str,
    answer: &Answer,
) -> Result<Json, String> {
    let text = answer.text()?;
    if text.trim().is_empty() {
        return Ok(Json::empty_object());
    }
    let body =
        asl::json::parse(text).map_err(|error| format!("the answer is not JSON: {error}"))?;
    Ok(read(service, reference, &body))
}

pub(super) fn read(service: &Service, reference: &str, value: &Json) -> Json {
    let target = service.target(reference);
    match target {
        Target::Timestamp(_) => {
            leaf::time_of(value).map_or_else(|| value.clone(), leaf::time_output)
        }
        Target::Blob => match value.as_str() {
            Some(text) => leaf::from_text(target, text),
            None => value.clone(),
        },
        Target::JsonText => {
            let inner = value.as_str().and_then(|text| asl::json::parse(text).ok());
            inner.unwrap_or_else(|| value.clone())
        }
        Target::Shape(Shape::Structure { members, .. }) => {
            let mut output = Object::new();
            for (name, member) in members {
                let found = value
                    .get(member.wire(name))
                    .filter(|value| **value != Json::Null);
                if let Some(found) = found {
                    output.insert(pascal(name).into(), read(service, &member.target, found));
                }
            }
            Json::object(output)
        }
        Target::Shape(Shape::List { list, .. }) => match value.as_array() {
            Some(items) => {
                Json::array(items.iter().map(|item| read(service, list, item)).collect())
            }
            None => value.clone(),
        },
        Target::Shape(Shape::Map { map, .. }) => match value.as_object() {
            Some(entries) => Json::object(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), read(service, map, value)))
                    .collect(),
            ),
            None => value.clone(),
        },
        Target::String
        | Target::Integer
        | Target::Float
        | Target::Boolean
        | Target::Shape(Shape::Document { .. }) => value.clone(),
    }
}

/// The code comes in a header or in the body, behind a namespace or before an address.
pub(super) fn fault(answer: &Answer) -> (Option<String>, String) {
    let body = answer
        .text()
        .ok()
        .and_then(|text| asl::json::parse(text).ok());
    let member = |names: &[&str]| {
        let body = body.as_ref()?;
        names.iter().find_map(|name| body.get(name)?.as_str())
    };
    let code = answer
        .header("x-amzn-errortype")
        .or_else(|| member(&["__type", "code", "Code"]));
    let code = code.map(|code| {
        let code = code.split(':').next().unwrap_or_default();
        let code = code.rsplit('#').next().unwrap_or_default();
        code.to_owned()
    });
    let message = member(&["message", "Message", "errorMessage"]);
    let message = message.map_or_else(
        || answer.text().unwrap_or_default().trim().to_owned(),
        str::to_owned,
    );
    (code.filter(|code| !code.is_empty()), message)
}
