//! What the service model refuses, and how AWS says it.

use serde_json::json;

use super::super::model;
use super::*;

/// The error that an operation's input gets from the model alone.
fn verdict(operation: &str, mut input: Value) -> Result<(), ApiError> {
    check(model::input(operation).unwrap(), &mut input)
}

#[track_caller]
fn refuse(operation: &str, input: Value, message: &str) {
    let error = verdict(operation, input).unwrap_err();
    assert_eq!(error.message, message);
}

#[track_caller]
fn refuse_one(operation: &str, input: Value, rest: &str) {
    refuse(
        operation,
        input,
        &format!("1 validation error detected: {rest}"),
    );
}

#[test]
fn every_operation_has_an_input_and_asks_for_what_it_requires() {
    assert_eq!(model::OPERATIONS.len(), 37);
    for operation in model::OPERATIONS {
        let shape = model::input(operation).unwrap();
        let Shape::Structure { fields, .. } = shape else {
            panic!("{operation} takes a structure");
        };
        let required = fields.iter().filter(|field| field.is_required).count();
        let mut violations = Violations::default();
        constrain(shape, &json!({}), &mut Path::default(), &mut violations);
        assert_eq!(violations.count, required, "{operation}");
    }
    assert!(model::input("CreateEverything").is_none());
}

#[test]
fn a_length_is_counted_as_java_does() {
    let long = "a".repeat(81);
    refuse_one(
        "CreateActivity",
        json!({ "name": long }),
        &format!(
            "Value '{long}' at 'name' failed to satisfy constraint: \
             Member must have length less than or equal to 80"
        ),
    );
    refuse_one(
        "CreateActivity",
        json!({ "name": "" }),
        "Value '' at 'name' failed to satisfy constraint: \
         Member must have length greater than or equal to 1",
    );
    assert!(verdict("CreateActivity", json!({ "name": "é".repeat(80) })).is_ok());
    assert!(verdict("CreateActivity", json!({ "name": "\u{1f600}".repeat(40) })).is_ok());
    assert!(verdict("CreateActivity", json!({ "name": "\u{1f600}".repeat(41) })).is_err());
}

#[test]
fn a_value_is_bounded() {
    refuse_one(
        "ListExecutions",
        json!({ "maxResults": 1001 }),
        "Value '1001' at 'maxResults' failed to satisfy constraint: \
         Member must have value less than or equal to 1000",
    );
    refuse_one(
        "ListStateMachines",
        json!({ "maxResults": -1 }),
        "Value '-1' at 'maxResults' failed to satisfy constraint: \
         Member must have value greater than or equal to 0",
    );
    refuse_one(
        "UpdateMapRun",
        json!({ "mapRunArn": "a", "toleratedFailurePercentage": 100.5 }),
        "Value '100.5' at 'toleratedFailurePercentage' failed to satisfy constraint: \
         Member must have value less than or equal to 100",
    );
}

#[test]
fn a_choice_lists_its_values_in_the_recorded_order() {
    refuse_one(
        "ListExecutions",
        json!({ "statusFilter": "succeeded" }),
        "Value 'succeeded' at 'statusFilter' failed to satisfy constraint: Member must satisfy \
         enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
    );
}

#[test]
fn a_pattern_is_shown_as_the_model_spells_it() {
    refuse_one(
        "CreateStateMachineAlias",
        json!({ "name": "123", "routingConfiguration": [route(100)] }),
        r"Value '123' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$",
    );
    refuse_one(
        "RedriveExecution",
        json!({ "executionArn": "a", "clientToken": "a b" }),
        "Value 'a b' at 'clientToken' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [!-~]+",
    );
    refuse_one(
        "StartExecution",
        json!({ "stateMachineArn": "a", "traceHeader": "é" }),
        r"Value 'é' at 'traceHeader' failed to satisfy constraint: Member must satisfy regular expression pattern: \p{ASCII}*",
    );
}

fn route(weight: i64) -> Value {
    json!({ "stateMachineVersionArn": "v", "weight": weight })
}

#[test]
fn lists_and_their_items_are_shown_as_java_prints_them() {
    refuse_one(
        "CreateStateMachineAlias",
        json!({ "name": "a", "routingConfiguration": [route(50), route(30), route(20)] }),
        "Value '[RoutingConfigurationListItem(stateMachineVersionArn=v, weight=50), \
         RoutingConfigurationListItem(stateMachineVersionArn=v, weight=30), \
         RoutingConfigurationListItem(stateMachineVersionArn=v, weight=20)]' at \
         'routingConfiguration' failed to satisfy constraint: \
         Member must have length less than or equal to 2",
    );
    refuse_one(
        "CreateStateMachineAlias",
        json!({ "name": "a", "routingConfiguration": [route(101)] }),
        "Value '101' at 'routingConfiguration.1.member.weight' failed to satisfy constraint: \
         Member must have value less than or equal to 100",
    );
}

#[test]
fn what_is_required_may_be_neither_absent_nor_null() {
    let message = "3 validation errors detected: \
        Value null at 'name' failed to satisfy constraint: Member must not be null; \
        Value null at 'definition' failed to satisfy constraint: Member must not be null; \
        Value null at 'roleArn' failed to satisfy constraint: Member must not be null";
    refuse("CreateStateMachine", json!({}), message);
    refuse(
        "CreateStateMachine",
        json!({ "name": null, "definition": null, "type": null, "unknown": { "a": 1 } }),
        message,
    );
    refuse_one(
        "TagResource",
        json!({ "resourceArn": "a", "tags": [null] }),
        "Value null at 'tags.1.member' failed to satisfy constraint: Member must not be null",
    );
}

#[test]
fn a_sensitive_value_is_not_shown() {
    let input = json!({ "name": "a", "roleArn": "r", "definition": "" });
    refuse_one(
        "CreateStateMachine",
        input,
        "Value at 'definition' failed to satisfy constraint: \
         Member must have length greater than or equal to 1",
    );
    let input = json!({ "taskToken": "a".repeat(2049) });
    let error = verdict("SendTaskHeartbeat", input).unwrap_err();
    assert!(!error.message.contains("aaa"), "{}", error.message);
}

#[test]
fn a_wrong_type_is_named_with_its_place() {
    let cases = [
        (
            json!([]),
            "START_ARRAY can not be converted to a Structure at the request's body",
        ),
        (
            json!({ "name": 1 }),
            "NUMBER_VALUE can not be converted to a String at 'name'",
        ),
        (
            json!({ "name": true }),
            "TRUE_VALUE can not be converted to a String at 'name'",
        ),
        (
            json!({ "tags": "x" }),
            "STRING_VALUE can not be converted to a List at 'tags'",
        ),
        (
            json!({ "tags": [["x"]] }),
            "START_ARRAY can not be converted to a Structure at 'tags.1.member'",
        ),
        (
            json!({ "tags": [{ "key": {} }] }),
            "START_OBJECT can not be converted to a String at 'tags.1.member.key'",
        ),
        (
            json!({ "publish": "yes" }),
            "STRING_VALUE can not be converted to a Boolean at 'publish'",
        ),
    ];
    for (input, message) in cases {
        let error = verdict("CreateStateMachine", input).unwrap_err();
        assert_eq!(error.code, crate::wire::error::Code::SerializationException);
        assert_eq!(error.message, message);
    }
    for input in [json!(1.5), json!(4_294_967_296_u64), json!(1e300)] {
        let error = verdict("ListActivities", json!({ "maxResults": input })).unwrap_err();
        assert_eq!(
            error.message,
            format!("{input} can not be converted to an Integer at 'maxResults'")
        );
    }
}

#[test]
fn an_answer_stays_small_however_much_is_wrong() {
    let tags: Vec<Value> = (0..1000)
        .map(|_| json!({ "key": "k".repeat(200) }))
        .collect();
    let error = verdict("TagResource", json!({ "resourceArn": "a", "tags": tags })).unwrap_err();
    assert!(
        error
            .message
            .starts_with("1000 validation errors detected: ")
    );
    assert!(error.message.len() < 5000, "{}", error.message.len());

    let error = verdict("CreateActivity", json!({ "name": "é".repeat(100_000) })).unwrap_err();
    assert!(error.message.len() < 20_000, "{}", error.message.len());
}
