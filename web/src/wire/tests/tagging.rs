//! Tags of machines and activities.

use serde_json::{Value, json};

use super::*;

fn tag(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": value })
}

async fn tags(test: &TestApp, resource: &str) -> Value {
    let input = json!({ "resourceArn": resource });
    test.ok("ListTagsForResource", input).await["tags"].clone()
}

#[tokio::test]
async fn tags_are_set_changed_and_removed() {
    let test = TestApp::new().await;
    let more = json!({ "tags": [tag("z", "1"), tag("a", "2")] });
    test.ok("CreateStateMachine", machine("pay", more)).await;
    test.ok("CreateActivity", json!({ "name": "a" })).await;
    for resource in [arn("stateMachine:pay"), arn("activity:a")] {
        let set = json!({ "resourceArn": resource, "tags": [tag("z", ""), tag("a", "é b")] });
        assert_eq!(test.ok("TagResource", set).await, json!({}));
        assert_eq!(
            tags(&test, &resource).await,
            json!([tag("z", ""), tag("a", "é b")])
        );
        for keys in [json!([]), json!(["z", "z", "absent", "\u{0}"])] {
            let remove = json!({ "resourceArn": resource, "tagKeys": keys });
            if keys == json!(["z", "z", "absent", "\u{0}"]) {
                assert_eq!(tags(&test, &resource).await.as_array().unwrap().len(), 2);
            }
            assert_eq!(test.ok("UntagResource", remove).await, json!({}));
        }
        assert_eq!(tags(&test, &resource).await, json!([tag("a", "é b")]));
    }
}

#[tokio::test]
async fn tags_that_cannot_be_are_refused() {
    let test = TestApp::new().await;
    test.ok("CreateActivity", json!({ "name": "a" })).await;
    for wrong in [
        json!([tag("k", "1"), tag("k", "2")]),
        json!([tag("k!", "1")]),
        json!([tag("k", "\u{0}")]),
        json!([tag("AWS:k", "1")]),
        json!([{ "value": "1" }]),
    ] {
        let input = json!({ "resourceArn": arn("activity:a"), "tags": wrong });
        let (_, answer) = test.call("TagResource", input).await;
        assert_eq!(answer["__type"], "ValidationException", "{wrong}");
    }
    assert_eq!(tags(&test, &arn("activity:a")).await, json!([]));
}

#[tokio::test]
async fn a_resource_has_fifty_tags_at_most() {
    let test = TestApp::new().await;
    test.ok("CreateActivity", json!({ "name": "a" })).await;
    let many = |range: std::ops::Range<u32>| -> Vec<Value> {
        range.map(|n| tag(&format!("k{n}"), "v")).collect()
    };
    let resource = arn("activity:a");
    let message = format!("Too Many Tags: '{resource}' may have at most 50");
    let input = json!({ "resourceArn": resource, "tags": many(0..51) });
    test.refuse("TagResource", input, "TooManyTags", &message)
        .await;
    test.ok(
        "TagResource",
        json!({ "resourceArn": resource, "tags": many(0..50) }),
    )
    .await;
    test.ok(
        "TagResource",
        json!({ "resourceArn": resource, "tags": many(0..50) }),
    )
    .await;
    let input = json!({ "resourceArn": resource, "tags": many(49..51) });
    test.refuse("TagResource", input, "TooManyTags", &message)
        .await;
    assert_eq!(tags(&test, &resource).await.as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn only_machines_and_activities_have_tags() {
    let test = TestApp::new().await;
    test.ok(
        "CreateStateMachine",
        machine("pay", json!({ "publish": true })),
    )
    .await;
    for absent in [
        arn("stateMachine:pay:1"),
        arn("stateMachine:buy"),
        arn("activity:a"),
        "arn:aws:states:eu-west-1:000000000000:stateMachine:pay".to_owned(),
    ] {
        let message = format!("Resource not found: '{absent}'");
        for (operation, more) in [
            ("TagResource", json!({ "tags": [tag("k", "v")] })),
            ("UntagResource", json!({ "tagKeys": ["k"] })),
            ("ListTagsForResource", json!({})),
        ] {
            let mut input = more;
            input["resourceArn"] = json!(absent);
            test.refuse(operation, input, "ResourceNotFound", &message)
                .await;
        }
    }
    test.refuse(
        "ListTagsForResource",
        json!({ "resourceArn": arn("execution:pay:a") }),
        "InvalidArn",
        "Invalid Arn: 'Resource type not valid in this context: execution'",
    )
    .await;
}
