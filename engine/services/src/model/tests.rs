//! Every model that is carried: it can be read, and says what a call needs to know.

use super::*;

#[test]
fn every_model_can_be_read_and_every_reference_leads_somewhere() {
    let names = all();
    assert!(names.len() > 400, "{} services", names.len());
    let leaves = [
        "string",
        "character",
        "integer",
        "long",
        "float",
        "double",
        "bigdecimal",
        "boolean",
        "blob",
        "jsonvalue",
        "timestamp",
        "timestamp:iso8601",
        "timestamp:unixTimestamp",
        "timestamp:rfc822",
    ];
    for name in names {
        let service = unpack(&name).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert_eq!(service.sdk.to_ascii_lowercase(), name);
        let is_known =
            |target: &str| leaves.contains(&target) || service.shapes.contains_key(target);
        for (operation, found) in &service.operations {
            for target in found.input.iter().chain(&found.output) {
                assert!(
                    service.members(Some(target)).is_some(),
                    "{name} {operation}: {target}"
                );
            }
        }
        for (shape, found) in &service.shapes {
            let targets: Vec<&String> = match found {
                Shape::Document { .. } => Vec::new(),
                Shape::Structure {
                    members, required, ..
                } => {
                    assert!(
                        required.iter().all(|name| members.contains_key(name)),
                        "{shape}"
                    );
                    members.values().map(|member| &member.target).collect()
                }
                Shape::List { list, .. } => vec![list],
                Shape::Map { map, .. } => vec![map],
            };
            for target in targets {
                assert!(is_known(target), "{name} {shape}: {target}");
            }
        }
    }
}

#[test]
fn actions_are_known_by_service_and_name() {
    for (service, action, expected) in [
        ("dynamodb", "getItem", true),
        ("sfn", "startExecution", true),
        ("cloudwatchlogs", "createLogGroup", true),
        ("eventbridge", "putEvents", true),
        ("s3", "getObject", true),
        ("ec2", "describeInstances", true),
        ("dynamodb", "GetItem", false),
        ("dynamodb", "getitem", false),
        ("dynamo", "getItem", false),
        ("../models/s3", "getObject", false),
    ] {
        assert_eq!(is_action(service, action), expected, "{service}:{action}");
    }
}
