//! The Map state.

use std::sync::Arc;

use super::{Catcher, Retrier, Scope, Setting, Transition};
use crate::query::{Path, Template};

#[derive(Debug)]
pub struct Map {
    pub items: Items,
    /// `ItemSelector`, or the older `Parameters`.
    pub item_selector: Option<Template>,
    /// `ItemProcessor`, or the older `Iterator`.
    pub processor: Scope,
    pub mode: Mode,
    /// 0, the default, means no limit of its own.
    pub concurrency_max: Option<Setting<u64>>,
    pub tolerated_failure_count: Option<Setting<u64>>,
    /// 0 to 100.
    pub tolerated_failure_percentage: Option<Setting<f64>>,
    pub retry: Vec<Retrier>,
    pub catch: Vec<Catcher>,
    pub then: Transition,
}

/// Where the items come from.
#[derive(Debug)]
pub enum Items {
    /// Neither field: the (selected) input itself.
    Input,
    /// JSONPath `ItemsPath`.
    Path(Path),
    /// JSONata `Items`: an array, an object, or an expression that gives one.
    Template(Template),
}

/// How iterations run.
#[derive(Debug)]
pub enum Mode {
    Inline,
    Distributed(Box<Distributed>),
}

/// The fields that only a distributed Map has.
#[derive(Debug)]
pub struct Distributed {
    pub is_express: bool,
    pub label: Option<Arc<str>>,
    pub item_reader: Option<ServiceField>,
    /// `MaxItems`, `MaxItemsPath` of the reader's config.
    pub items_max: Option<Setting<u64>>,
    /// The whole of `ItemBatcher`; its sizes are read in the two fields after it.
    pub item_batcher: Option<Template>,
    /// `MaxItemsPerBatch`, `MaxItemsPerBatchPath`.
    pub batch_items_max: Option<Setting<u64>>,
    /// `MaxInputBytesPerBatch`, `MaxInputBytesPerBatchPath`.
    pub batch_bytes_max: Option<Setting<u64>>,
    pub result_writer: Option<ServiceField>,
}

/// `ItemReader` and `ResultWriter`: a service call with its configuration.
#[derive(Debug)]
pub struct ServiceField {
    pub resource: Option<Arc<str>>,
    /// `Parameters` or `Arguments`.
    pub arguments: Option<Template>,
    /// `ReaderConfig` or `WriterConfig`.
    pub config: Option<Template>,
}
