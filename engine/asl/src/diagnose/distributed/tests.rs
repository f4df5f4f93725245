//! The rules of distributed Map states, each with a definition that breaks it.

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
