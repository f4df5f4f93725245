//! A Map under test: its items and settings are computed, its iterations are mocked.

use std::sync::Arc;

use super::{Mock, ReaderData, Report, Run, Unfit};
use crate::{
    definition::{Map, map::Mode},
    error::{StateError, names},
    json::Json,
    machine::{context::Item, data::Scene, distributed, failure::framed, map},
    map_run::{
        Spec,
        inputs::{Given, Input, InputError, Inputs},
        spec::Source,
    },
    payload::Payload,
    query::{EvalError, Random, limits},
};

impl Run<'_> {
    pub(super) fn map(
        mut self,
        state: &Map,
        mock: &Mock,
        random: &mut dyn Random,
    ) -> Result<Report, Unfit> {
        let threshold = match self.items(state, random) {
            Ok(threshold) => threshold,
            Err(error) => {
                let error = framed(&self.visit, &error);
                return Ok(self.fail(error, random));
            }
        };
        let failures = self.test.configuration.iteration_failures.unwrap_or(0);
        let items = threshold.length;
        if failures > items {
            return Err(Unfit::TooManyFailures { failures, items });
        }
        if threshold.is_exceeded(failures) {
            let cause = "The specified tolerated failure threshold was exceeded";
            let error = StateError::new(names::EXCEED_TOLERATED_FAILURE_THRESHOLD, cause);
            return Ok(self.fail(error, random));
        }
        Ok(self.returned(mock.clone(), random))
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
                self.test.configuration.reader_data.clone()
            }
            Mode::Distributed(_) | Mode::Inline => None,
        };
        let spec = match &state.mode {
            Mode::Inline => None,
            Mode::Distributed(fields) => {
                let (visit, of) = (&self.visit, self.state);
                Some(distributed::plan(&scene, of, state, fields, visit, random)?)
            }
        };
        let items = match (read, &spec) {
            (Some(data), Some(spec)) => self.pointed(&data, spec)?,
            (_, _) => map::items(&scene, &state.items, &input, random)?.0,
        };
        let length = match items.json() {
            Json::Array(items) => items.len() as u64,
            Json::Object(members) => members.len() as u64,
            _ => 0,
        };
        if self.is_json_path() {
            self.put("afterItemsPath", &items);
        }
        let mut shaped = None;
        if let Some(selector) = &state.item_selector {
            let (mut selected, mut bytes) = (Vec::new(), 0_usize);
            for item in (0..length).filter_map(|index| Item::of(items.json(), index)) {
                let scene = self.scene(Some(shown(&item)));
                let input = scene.render(selector, "ItemSelector", input.json(), random)?;
                bytes = bytes.saturating_add(input.text().len());
                if bytes > limits::VALUE_BYTES_MAX {
                    return Err(too_much("ItemSelector"));
                }
                selected.push(input.json().clone());
            }
            let selected = Json::array(selected);
            self.put("afterItemSelector", &Payload::from(selected.clone()));
            shaped = Some(selected);
        }
        if let Some(spec) = spec.filter(|spec| spec.batch.is_some()) {
            let shaped = shaped.as_ref().unwrap_or(items.json());
            let all = (0..length).filter_map(|index| Item::of(shaped, index));
            self.batch(spec, all.map(|item| item.value), random)?;
        }
        self.settings(state, &scene, &input, length, random)
    }

    /// What `ItemsPointer` and `MaxItems` of the reader leave of what it read.
    fn pointed(&mut self, data: &ReaderData, spec: &Spec) -> Result<Payload, EvalError> {
        let Source::Reader { config, .. } = &spec.source else {
            return Err(not_iterable());
        };
        let mut items = (data.read)(config, &data.text).map_err(|detail| EvalError {
            error: names::ITEM_READER_FAILED,
            detail,
            location: None,
        })?;
        if let Some(pointer) = config.get("ItemsPointer").and_then(Json::as_str) {
            items = found(&items, pointer).cloned().ok_or_else(not_iterable)?;
            self.put("afterItemsPointer", &Payload::from(items.clone()));
        }
        let most = spec.items_max.unwrap_or(u64::MAX);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        match &items {
            Json::Array(list) if list.len() > most => {
                items = Json::array(list.iter().take(most).cloned().collect());
            }
            Json::Array(_) | Json::Object(_) => {}
            _ => return Err(not_iterable()),
        }
        Ok(Payload::from(items))
    }

    /// What each child gets of items that the selector has shaped.
    fn batch(
        &mut self,
        spec: Spec,
        items: impl Iterator<Item = Json>,
        random: &mut dyn Random,
    ) -> Result<(), EvalError> {
        let mut inputs = Inputs::of_shaped(Arc::new(spec), self.test.limits.payload_bytes_max);
        let (mut batches, mut bytes) = (Vec::new(), 0_usize);
        let mut keep = |input: Option<Input>| {
            let Some(input) = input else {
                return Ok(());
            };
            bytes = bytes.saturating_add(input.payload.text().len());
            if bytes > limits::VALUE_BYTES_MAX {
                return Err(too_much("ItemBatcher"));
            }
            batches.push(input.payload.json().clone());
            Ok(())
        };
        for (index, value) in items.enumerate() {
            let item = Given {
                index: index as u64,
                key: None,
                value,
                source: Arc::from("STATE_DATA"),
            };
            let full = inputs.push(item, self.test.now, random);
            keep(full.map_err(|error| match error {
                InputError::Evaluation(error) => error,
                InputError::TooLarge => too_much("ItemBatcher"),
            })?)?;
        }
        keep(inputs.flush())?;
        self.put("afterItemBatcher", &Payload::from(Json::array(batches)));
        Ok(())
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

fn not_iterable() -> EvalError {
    EvalError {
        error: names::ITEM_READER_FAILED,
        detail: "Attempting to map over non-iterable node.".to_owned(),
        location: None,
    }
}

/// That a stage of all items together has more bytes than a test shows.
fn too_much(field: &str) -> EvalError {
    EvalError {
        error: names::DATA_LIMIT_EXCEEDED,
        detail: format!(
            "The value of the field '{field}' has a size exceeding the maximum number of bytes service limit."
        ),
        location: None,
    }
}

/// What a JSON Pointer (RFC 6901) leads to.
fn found<'d>(document: &'d Json, pointer: &str) -> Option<&'d Json> {
    let mut steps = pointer.split('/');
    if !steps.next()?.is_empty() {
        return None;
    }
    steps.try_fold(document, |place, step| {
        let name = step.replace("~1", "/").replace("~0", "~");
        match place {
            Json::Array(items) => items.get(name.parse::<usize>().ok()?),
            other => other.get(&name),
        }
    })
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
