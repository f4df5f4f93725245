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
    definition::map::{Distributed, ServiceField},
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
    Distributed {
        is_express,
        label: label(&source.fields, walk),
        item_reader: item_reader(source, walk),
        item_batcher: item_batcher(source, walk),
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

fn item_reader<'d>(source: &Source<'d>, walk: &mut Walk<'d>) -> Option<ServiceField> {
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
    if let Some(config) = &config {
        check_reader_config(config, walk);
    }
    Some(ServiceField {
        resource,
        arguments: arguments(&reader, walk),
        config: config.and_then(|_| template::config(&reader, "ReaderConfig", walk)),
    })
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

fn check_reader_config(config: &Source<'_>, walk: &mut Walk<'_>) {
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
    setting::whole(config, "MaxItems", 0..=ITEMS_MAX, walk);
}

fn item_batcher<'d>(source: &Source<'d>, walk: &mut Walk<'d>) -> Option<Template> {
    let batcher = part(source, "ItemBatcher", walk)?;
    let fields = &batcher.fields;
    fields.only(&BATCHER, &mut walk.report);
    let sizes = BATCHER.into_iter().filter(|name| *name != "BatchInput");
    if !sizes.into_iter().any(|name| fields.has(name)) {
        let message = "One of the following fields is required: [MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath]";
        walk.report.schema(&fields.at, message);
    }
    setting::whole(&batcher, "MaxItemsPerBatch", 0..=ITEMS_MAX, walk);
    setting::whole(&batcher, "MaxInputBytesPerBatch", 0..=BATCH_BYTES_MAX, walk);
    template::config(source, "ItemBatcher", walk)
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
mod tests {
    use crate::{
        definition::{Kind, map::Mode},
        diagnose::{
            MachineType, parse,
            testing::{check, check_state, one_state},
        },
    };

    fn map(fields: &str) -> String {
        format!(
            r#""Type":"Map","ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"}},
            "StartAt":"x","States":{{"x":{{"Type":"Pass","End":true}}}}}}{fields}"#
        )
    }

    #[test]
    fn the_model_holds_the_distributed_fields() {
        let text = one_state(
            &map(
                r#","Label":"L","ItemReader":{"Resource":"arn:aws:states:::s3:listObjectsV2","Parameters":{"Bucket":"b"}},
                "ItemBatcher":{"MaxItemsPerBatch":10},"ResultWriter":{"WriterConfig":{"OutputType":"JSON"}}"#,
            ),
            r#""End":true"#,
        );
        let (definition, found) = parse(&text, MachineType::Standard);
        assert_eq!(found, []);
        let definition = definition.unwrap();
        let Kind::Map(map) = &definition.scope.states["S"].kind else {
            panic!("not a Map");
        };
        let Mode::Distributed(distributed) = &map.mode else {
            panic!("not distributed");
        };
        assert!(!distributed.is_express);
        assert_eq!(distributed.label.as_deref(), Some("L"));
        let reader = distributed.item_reader.as_ref().unwrap();
        assert_eq!(
            reader.resource.as_deref(),
            Some("arn:aws:states:::s3:listObjectsV2")
        );
        assert!(reader.arguments.is_some() && reader.config.is_none());
        assert!(distributed.item_batcher.is_some());
        assert!(distributed.result_writer.as_ref().unwrap().config.is_some());
    }

    #[test]
    fn an_inline_map_has_none_of_them() {
        check_state(
            r#""Type":"Map","ItemProcessor":{"StartAt":"x","States":{"x":{"Type":"Pass","End":true}}},"Label":"L","ItemReader":{},"ItemBatcher":{},"ResultWriter":{}"#,
            &[
                "Field 'Label' is only supported for a Map in 'DISTRIBUTED' mode",
                "Field 'ItemReader' is only supported for a Map in 'DISTRIBUTED' mode",
                "Field 'ItemBatcher' is only supported for a Map in 'DISTRIBUTED' mode",
                "Field 'ResultWriter' is only supported for a Map in 'DISTRIBUTED' mode",
            ],
        );
    }

    #[test]
    fn a_label_is_short_plain_and_unique() {
        let long = "l".repeat(41);
        check_state(
            &map(&format!(r#","Label":"{long}""#)),
            &[&format!(
                "INVALID_LABEL_NAME: Label '{long}' must have 1 to 40 characters @/Label"
            )],
        );
        check_state(&map(&format!(r#","Label":"{}""#, "l".repeat(40))), &[]);
        check_state(
            &map(r#","Label":"a b""#),
            &[
                "INVALID_LABEL_NAME: Label 'a b' must not contain white space, wildcards, brackets or special characters @/Label",
            ],
        );
        let state = |name: &str, next: &str| {
            format!(
                r#""{name}":{{{},{next}}}"#,
                map(r#","Label":"L""#).replace("\"x\"", &format!("\"x{name}\""))
            )
        };
        check(
            &format!(
                r#"{{"StartAt":"A","States":{{{},{}}}}}"#,
                state("A", r#""Next":"B""#),
                state("B", r#""End":true"#)
            ),
            &["DUPLICATE_LABEL_NAME: Duplicate Label name: L at /States/B/Label"],
        );
    }

    #[test]
    fn a_reader_reads_what_it_knows() {
        let reader = |config: &str| {
            map(&format!(
                r#","ItemReader":{{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{config}}}"#
            ))
        };
        for config in [
            r#"{"InputType":"JSON","ItemsPointer":"/a/b"}"#,
            r#"{"InputType":"CSV","CSVHeaderLocation":"GIVEN","CSVHeaders":["a"],"CSVDelimiter":"PIPE"}"#,
            r#"{"InputType":"MANIFEST","ManifestType":"ATHENA_DATA","MaxItemsPath":"$.max"}"#,
            r#"{"InputType":"PARQUET","MaxItems":100000000,"VersionId":"v"}"#,
        ] {
            check_state(&reader(config), &[]);
        }
        check_state(
            &reader(
                r#"{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW","MaxItems":1,"MaxItemsPath":"$.foo"}"#,
            ),
            &[
                "There should only be one of the following fields: [MaxItems, MaxItemsPath] @/ItemReader/ReaderConfig",
            ],
        );
        check_state(
            &reader(r#"{"InputType":"XML","MaxItems":100000001,"ItemsPointer":"a","Colour":1}"#),
            &[
                "Field 'Colour' is not supported @/ItemReader/ReaderConfig",
                "Value must be one of the following: [CSV, JSON, JSONL, PARQUET, MANIFEST], but was 'XML' @/ItemReader/ReaderConfig/InputType",
                "Maximum value is 100000000 @/ItemReader/ReaderConfig/MaxItems",
                "Value must be a JSON Pointer, which starts with '/' @/ItemReader/ReaderConfig/ItemsPointer",
            ],
        );
        check_state(
            &reader(r#"{"InputType":"CSV"}"#),
            &["These fields are required: [CSVHeaderLocation] @/ItemReader/ReaderConfig"],
        );
        check_state(
            &reader(r#"{"InputType":"CSV","CSVHeaderLocation":"GIVEN"}"#),
            &["These fields are required: [CSVHeaders] @/ItemReader/ReaderConfig"],
        );
        check_state(
            &map(r#","ItemReader":{"Resource":"arn:aws:states:::s3:putObject"}"#),
            &[
                "The resource provided arn:aws:states:::s3:putObject is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. @/ItemReader/Resource",
            ],
        );
    }

    #[test]
    fn a_batcher_has_a_size() {
        check_state(
            &map(r#","ItemBatcher":{"MaxItemsPerBatchPath":"$.n","BatchInput":{"a.$":"$.b"}}"#),
            &[],
        );
        check_state(
            &map(r#","ItemBatcher":{"BatchInput":1}"#),
            &[
                "One of the following fields is required: [MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath] @/ItemBatcher",
            ],
        );
        check_state(
            &map(
                r#","ItemBatcher":{"MaxItemsPerBatch":2,"MaxItemsPerBatchPath":"$.a","MaxInputBytesPerBatch":262145}"#,
            ),
            &[
                "There should only be one of the following fields: [MaxItemsPerBatch, MaxItemsPerBatchPath] @/ItemBatcher",
                "Maximum value is 262144 @/ItemBatcher/MaxInputBytesPerBatch",
            ],
        );
    }

    #[test]
    fn a_writer_has_a_place_or_a_shape() {
        let place = r#""Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"b"}"#;
        check_state(&map(&format!(r#","ResultWriter":{{{place}}}"#)), &[]);
        check_state(
            &map(
                r#","ResultWriter":{"WriterConfig":{"OutputType":"JSONL","Transformation":"COMPACT"}}"#,
            ),
            &[],
        );
        check_state(
            &map(r#","ResultWriter":{}"#),
            &["These fields are required: [Resource] @/ResultWriter"],
        );
        check_state(
            &map(r#","ResultWriter":{"WriterConfig":{"OutputType":"CSV"}}"#),
            &[
                "Value must be one of the following: [JSON, JSONL], but was 'CSV' @/ResultWriter/WriterConfig/OutputType",
            ],
        );
    }
}
