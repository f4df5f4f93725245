//! Whether a result that somebody made up looks as the service would answer, by its model.
//!
//! Only the two texts of problems with texts and absent members were recorded on AWS; the others follow
//! their pattern.

use asl::Json;

use crate::model::{self, Service, Shape, Target};
use crate::{names, optimized};

/// Whose answer a result stands for: `arn:aws:states:::aws-sdk:SERVICE:ACTION`, or without `aws-sdk`.
#[derive(Clone, Copy, Debug)]
pub struct Integration<'a> {
    pub service: &'a str,
    pub action: &'a str,
    pub is_sdk: bool,
}

/// The first thing that is wrong with `result`; nothing where it is right or no model knows the
/// operation. Members that the model does not have are let pass, since outputs carry metadata.
pub fn problem(of: Integration<'_>, result: &Json, needs_required: bool) -> Option<String> {
    let service = if of.is_sdk {
        of.service
    } else {
        optimized::integration(of.service, of.action)?.service
    };
    let service = model::service(service)?;
    let (_, operation) = service.operation(of.action)?;
    let output = operation.output.as_deref()?;
    let check = Check {
        service: &service,
        needs_required,
    };
    if result.as_object().is_none() {
        return Some("Mock result must be a JSON object".to_owned());
    }
    check.value(output, result, "")
}

struct Check<'s> {
    service: &'s Service,
    needs_required: bool,
}

impl Check<'_> {
    /// `at` is empty for the result itself.
    fn value(&self, reference: &str, value: &Json, at: &str) -> Option<String> {
        let (is_right, kind) = match self.service.target(reference) {
            Target::String | Target::Blob | Target::Timestamp(_) => {
                (value.as_str().is_some(), "a string")
            }
            Target::Integer => {
                let whole = value.as_number().and_then(asl::json::Number::as_whole);
                (whole.is_some(), "an integer")
            }
            Target::Float => (value.as_number().is_some(), "a number"),
            Target::Boolean => (value.as_bool().is_some(), "a boolean"),
            // A payload of any kind, and JSON that is text on the wire.
            Target::JsonText | Target::Shape(Shape::Document { .. }) => (true, ""),
            Target::Shape(shape) => return self.shape(shape, value, at),
        };
        (!is_right).then(|| wrong(at, kind))
    }

    fn shape(&self, shape: &Shape, value: &Json, at: &str) -> Option<String> {
        match shape {
            Shape::Document { .. } => None,
            Shape::List { list, .. } => {
                let Some(items) = value.as_array() else {
                    return Some(wrong(at, "an array"));
                };
                let mut items = items.iter().enumerate();
                items.find_map(|(index, item)| self.value(list, item, &format!("{at}[{index}]")))
            }
            Shape::Map { map, .. } => {
                let Some(members) = value.as_object() else {
                    return Some(wrong(at, "an object"));
                };
                let mut members = members.iter();
                members.find_map(|(name, member)| self.value(map, member, &below(at, name)))
            }
            Shape::Structure {
                members, required, ..
            } => {
                let Some(given) = value.as_object() else {
                    return Some(wrong(at, "an object"));
                };
                if self.needs_required {
                    let mut wanted = required.iter().map(|name| names::pascal(name));
                    if let Some(missing) = wanted.find(|name| !given.contains_key(name.as_str())) {
                        let missing = below(at, &missing);
                        return Some(format!("Required field '{missing}' is missing"));
                    }
                }
                members.iter().find_map(|(name, member)| {
                    let name = names::pascal(name);
                    let value = given.get(name.as_str())?;
                    self.value(&member.target, value, &below(at, &name))
                })
            }
        }
    }
}

fn wrong(at: &str, kind: &str) -> String {
    format!("Field '{at}' must be {kind}")
}

fn below(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(resource: &str, result: &str, needs_required: bool, problem_wanted: Option<&str>) {
        let is_sdk = resource.starts_with("aws-sdk:");
        let (service, action) = resource
            .trim_start_matches("aws-sdk:")
            .split_once(':')
            .unwrap();
        let of = Integration {
            service,
            action,
            is_sdk,
        };
        let result = asl::json::parse(result).unwrap();
        let found = problem(of, &result, needs_required);
        assert_eq!(found.as_deref(), problem_wanted, "{resource} {result:?}");
    }

    #[test]
    fn members_have_the_types_of_the_model_however_deep() {
        let item = |value: &str| format!("{{\"Item\":{{\"id\":{value}}}}}");
        for (value, wrong) in [
            (r#"{"S":"a"}"#, None),
            (r#"{"S":1}"#, Some("Field 'Item.id.S' must be a string")),
            (
                r#"{"BOOL":1}"#,
                Some("Field 'Item.id.BOOL' must be a boolean"),
            ),
            (r#"{"L":{}}"#, Some("Field 'Item.id.L' must be an array")),
            (
                r#"{"L":[{"M":{"x":{"N":2}}}]}"#,
                Some("Field 'Item.id.L[0].M.x.N' must be a string"),
            ),
            ("[]", Some("Field 'Item.id' must be an object")),
        ] {
            check("dynamodb:getItem", &item(value), true, wrong);
            check("aws-sdk:dynamodb:getItem", &item(value), false, wrong);
        }
        check(
            "dynamodb:getItem",
            "[]",
            true,
            Some("Mock result must be a JSON object"),
        );
    }

    #[test]
    fn required_members_are_wanted_only_in_the_strict_mode() {
        let started = r#"{"StartDate":"d"}"#;
        let missing = Some("Required field 'ExecutionArn' is missing");
        check("aws-sdk:sfn:startExecution", started, true, missing);
        check("aws-sdk:sfn:startExecution", started, false, None);
        let wrong = r#"{"ExecutionArn":"a","StartDate":5}"#;
        let text = Some("Field 'StartDate' must be a string");
        check("aws-sdk:sfn:startExecution", wrong, false, text);
    }

    #[test]
    fn what_the_model_does_not_know_passes() {
        check(
            "sqs:sendMessage",
            r#"{"MessageId":"m","SdkHttpMetadata":{}}"#,
            true,
            None,
        );
        check("nothing:atAll", "5", true, None);
        check("sqs:noSuchAction", "5", true, None);
    }
}
