//! Bodies of the query protocols: every value under the path of names that leads to it.

use asl::Json;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::leaf;
use crate::arguments::argument;
use crate::model::{Member, Protocol, Service, Shape, Target, TimeFormat};

/// What AWS leaves as it is: RFC 3986's unreserved characters.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Pairs as a form or as the query of a URL.
pub(crate) fn form(pairs: &[(String, String)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

pub(super) fn write(
    service: &Service,
    input: &str,
    arguments: &Json,
    pairs: &mut Vec<(String, String)>,
) {
    value(service, input, arguments, "", None, pairs);
}

/// `member` is the member that led here, where one did: it may say how a list is written.
fn value(
    service: &Service,
    reference: &str,
    given: &Json,
    prefix: &str,
    member: Option<&Member>,
    pairs: &mut Vec<(String, String)>,
) {
    let is_ec2 = service.protocol == Protocol::Ec2;
    let is_flat_member = member.is_some_and(|member| member.is_flat);
    match service.target(reference) {
        Target::Shape(Shape::Structure { members, .. }) => {
            for (name, member) in members {
                if let Some(given) = argument(given, name) {
                    let name = if is_ec2 {
                        member.ec2(name)
                    } else {
                        member.wire(name).to_owned()
                    };
                    let path = joined(prefix, &name);
                    value(service, &member.target, given, &path, Some(member), pairs);
                }
            }
        }
        Target::Shape(Shape::List {
            list,
            item,
            is_flat,
        }) => {
            let items = given.as_array().unwrap_or_default();
            if items.is_empty() && !is_ec2 {
                // So that an empty list can be told from none.
                pairs.push((prefix.to_owned(), String::new()));
            }
            let path = match item {
                _ if is_ec2 => prefix.to_owned(),
                // The item's name stands in the place of the list's.
                Some(item) if *is_flat || is_flat_member => match prefix.rsplit_once('.') {
                    Some((before, _)) => joined(before, item),
                    None => item.clone(),
                },
                None if *is_flat || is_flat_member => prefix.to_owned(),
                item => joined(prefix, item.as_deref().unwrap_or("member")),
            };
            for (index, given) in items.iter().enumerate() {
                let path = format!("{path}.{}", index + 1);
                value(service, list, given, &path, None, pairs);
            }
        }
        Target::Shape(Shape::Map {
            map,
            key,
            value: named,
            is_flat,
        }) => {
            let path = if *is_flat || is_flat_member {
                prefix.to_owned()
            } else {
                joined(prefix, "entry")
            };
            let entries = given.as_object().into_iter().flatten();
            for (index, (name, given)) in entries.enumerate() {
                let entry = format!("{path}.{}", index + 1);
                let key = joined(&entry, key.as_deref().unwrap_or("key"));
                pairs.push((key, name.to_string()));
                let path = joined(&entry, named.as_deref().unwrap_or("value"));
                value(service, map, given, &path, None, pairs);
            }
        }
        target => {
            let text = leaf::text(target, given, TimeFormat::Iso);
            pairs.push((prefix.to_owned(), text));
        }
    }
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        return name.to_owned();
    }
    format!("{prefix}.{name}")
}
