//! Comparing what was recorded with what happened, by the rules of the recordings' README.

use std::collections::HashMap;

use asl::Json;
use regex::Regex;

use super::read_json;

/// The placeholders of one case with what they have been found to stand for.
pub(crate) struct Comparison {
    placeholders: Vec<String>,
    loose: Vec<String>,
    meanings: HashMap<String, String>,
}

/// These stand for any date or time, each time for another.
const DATES: [&str; 3] = ["<datetime>", "<timestamp>", "<date>"];

impl Comparison {
    pub(crate) fn of(case: &Json) -> Self {
        let texts = |name: &str| {
            let list = case.get(name).and_then(Json::as_array).unwrap_or_default();
            list.iter()
                .filter_map(Json::as_str)
                .map(str::to_owned)
                .collect()
        };
        Self {
            placeholders: texts("placeholders"),
            loose: texts("loose"),
            meanings: HashMap::new(),
        }
    }

    pub(crate) fn optional(
        &mut self,
        expected: Option<&Json>,
        actual: Option<&Json>,
        place: &str,
    ) -> Result<(), String> {
        match (expected, actual) {
            (None, None) => Ok(()),
            (Some(expected), Some(actual)) => self.value(expected, actual, place),
            (Some(expected), None) => Err(format!("{place} is missing, expected {expected}")),
            (None, Some(actual)) => Err(format!("{place} is {actual}, expected none")),
        }
    }

    pub(crate) fn value(
        &mut self,
        expected: &Json,
        actual: &Json,
        place: &str,
    ) -> Result<(), String> {
        match (expected, actual) {
            (Json::Object(_) | Json::Array(_), Json::String(text)) => {
                match asl::json::parse(text) {
                    Ok(parsed) => self.value(expected, &parsed, place),
                    Err(_) => Err(format!("{place} is {actual}, expected {expected}")),
                }
            }
            (Json::Object(wanted), Json::Object(found)) => {
                for (name, wanted) in wanted.iter() {
                    let place = format!("{place}/{name}");
                    match found.get(name) {
                        Some(_) if self.loose.iter().any(|loose| **loose == **name) => {}
                        found => self.optional(Some(wanted), found, &place)?,
                    }
                }
                match found.keys().find(|name| !wanted.contains_key(*name)) {
                    Some(extra) => Err(format!("{place}/{extra} is not expected")),
                    None => Ok(()),
                }
            }
            (Json::Array(wanted), Json::Array(found)) => {
                for (index, (wanted, found)) in wanted.iter().zip(found.iter()).enumerate() {
                    self.value(wanted, found, &format!("{place}/{index}"))?;
                }
                if wanted.len() == found.len() {
                    return Ok(());
                }
                Err(format!(
                    "{place} has {} members, expected {}: {actual}",
                    found.len(),
                    wanted.len()
                ))
            }
            (Json::String(wanted), _) if DATES.contains(&&**wanted) => Ok(()),
            (Json::String(wanted), Json::String(found)) => self.text(wanted, found, place),
            _ if expected == actual => Ok(()),
            _ => Err(format!("{place} is {actual}, expected {expected}")),
        }
    }

    fn text(&mut self, expected: &str, actual: &str, place: &str) -> Result<(), String> {
        if expected == actual || self.matches(expected, actual) {
            return Ok(());
        }
        let is_object = |text: &str| text.trim_start().starts_with('{');
        if is_object(expected) && is_object(actual) && asl::json::parse(actual).is_ok() {
            return self.value(&read_json(expected), &read_json(actual), place);
        }
        Err(format!("{place} is {actual:?}, expected {expected:?}"))
    }

    /// Whether placeholders can stand for what is in their place. The same one always stands for the
    /// same text.
    fn matches(&mut self, expected: &str, actual: &str) -> bool {
        let mut pattern = regex::escape(expected);
        let mut found: Vec<(usize, String)> = Vec::new();
        for placeholder in self.placeholders.iter().map(String::as_str).chain(DATES) {
            for (at, _) in expected.match_indices(placeholder) {
                if !found.iter().any(|(known, _)| *known == at) {
                    found.push((at, placeholder.to_owned()));
                }
            }
            pattern = pattern.replace(&regex::escape(placeholder), "(.+?)");
        }
        if found.is_empty() {
            return false;
        }
        found.sort();
        let pattern = Regex::new(&format!("(?s)^{pattern}$")).unwrap();
        let Some(captures) = pattern.captures(actual) else {
            return false;
        };
        found
            .into_iter()
            .enumerate()
            .all(|(index, (_, placeholder))| {
                let meaning = &captures[index + 1];
                let known = self.meanings.entry(placeholder.clone());
                DATES.contains(&placeholder.as_str())
                    || known.or_insert_with(|| meaning.to_owned()) == meaning
            })
    }
}
