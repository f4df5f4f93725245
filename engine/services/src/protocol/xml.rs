//! XML bodies, written and read by shape.

use asl::{Json, json::Object};
use roxmltree::{Document, Node, ParsingOptions};

use super::leaf;
use crate::answer::Answer;
use crate::arguments::argument;
use crate::limits::{DEPTH_MAX, XML_NODES_MAX};
use crate::model::{Location, Member, Service, Shape, Target, TimeFormat};
use crate::names::pascal;

/// Reads a document of bounded size, without any of its own definitions.
pub(super) fn parse(text: &str) -> Result<Document<'_>, String> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: XML_NODES_MAX,
        ..ParsingOptions::default()
    };
    let parsed = Document::parse_with_options(text, options);
    parsed.map_err(|error| format!("the answer is not XML: {error}"))
}

/// The first child element of this name, in whatever namespace.
pub(super) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    children(node, name).next()
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &str) -> impl Iterator<Item = Node<'a, 'i>> {
    let elements = node.children().filter(Node::is_element);
    elements.filter(move |child| child.tag_name().name() == name)
}

/// An element with the value of a shape as its content.
pub(super) fn write(
    service: &Service,
    reference: &str,
    value: &Json,
    element: &str,
    namespace: Option<&str>,
) -> String {
    let mut body = String::new();
    write_element(service, reference, value, element, namespace, &mut body);
    body
}

fn write_element(
    service: &Service,
    reference: &str,
    value: &Json,
    element: &str,
    namespace: Option<&str>,
    out: &mut String,
) {
    out.push('<');
    out.push_str(element);
    if let Some(namespace) = namespace {
        attribute("xmlns", namespace, out);
    }
    if let Target::Shape(Shape::Structure {
        members, prefix, ..
    }) = service.target(reference)
    {
        if let Some((prefix, namespace)) = prefix {
            attribute(&format!("xmlns:{prefix}"), namespace, out);
        }
        for (name, member) in members.iter().filter(|(_, member)| member.is_attribute) {
            if let Some(value) = argument(value, name) {
                attribute(member.wire(name), &leaf::plain(value), out);
            }
        }
    }
    out.push('>');
    write_content(service, reference, value, out);
    out.push_str("</");
    out.push_str(element);
    out.push('>');
}

fn attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(value, out);
    out.push('"');
}

fn write_content(service: &Service, reference: &str, value: &Json, out: &mut String) {
    match service.target(reference) {
        Target::Shape(Shape::Structure { members, .. }) => {
            for (name, member) in members {
                let is_content = member.location == Location::Body && !member.is_attribute;
                if let Some(value) = argument(value, name).filter(|_| is_content) {
                    write_member(service, name, member, value, out);
                }
            }
        }
        Target::Shape(Shape::List { list, item, .. }) => {
            let item = item.as_deref().unwrap_or("member");
            for value in value.as_array().unwrap_or_default() {
                write_element(service, list, value, item, None, out);
            }
        }
        Target::Shape(Shape::Map { .. }) => write_entries(service, reference, value, "entry", out),
        target => escape(&leaf::text(target, value, TimeFormat::Iso), out),
    }
}

/// A member as an element of its own, or as many where it is flat.
fn write_member(service: &Service, name: &str, member: &Member, value: &Json, out: &mut String) {
    let wire = member.wire(name);
    match service.target(&member.target) {
        Target::Shape(Shape::List { list, is_flat, .. }) if *is_flat || member.is_flat => {
            for value in value.as_array().unwrap_or_default() {
                write_element(service, list, value, wire, None, out);
            }
        }
        Target::Shape(Shape::Map { is_flat, .. }) if *is_flat || member.is_flat => {
            write_entries(service, &member.target, value, wire, out);
        }
        _ => {
            let namespace = member.namespace.as_deref();
            write_element(service, &member.target, value, wire, namespace, out);
        }
    }
}

fn write_entries(service: &Service, reference: &str, value: &Json, entry: &str, out: &mut String) {
    let Target::Shape(Shape::Map {
        map,
        key,
        value: named,
        ..
    }) = service.target(reference)
    else {
        return;
    };
    for (name, value) in value.as_object().into_iter().flatten() {
        for part in ["<", entry, ">"] {
            out.push_str(part);
        }
        let key = key.as_deref().unwrap_or("key");
        write_element(service, "string", &Json::string(name), key, None, out);
        let named = named.as_deref().unwrap_or("value");
        write_element(service, map, value, named, None, out);
        for part in ["</", entry, ">"] {
            out.push_str(part);
        }
    }
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Else a reader would make blanks of them, or a single line end.
            '\r' => out.push_str("&#xD;"),
            '\n' => out.push_str("&#xA;"),
            '\t' => out.push_str("&#x9;"),
            _ => out.push(letter),
        }
    }
}

/// What an element holds, as an output.
pub(super) fn read(service: &Service, reference: &str, node: Node<'_, '_>) -> Json {
    read_at(service, reference, node, 0)
}

fn read_at(service: &Service, reference: &str, node: Node<'_, '_>, depth: usize) -> Json {
    if depth > DEPTH_MAX {
        return Json::Null;
    }
    match service.target(reference) {
        Target::Shape(Shape::Structure { members, .. }) => {
            let mut output = Object::new();
            for (name, member) in members {
                if let Some(value) = read_member(service, name, member, node, depth) {
                    output.insert(pascal(name).into(), value);
                }
            }
            Json::object(output)
        }
        Target::Shape(Shape::List { list, .. }) => {
            let items = node.children().filter(Node::is_element);
            Json::array(
                items
                    .map(|item| read_at(service, list, item, depth + 1))
                    .collect(),
            )
        }
        Target::Shape(Shape::Map { .. }) => {
            let entries = node.children().filter(Node::is_element);
            read_entries(service, reference, entries, depth)
        }
        Target::Shape(Shape::Document { .. }) => Json::string(node.text().unwrap_or_default()),
        target => leaf::from_text(target, node.text().unwrap_or_default()),
    }
}

fn read_member(
    service: &Service,
    name: &str,
    member: &Member,
    node: Node<'_, '_>,
    depth: usize,
) -> Option<Json> {
    let wire = member.wire(name);
    if member.location != Location::Body || member.is_payload {
        return None;
    }
    if member.is_attribute {
        let local = wire.rsplit(':').next().unwrap_or(wire);
        let found = node
            .attributes()
            .find(|attribute| attribute.name() == local)?;
        return Some(Json::string(found.value()));
    }
    match service.target(&member.target) {
        Target::Shape(Shape::List {
            list,
            is_flat,
            item,
        }) if *is_flat || member.is_flat => {
            // The item's own name goes first where it has one.
            let items = children(node, item.as_deref().unwrap_or(wire));
            let items: Vec<Json> = items
                .map(|item| read_at(service, list, item, depth + 1))
                .collect();
            (!items.is_empty()).then(|| Json::array(items))
        }
        Target::Shape(Shape::Map { is_flat, .. }) if *is_flat || member.is_flat => {
            let mut entries = children(node, wire).peekable();
            entries.peek()?;
            Some(read_entries(service, &member.target, entries, depth))
        }
        _ => {
            let found = child(node, wire)?;
            Some(read_at(service, &member.target, found, depth + 1))
        }
    }
}

fn read_entries<'a, 'i: 'a>(
    service: &Service,
    reference: &str,
    entries: impl Iterator<Item = Node<'a, 'i>>,
    depth: usize,
) -> Json {
    let mut output = Object::new();
    if let Target::Shape(Shape::Map {
        map, key, value, ..
    }) = service.target(reference)
    {
        for entry in entries {
            let key = child(entry, key.as_deref().unwrap_or("key"));
            let value = child(entry, value.as_deref().unwrap_or("value"));
            if let (Some(key), Some(value)) = (key.and_then(|key| key.text()), value) {
                output.insert(key.into(), read_at(service, map, value, depth + 1));
            }
        }
    }
    Json::object(output)
}

/// `<ErrorResponse><Error><Code>`, `<Response><Errors><Error><Code>` or `<Error><Code>`.
pub(super) fn fault(answer: &Answer) -> (Option<String>, String) {
    let text = answer.text().unwrap_or_default();
    let found = parse(text).ok().and_then(|document| {
        let error = document
            .descendants()
            .find(|node| node.tag_name().name() == "Error")?;
        let part = |name| child(error, name).and_then(|node| node.text().map(str::to_owned));
        Some((part("Code"), part("Message").unwrap_or_default()))
    });
    found.unwrap_or_else(|| (None, text.trim().to_owned()))
}
