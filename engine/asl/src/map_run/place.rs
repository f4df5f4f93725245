//! Where a Map state stands in a definition, and the definition that its children run.
//!
//! A place is a JSON Pointer into the document: `/States/A/Branches/0/States/B`. An inline Map on the way
//! is written `ItemProcessor`, also where the document has the older `Iterator`.

use std::sync::Arc;

use crate::{
    definition::{Definition, Kind, QueryLanguage, Scope, State},
    json::{Json, Object},
};

/// A name as a pointer holds it.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn segments(place: &str) -> impl Iterator<Item = String> {
    let parts = place.split('/').skip(1);
    parts.map(|part| part.replace("~1", "/").replace("~0", "~"))
}

/// The state at a place.
pub fn state<'d>(definition: &'d Definition, place: &str) -> Option<&'d State> {
    let mut scope: &Scope = &definition.scope;
    let mut found = None;
    let mut segments = segments(place);
    while let Some(segment) = segments.next() {
        match segment.as_str() {
            "States" => found = scope.states.get(segments.next()?.as_str()),
            "Branches" => match &found?.kind {
                Kind::Parallel(parallel) => {
                    let index: usize = segments.next()?.parse().ok()?;
                    scope = parallel.branches.get(index)?;
                }
                _ => return None,
            },
            "ItemProcessor" => match &found?.kind {
                Kind::Map(map) => scope = &map.processor,
                _ => return None,
            },
            _ => return None,
        }
    }
    found
}

/// The document that the children of the Map state at `place` run, from the document that has the state.
pub fn child_document(document: &Json, place: &str) -> Option<Json> {
    let mut value = document;
    let mut language = document.get("QueryLanguage").cloned();
    for segment in segments(place) {
        value = match value {
            Json::Object(members) => match members.get(segment.as_str()) {
                Some(value) => value,
                None if segment == "ItemProcessor" => members.get("Iterator")?,
                None => return None,
            },
            Json::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => return None,
        };
        if let Some(own) = value.get("QueryLanguage") {
            language = Some(own.clone());
        }
    }
    let processor = value
        .get("ItemProcessor")
        .or_else(|| value.get("Iterator"))?;
    let mut members = Object::new();
    if let Some(language) =
        language.filter(|it| it.as_str() == Some(QueryLanguage::Jsonata.as_str()))
    {
        members.insert(Arc::from("QueryLanguage"), language);
    }
    for (name, value) in processor.as_object()? {
        if &**name != "ProcessorConfig" {
            members.insert(Arc::clone(name), value.clone());
        }
    }
    Some(Json::object(members))
}
