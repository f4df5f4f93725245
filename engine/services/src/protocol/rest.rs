//! Members spread over path, query, headers and body, as the two REST protocols have them.

use asl::{Json, json::Object};
use http::Method;

use super::{Prepared, flat, json, leaf, xml};
use crate::answer::{Answer, text_of};
use crate::arguments::argument;
use crate::model::{Location, Member, Operation, Protocol, Service, Shape, Target, TimeFormat};
use crate::names::pascal;

pub(super) fn request(
    service: &Service,
    operation: &Operation,
    arguments: &Json,
) -> Result<Prepared, String> {
    let http = operation.http.as_deref().unwrap_or("POST /");
    let (method, template) = http.split_once(' ').unwrap_or(("POST", "/"));
    let (path, constants) = template.split_once('?').unwrap_or((template, ""));
    let mut prepared = Prepared {
        method: Method::try_from(method).unwrap_or(Method::POST),
        path: path.to_owned(),
        query: constants
            .split('&')
            .filter(|part| !part.is_empty())
            .map(pair)
            .collect(),
        headers: http::HeaderMap::new(),
        body: Vec::new(),
    };
    let members = service.members(operation.input.as_deref());
    for (name, member) in members.into_iter().flatten() {
        let value = argument(arguments, name);
        match member.location {
            Location::Uri => fill(service, name, member, value, &mut prepared)?,
            Location::Querystring => {
                if let Some(value) = value {
                    query(service, name, member, value, &mut prepared.query);
                }
            }
            Location::Header => {
                if let Some(value) = value {
                    let text = header(service, member, value);
                    prepared.header(member.wire(name), &text)?;
                }
            }
            Location::Headers => {
                for (key, value) in value.and_then(Json::as_object).into_iter().flatten() {
                    let name = format!("{}{key}", member.wire(name));
                    prepared.header(&name, &leaf::plain(value))?;
                }
            }
            Location::Body | Location::StatusCode => {}
        }
    }
    body(service, operation, arguments, &mut prepared)?;
    Ok(prepared)
}

fn pair(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (name.to_owned(), value.to_owned())
}

/// Puts a value where the path has its name: `{Key+}` may hold slashes, `{Bucket}` none.
fn fill(
    service: &Service,
    name: &str,
    member: &Member,
    value: Option<&Json>,
    prepared: &mut Prepared,
) -> Result<(), String> {
    let wire = member.wire(name);
    let text =
        value.map(|value| leaf::text(service.target(&member.target), value, TimeFormat::Iso));
    let text = text
        .filter(|text| !text.is_empty())
        .ok_or_else(|| format!("The field \"{}\" is required but was missing", pascal(name)))?;
    let (plain, greedy) = (format!("{{{wire}}}"), format!("{{{wire}+}}"));
    let with_slashes = text
        .split('/')
        .map(flat::encode)
        .collect::<Vec<_>>()
        .join("/");
    prepared.path = prepared.path.replace(&greedy, &with_slashes);
    prepared.path = prepared.path.replace(&plain, &flat::encode(&text));
    Ok(())
}

fn query(
    service: &Service,
    name: &str,
    member: &Member,
    value: &Json,
    query: &mut Vec<(String, String)>,
) {
    let wire = member.wire(name);
    let text = |reference: &str, value: &Json| {
        leaf::text(service.target(reference), value, TimeFormat::Iso)
    };
    match service.target(&member.target) {
        Target::Shape(Shape::List { list, .. }) => {
            for item in value.as_array().unwrap_or_default() {
                query.push((wire.to_owned(), text(list, item)));
            }
        }
        Target::Shape(Shape::Map { map, .. }) => {
            for (key, value) in value.as_object().into_iter().flatten() {
                let values = match service.target(map) {
                    Target::Shape(Shape::List { .. }) => value.as_array().unwrap_or_default(),
                    _ => std::slice::from_ref(value),
                };
                for value in values {
                    query.push((key.to_string(), leaf::plain(value)));
                }
            }
        }
        _ => query.push((wire.to_owned(), text(&member.target, value))),
    }
}

fn header(service: &Service, member: &Member, value: &Json) -> String {
    match service.target(&member.target) {
        Target::Shape(Shape::List { list, .. }) => {
            let items = value.as_array().unwrap_or_default().iter();
            let items =
                items.map(|item| leaf::text(service.target(list), item, TimeFormat::Rfc822));
            items.collect::<Vec<_>>().join(",")
        }
        target => leaf::text(target, value, TimeFormat::Rfc822),
    }
}

fn body(
    service: &Service,
    operation: &Operation,
    arguments: &Json,
    prepared: &mut Prepared,
) -> Result<(), String> {
    let Some(members) = service.members(operation.input.as_deref()) else {
        return Ok(());
    };
    let is_xml = service.protocol == Protocol::RestXml;
    let content_type = if is_xml {
        "application/xml"
    } else {
        "application/json"
    };
    if let Some((name, member)) = members.iter().find(|(_, member)| member.is_payload) {
        let Some(value) = argument(arguments, name) else {
            return Ok(());
        };
        let is_structure = matches!(service.target(&member.target), Target::Shape(_));
        if !is_structure {
            prepared.body = leaf::plain(value).into_bytes();
            return default_type("application/octet-stream", prepared);
        }
        prepared.body = if is_xml {
            let namespace = member.namespace.as_deref().or(service.namespace.as_deref());
            let element = member.wire_own().unwrap_or(&member.target);
            xml::write(service, &member.target, value, element, namespace).into_bytes()
        } else {
            json::write(service, &member.target, value)
                .to_text()
                .into_bytes()
        };
        return default_type(content_type, prepared);
    }
    let Some(input) = operation.input.as_deref() else {
        return Ok(());
    };
    let has_body = members.iter().any(|(name, member)| {
        member.location == Location::Body && argument(arguments, name).is_some()
    });
    let has_members = members
        .values()
        .any(|member| member.location == Location::Body);
    if is_xml && has_body {
        let element = operation.root.as_deref().unwrap_or(input);
        let namespace = operation
            .namespace
            .as_deref()
            .or(service.namespace.as_deref());
        prepared.body = xml::write(service, input, arguments, element, namespace).into_bytes();
        return default_type(content_type, prepared);
    }
    if !is_xml && has_members {
        prepared.body = json::write(service, input, arguments)
            .to_text()
            .into_bytes();
        return default_type(content_type, prepared);
    }
    Ok(())
}

fn default_type(content_type: &str, prepared: &mut Prepared) -> Result<(), String> {
    if prepared.headers.contains_key(http::header::CONTENT_TYPE) {
        return Ok(());
    }
    prepared.header("content-type", content_type)
}

pub(super) fn output(service: &Service, reference: &str, answer: &Answer) -> Result<Json, String> {
    let mut output = Object::new();
    let Some(members) = service.members(Some(reference)) else {
        return Ok(Json::empty_object());
    };
    let is_xml = service.protocol == Protocol::RestXml;
    match members.iter().find(|(_, member)| member.is_payload) {
        Some((name, member)) => {
            if let Some(value) = payload(service, member, answer)? {
                output.insert(pascal(name).into(), value);
            }
        }
        None if answer.body.iter().all(u8::is_ascii_whitespace) => {}
        None => {
            let body = if is_xml {
                let document = xml::parse(answer.text()?)?;
                xml::read(service, reference, document.root_element())
            } else {
                json::read_body(service, reference, answer)?
            };
            // Only what travels in the body counts as found there.
            for (name, member) in members {
                let name = pascal(name);
                if member.location == Location::Body
                    && let Some(value) = body.get(&name)
                {
                    output.insert(name.into(), value.clone());
                }
            }
        }
    }
    for (name, member) in members {
        let found = match member.location {
            Location::Header => answer
                .header(member.wire(name))
                .map(|text| leaf::from_text(service.target(&member.target), text)),
            Location::Headers => prefixed(member.wire(name), answer),
            Location::StatusCode => Some(Json::from(u64::from(answer.status))),
            Location::Body | Location::Uri | Location::Querystring => None,
        };
        if let Some(value) = found {
            output.insert(pascal(name).into(), value);
        }
    }
    Ok(Json::object(output))
}

fn payload(service: &Service, member: &Member, answer: &Answer) -> Result<Option<Json>, String> {
    let target = service.target(&member.target);
    if !matches!(target, Target::Shape(_)) {
        return Ok(Some(leaf::from_bytes(answer.body.clone())));
    }
    if answer.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    if service.protocol == Protocol::RestXml {
        let document = xml::parse(answer.text()?)?;
        return Ok(Some(xml::read(
            service,
            &member.target,
            document.root_element(),
        )));
    }
    let body = asl::json::parse(answer.text()?);
    let body = body.map_err(|error| format!("the answer is not JSON: {error}"))?;
    Ok(Some(json::read(service, &member.target, &body)))
}

/// All headers that begin so, as a map; none where there is none.
fn prefixed(prefix: &str, answer: &Answer) -> Option<Json> {
    let prefix = prefix.to_ascii_lowercase();
    let headers = answer.headers.iter().filter_map(|(name, value)| {
        let key = name.as_str().strip_prefix(&prefix)?;
        Some((key.into(), Json::string(text_of(value)?)))
    });
    let found: Object = headers.collect();
    (!found.is_empty()).then(|| Json::object(found))
}
