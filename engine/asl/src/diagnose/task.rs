//! The Task state.

use super::{
    catch, fields,
    integrations::required_arguments,
    limits::SECONDS_MAX,
    resource, retry, setting,
    state::{Source, transition},
    template,
    walk::Walk,
};
use crate::{
    definition::{QueryLanguage, Resource, Setting, Task},
    query::Template,
};

pub(super) const FIELDS: [&str; 18] = [
    "InputPath",
    "OutputPath",
    "Parameters",
    "ResultSelector",
    "ResultPath",
    "Arguments",
    "Output",
    "Assign",
    "Resource",
    "Credentials",
    "TimeoutSeconds",
    "TimeoutSecondsPath",
    "HeartbeatSeconds",
    "HeartbeatSecondsPath",
    "Retry",
    "Catch",
    "Next",
    "End",
];

pub(super) fn read<'d>(source: &Source<'d>, walk: &mut Walk<'d>) -> Option<Task> {
    source.fields.require(&["Resource"], &mut walk.report);
    let resource = resource::read(&source.fields, walk);
    if let Some(Resource::Service {
        service, action, ..
    }) = &resource
    {
        check_arguments(source, required_arguments(service, action), walk);
    }
    let credentials = credentials(source, walk);
    let timeout_seconds = setting::whole(source, "TimeoutSeconds", 1..=SECONDS_MAX, walk);
    let heartbeat_seconds = setting::whole(source, "HeartbeatSeconds", 1..=SECONDS_MAX, walk);
    if let (Some(Setting::Fixed(timeout)), Some(Setting::Fixed(heartbeat))) =
        (&timeout_seconds, &heartbeat_seconds)
        && heartbeat >= timeout
    {
        let at = source.fields.place("HeartbeatSeconds");
        let message = format!(
            "HeartbeatSeconds ({heartbeat}) must be smaller than TimeoutSeconds ({timeout})"
        );
        walk.report.schema(&at, message);
    }
    let retry = retry::read(&source.fields, walk);
    let catch = catch::read(source, walk);
    let then = transition(&source.fields, walk);
    Some(Task {
        resource: resource?,
        credentials,
        timeout_seconds,
        heartbeat_seconds,
        retry,
        catch,
        then: then?,
    })
}

/// What the integration cannot do without, where the arguments are written out.
fn check_arguments(source: &Source<'_>, required: &[&str], walk: &mut Walk<'_>) {
    for field in ["Parameters", "Arguments"] {
        let Some(members) = source.fields.get(field).and_then(|value| value.as_object()) else {
            continue;
        };
        for name in required {
            if !members.contains_key(*name) && !members.contains_key(&*format!("{name}.$")) {
                let message = format!("The field '{name}' is required but was missing");
                walk.report.schema(&source.fields.place(field), message);
            }
        }
    }
}

fn credentials(source: &Source<'_>, walk: &mut Walk<'_>) -> Option<Template> {
    let value = source.fields.get("Credentials")?;
    let at = source.fields.place("Credentials");
    if source.language == QueryLanguage::Jsonata && value.as_str().is_some() {
        return template::field(source, "Credentials", walk);
    }
    let Some(members) = value.as_object() else {
        fields::expected("Object", value, &at, &mut walk.report);
        return None;
    };
    if !members.contains_key("RoleArn") && !members.contains_key("RoleArn.$") {
        let message = "The field 'RoleArn' is required but was missing";
        walk.report.schema(&at, message);
    }
    template::field(source, "Credentials", walk)
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::check_state;

    fn task(fields: &str) -> String {
        format!(
            r#""Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f"{fields}"#
        )
    }

    #[test]
    fn times_have_ranges_and_one_form() {
        check_state(&task(r#","TimeoutSeconds":30,"HeartbeatSeconds":29"#), &[]);
        check_state(
            &task(r#","TimeoutSecondsPath":"$.t","HeartbeatSecondsPath":"$.h[0]""#),
            &[],
        );
        check_state(
            &task(r#","TimeoutSeconds":30,"HeartbeatSeconds":30"#),
            &["HeartbeatSeconds (30) must be smaller than TimeoutSeconds (30) @/HeartbeatSeconds"],
        );
        check_state(
            &task(r#","TimeoutSeconds":30,"TimeoutSecondsPath":"$.abc""#),
            &[
                "There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath]",
            ],
        );
        check_state(
            &task(r#","HeartbeatSeconds":30,"HeartbeatSecondsPath":"$.abc""#),
            &[
                "There should only be one of the following fields: [HeartbeatSeconds, HeartbeatSecondsPath]",
            ],
        );
        check_state(
            &task(r#","TimeoutSeconds":0,"HeartbeatSeconds":100000000"#),
            &[
                "Minimum value is 1 @/TimeoutSeconds",
                "Maximum value is 99999999 @/HeartbeatSeconds",
            ],
        );
        check_state(
            &task(r#","TimeoutSeconds":"$.t","HeartbeatSecondsPath":"$$.t""#),
            &[
                "Expected value of type Integer, but was string @/TimeoutSeconds",
                "Value is not a Reference Path: the Context Object can not be used here @/HeartbeatSecondsPath",
            ],
        );
    }

    #[test]
    fn credentials_have_a_role() {
        check_state(
            &task(r#","Credentials":{"RoleArn":"arn:aws:iam::1:role/r"}"#),
            &[],
        );
        check_state(&task(r#","Credentials":{"RoleArn.$":"$.role"}"#), &[]);
        for missing in ["{}", r#"{"InvalidField":"invalid"}"#] {
            check_state(
                &task(&format!(r#","Credentials":{missing}"#)),
                &["The field 'RoleArn' is required but was missing @/Credentials"],
            );
        }
        check_state(
            &task(r#","Credentials":"r""#),
            &["Expected value of type Object, but was string @/Credentials"],
        );
    }

    #[test]
    fn an_integration_needs_its_arguments() {
        check_state(
            r#""Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"Payload":1}"#,
            &["The field 'FunctionName' is required but was missing @/Parameters"],
        );
        check_state(
            r#""Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName.$":"$.f"}"#,
            &[],
        );
    }

    #[test]
    fn data_fields_are_paths_and_templates() {
        check_state(
            &task(
                r#","InputPath":"$.a","Parameters":{"x.$":"$.b"},"ResultSelector":{"y.$":"$.c"},"ResultPath":"$.d","OutputPath":"$.e""#,
            ),
            &[],
        );
        check_state(
            &task(r#","InputPath":null,"ResultPath":null,"OutputPath":null"#),
            &[],
        );
        check_state(
            &task(r#","InputPath":1,"ResultSelector":"x","ResultPath":{},"OutputPath":[]"#),
            &[
                "Expected value of type String, but was number @/InputPath",
                "Expected value of type Object, but was string @/ResultSelector",
                "Expected value of type String, but was object @/ResultPath",
                "Expected value of type String, but was array @/OutputPath",
            ],
        );
        check_state(
            &task(r#","ResultPath":"guid""#),
            &["Value is not a Reference Path: Reference path didn't start with '$' @/ResultPath"],
        );
        check_state(
            &task(r#","ResultPath":"$$.x""#),
            &[
                "Value is not a Reference Path: the Context Object can not be used here @/ResultPath",
            ],
        );
    }
}
