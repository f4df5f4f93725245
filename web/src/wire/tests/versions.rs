//! Versions: publish, describe, list, delete.

use serde_json::{Value, json};

use super::*;

fn of(name: &str) -> Value {
    json!({ "stateMachineArn": arn(&format!("stateMachine:{name}")) })
}

async fn change(test: &TestApp, result: &str, publish: bool) -> Value {
    let mut input = of("pay");
    input["definition"] = json!(definition(result));
    input["publish"] = json!(publish);
    test.ok("UpdateStateMachine", input).await
}

#[tokio::test]
async fn a_version_is_the_revision_that_was_published() {
    let test = TestApp::new().await;
    let more = json!({ "publish": true, "versionDescription": "Hello!" });
    let created = test
        .ok("CreateStateMachine", machine("pay", more.clone()))
        .await;
    assert_eq!(created["stateMachineVersionArn"], arn("stateMachine:pay:1"));
    assert_eq!(
        test.ok("CreateStateMachine", machine("pay", more)).await,
        created
    );
    let second = change(&test, "second", true).await;
    assert_eq!(second["stateMachineVersionArn"], arn("stateMachine:pay:2"));
    change(&test, "third", false).await;

    let first = test.ok("DescribeStateMachine", of("pay:1")).await;
    assert_eq!(first["stateMachineArn"], arn("stateMachine:pay:1"));
    assert_eq!(first["definition"], definition("first"));
    assert_eq!(first["description"], "Hello!");
    assert!(first.get("revisionId").is_none());
    let described = test.ok("DescribeStateMachine", of("pay:2")).await;
    assert_eq!(described["definition"], definition("second"));
    assert_eq!(described["revisionId"], second["revisionId"]);
    assert!(described.get("description").is_none());
    let current = test.ok("DescribeStateMachine", of("pay")).await;
    assert_eq!(current["definition"], definition("third"));
}

#[tokio::test]
async fn publishing_a_revision_again_answers_with_its_version() {
    let test = TestApp::new().await;
    test.ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    let first = test.ok("PublishStateMachineVersion", of("pay")).await;
    assert_eq!(
        test.ok("PublishStateMachineVersion", of("pay")).await,
        first
    );
    let updated = change(&test, "first", true).await;
    assert_eq!(updated["stateMachineVersionArn"], arn("stateMachine:pay:1"));
    let listed = test.ok("ListStateMachineVersions", of("pay")).await;
    assert_eq!(listed, json!({ "stateMachineVersions": [first] }));
}

#[tokio::test]
async fn a_publication_may_name_the_revision_that_it_expects() {
    let test = TestApp::new().await;
    test.ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    let publish = |revision: &Value| {
        let mut input = of("pay");
        input["revisionId"] = revision.clone();
        input
    };
    test.ok("PublishStateMachineVersion", publish(&json!("INITIAL")))
        .await;
    let updated = change(&test, "second", false).await;
    test.ok(
        "PublishStateMachineVersion",
        publish(&updated["revisionId"]),
    )
    .await;
    for other in [
        "INITIAL",
        "nonsense",
        "01234567-89ab-7def-8123-456789abcdef",
    ] {
        let (status, answer) = test
            .call("PublishStateMachineVersion", publish(&json!(other)))
            .await;
        assert_eq!(
            (status.as_u16(), &answer["__type"]),
            (409, &json!("ConflictException"))
        );
    }
}

#[tokio::test]
async fn numbers_do_not_come_back() {
    let test = TestApp::new().await;
    test.ok(
        "CreateStateMachine",
        machine("pay", json!({ "publish": true })),
    )
    .await;
    change(&test, "second", true).await;
    let second = json!({ "stateMachineVersionArn": arn("stateMachine:pay:2") });
    for _ in 0..2 {
        test.ok("DeleteStateMachineVersion", second.clone()).await;
    }
    test.refuse(
        "DescribeStateMachine",
        of("pay:2"),
        "StateMachineDoesNotExist",
        &format!(
            "State Machine Does Not Exist: '{}'",
            arn("stateMachine:pay:2")
        ),
    )
    .await;
    let third = test.ok("PublishStateMachineVersion", of("pay")).await;
    assert_eq!(third["stateMachineVersionArn"], arn("stateMachine:pay:3"));
}

#[tokio::test]
async fn versions_are_listed_newest_first() {
    let test = TestApp::new().await;
    test.ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    for n in 0..13 {
        change(&test, &n.to_string(), true).await;
    }
    let expected: Vec<String> = (1..=13)
        .rev()
        .map(|n| arn(&format!("stateMachine:pay:{n}")))
        .collect();
    let members = ("stateMachineVersions", "stateMachineVersionArn");
    for (size, count) in [(10, 2), (3, 5), (13, 1)] {
        let (found, pages) =
            all_pages(&test, "ListStateMachineVersions", &of("pay"), members, size).await;
        assert_eq!((found, pages), (expected.clone(), count));
    }
}

#[tokio::test]
async fn a_version_is_not_published_from_a_version() {
    let test = TestApp::new().await;
    test.ok(
        "CreateStateMachine",
        machine("pay", json!({ "publish": true })),
    )
    .await;
    for operation in ["PublishStateMachineVersion", "ListStateMachineVersions"] {
        test.refuse(
            operation,
            of("pay:1"),
            "StateMachineDoesNotExist",
            &format!(
                "State Machine Does Not Exist: '{}'",
                arn("stateMachine:pay:1")
            ),
        )
        .await;
    }
}
