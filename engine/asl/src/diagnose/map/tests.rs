//! The rules of Map states, each with a definition that breaks it.

use crate::diagnose::{
    MachineType,
    testing::{check_state, check_type, one_state},
};

const INLINE: &str = r#""ItemProcessor":{"StartAt":"x","States":{"x":{"Type":"Pass","End":true}}}"#;

fn map(fields: &str) -> String {
    format!(r#""Type":"Map",{INLINE}{fields}"#)
}

#[test]
fn a_map_has_one_processor() {
    check_state(&map(""), &[]);
    check_state(
        &INLINE.replace("ItemProcessor", "Type\":\"Map\",\"Iterator"),
        &[],
    );
    check_state(
        r#""Type":"Map""#,
        &["One of the following fields is required: [ItemProcessor, Iterator]"],
    );
    check_state(
        &map(&format!(
            ",{}",
            INLINE
                .replace("ItemProcessor", "Iterator")
                .replace('x', "y")
        )),
        &["There should only be one of the following fields: [ItemProcessor, Iterator]"],
    );
    check_state(
        r#""Type":"Map","ItemProcessor":{"QueryLanguage":"JSONata","ProcessorConfig":{"Mode":"INLINE","ExecutionType":"EXPRESS"},"StartAt":"x","States":{"x":{"Type":"Pass","End":true}}}"#,
        &[
            "Field 'QueryLanguage' is not supported @/ItemProcessor",
            "Field 'ExecutionType' is not supported @/ItemProcessor/ProcessorConfig",
        ],
    );
    check_state(
        r#""Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"FAST"},"StartAt":"x","States":{"x":{"Type":"Pass","End":true}}}"#,
        &[
            "Value must be one of the following: [INLINE, DISTRIBUTED], but was 'FAST' @/ItemProcessor/ProcessorConfig/Mode",
        ],
    );
}

#[test]
fn items_come_from_one_place() {
    check_state(
        &map(r#","ItemsPath":"$.items","ItemSelector":{"v.$":"$$.Map.Item.Value"}"#),
        &[],
    );
    check_state(
        &map(r#","ItemsPath":"$$.Execution.Input","Parameters":"$.foo""#),
        &[],
    );
    check_state(
        &map(r#","ItemsPath":null"#),
        &["Expected value of type String, but was null @/ItemsPath"],
    );
    check_state(
        &map(r#","Parameters":{},"ItemSelector":{}"#),
        &["There should only be one of the following fields: [ItemSelector, Parameters]"],
    );
    check_state(&map(r#","QueryLanguage":"JSONata","Items":[1,2]"#), &[]);
    check_state(
        &map(r#","QueryLanguage":"JSONata","Items":3"#),
        &["Expected value of type Array, but was number @/Items"],
    );
}

#[test]
fn numbers_have_ranges_and_one_form() {
    check_state(
        &map(r#","MaxConcurrency":0,"ToleratedFailureCount":0,"ToleratedFailurePercentage":12.5"#),
        &[],
    );
    check_state(
        &map(
            r#","MaxConcurrencyPath":"$.a","ToleratedFailureCountPath":"$.b","ToleratedFailurePercentagePath":"$.c""#,
        ),
        &[],
    );
    check_state(
        &map(r#","MaxConcurrency":-1,"ToleratedFailureCount":-1,"ToleratedFailurePercentage":-1"#),
        &[
            "Minimum value is 0 @/MaxConcurrency",
            "Minimum value is 0 @/ToleratedFailureCount",
            "Minimum value is 0.0 @/ToleratedFailurePercentage",
        ],
    );
    check_state(
        &map(r#","ToleratedFailurePercentage":101"#),
        &["Maximum value is 100.0 @/ToleratedFailurePercentage"],
    );
    check_state(
        &map(r#","MaxConcurrency":1,"MaxConcurrencyPath":"$.a""#),
        &["There should only be one of the following fields: [MaxConcurrency, MaxConcurrencyPath]"],
    );
}

#[test]
fn an_express_child_execution_is_express_inside() {
    let child = |kind: &str| {
        format!(
            r#""Type":"Map","ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"{kind}"}},
            "StartAt":"x","States":{{"x":{{"Type":"Task","Resource":"arn:aws:states:us-east-1:1:activity:a","End":true}}}}}}"#
        )
    };
    check_state(&child("STANDARD"), &[]);
    check_state(
        &child("EXPRESS"),
        &["Express state machine does not support Activity ARN @/ItemProcessor/States/x/Resource"],
    );
    check_type(
        &one_state(
            r#""Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},
            "StartAt":"x","States":{"x":{"Type":"Succeed"}}}"#,
            r#""End":true"#,
        ),
        MachineType::Express,
        &[
            "SCHEMA_VALIDATION_FAILED: Express state machine does not support 'DISTRIBUTED' mode at /States/S/ItemProcessor/ProcessorConfig/Mode",
        ],
    );
}
