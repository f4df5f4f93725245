//! Activities: create, describe, list, delete.

use serde_json::json;

use super::*;
use crate::settings::Settings;

#[tokio::test]
async fn an_activity_is_created_once_and_described() {
    let test = TestApp::new().await;
    let created = test
        .ok("CreateActivity", json!({ "name": "approve.it" }))
        .await;
    assert_eq!(created["activityArn"], arn("activity:approve.it"));
    let tagged = json!({ "name": "approve.it", "tags": [{ "key": "a", "value": "b" }] });
    assert_eq!(test.ok("CreateActivity", tagged).await, created);
    let input = json!({ "activityArn": arn("activity:approve.it") });
    assert_eq!(
        test.ok("DescribeActivity", input).await,
        json!({
            "activityArn": arn("activity:approve.it"),
            "name": "approve.it",
            "creationDate": created["creationDate"],
            "encryptionConfiguration": { "type": "AWS_OWNED_KEY" },
        })
    );
    let other = json!({ "name": "approve.it", "encryptionConfiguration": {
        "type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k",
    } });
    let message = format!(
        "Activity Already Exists: '{}'. EncryptionConfiguration may not be updated.",
        arn("activity:approve.it")
    );
    test.refuse("CreateActivity", other, "ActivityAlreadyExists", &message)
        .await;
}

#[tokio::test]
async fn a_deleted_activity_is_gone() {
    let test = TestApp::new().await;
    let tags = json!([{ "key": "a", "value": "b" }]);
    test.ok("CreateActivity", json!({ "name": "a", "tags": tags }))
        .await;
    let input = json!({ "activityArn": arn("activity:a") });
    for _ in 0..2 {
        assert_eq!(test.ok("DeleteActivity", input.clone()).await, json!({}));
    }
    let message = format!("Activity Does Not Exist: '{}'", arn("activity:a"));
    test.refuse("DescribeActivity", input, "ActivityDoesNotExist", &message)
        .await;
    test.ok("CreateActivity", json!({ "name": "a" })).await;
    let tags = test
        .ok(
            "ListTagsForResource",
            json!({ "resourceArn": arn("activity:a") }),
        )
        .await;
    assert_eq!(tags, json!({ "tags": [] }));
}

#[tokio::test]
async fn wrong_names_and_arns_are_refused() {
    let test = TestApp::new().await;
    for name in [
        "\0activity",
        "activity\u{1f}",
        "activity name",
        "activity\"name",
    ] {
        let message = format!("Invalid Name: '{name}'");
        test.refuse(
            "CreateActivity",
            json!({ "name": name }),
            "InvalidName",
            &message,
        )
        .await;
    }
    for operation in ["DescribeActivity", "DeleteActivity"] {
        test.refuse(
            operation,
            json!({ "activityArn": "no_an_activity_arn" }),
            "InvalidArn",
            "Invalid Arn: 'Invalid ARN prefix: no_an_activity_arn'",
        )
        .await;
    }
}

#[tokio::test]
async fn activities_are_listed_page_by_page_up_to_their_limit() {
    let mut settings = Settings::default();
    settings.limits.activities_max = 5;
    let test = TestApp::with(settings).await;
    for name in ["e", "b", "d", "a", "c"] {
        test.ok("CreateActivity", json!({ "name": name })).await;
    }
    for (size, expected) in [(2, 3), (5, 1)] {
        let (found, pages) = all_pages(
            &test,
            "ListActivities",
            &json!({}),
            ("activities", "name"),
            size,
        )
        .await;
        assert_eq!(found, ["a", "b", "c", "d", "e"]);
        assert_eq!(pages, expected);
    }
    let message = "Activity Limit Exceeded: there are 5 activities, as many as are allowed";
    test.refuse(
        "CreateActivity",
        json!({ "name": "f" }),
        "ActivityLimitExceeded",
        message,
    )
    .await;
}

#[tokio::test]
async fn no_more_workers_poll_for_an_activity_than_may() {
    let mut settings = Settings::default();
    settings.limits.activity_pollers_max = 1;
    let test = TestApp::with(settings).await;
    test.ok("CreateActivity", json!({ "name": "pack" })).await;
    let poll = || json!({ "activityArn": arn("activity:pack") });
    let mut waiting = std::pin::pin!(test.call("GetActivityTask", poll()));
    let refused = test.refuse(
        "GetActivityTask",
        poll(),
        "ActivityWorkerLimitExceeded",
        "The maximum number of workers concurrently polling for activity tasks has been reached.",
    );
    let refused = async {
        // Until the first has its place the second would wait in its stead.
        while test.app.engine.pollers("pack") == 0 {
            tokio::task::yield_now().await;
        }
        refused.await;
    };
    tokio::select! {
        _ = &mut waiting => panic!("there is no task to be had"),
        () = refused => {}
    }
}
