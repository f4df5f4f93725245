//! What is particular to the integrations that AWS calls optimised: the service behind each, how its
//! errors are named, and the little that is done to arguments and outputs.
//!
//! Source: developer guide, "Integrating optimized services", and recorded executions.

use asl::{Json, StateError, json::Object};

use crate::answer::{Answer, text_of};

/// One integration.
#[derive(Debug)]
pub(crate) struct Integration {
    /// Its name in a Resource.
    pub(crate) name: &'static str,
    /// The service's name after `aws-sdk:`.
    pub(crate) service: &'static str,
    /// Before the dot of its error names.
    pub(crate) errors: &'static str,
    /// How the SDK for Java v1 calls the service in its messages.
    pub(crate) title: &'static str,
    /// The error of a code that the operation does not list.
    pub(crate) other: &'static str,
    /// Whether outputs carry the SDK's metadata.
    pub(crate) has_metadata: bool,
}

const fn row(
    name: &'static str,
    service: &'static str,
    errors: &'static str,
    title: &'static str,
    other: &'static str,
    has_metadata: bool,
) -> Integration {
    Integration {
        name,
        service,
        errors,
        title,
        other,
        has_metadata,
    }
}

const ALL: &[Integration] = &[
    row(
        "athena",
        "athena",
        "Athena",
        "AmazonAthena",
        "AmazonAthenaException",
        false,
    ),
    row(
        "batch",
        "batch",
        "Batch",
        "AWSBatch",
        "AWSBatchException",
        false,
    ),
    row(
        "bedrock",
        "bedrock",
        "Bedrock",
        "AmazonBedrock",
        "AmazonBedrockException",
        false,
    ),
    row(
        "codebuild",
        "codebuild",
        "CodeBuild",
        "AWSCodeBuild",
        "AWSCodeBuildException",
        false,
    ),
    row(
        "databrew",
        "databrew",
        "DataBrew",
        "AWSGlueDataBrew",
        "AWSGlueDataBrewException",
        false,
    ),
    row(
        "dynamodb",
        "dynamodb",
        "DynamoDB",
        "AmazonDynamoDBv2",
        "AmazonDynamoDBException",
        true,
    ),
    row("ecs", "ecs", "ECS", "AmazonECS", "AmazonECSException", true),
    row(
        "eks",
        "eks",
        "EKS",
        "AmazonEKS",
        "AmazonEKSException",
        false,
    ),
    row(
        "elasticmapreduce",
        "emr",
        "ElasticMapReduce",
        "AmazonElasticMapReduce",
        "AmazonElasticMapReduceException",
        false,
    ),
    row(
        "emr-containers",
        "emrcontainers",
        "EMRContainers",
        "AmazonEMRContainers",
        "AmazonEMRContainersException",
        false,
    ),
    row(
        "emr-serverless",
        "emrserverless",
        "EMRServerless",
        "AWSEMRServerless",
        "AWSEMRServerlessException",
        false,
    ),
    row(
        "events",
        "eventbridge",
        "EventBridge",
        "AmazonEventBridge",
        "AmazonEventBridgeException",
        false,
    ),
    row("glue", "glue", "Glue", "AWSGlue", "AWSGlueException", false),
    row(
        "mediaconvert",
        "mediaconvert",
        "MediaConvert",
        "AWSMediaConvert",
        "AWSMediaConvertException",
        false,
    ),
    row(
        "sagemaker",
        "sagemaker",
        "SageMaker",
        "AmazonSageMaker",
        "AmazonSageMakerException",
        false,
    ),
    row("sns", "sns", "SNS", "AmazonSNS", "AmazonSNSException", true),
    row("sqs", "sqs", "SQS", "AmazonSQS", "AmazonSQSException", true),
];

pub(crate) fn integration(name: &str, action: &str) -> Option<&'static Integration> {
    const INVOKE_MODEL: Integration = row(
        "bedrock",
        "bedrockruntime",
        "Bedrock",
        "AmazonBedrockRuntime",
        "AmazonBedrockRuntimeException",
        false,
    );
    if (name, action) == ("bedrock", "invokeModel") {
        return Some(&INVOKE_MODEL);
    }
    ALL.iter().find(|integration| integration.name == name)
}

/// Arguments as the service takes them: JSON where it wants text, and what is added to events.
pub(crate) fn arguments(name: &str, given: &Json, execution_arn: &str, machine_arn: &str) -> Json {
    match name {
        "sqs" => with_text(given, &["MessageBody"]),
        "sns" => with_text(given, &["Message"]),
        "events" => {
            let mut members = given.as_object().cloned().unwrap_or_default();
            if let Some(entries) = members.get("Entries").and_then(Json::as_array) {
                let entries = entries
                    .iter()
                    .map(|entry| event(entry, execution_arn, machine_arn));
                let entries = entries.collect();
                members.insert("Entries".into(), Json::array(entries));
            }
            Json::object(members)
        }
        _ => given.clone(),
    }
}

/// `Detail` as text, and the two ARNs behind the entry's own resources.
fn event(entry: &Json, execution_arn: &str, machine_arn: &str) -> Json {
    let entry = with_text(entry, &["Detail"]);
    let Some(members) = entry.as_object() else {
        return entry;
    };
    let mut members = members.clone();
    let resources = members.get("Resources").and_then(Json::as_array);
    let mut resources = resources.unwrap_or_default().to_vec();
    resources.push(Json::string(execution_arn));
    resources.push(Json::string(machine_arn));
    members.insert("Resources".into(), Json::array(resources));
    Json::object(members)
}

fn with_text(given: &Json, names: &[&str]) -> Json {
    let Some(members) = given.as_object() else {
        return given.clone();
    };
    let mut members = members.clone();
    for (name, value) in &mut members {
        let is_text = matches!(value, Json::String(_) | Json::Null);
        if names.contains(&&**name) && !is_text {
            *value = Json::string(value.to_text());
        }
    }
    Json::object(members)
}

/// The output as the integration gives it, or the failure that it makes of one.
pub(crate) fn output(
    integration: &Integration,
    output: Json,
    answer: &Answer,
) -> Result<Json, StateError> {
    if integration.name == "events" {
        let failed = output.get("FailedEntryCount").and_then(Json::as_number);
        if failed.is_some_and(|count| count.as_f64() > 0.0) {
            return Err(StateError::new("EventBridge.FailedEntry", output.to_text()));
        }
    }
    if !integration.has_metadata {
        return Ok(output);
    }
    let mut members = output.as_object().cloned().unwrap_or_default();
    for (name, value) in metadata(answer) {
        members.insert(name.into(), value);
    }
    Ok(Json::object(members))
}

fn metadata(answer: &Answer) -> [(&'static str, Json); 2] {
    let headers = || {
        let all = answer.headers.iter();
        all.filter_map(|(name, value)| Some((name.as_str(), text_of(value)?)))
    };
    let mut lists = Object::new();
    let mut plain = Object::new();
    for (name, value) in headers() {
        lists.insert(name.into(), Json::array(vec![Json::string(value)]));
        plain.insert(name.into(), Json::string(value));
    }
    let request_id = answer.request_id().unwrap_or_default();
    [
        (
            "SdkHttpMetadata",
            Json::members([
                ("AllHttpHeaders", Json::object(lists)),
                ("HttpHeaders", Json::object(plain)),
                ("HttpStatusCode", Json::from(u64::from(answer.status))),
            ]),
        ),
        (
            "SdkResponseMetadata",
            Json::members([("RequestId", Json::string(request_id))]),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model;

    #[test]
    fn every_integration_has_a_service() {
        for integration in ALL {
            assert!(
                model::service(integration.service).is_some(),
                "{}",
                integration.name
            );
        }
        let invoke = integration("bedrock", "invokeModel").unwrap();
        assert!(model::is_action(invoke.service, "invokeModel"));
    }

    #[track_caller]
    fn check(name: &str, given: &str, expected: &str) {
        let given = asl::json::parse(given).unwrap();
        assert_eq!(arguments(name, &given, "E", "M").to_text(), expected);
    }

    #[test]
    fn json_becomes_text_where_a_message_is_text() {
        check(
            "sqs",
            r#"{"QueueUrl":"q","MessageBody":{"a":1.0}}"#,
            r#"{"QueueUrl":"q","MessageBody":"{\"a\":1.0}"}"#,
        );
        check(
            "sns",
            r#"{"Message":"as it is"}"#,
            r#"{"Message":"as it is"}"#,
        );
        check("dynamodb", r#"{"Key":{"a":1}}"#, r#"{"Key":{"a":1}}"#);
    }

    #[test]
    fn an_event_says_where_it_came_from() {
        check(
            "events",
            r#"{"Entries":[{"Detail":{"a":1},"Resources":["own"]}]}"#,
            r#"{"Entries":[{"Detail":"{\"a\":1}","Resources":["own","E","M"]}]}"#,
        );
    }
}
