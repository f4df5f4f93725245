//! State machines: create, update, describe, list, delete, validate.

use serde_json::{Value, json};

use super::*;
use crate::settings::Settings;

#[tokio::test]
async fn a_machine_is_described_with_every_default() {
    let test = TestApp::new().await;
    let created = test
        .ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    assert_eq!(created["stateMachineArn"], arn("stateMachine:pay"));
    assert!(created.get("stateMachineVersionArn").is_none());
    let described = test
        .ok(
            "DescribeStateMachine",
            json!({ "stateMachineArn": created["stateMachineArn"] }),
        )
        .await;
    assert_eq!(
        described,
        json!({
            "stateMachineArn": arn("stateMachine:pay"),
            "name": "pay",
            "status": "ACTIVE",
            "definition": definition("first"),
            "roleArn": ROLE,
            "type": "STANDARD",
            "creationDate": created["creationDate"],
            "loggingConfiguration": { "level": "OFF", "includeExecutionData": false },
            "tracingConfiguration": { "enabled": false },
            "encryptionConfiguration": { "type": "AWS_OWNED_KEY" },
        })
    );
    let arn =
        json!({ "stateMachineArn": arn("stateMachine:pay"), "includedData": "METADATA_ONLY" });
    assert_eq!(
        test.ok("DescribeStateMachine", arn).await["definition"],
        "{}"
    );
}

#[tokio::test]
async fn the_variables_that_states_read_are_listed() {
    let test = TestApp::new().await;
    let text = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Assign": { "x": 1, "y": 2 }, "Next": "B" },
        "B": { "Type": "Pass", "Parameters": { "sum.$": "States.MathAdd($x, $y)" }, "End": true },
    } });
    let more = json!({ "definition": text.to_string() });
    test.ok("CreateStateMachine", machine("pay", more)).await;
    let input = json!({ "stateMachineArn": arn("stateMachine:pay") });
    let described = test.ok("DescribeStateMachine", input.clone()).await;
    assert_eq!(described["variableReferences"], json!({ "B": ["x", "y"] }));
    let mut input = input;
    input["includedData"] = json!("METADATA_ONLY");
    let described = test.ok("DescribeStateMachine", input).await;
    assert!(described.get("variableReferences").is_none());
}

#[tokio::test]
async fn configurations_are_shown_as_they_were_given() {
    let test = TestApp::new().await;
    let logging = json!({
        "level": "ALL",
        "includeExecutionData": true,
        "destinations": [{ "cloudWatchLogsLogGroup": {
            "logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:/flows:*"
        } }],
    });
    let more = json!({
        "type": "EXPRESS",
        "loggingConfiguration": logging,
        "tracingConfiguration": { "enabled": true },
        "encryptionConfiguration": {
            "type": "CUSTOMER_MANAGED_KMS_KEY",
            "kmsKeyId": "k",
            "kmsDataKeyReusePeriodSeconds": 60,
        },
    });
    test.ok("CreateStateMachine", machine("pay", more.clone()))
        .await;
    let described = test
        .ok(
            "DescribeStateMachine",
            json!({ "stateMachineArn": arn("stateMachine:pay") }),
        )
        .await;
    for (member, value) in more.as_object().unwrap() {
        assert_eq!(&described[member.as_str()], value);
    }
}

#[tokio::test]
async fn a_repeated_creation_answers_as_at_first() {
    let test = TestApp::new().await;
    let first = test
        .ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    for same in [
        json!({}),
        json!({ "type": "STANDARD", "publish": false }),
        json!({ "loggingConfiguration": { "level": "OFF" } }),
        json!({ "roleArn": "arn:aws:iam::000000000000:role/other" }),
        json!({ "tags": [{ "key": "a", "value": "b" }] }),
    ] {
        assert_eq!(
            test.ok("CreateStateMachine", machine("pay", same)).await,
            first
        );
    }
    let tags = test
        .ok(
            "ListTagsForResource",
            json!({ "resourceArn": arn("stateMachine:pay") }),
        )
        .await;
    assert_eq!(tags, json!({ "tags": [] }));
    for other in [
        json!({ "definition": definition("other") }),
        json!({ "type": "EXPRESS" }),
        json!({ "publish": true }),
        json!({ "tracingConfiguration": { "enabled": true } }),
        json!({ "encryptionConfiguration": { "type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k" } }),
    ] {
        test.refuse(
            "CreateStateMachine",
            machine("pay", other),
            "StateMachineAlreadyExists",
            &format!(
                "State Machine Already Exists: '{}'",
                arn("stateMachine:pay")
            ),
        )
        .await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_new_machine_is_said_in_the_services_words() {
    let test = TestApp::new().await;
    let cases = [
        (
            json!({ "name": "x y" }),
            "InvalidName",
            "Invalid Name: 'x y'",
        ),
        (
            json!({ "roleArn": "me" }),
            "InvalidArn",
            "Invalid Role Arn: 'me'",
        ),
        (
            json!({ "versionDescription": "v" }),
            "ValidationException",
            "Version description can only be set when publish is true",
        ),
        (
            json!({ "loggingConfiguration": { "level": "ALL" } }),
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Must specify exactly one Log Destination.",
        ),
        (
            json!({ "definition": "{\"StartAt\":\"A\"}" }),
            "InvalidDefinition",
            "Invalid State Machine Definition: \
             'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'",
        ),
        (
            json!({ "publish": true, "versionDescription": "\u{0}" }),
            "ValidationException",
            "1 validation error detected: Value at 'versionDescription' failed to satisfy \
             constraint: Member must not contain the character U+0000",
        ),
    ];
    for (more, name, message) in cases {
        test.refuse("CreateStateMachine", machine("pay", more), name, message)
            .await;
    }
    assert_eq!(
        test.ok("ListStateMachines", json!({})).await,
        json!({ "stateMachines": [] })
    );
}

#[tokio::test]
async fn a_definition_may_be_as_long_as_the_setting_says() {
    let mut settings = Settings::default();
    settings.limits.definition_bytes_max = 2000;
    let test = TestApp::with(settings).await;
    let fitting = definition(&"x".repeat(2000 - definition("").len()));
    assert_eq!(fitting.len(), 2000);
    test.ok(
        "CreateStateMachine",
        machine("pay", json!({ "definition": fitting })),
    )
    .await;
    let message = "1 validation error detected: Value at 'definition' failed to satisfy \
        constraint: Member must have length less than or equal to 2000";
    let long = json!(format!("{fitting} "));
    let refused = "ValidationException";
    let more = json!({ "definition": long });
    test.refuse("CreateStateMachine", machine("buy", more), refused, message)
        .await;
    let input = json!({ "definition": long });
    test.refuse("ValidateStateMachineDefinition", input, refused, message)
        .await;
    let input = json!({ "stateMachineArn": arn("stateMachine:pay"), "definition": long });
    test.refuse("UpdateStateMachine", input, refused, message)
        .await;
}

#[tokio::test]
async fn there_may_be_as_many_machines_as_the_setting_says() {
    let mut settings = Settings::default();
    settings.limits.state_machines_max = 2;
    let test = TestApp::with(settings).await;
    for name in ["a", "b"] {
        test.ok("CreateStateMachine", machine(name, json!({})))
            .await;
    }
    // A repetition makes no machine.
    test.ok("CreateStateMachine", machine("a", json!({}))).await;
    let message =
        "State Machine Limit Exceeded: there are 2 state machines, as many as are allowed";
    let refused = "StateMachineLimitExceeded";
    test.refuse(
        "CreateStateMachine",
        machine("c", json!({})),
        refused,
        message,
    )
    .await;
    test.ok(
        "DeleteStateMachine",
        json!({ "stateMachineArn": arn("stateMachine:a") }),
    )
    .await;
    test.ok("CreateStateMachine", machine("c", json!({}))).await;
}

#[tokio::test]
async fn of_machines_created_at_once_one_is_made() {
    let test = TestApp::new().await;
    let (a, b) = (
        machine("pay", json!({ "definition": definition("a") })),
        machine("pay", json!({ "definition": definition("b") })),
    );
    let (first, second, third) = tokio::join!(
        test.call("CreateStateMachine", a.clone()),
        test.call("CreateStateMachine", b),
        test.call("CreateStateMachine", a),
    );
    let made = [first, second, third]
        .iter()
        .filter(|(status, _)| status.is_success())
        .count();
    assert!(
        made == 1 || made == 2,
        "the one definition that won, once or twice: {made}"
    );
}

#[tokio::test]
async fn an_update_makes_a_revision_only_where_something_changes() {
    let test = TestApp::new().await;
    test.ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    let update = async |more: Value| {
        let mut input = json!({ "stateMachineArn": arn("stateMachine:pay") });
        for (member, value) in more.as_object().unwrap() {
            input[member.as_str()] = value.clone();
        }
        test.ok("UpdateStateMachine", input).await
    };
    let describe = async || {
        test.ok(
            "DescribeStateMachine",
            json!({ "stateMachineArn": arn("stateMachine:pay") }),
        )
        .await
    };

    let same = update(json!({ "definition": definition("first"), "roleArn": ROLE })).await;
    assert!(same.get("revisionId").is_none());
    assert!(describe().await.get("revisionId").is_none());

    let second = update(json!({ "definition": definition("second") })).await;
    let described = describe().await;
    assert_eq!(described["definition"], definition("second"));
    assert_eq!(described["revisionId"], second["revisionId"]);
    assert_eq!(second["revisionId"].as_str().unwrap().len(), 36);
    let again = update(json!({ "definition": definition("second") })).await;
    assert_eq!(again, second);

    let third = update(json!({ "tracingConfiguration": { "enabled": true } })).await;
    assert_ne!(third["revisionId"], second["revisionId"]);
    let described = describe().await;
    assert_eq!(described["definition"], definition("second"));
    assert_eq!(
        described["tracingConfiguration"],
        json!({ "enabled": true })
    );

    // Back to the first text is a new revision all the same.
    let fourth = update(json!({ "definition": definition("first") })).await;
    assert_ne!(fourth["revisionId"], second["revisionId"]);
    assert!(fourth["updateDate"].as_f64() >= third["updateDate"].as_f64());
}

#[tokio::test]
async fn an_update_is_refused_in_the_services_words() {
    let test = TestApp::new().await;
    test.ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    let no_machine = |rest: &str| format!("State Machine Does Not Exist: '{}'", arn(rest));
    let missing = "Either the definition, the role ARN, the LoggingConfiguration, or the \
                   TracingConfiguration must be specified";
    let cases = [
        (json!({}), "MissingRequiredParameter", missing.to_owned()),
        (
            json!({ "publish": true }),
            "MissingRequiredParameter",
            missing.to_owned(),
        ),
        (
            json!({ "roleArn": "me" }),
            "InvalidArn",
            "Invalid Role Arn: 'me'".to_owned(),
        ),
        (
            json!({ "stateMachineArn": "xyz", "roleArn": ROLE }),
            "InvalidArn",
            "Invalid Arn: 'Invalid ARN prefix: xyz'".to_owned(),
        ),
        (
            json!({ "stateMachineArn": arn("stateMachine:buy"), "roleArn": ROLE }),
            "StateMachineDoesNotExist",
            no_machine("stateMachine:buy"),
        ),
        (
            json!({ "stateMachineArn": arn("stateMachine:pay:1"), "roleArn": ROLE }),
            "StateMachineDoesNotExist",
            no_machine("stateMachine:pay:1"),
        ),
        (
            json!({ "versionDescription": "v", "roleArn": ROLE }),
            "ValidationException",
            "Version description can only be set when publish is true".to_owned(),
        ),
    ];
    for (more, name, message) in cases {
        let mut input = json!({ "stateMachineArn": arn("stateMachine:pay") });
        for (member, value) in more.as_object().unwrap() {
            input[member.as_str()] = value.clone();
        }
        test.refuse("UpdateStateMachine", input, name, &message)
            .await;
    }
}

#[tokio::test]
async fn updates_at_once_follow_one_another() {
    let test = TestApp::new().await;
    test.ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    let update = |result: &str| {
        let input = json!({
            "stateMachineArn": arn("stateMachine:pay"),
            "definition": definition(result),
            "publish": true,
        });
        test.ok("UpdateStateMachine", input)
    };
    let answers = tokio::join!(update("a"), update("b"), update("c"), update("d"));
    let mut versions: Vec<String> = [answers.0, answers.1, answers.2, answers.3]
        .iter()
        .map(|answer| {
            answer["stateMachineVersionArn"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    versions.sort();
    let expected: Vec<String> = (1..=4)
        .map(|n| arn(&format!("stateMachine:pay:{n}")))
        .collect();
    assert_eq!(versions, expected);
}

#[tokio::test]
async fn a_machine_is_found_by_its_own_arn_alone() {
    let test = TestApp::new().await;
    test.ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    for other in [
        arn("stateMachine:buy"),
        arn("stateMachine:pay:1"),
        arn("stateMachine:pay:live"),
        "arn:aws:states:eu-west-1:000000000000:stateMachine:pay".to_owned(),
        "arn:aws:states:us-east-1:000000000001:stateMachine:pay".to_owned(),
    ] {
        test.refuse(
            "DescribeStateMachine",
            json!({ "stateMachineArn": other }),
            "StateMachineDoesNotExist",
            &format!("State Machine Does Not Exist: '{other}'"),
        )
        .await;
    }
    test.refuse(
        "DescribeStateMachine",
        json!({ "stateMachineArn": arn("express:pay:a:b") }),
        "InvalidArn",
        "Invalid Arn: 'Resource type not valid in this context: express'",
    )
    .await;
}

#[tokio::test]
async fn machines_are_listed_page_by_page() {
    let test = TestApp::new().await;
    let mut names: Vec<String> = (0..7).map(|n| format!("flow-{}", 7 - n)).collect();
    for name in &names {
        test.ok("CreateStateMachine", machine(name, json!({})))
            .await;
    }
    names.sort();
    for (size, expected) in [(1, 7), (3, 3), (7, 1), (1000, 1)] {
        let (found, pages) = all_pages(
            &test,
            "ListStateMachines",
            &json!({}),
            ("stateMachines", "name"),
            size,
        )
        .await;
        assert_eq!((found, pages), (names.clone(), expected));
    }
    let first = test
        .ok("ListStateMachines", json!({ "maxResults": 1 }))
        .await;
    let item = &first["stateMachines"][0];
    assert_eq!(item["stateMachineArn"], arn("stateMachine:flow-1"));
    assert_eq!(item["type"], "STANDARD");
    assert!(item["creationDate"].is_number());
    // A token is good for its own listing alone.
    for operation in ["ListActivities", "ListStateMachines"] {
        let token = if operation == "ListActivities" {
            first["nextToken"].clone()
        } else {
            json!("made up")
        };
        let input = json!({ "nextToken": token });
        test.refuse(
            operation,
            input,
            "InvalidToken",
            "Invalid Token: 'Invalid token'",
        )
        .await;
    }
}

#[tokio::test]
async fn a_deleted_machine_is_gone_and_its_name_free() {
    let test = TestApp::new().await;
    let tags = json!({ "tags": [{ "key": "a", "value": "b" }], "publish": true });
    test.ok("CreateStateMachine", machine("pay", tags)).await;
    let input = json!({ "stateMachineArn": arn("stateMachine:pay") });
    for _ in 0..2 {
        assert_eq!(
            test.ok("DeleteStateMachine", input.clone()).await,
            json!({})
        );
    }
    test.refuse(
        "DescribeStateMachine",
        input.clone(),
        "StateMachineDoesNotExist",
        &format!(
            "State Machine Does Not Exist: '{}'",
            arn("stateMachine:pay")
        ),
    )
    .await;
    assert_eq!(
        test.ok("ListStateMachines", json!({})).await,
        json!({ "stateMachines": [] })
    );
    test.ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    let tags = test
        .ok(
            "ListTagsForResource",
            json!({ "resourceArn": arn("stateMachine:pay") }),
        )
        .await;
    assert_eq!(tags, json!({ "tags": [] }));
    test.refuse(
        "DeleteStateMachine",
        json!({ "stateMachineArn": arn("stateMachine:pay:1") }),
        "ValidationException",
        &format!(
            "This operation does not support the ARN of a version or an alias: '{}'",
            arn("stateMachine:pay:1")
        ),
    )
    .await;
}

#[tokio::test]
async fn a_definition_is_validated_without_a_machine() {
    let test = TestApp::new().await;
    let answer = test
        .ok(
            "ValidateStateMachineDefinition",
            json!({ "definition": definition("a") }),
        )
        .await;
    assert_eq!(
        answer,
        json!({ "result": "OK", "diagnostics": [], "truncated": false })
    );
    let wrong = json!({
        "StartAt": "A",
        "States": { "A": { "Type": "Pass" }, "B": { "Type": "Pass" }, "C": { "Type": "Pass" } },
    });
    let answer = test
        .ok(
            "ValidateStateMachineDefinition",
            json!({ "definition": wrong.to_string(), "maxResults": 2, "type": "EXPRESS" }),
        )
        .await;
    assert_eq!(answer["result"], "FAIL");
    assert_eq!(answer["truncated"], true);
    assert_eq!(answer["diagnostics"].as_array().unwrap().len(), 2);
    assert_eq!(answer["diagnostics"][0]["severity"], "ERROR");
}
