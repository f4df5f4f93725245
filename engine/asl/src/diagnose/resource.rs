//! `Resource` of a Task: ARNs of functions and activities, and service integrations.

use std::sync::Arc;

use super::{
    MachineType,
    fields::{self, Fields},
    integrations,
    report::shortened,
    walk::Walk,
};
use crate::definition::{Resource, resource::Pattern};

/// Characters of a function's name and of its qualifier. Source: Lambda, Invoke, `FunctionName`.
const FUNCTION_NAME_CHARS_MAX: usize = 140;
const QUALIFIER_CHARS_MAX: usize = 128;

/// Reads `Resource`, and refuses what the type of machine at hand cannot run.
pub(super) fn read(fields: &Fields<'_>, walk: &mut Walk<'_>) -> Option<Resource> {
    let at = fields.place("Resource");
    let value = fields.get("Resource")?;
    let Some(text) = value.as_str() else {
        fields::expected("String", value, &at, &mut walk.report);
        return None;
    };
    let resource = match parse(text) {
        Ok(resource) => resource,
        Err(problem) => {
            walk.report.schema(&at, problem.message(text));
            return None;
        }
    };
    if walk.machine_type == MachineType::Express {
        let refused = match &resource {
            Resource::Activity { .. } => Some("Activity ARN".to_owned()),
            Resource::Service { pattern, .. } => match pattern {
                Pattern::RequestResponse => None,
                Pattern::Sync | Pattern::Sync2 => {
                    Some(format!("'{}' service integration", pattern.suffix()))
                }
                // The blank at the end is AWS's.
                Pattern::TaskToken => Some(format!("'{}' service integration ", pattern.suffix())),
            },
            Resource::Lambda { .. } => None,
        };
        if let Some(refused) = refused {
            walk.report.schema(
                &at,
                format!("Express state machine does not support {refused}"),
            );
            return None;
        }
    }
    Some(resource)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    /// It is not shaped like an ARN, or like none that a Task can have.
    NotAnArn,
    /// It is an ARN, but of nothing that a Task can call.
    NotRecognized,
}

impl Problem {
    fn message(self, text: &str) -> String {
        match self {
            Self::NotAnArn => "Value is not a valid resource ARN".to_owned(),
            Self::NotRecognized => format!(
                "The resource provided {} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.",
                shortened(text)
            ),
        }
    }
}

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:REST`
fn parse(text: &str) -> Result<Resource, Problem> {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let ["arn", partition, service, region, account, rest] = parts[..] else {
        return Err(Problem::NotAnArn);
    };
    let is_shaped = is_word(partition, "-")
        && is_word(service, "-")
        && (region.is_empty() || is_word(region, "-"))
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && !rest.is_empty();
    if !is_shaped {
        return Err(Problem::NotAnArn);
    }
    match (service, rest.split_once(':')) {
        ("lambda", Some(("function", name))) if is_function(name) => Ok(Resource::Lambda {
            arn: Arc::from(text),
        }),
        ("lambda", _) => Err(Problem::NotAnArn),
        ("states", Some(("activity", name))) if is_activity_name(name) => Ok(Resource::Activity {
            arn: Arc::from(text),
        }),
        ("states", Some(_)) => integration(rest).ok_or(Problem::NotRecognized),
        _ => Err(Problem::NotRecognized),
    }
}

fn is_word(text: &str, others: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || others.contains(one))
}

/// `NAME` or `NAME:QUALIFIER`
fn is_function(text: &str) -> bool {
    let (name, qualifier) = match text.split_once(':') {
        None => (text, None),
        Some((name, qualifier)) => (name, Some(qualifier)),
    };
    name.len() <= FUNCTION_NAME_CHARS_MAX
        && is_word(name, "-_")
        && qualifier.is_none_or(|qualifier| {
            qualifier == "$LATEST"
                || (qualifier.len() <= QUALIFIER_CHARS_MAX && is_word(qualifier, "-_"))
        })
}

/// Source: CreateActivity, `name`.
fn is_activity_name(name: &str) -> bool {
    let refused = |one: char| {
        one.is_whitespace() || one.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(one)
    };
    (1..=80).contains(&name.chars().count()) && !name.contains(refused)
}

/// `SERVICE:ACTION[.sync|.sync:2|.waitForTaskToken]`, where the service may be `aws-sdk:NAME`.
fn integration(text: &str) -> Option<Resource> {
    // The longest first: `.sync` is a part of `.sync:2`.
    const SUFFIXED: [Pattern; 3] = [Pattern::Sync2, Pattern::Sync, Pattern::TaskToken];
    let (call, pattern) = SUFFIXED
        .into_iter()
        .find_map(|pattern| Some((text.strip_suffix(pattern.suffix())?, pattern)))
        .unwrap_or((text, Pattern::RequestResponse));
    let (service, action) = call.rsplit_once(':')?;
    integrations::is_known(service, action, pattern).then(|| Resource::Service {
        service: Arc::from(service),
        action: Arc::from(action),
        pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Problem, Resource, parse};
    use crate::diagnose::{
        MachineType,
        testing::{check_state, check_type, one_state},
    };

    fn service(service: &str, action: &str, pattern: Pattern) -> Resource {
        Resource::Service {
            service: service.into(),
            action: action.into(),
            pattern,
        }
    }

    #[test]
    fn functions_and_activities_are_named_by_arn() {
        for arn in [
            "arn:aws:lambda:us-east-1:000000000000:function:pay",
            "arn:aws:lambda:us-east-1:000000000000:function:pay:$LATEST",
            "arn:aws:lambda:us-east-1:000000000000:function:pay:3",
            "arn:aws:lambda:::function:pay",
            "arn:aws-cn:lambda:region-1:1234567890:function:FUNCTION_NAME",
        ] {
            assert_eq!(parse(arn), Ok(Resource::Lambda { arn: arn.into() }));
        }
        let arn = "arn:aws:states:us-west-2:42:activity:a task.1";
        assert_eq!(parse(arn), Err(Problem::NotRecognized));
        let arn = "arn:aws:states:us-west-2:42:activity:a-task.1";
        assert_eq!(parse(arn), Ok(Resource::Activity { arn: arn.into() }));
    }

    #[test]
    fn integrations_are_service_action_and_pattern() {
        for (arn, expected) in [
            (
                "arn:aws:states:::lambda:invoke",
                service("lambda", "invoke", Pattern::RequestResponse),
            ),
            (
                "arn:aws:states:::states:startExecution.sync:2",
                service("states", "startExecution", Pattern::Sync2),
            ),
            (
                "arn:aws:states:::states:startExecution.sync",
                service("states", "startExecution", Pattern::Sync),
            ),
            (
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                service("sqs", "sendMessage", Pattern::TaskToken),
            ),
            (
                "arn:aws:states:us-east-1:000000000000:aws-sdk:s3:getObject",
                service("aws-sdk:s3", "getObject", Pattern::RequestResponse),
            ),
        ] {
            assert_eq!(parse(arn), Ok(expected), "{arn}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "foo:bar",
            "${lambdaArn",
            "arn:aws:lambda",
            "arn:aws:lambda:region-1:1234567890:function:FUNCTION_NAME:",
            "arn:aws:lambda:region-1:1234567890:function:FUNCTION_NAME:$*#$7485",
            "arn:aws:lambda:us-east-1:000000000000:layer:x",
            "arn::lambda:us-east-1:000000000000:function:x",
        ] {
            assert_eq!(parse(text), Err(Problem::NotAnArn), "{text}");
        }
        for text in [
            "arn:aws:swf:us-east-1:123456789012:task:X",
            "arn:aws:states:::lambda:call",
            "arn:aws:states:::lambda:invoke.sync",
            "arn:aws:states:::nothing:invoke",
            "arn:aws:states:::aws-sdk:s3:getObject.sync",
            "arn:aws:states:::aws-sdk:s3:GetObject",
            "arn:aws:states:us-east-1:000000000000:stateMachine:x",
        ] {
            assert_eq!(parse(text), Err(Problem::NotRecognized), "{text}");
        }
    }

    #[test]
    fn the_refusal_names_the_resource() {
        check_state(
            r#""Type":"Task","Resource":"arn:aws:states:::lambda:call""#,
            &[
                "The resource provided arn:aws:states:::lambda:call is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. @/Resource",
            ],
        );
        check_state(
            r#""Type":"Task","Resource":"pay""#,
            &["Value is not a valid resource ARN @/Resource"],
        );
        check_state(
            r#""Type":"Task","Resource":{"Ref":"X"}"#,
            &["Expected value of type String, but was object @/Resource"],
        );
        check_state(
            r#""Type":"Task""#,
            &["These fields are required: [Resource]"],
        );
    }

    #[test]
    fn express_machines_do_not_wait_for_others() {
        for (resource, refused) in [
            (
                "arn:aws:states:us-east-1:000000000000:activity:a",
                "Activity ARN",
            ),
            (
                "arn:aws:states:::states:startExecution.sync",
                "'.sync' service integration",
            ),
            (
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "'.waitForTaskToken' service integration ",
            ),
        ] {
            let machine = one_state(
                &format!(r#""Type":"Task","Resource":"{resource}""#),
                r#""End":true"#,
            );
            check_type(
                &machine,
                MachineType::Express,
                &[&format!(
                    "SCHEMA_VALIDATION_FAILED: Express state machine does not support {refused} at /States/S/Resource"
                )],
            );
            check_type(&machine, MachineType::Standard, &[]);
        }
    }
}
