//! The inputs of child executions: items as `ItemSelector` shapes them, alone or in batches.
//!
//! Source: "ItemSelector (Map)" and "ItemBatcher (Map)" in the Step Functions developer guide.

use std::{ops::Deref, sync::Arc};

use super::Spec;
use crate::{
    definition::Map,
    json::{Json, Object},
    payload::Payload,
    query::{Context, Cost, Env, EvalError, Random, Template, Variables},
    time::Timestamp,
};

/// Bytes of a batch where `MaxInputBytesPerBatch` asks for no less: the quota of a payload.
pub const BATCH_BYTES_MAX: usize = 262_144;

/// Makes children's inputs out of items that come one by one.
pub struct Inputs {
    spec: Arc<Spec>,
    variables: Variables,
    selector: Option<Template>,
    batch: Option<Gathering>,
    bytes_max: usize,
}

/// One child's input.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub payload: Payload,
    /// How many items it has.
    pub items: u32,
}

/// Why there is no input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputError {
    Evaluation(EvalError),
    /// An item, alone, has more bytes than an input may have.
    TooLarge,
}

/// An item with where it comes from.
pub struct Given {
    pub index: u64,
    pub key: Option<Arc<str>>,
    pub value: Json,
    /// `$$.Map.Item.Source`: `STATE_DATA`, or the URI of the object.
    pub source: Arc<str>,
}

/// A batch that is not full yet.
struct Gathering {
    items: Vec<Json>,
    bytes: usize,
    items_max: usize,
    bytes_max: usize,
    input: Option<Json>,
    /// Bytes that every batch has beside its items.
    frame_bytes: usize,
}

impl Inputs {
    /// For the items of `map`; `bytes_max` is what any input may have.
    pub fn new(spec: Arc<Spec>, map: &Map, bytes_max: usize) -> Self {
        Self::with(spec, map.item_selector.clone(), bytes_max)
    }

    fn with(spec: Arc<Spec>, selector: Option<Template>, bytes_max: usize) -> Self {
        let variables = spec.variables.as_object().into_iter().flatten();
        let variables = variables
            .map(|(name, value)| (Arc::clone(name), Payload::from(value.clone())))
            .collect();
        let batch = spec.batch.as_ref().map(|batch| {
            let input = batch.input.as_ref();
            let input_bytes = input.map_or(0, |input| input.to_text().len() + 14);
            let most = |most: Option<u64>| {
                let most = most.filter(|most| *most > 0).unwrap_or(u64::MAX);
                usize::try_from(most).unwrap_or(usize::MAX)
            };
            Gathering {
                items: Vec::new(),
                bytes: 0,
                items_max: most(batch.items_max),
                bytes_max: most(batch.bytes_max).min(bytes_max.max(BATCH_BYTES_MAX)),
                input: batch.input.clone(),
                frame_bytes: input_bytes + "{\"Items\":[]}".len(),
            }
        });
        Self {
            spec,
            variables,
            selector,
            batch,
            bytes_max,
        }
    }

    /// For items that the selector has shaped already.
    pub fn of_shaped(spec: Arc<Spec>, bytes_max: usize) -> Self {
        Self::with(spec, None, bytes_max)
    }

    /// Takes an item; gives the inputs that are now complete: none while a batch has room.
    pub fn push(
        &mut self,
        item: Given,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Option<Input>, InputError> {
        let value = match &self.selector {
            None => item.value,
            Some(selector) => self.select(selector, &item, now, random)?,
        };
        let Some(batch) = &mut self.batch else {
            let payload = Payload::from(value);
            if payload.text().len() > self.bytes_max {
                return Err(InputError::TooLarge);
            }
            return Ok(Some(Input { payload, items: 1 }));
        };
        let bytes = value.to_text().len() + 1;
        if batch.frame_bytes + bytes > self.bytes_max {
            return Err(InputError::TooLarge);
        }
        // A full batch goes before the item that it has no room for; one that is full by number goes
        // when it is.
        let has_no_room = batch.frame_bytes + batch.bytes + bytes > batch.bytes_max;
        let mut full = None;
        if has_no_room || batch.items.len() >= batch.items_max {
            full = batch.take();
        }
        batch.items.push(value);
        batch.bytes += bytes;
        if full.is_none() && batch.items.len() >= batch.items_max {
            full = batch.take();
        }
        Ok(full)
    }

    /// The next batch has exactly so many items, as it had when it was made before.
    pub fn expect(&mut self, items: u32) {
        if let Some(batch) = &mut self.batch {
            batch.items_max = usize::try_from(items).unwrap_or(usize::MAX);
            batch.bytes_max = usize::MAX;
        }
    }

    /// Items are over, or wait for the next one no longer: the batch that is not full.
    pub fn flush(&mut self) -> Option<Input> {
        self.batch.as_mut().and_then(Gathering::take)
    }

    /// Items that were taken and are in no input yet.
    pub fn waiting(&self) -> u64 {
        self.batch
            .as_ref()
            .map_or(0, |batch| batch.items.len() as u64)
    }

    fn select(
        &self,
        selector: &Template,
        item: &Given,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Json, InputError> {
        let context = Context::new(|| {
            let mut members = Object::new();
            members.insert(Arc::from("Index"), Json::from(item.index));
            members.insert(Arc::from("Value"), item.value.clone());
            if let Some(key) = &item.key {
                members.insert(Arc::from("Key"), Json::String(Arc::clone(key)));
            }
            members.insert(Arc::from("Source"), Json::String(Arc::clone(&item.source)));
            let item = Json::members([("Item", Json::object(members))]);
            let mut context = self.spec.context.as_object().cloned().unwrap_or_default();
            context.insert(Arc::from("Map"), item);
            Json::object(context)
        });
        let context: &dyn Deref<Target = Json> = &context;
        let cost = Cost::state();
        let mut env = Env {
            cost: &cost,
            now,
            input: &self.spec.arguments,
            result: None,
            error_output: None,
            context,
            variables: &self.variables,
            random,
        };
        selector
            .render(&mut env, "ItemSelector")
            .map_err(InputError::Evaluation)
    }
}

impl Gathering {
    fn take(&mut self) -> Option<Input> {
        if self.items.is_empty() {
            return None;
        }
        let items = std::mem::take(&mut self.items);
        self.bytes = 0;
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let mut members = Object::new();
        if let Some(input) = &self.input {
            members.insert(Arc::from("BatchInput"), input.clone());
        }
        members.insert(Arc::from("Items"), Json::array(items));
        Some(Input {
            payload: Payload::from(Json::object(members)),
            items: count,
        })
    }
}
