//! What only a distributed Map has: `Label`, `ItemReader`, `ItemBatcher`, `ResultWriter`.

use std::sync::Arc;

use super::{
    codes,
    fields::Fields,
    language,
    limits::{BATCH_BYTES_MAX, ITEMS_MAX, LABEL_CHARS_MAX},
    report::shortened,
    setting,
    state::Source,
    template,
    walk::Walk,
};
use crate::{
    definition::{
        Setting,
        map::{Distributed, ServiceField},
    },
    query::Template,
};

const FIELDS: [&str; 4] = ["Label", "ItemReader", "ItemBatcher", "ResultWriter"];

const READERS: [&str; 2] = [
    "arn:aws:states:::s3:getObject",
    "arn:aws:states:::s3:listObjectsV2",
];
const WRITERS: [&str; 1] = ["arn:aws:states:::s3:putObject"];

const READER_CONFIG: [&str; 10] = [
    "InputType",
    "Transformation",
    "ManifestType",
    "CSVDelimiter",
    "CSVHeaderLocation",
    "CSVHeaders",
    "ItemsPointer",
    "MaxItems",
    "MaxItemsPath",
    "VersionId",
];

const BATCHER: [&str; 5] = [
    "MaxItemsPerBatch",
    "MaxItemsPerBatchPath",
    "MaxInputBytesPerBatch",
    "MaxInputBytesPerBatchPath",
    "BatchInput",
];

/// Reports the fields of a distributed Map on an inline one.
pub(super) fn refuse(fields: &Fields<'_>, walk: &mut Walk<'_>) {
    for name in FIELDS.into_iter().filter(|name| fields.has(name)) {
        let message = format!("Field '{name}' is only supported for a Map in 'DISTRIBUTED' mode");
        walk.report.schema(&fields.at, message);
    }
}

pub(super) fn read<'d>(source: &Source<'d>, is_express: bool, walk: &mut Walk<'d>) -> Distributed {
    let label = label(&source.fields, walk);
    let (item_reader, items_max) = item_reader(source, walk).unzip();
    let batcher = part(source, "ItemBatcher", walk);
    let batch = batcher.as_ref().map(|batcher| batch_sizes(batcher, walk));
    let (batch_items_max, batch_bytes_max) = batch.unwrap_or_default();
    Distributed {
        is_express,
        label,
        item_reader,
        items_max: items_max.flatten(),
        item_batcher: batcher.and_then(|_| template::config(source, "ItemBatcher", walk)),
        batch_items_max,
        batch_bytes_max,
        result_writer: result_writer(source, walk),
    }
}

fn label(fields: &Fields<'_>, walk: &mut Walk<'_>) -> Option<Arc<str>> {
    let label: Arc<str> = Arc::from(fields.text("Label", &mut walk.report)?);
    let at = fields.place("Label");
    let shown = shortened(&label);
    let refused = |one: char| {
        one.is_whitespace() || one.is_control() || "?*<>{}[]:;,\\|^~$#%&`\"".contains(one)
    };
    if label.is_empty() || label.chars().nth(LABEL_CHARS_MAX).is_some() {
        let message = format!("Label '{shown}' must have 1 to {LABEL_CHARS_MAX} characters");
        walk.report.error(codes::INVALID_LABEL_NAME, &at, message);
    } else if label.contains(refused) {
        let message = format!(
            "Label '{shown}' must not contain white space, wildcards, brackets or special characters"
        );
        walk.report.error(codes::INVALID_LABEL_NAME, &at, message);
    } else if !walk.labels.insert(label.clone()) {
        let message = format!("Duplicate Label name: {shown}");
        walk.report.error(codes::DUPLICATE_LABEL_NAME, &at, message);
    }
    Some(label)
}

/// An object below the state, with the fields of the other language refused.
fn part<'d>(source: &Source<'d>, name: &str, walk: &mut Walk<'d>) -> Option<Source<'d>> {
    let value = source.fields.get(name)?;
    let mut fields = Fields::of(value, source.fields.place(name), &mut walk.report)?;
    language::refuse_foreign_fields(&mut fields, source.language, walk);
    Some(Source {
        fields,
        language: source.language,
    })
}

fn arguments(part: &Source<'_>, walk: &mut Walk<'_>) -> Option<Template> {
    template::field(part, "Parameters", walk).or_else(|| template::field(part, "Arguments", walk))
}

/// The reader, and the most items that it gives.
fn item_reader<'d>(
    source: &Source<'d>,
    walk: &mut Walk<'d>,
) -> Option<(ServiceField, Option<Setting<u64>>)> {
    let reader = part(source, "ItemReader", walk)?;
    let known = [
        "Comment",
        "Resource",
        "Parameters",
        "Arguments",
        "ReaderConfig",
    ];
    reader.fields.only(&known, &mut walk.report);
    reader.fields.require(&["Resource"], &mut walk.report);
    let resource = service(&reader, &READERS, walk);
    let config = part(&reader, "ReaderConfig", walk);
    let items_max = config
        .as_ref()
        .and_then(|config| reader_config(config, walk));
    let service = ServiceField {
        resource,
        arguments: arguments(&reader, walk),
        config: config.and_then(|_| template::config(&reader, "ReaderConfig", walk)),
    };
    Some((service, items_max))
}

/// Whatever the partition, so that definitions of every region read alike.
fn service(part: &Source<'_>, known: &[&str], walk: &mut Walk<'_>) -> Option<Arc<str>> {
    let text = part.fields.text("Resource", &mut walk.report)?;
    let after_partition = |arn: &str| arn.splitn(3, ':').nth(2).map(str::to_owned);
    let is_known = text.starts_with("arn:")
        && known
            .iter()
            .any(|arn| after_partition(arn) == after_partition(text));
    if !is_known {
        let message = format!(
            "The resource provided {} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.",
            shortened(text)
        );
        walk.report.schema(&part.fields.place("Resource"), message);
    }
    Some(Arc::from(text))
}

/// Checks the config; the most items that it allows.
fn reader_config(config: &Source<'_>, walk: &mut Walk<'_>) -> Option<Setting<u64>> {
    let fields = &config.fields;
    fields.only(&READER_CONFIG, &mut walk.report);
    let report = &mut walk.report;
    let types = ["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"];
    let input_type = fields.choice("InputType", &types, report);
    fields.choice("Transformation", &["NONE", "LOAD_AND_FLATTEN"], report);
    fields.choice("ManifestType", &["ATHENA_DATA", "S3_INVENTORY"], report);
    let delimiters = ["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"];
    fields.choice("CSVDelimiter", &delimiters, report);
    let locations = ["FIRST_ROW", "GIVEN"];
    let location = fields.choice("CSVHeaderLocation", &locations, report);
    if input_type == Some("CSV") {
        fields.require(&["CSVHeaderLocation"], report);
    }
    if location == Some("GIVEN") {
        fields.require(&["CSVHeaders"], report);
    }
    for (at, header) in fields
        .items("CSVHeaders", false, report)
        .unwrap_or_default()
    {
        if header.as_str().is_none() {
            super::fields::expected("String", header, &at, report);
        }
    }
    let pointer = fields.text("ItemsPointer", report);
    if pointer.is_some_and(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
        let message = "Value must be a JSON Pointer, which starts with '/'";
        report.schema(&fields.place("ItemsPointer"), message);
    }
    fields.text("VersionId", report);
    setting::whole(config, "MaxItems", 0..=ITEMS_MAX, walk)
}

/// `MaxItemsPerBatch` and `MaxInputBytesPerBatch`, of which a batcher has at least one.
fn batch_sizes(
    batcher: &Source<'_>,
    walk: &mut Walk<'_>,
) -> (Option<Setting<u64>>, Option<Setting<u64>>) {
    let fields = &batcher.fields;
    fields.only(&BATCHER, &mut walk.report);
    let mut sizes = BATCHER.into_iter().filter(|name| *name != "BatchInput");
    if !sizes.any(|name| fields.has(name)) {
        let message = "One of the following fields is required: [MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath]";
        walk.report.schema(&fields.at, message);
    }
    (
        setting::whole(batcher, "MaxItemsPerBatch", 0..=ITEMS_MAX, walk),
        setting::whole(batcher, "MaxInputBytesPerBatch", 0..=BATCH_BYTES_MAX, walk),
    )
}

fn result_writer<'d>(source: &Source<'d>, walk: &mut Walk<'d>) -> Option<ServiceField> {
    let writer = part(source, "ResultWriter", walk)?;
    let known = [
        "Comment",
        "Resource",
        "Parameters",
        "Arguments",
        "WriterConfig",
    ];
    writer.fields.only(&known, &mut walk.report);
    // Without a bucket the results stay in the state's output, in the shape that the config asks for.
    let has_place = ["Parameters", "Arguments"]
        .iter()
        .any(|name| writer.fields.has(name));
    if has_place || !writer.fields.has("WriterConfig") {
        writer.fields.require(&["Resource"], &mut walk.report);
    }
    let resource = service(&writer, &WRITERS, walk);
    let config = part(&writer, "WriterConfig", walk);
    if let Some(config) = &config {
        let fields = &config.fields;
        fields.only(&["OutputType", "Transformation"], &mut walk.report);
        fields.choice("OutputType", &["JSON", "JSONL"], &mut walk.report);
        let transformations = ["NONE", "COMPACT", "FLATTEN"];
        fields.choice("Transformation", &transformations, &mut walk.report);
    }
    Some(ServiceField {
        resource,
        arguments: arguments(&writer, walk),
        config: config.and_then(|_| template::config(&writer, "WriterConfig", walk)),
    })
}

#[cfg(test)]
mod tests;
