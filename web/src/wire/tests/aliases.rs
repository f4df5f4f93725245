//! Aliases: create, update, describe, list, delete.

use serde_json::{Value, json};

use super::*;

/// A machine `pay` with versions 1, 2 and 3.
async fn three_versions() -> TestApp {
    let test = TestApp::new().await;
    test.ok(
        "CreateStateMachine",
        machine("pay", json!({ "publish": true })),
    )
    .await;
    for result in ["second", "third"] {
        let input = json!({
            "stateMachineArn": arn("stateMachine:pay"),
            "definition": definition(result),
            "publish": true,
        });
        test.ok("UpdateStateMachine", input).await;
    }
    test
}

fn route(version: &str, weight: i64) -> Value {
    json!({ "stateMachineVersionArn": arn(&format!("stateMachine:{version}")), "weight": weight })
}

fn alias(name: &str, routes: &Value) -> Value {
    json!({ "name": name, "description": "d", "routingConfiguration": routes })
}

fn of(name: &str) -> Value {
    json!({ "stateMachineAliasArn": arn(&format!("stateMachine:pay:{name}")) })
}

#[tokio::test]
async fn an_alias_is_created_changed_and_deleted() {
    let test = three_versions().await;
    let input = alias("live", &json!([route("pay:1", 100)]));
    let created = test.ok("CreateStateMachineAlias", input.clone()).await;
    assert_eq!(
        created["stateMachineAliasArn"],
        arn("stateMachine:pay:live")
    );
    assert_eq!(test.ok("CreateStateMachineAlias", input).await, created);
    let described = test.ok("DescribeStateMachineAlias", of("live")).await;
    assert_eq!(
        described,
        json!({
            "stateMachineAliasArn": arn("stateMachine:pay:live"),
            "name": "live",
            "description": "d",
            "routingConfiguration": [route("pay:1", 100)],
            "creationDate": created["creationDate"],
            "updateDate": created["creationDate"],
        })
    );
    let mut update = of("live");
    update["routingConfiguration"] = json!([route("pay:3", 20), route("pay:2", 80)]);
    let updated = test.ok("UpdateStateMachineAlias", update).await;
    let described = test.ok("DescribeStateMachineAlias", of("live")).await;
    assert_eq!(described["updateDate"], updated["updateDate"]);
    assert_eq!(described["description"], "d");
    assert_eq!(
        described["routingConfiguration"],
        json!([route("pay:3", 20), route("pay:2", 80)])
    );
    for _ in 0..2 {
        assert_eq!(
            test.ok("DeleteStateMachineAlias", of("live")).await,
            json!({})
        );
    }
    let message = format!("Resource not found: '{}'", arn("stateMachine:pay:live"));
    test.refuse(
        "DescribeStateMachineAlias",
        of("live"),
        "ResourceNotFound",
        &message,
    )
    .await;
}

#[tokio::test]
async fn another_alias_of_the_name_is_a_conflict() {
    let test = three_versions().await;
    let routes = json!([route("pay:1", 100)]);
    test.ok("CreateStateMachineAlias", alias("live", &routes))
        .await;
    let mut other = alias("live", &routes);
    other["description"] = json!("another");
    for input in [
        other,
        alias("live", &json!([route("pay:1", 50), route("pay:2", 50)])),
    ] {
        test.refuse(
            "CreateStateMachineAlias",
            input,
            "ConflictException",
            "Failed to create alias because an alias with the same name and a different routing \
             configuration already exists.",
        )
        .await;
    }
}

#[tokio::test]
async fn routes_that_make_no_sense_are_refused_in_the_services_words() {
    let test = three_versions().await;
    let v = |n: u32| arn(&format!("stateMachine:pay:{n}"));
    let cases = [
        (
            json!([route("pay:1", 50), route("pay:1", 50)]),
            format!(
                "Routing configuration must contain distinct state machine version ARNs. \
                 Received: [{}, {}]",
                v(1),
                v(1)
            ),
        ),
        (
            json!([route("pay", 70), route("pay:2", 30)]),
            format!(
                "Routing configuration must contain state machine version ARNs. \
                 Received: [{}, {}]",
                arn("stateMachine:pay"),
                v(2)
            ),
        ),
        (
            json!([route("pay:1", 70), route("pay:2", 29)]),
            "Sum of routing configuration weights must equal 100. Received: [70, 29]".to_owned(),
        ),
        (
            json!([route("pay:1", 99)]),
            "Sum of routing configuration weights must equal 100. Received: [99]".to_owned(),
        ),
        (
            json!([route("pay:1", 50), route("buy:1", 50)]),
            format!(
                "Routing configuration must contain versions of one state machine. \
                 Received: [{}, {}]",
                v(1),
                arn("stateMachine:buy:1")
            ),
        ),
    ];
    test.ok(
        "CreateStateMachineAlias",
        alias("live", &json!([route("pay:3", 100)])),
    )
    .await;
    for (routes, message) in cases {
        let refused = "ValidationException";
        test.refuse(
            "CreateStateMachineAlias",
            alias("a", &routes),
            refused,
            &message,
        )
        .await;
        let mut update = of("live");
        update["routingConfiguration"] = routes;
        test.refuse("UpdateStateMachineAlias", update, refused, &message)
            .await;
    }
    for absent in ["pay:9", "buy:1"] {
        let resource = arn(&format!("stateMachine:{absent}"));
        let message = format!("Resource not found: '{resource}'");
        let routes = json!([route(absent, 100)]);
        test.refuse(
            "CreateStateMachineAlias",
            alias("a", &routes),
            "ResourceNotFound",
            &message,
        )
        .await;
    }
    test.refuse(
        "UpdateStateMachineAlias",
        of("live"),
        "ValidationException",
        "Either the description or the routingConfiguration must be specified",
    )
    .await;
}

#[tokio::test]
async fn a_version_that_an_alias_points_at_stays() {
    let test = three_versions().await;
    let routes = json!([route("pay:1", 50), route("pay:2", 50)]);
    for name in ["live", "also"] {
        test.ok("CreateStateMachineAlias", alias(name, &routes))
            .await;
    }
    let second = json!({ "stateMachineVersionArn": arn("stateMachine:pay:2") });
    test.refuse(
        "DeleteStateMachineVersion",
        second.clone(),
        "ConflictException",
        "Version to be deleted must not be referenced by an alias. Current list of aliases \
         referencing this version: [also, live]",
    )
    .await;
    for name in ["live", "also"] {
        test.ok("DeleteStateMachineAlias", of(name)).await;
    }
    test.ok("DeleteStateMachineVersion", second).await;
}

#[tokio::test]
async fn aliases_are_listed_of_a_machine_or_of_a_version() {
    let test = three_versions().await;
    let mut expected = Vec::new();
    for name in ["c", "b", "a", "d"] {
        let version = if name == "b" { "pay:2" } else { "pay:1" };
        test.ok(
            "CreateStateMachineAlias",
            alias(name, &json!([route(version, 100)])),
        )
        .await;
        expected.push(arn(&format!("stateMachine:pay:{name}")));
    }
    let members = ("stateMachineAliases", "stateMachineAliasArn");
    let of_machine = json!({ "stateMachineArn": arn("stateMachine:pay") });
    for (size, count) in [(3, 2), (1, 4), (4, 1)] {
        let (found, pages) =
            all_pages(&test, "ListStateMachineAliases", &of_machine, members, size).await;
        assert_eq!((found, pages), (expected.clone(), count));
    }
    let of_version = json!({ "stateMachineArn": arn("stateMachine:pay:2") });
    let (found, _) = all_pages(&test, "ListStateMachineAliases", &of_version, members, 1).await;
    assert_eq!(found, [arn("stateMachine:pay:b")]);
    let absent = json!({ "stateMachineArn": arn("stateMachine:buy") });
    let message = format!(
        "State Machine Does Not Exist: '{}'",
        arn("stateMachine:buy")
    );
    test.refuse(
        "ListStateMachineAliases",
        absent,
        "StateMachineDoesNotExist",
        &message,
    )
    .await;
}

#[tokio::test]
async fn a_machine_has_a_hundred_aliases_at_most_and_takes_them_along() {
    let test = three_versions().await;
    for n in 0..100 {
        let routes = json!([route("pay:1", 100)]);
        test.ok("CreateStateMachineAlias", alias(&format!("a{n}"), &routes))
            .await;
    }
    let one_more = alias("b", &json!([route("pay:1", 100)]));
    let (status, answer) = test.call("CreateStateMachineAlias", one_more).await;
    assert_eq!(
        (status.as_u16(), &answer["__type"]),
        (402, &json!("ServiceQuotaExceededException"))
    );
    test.ok(
        "DeleteStateMachine",
        json!({ "stateMachineArn": arn("stateMachine:pay") }),
    )
    .await;
    test.ok("CreateStateMachine", machine("pay", json!({})))
        .await;
    let listed = json!({ "stateMachineArn": arn("stateMachine:pay") });
    let listed = test.ok("ListStateMachineAliases", listed).await;
    assert_eq!(listed, json!({ "stateMachineAliases": [] }));
}
