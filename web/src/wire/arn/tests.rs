//! ARNs: read, made, refused.

use super::*;

const PREFIX: &str = "arn:aws:states:us-east-1:000000000000:";

fn arns() -> Arns {
    Arns::new("us-east-1", "000000000000")
}

#[track_caller]
fn check(rest: &str, resource: &Resource) {
    let text = format!("{PREFIX}{rest}");
    let arn = arns().read(&text).unwrap();
    assert_eq!(&arn.resource, resource);
    assert!(arn.is_ours);
    assert_eq!(arn.text, text);
}

#[track_caller]
fn refuse(text: &str, message: &str) {
    let error = arns().read(text).unwrap_err();
    assert_eq!(error.code, crate::wire::error::Code::InvalidArn);
    assert_eq!(error.message, format!("Invalid Arn: '{message}'"));
}

fn machine(label: Option<&str>, qualifier: Option<Qualifier>) -> Resource {
    Resource::StateMachine {
        name: "pay".to_owned(),
        label: label.map(str::to_owned),
        qualifier,
    }
}

#[test]
fn every_form_is_read() {
    check("stateMachine:pay", &machine(None, None));
    check(
        "stateMachine:pay:12",
        &machine(None, Some(Qualifier::Version(12))),
    );
    let alias = Qualifier::Alias("PROD-1".to_owned());
    check("stateMachine:pay:PROD-1", &machine(None, Some(alias)));
    check("stateMachine:pay/each", &machine(Some("each"), None));
    check(
        "execution:pay:run-1",
        &Resource::Execution {
            machine: "pay".to_owned(),
            label: None,
            name: "run-1".to_owned(),
        },
    );
    check(
        "execution:pay/each:run-1",
        &Resource::Execution {
            machine: "pay".to_owned(),
            label: Some("each".to_owned()),
            name: "run-1".to_owned(),
        },
    );
    check(
        "express:pay:run-1:4711",
        &Resource::Express {
            machine: "pay".to_owned(),
            name: "run-1".to_owned(),
            id: "4711".to_owned(),
        },
    );
    check(
        "activity:approve.it",
        &Resource::Activity {
            name: "approve.it".to_owned(),
        },
    );
    check(
        "mapRun:pay/each:4711",
        &Resource::MapRun {
            machine: "pay".to_owned(),
            label: "each".to_owned(),
            id: "4711".to_owned(),
        },
    );
}

#[test]
fn what_is_made_is_read_back() {
    let arns = arns();
    check(
        "stateMachine:pay",
        &arns.read(&arns.machine("pay")).unwrap().resource,
    );
    check(
        "stateMachine:pay:3",
        &arns.read(&arns.version("pay", 3)).unwrap().resource,
    );
    check(
        "stateMachine:pay:live",
        &arns.read(&arns.alias("pay", "live")).unwrap().resource,
    );
    check(
        "activity:a",
        &arns.read(&arns.activity("a")).unwrap().resource,
    );
}

#[test]
fn a_wrong_arn_is_refused_in_the_services_words() {
    refuse("xyz", "Invalid ARN prefix: xyz");
    refuse("arn:aws", "Invalid ARN format: arn:aws");
    refuse(
        "arn:aws:states:us-east-1:1:",
        "Invalid ARN format: arn:aws:states:us-east-1:1:",
    );
    refuse(
        "arn:aws:states::1:activity:a",
        "Invalid ARN format: arn:aws:states::1:activity:a",
    );
    refuse(
        "arn:aws:lambda:us-east-1:1:function:f",
        "Service name not valid in this context: lambda",
    );
    refuse(
        &format!("{PREFIX}rocket:r"),
        "Resource type not valid in this context: rocket",
    );
    for rest in [
        "stateMachine:",
        "stateMachine:a:b:c",
        "stateMachine:a b",
        "stateMachine:a\0",
        "stateMachine:a:\u{1}",
        "stateMachine:a/b/c",
        "execution:a",
        "execution:a:b:c",
        "express:a:b",
        "activity:a:b",
        "mapRun:a:b",
    ] {
        let text = format!("{PREFIX}{rest}");
        refuse(&text, &format!("Invalid ARN format: {text}"));
    }
}

#[test]
fn a_resource_of_another_kind_is_out_of_place() {
    let error = arns()
        .read_machine(&format!("{PREFIX}express:a:b:c"))
        .unwrap_err();
    assert_eq!(
        error.message,
        "Invalid Arn: 'Resource type not valid in this context: express'"
    );
    let error = arns().read_activity(&arns().machine("a")).unwrap_err();
    assert_eq!(
        error.message,
        "Invalid Arn: 'Resource type not valid in this context: stateMachine'"
    );
}

#[test]
fn the_label_of_a_map_state_is_not_for_every_operation() {
    let error = arns()
        .read_machine(&format!("{PREFIX}stateMachine:a/each"))
        .unwrap_err();
    assert_eq!(error.reason, Some("API_DOES_NOT_SUPPORT_LABELED_ARNS"));
}

#[test]
fn another_account_or_region_is_well_formed_but_not_ours() {
    for prefix in [
        "arn:aws:states:eu-west-1:000000000000:",
        "arn:aws:states:us-east-1:1:",
    ] {
        let arn = arns()
            .read_machine(&format!("{prefix}stateMachine:a"))
            .unwrap();
        assert!(!arn.is_ours);
        assert_eq!(
            arns()
                .read_activity(&format!("{prefix}activity:a"))
                .unwrap(),
            None
        );
    }
}

#[test]
fn a_version_is_a_number_that_fits() {
    let arn = arns()
        .read(&format!("{PREFIX}stateMachine:a:{}", "9".repeat(30)))
        .unwrap();
    let Resource::StateMachine { qualifier, .. } = arn.resource else {
        panic!("a state machine");
    };
    assert!(matches!(qualifier, Some(Qualifier::Alias(_))));
    let arn = arns().read(&format!("{PREFIX}stateMachine:a:+1"));
    assert!(arn.is_ok_and(|arn| arn.resource
        == Resource::StateMachine {
            name: "a".to_owned(),
            label: None,
            qualifier: Some(Qualifier::Alias("+1".to_owned()))
        }));
}
