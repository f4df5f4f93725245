//! The Map state, inline and distributed.

use super::{
    MachineType, catch, data, distributed,
    fields::Fields,
    retry, scope, setting,
    state::{Source, transition},
    template,
    walk::Walk,
};
use crate::{
    definition::{
        Map,
        map::{Items, Mode},
    },
    query::Template,
};

pub(super) const FIELDS: [&str; 26] = [
    "InputPath",
    "OutputPath",
    "Parameters",
    "ResultSelector",
    "ResultPath",
    "Output",
    "Assign",
    "Items",
    "ItemsPath",
    "ItemSelector",
    "ItemProcessor",
    "Iterator",
    "MaxConcurrency",
    "MaxConcurrencyPath",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
    "Label",
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Retry",
    "Catch",
    "Next",
    "End",
];

/// `ItemProcessor` and its older name.
const PROCESSORS: [&str; 2] = ["ItemProcessor", "Iterator"];

const PROCESSOR_FIELDS: [&str; 4] = ["Comment", "ProcessorConfig", "StartAt", "States"];

/// AWS states no bound; this is the largest number that JSON carries exactly.
const COUNT_MAX: u64 = (1 << 53) - 1;

pub(super) fn read<'d>(source: &Source<'d>, walk: &mut Walk<'d>) -> Option<Map> {
    let fields = &source.fields;
    fields.exactly_one(&PROCESSORS, &mut walk.report);
    let processor = PROCESSORS
        .into_iter()
        .find_map(|name| Some((fields.get(name)?, fields.place(name))))
        .and_then(|(value, at)| Fields::of(value, at, &mut walk.report));
    let is_distributed = processor
        .as_ref()
        .and_then(|processor| processor.get("ProcessorConfig"))
        .and_then(|config| config.get("Mode"))
        .and_then(|mode| mode.as_str())
        == Some("DISTRIBUTED");

    let items = items(source, walk);
    let item_selector = item_selector(source, walk);
    let concurrency_max = setting::whole(source, "MaxConcurrency", 0..=COUNT_MAX, walk);
    let tolerated_failure_count =
        setting::whole(source, "ToleratedFailureCount", 0..=COUNT_MAX, walk);
    let tolerated_failure_percentage =
        setting::number(source, "ToleratedFailurePercentage", 0.0..=100.0, walk);

    let is_express = processor
        .as_ref()
        .is_some_and(|processor| config(processor, walk));
    let mode = if is_distributed {
        Mode::Distributed(Box::new(distributed::read(source, is_express, walk)))
    } else {
        distributed::refuse(fields, walk);
        Mode::Inline
    };

    let outer_type = walk.machine_type;
    if is_express && is_distributed {
        walk.machine_type = MachineType::Express;
    }
    let processor = processor.and_then(|processor| scope::read(&processor, is_distributed, walk));
    walk.machine_type = outer_type;

    let retry = retry::read(fields, walk);
    let catch = catch::read(source, walk);
    let then = transition(fields, walk);
    Some(Map {
        items,
        item_selector,
        processor: processor?,
        mode,
        concurrency_max,
        tolerated_failure_count,
        tolerated_failure_percentage,
        retry,
        catch,
        then: then?,
    })
}

fn items(source: &Source<'_>, walk: &mut Walk<'_>) -> Items {
    let fields = &source.fields;
    if let Some(template) = template::field(source, "Items", walk) {
        let value = fields.get("Items");
        let can_be_items = value.is_none_or(|value| {
            value.as_array().is_some()
                || value.as_object().is_some()
                || super::language::is_expression(value)
        });
        if let Some(value) = value.filter(|_| !can_be_items) {
            let at = fields.place("Items");
            super::fields::expected("Array", value, &at, &mut walk.report);
        }
        return Items::Template(template);
    }
    match fields.get("ItemsPath") {
        None => Items::Input,
        Some(value) => {
            data::path(value, &fields.place("ItemsPath"), walk).map_or(Items::Input, Items::Path)
        }
    }
}

fn item_selector(source: &Source<'_>, walk: &mut Walk<'_>) -> Option<Template> {
    let names = ["ItemSelector", "Parameters"];
    source.fields.at_most_one(&names, &mut walk.report);
    names
        .into_iter()
        .find_map(|name| template::field(source, name, walk))
}

/// Reads the processor's own fields; whether its children are Express executions.
fn config<'d>(processor: &Fields<'d>, walk: &mut Walk<'d>) -> bool {
    processor.only(&PROCESSOR_FIELDS, &mut walk.report);
    processor.text("Comment", &mut walk.report);
    let Some(value) = processor.get("ProcessorConfig") else {
        return false;
    };
    let at = processor.place("ProcessorConfig");
    let Some(config) = Fields::of(value, at, &mut walk.report) else {
        return false;
    };
    config.only(&["Mode", "ExecutionType"], &mut walk.report);
    let mode = config.choice("Mode", &["INLINE", "DISTRIBUTED"], &mut walk.report);
    let kind = config.choice("ExecutionType", &["STANDARD", "EXPRESS"], &mut walk.report);
    match mode {
        Some("DISTRIBUTED") => {
            config.require(&["ExecutionType"], &mut walk.report);
            if walk.machine_type == MachineType::Express {
                let message = "Express state machine does not support 'DISTRIBUTED' mode";
                walk.report.schema(&config.place("Mode"), message);
            }
        }
        Some(_) | None => {
            if config.has("ExecutionType") && (mode.is_some() || !config.has("Mode")) {
                super::fields::unsupported("ExecutionType", &config.at, &mut walk.report);
            }
        }
    }
    kind == Some("EXPRESS")
}

#[cfg(test)]
mod tests;
