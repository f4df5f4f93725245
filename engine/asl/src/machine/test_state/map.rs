//! A Map under test: its items and settings are computed, its iterations are mocked.

use std::sync::Arc;

use super::{Mock, Report, Run};
use crate::{
    definition::{Map, map::Mode},
    error::{StateError, names},
    json::Json,
    machine::{context::Item, data::Scene, failure::framed, map},
    payload::Payload,
    query::{EvalError, Random},
};

impl Run<'_> {
    pub(super) fn map(mut self, state: &Map, mock: &Mock, random: &mut dyn Random) -> Report {
        let threshold = match self.items(state, random) {
            Ok(threshold) => threshold,
            Err(error) => {
                let error = framed(&self.visit, &error);
                return self.fail(error, random);
            }
        };
        let failures = self.test.configuration.iteration_failures;
        if failures.is_some_and(|failures| threshold.is_exceeded(failures)) {
            let cause = "The specified tolerated failure threshold was exceeded";
            let error = StateError::new(names::EXCEED_TOLERATED_FAILURE_THRESHOLD, cause);
            return self.fail(error, random);
        }
        self.returned(mock.clone(), random)
    }

    /// The items and what each iteration would get; how many may fail.
    fn items(&mut self, state: &Map, random: &mut dyn Random) -> Result<Threshold, EvalError> {
        let scene = self.scene(None);
        let input = scene.select(&self.state.data.input, &self.visit.input, random)?;
        if self.is_json_path() {
            self.put("afterInputPath", &input);
        }
        let read = match &state.mode {
            Mode::Distributed(fields) if fields.item_reader.is_some() => {
                self.test.configuration.item_reader_data.clone()
            }
            Mode::Distributed(_) | Mode::Inline => None,
        };
        let items = match read {
            Some(read) => read,
            None => map::items(&scene, &state.items, &input, random)?.0,
        };
        let length = match items.json() {
            Json::Array(items) => items.len() as u64,
            Json::Object(members) => members.len() as u64,
            _ => 0,
        };
        if self.is_json_path() {
            self.put("afterItemsPath", &items);
        }
        if let Some(selector) = &state.item_selector {
            let mut selected = Vec::new();
            for item in (0..length).filter_map(|index| Item::of(items.json(), index)) {
                let scene = self.scene(Some(shown(&item)));
                let input = scene.render(selector, "ItemSelector", input.json(), random)?;
                selected.push(input.json().clone());
            }
            self.put("afterItemSelector", &Payload::from(Json::array(selected)));
        }
        self.settings(state, &scene, &input, length, random)
    }

    fn settings(
        &mut self,
        state: &Map,
        scene: &Scene<'_>,
        input: &Payload,
        length: u64,
        random: &mut dyn Random,
    ) -> Result<Threshold, EvalError> {
        let mut put = |name: &str, value: Json| self.inspection.insert(Arc::from(name), value);
        let mut threshold = Threshold {
            length,
            count: None,
            percentage: None,
        };
        if let Some(setting) = &state.concurrency_max {
            let most = map::whole(scene, setting, "MaxConcurrency", input, random)?;
            put("maxConcurrency", Json::from(most));
        }
        if let Some(setting) = &state.tolerated_failure_count {
            let count = map::whole(scene, setting, "ToleratedFailureCount", input, random)?;
            put("toleratedFailureCount", Json::from(count));
            threshold.count = Some(count);
        }
        if let Some(setting) = &state.tolerated_failure_percentage {
            let percentage = map::tolerated(scene, setting, input, random)?;
            let number = crate::json::Number::from_f64(percentage);
            put(
                "toleratedFailurePercentage",
                number.map_or(Json::Null, Json::Number),
            );
            threshold.percentage = Some(percentage);
        }
        Ok(threshold)
    }
}

/// How many iterations may fail.
struct Threshold {
    length: u64,
    count: Option<u64>,
    percentage: Option<f64>,
}

impl Threshold {
    fn is_exceeded(&self, failures: u64) -> bool {
        let share = map::percentage(failures, self.length);
        match (self.count, self.percentage) {
            (None, None) => failures > 0,
            (count, limit) => {
                count.is_some_and(|count| failures > count)
                    || limit.is_some_and(|limit| share > limit)
            }
        }
    }
}

/// `Map.Item` of the context object.
fn shown(item: &Item) -> Json {
    let mut members = crate::json::Object::new();
    members.insert(Arc::from("Index"), Json::from(item.index));
    members.insert(Arc::from("Value"), item.value.clone());
    if let Some(key) = &item.key {
        members.insert(Arc::from("Key"), Json::String(Arc::clone(key)));
    }
    Json::object(members)
}
