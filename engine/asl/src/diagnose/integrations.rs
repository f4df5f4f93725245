//! Which service integrations there are, in which patterns, and what the main ones must be given.
//!
//! Knowing one is not running it: that is the runtime's. Source: developer guide, "Integrating optimized
//! services", one table for each service.

use crate::definition::resource::Pattern;

/// The patterns that a service's action has.
struct Integration {
    service: &'static str,
    actions: &'static [&'static str],
    has_sync: bool,
    has_token: bool,
}

const fn plain(service: &'static str, actions: &'static [&'static str]) -> Integration {
    Integration {
        service,
        actions,
        has_sync: false,
        has_token: false,
    }
}

const fn job(service: &'static str, actions: &'static [&'static str]) -> Integration {
    Integration {
        has_sync: true,
        ..plain(service, actions)
    }
}

const fn callback(service: &'static str, actions: &'static [&'static str]) -> Integration {
    Integration {
        has_token: true,
        ..plain(service, actions)
    }
}

const fn both(service: &'static str, actions: &'static [&'static str]) -> Integration {
    Integration {
        has_token: true,
        ..job(service, actions)
    }
}

const OPTIMIZED: &[Integration] = &[
    callback("apigateway", &["invoke"]),
    job("athena", &["startQueryExecution"]),
    plain(
        "athena",
        &["stopQueryExecution", "getQueryExecution", "getQueryResults"],
    ),
    both("batch", &["submitJob"]),
    callback("bedrock", &["invokeModel"]),
    job("bedrock", &["createModelCustomizationJob"]),
    plain("bedrock", &["createProvisionedModelThroughput"]),
    job(
        "codebuild",
        &["startBuild", "startBuildBatch", "retryBuildBatch"],
    ),
    plain(
        "codebuild",
        &[
            "stopBuild",
            "batchDeleteBuilds",
            "batchGetReports",
            "stopBuildBatch",
            "deleteBuildBatch",
        ],
    ),
    job("databrew", &["startJobRun"]),
    plain(
        "dynamodb",
        &["getItem", "putItem", "deleteItem", "updateItem"],
    ),
    both("ecs", &["runTask"]),
    job(
        "eks",
        &[
            "createCluster",
            "deleteCluster",
            "createNodegroup",
            "deleteNodegroup",
            "createFargateProfile",
            "deleteFargateProfile",
            "runJob",
        ],
    ),
    plain("eks", &["call"]),
    job(
        "elasticmapreduce",
        &["createCluster", "terminateCluster", "addStep"],
    ),
    plain(
        "elasticmapreduce",
        &[
            "cancelStep",
            "setClusterTerminationProtection",
            "modifyInstanceFleetByName",
            "modifyInstanceGroupByName",
        ],
    ),
    job("emr-containers", &["deleteVirtualCluster", "startJobRun"]),
    plain("emr-containers", &["createVirtualCluster"]),
    job(
        "emr-serverless",
        &[
            "createApplication",
            "startApplication",
            "stopApplication",
            "deleteApplication",
            "startJobRun",
            "cancelJobRun",
        ],
    ),
    callback("events", &["putEvents"]),
    job("glue", &["startJobRun"]),
    plain("http", &["invoke"]),
    callback("lambda", &["invoke"]),
    job("mediaconvert", &["createJob"]),
    job(
        "sagemaker",
        &[
            "createHyperParameterTuningJob",
            "createLabelingJob",
            "createProcessingJob",
            "createTrainingJob",
            "createTransformJob",
        ],
    ),
    plain(
        "sagemaker",
        &[
            "createEndpoint",
            "createEndpointConfig",
            "createModel",
            "updateEndpoint",
        ],
    ),
    callback("sns", &["publish"]),
    callback("sqs", &["sendMessage"]),
    both("states", &["startExecution"]),
];

/// The services of `aws-sdk:NAME`, one a line and sorted, each with its actions behind it. Made by
/// `scripts/models.py` from the public service models.
const SDK_ACTIONS: &str = include_str!("sdk_actions.txt");

/// Whether there is such an integration.
pub(super) fn is_known(service: &str, action: &str, pattern: Pattern) -> bool {
    if let Some(name) = service.strip_prefix("aws-sdk:") {
        let is_sdk_pattern = matches!(pattern, Pattern::RequestResponse | Pattern::TaskToken);
        return is_sdk_pattern && is_sdk_action(name, action);
    }
    OPTIMIZED.iter().any(|known| {
        known.service == service
            && known.actions.contains(&action)
            && match pattern {
                Pattern::RequestResponse => true,
                Pattern::Sync => known.has_sync,
                // Only a nested execution has output that can be JSON or text.
                Pattern::Sync2 => known.has_sync && service == "states",
                Pattern::TaskToken => known.has_token,
            }
    })
}

fn is_sdk_action(service: &str, action: &str) -> bool {
    let lines = SDK_ACTIONS.lines();
    let mut services = lines.filter_map(|line| line.split_once(' '));
    let found = services.find(|(name, _)| *name == service);
    found.is_some_and(|(_, actions)| actions.split(' ').any(|name| name == action))
}

/// Members that `Parameters` or `Arguments` must have.
pub(super) fn required_arguments(service: &str, action: &str) -> &'static [&'static str] {
    match (service, action) {
        ("lambda", "invoke") => &["FunctionName"],
        ("states", "startExecution") => &["StateMachineArn"],
        ("http", "invoke") => &["ApiEndpoint", "Method"],
        ("sqs", "sendMessage") => &["QueueUrl", "MessageBody"],
        ("sns", "publish") => &["Message"],
        ("events", "putEvents") => &["Entries"],
        _ => &[],
    }
}
