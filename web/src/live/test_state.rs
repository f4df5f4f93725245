//! `POST /api/v1/test`: one state by itself, as the operation `TestState` does it, with JSON where that
//! has JSON in texts.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Problem, ProblemBody};
use super::body::Body;
use super::machines::text_of;
use crate::access::Principal;
use crate::app::Shared;
use crate::wire;

/// The routes of this module, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(test))
}

/// A state and what to test it with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestInput {
    /// A state, or a whole machine where `state` names one of its states: an object, or its text.
    #[schema(value_type = Object)]
    definition: Box<RawValue>,
    /// The name of the state within the machine, however deep.
    state: Option<String>,
    /// Any JSON. `{}` where absent.
    #[schema(value_type = Option<Object>)]
    input: Option<Box<RawValue>>,
    /// The variables' values by their names.
    #[schema(value_type = Option<Object>)]
    variables: Option<Box<RawValue>>,
    /// The whole context object.
    #[schema(value_type = Option<Object>)]
    context: Option<Box<RawValue>>,
    /// `arn:aws:iam::ACCOUNT:role/stepwright` where absent.
    role_arn: Option<String>,
    /// How much the answer tells of the data's way through the state.
    #[serde(default)]
    level: Level,
    /// Whether the request of an HTTP task is shown with what its connection adds. Only at level TRACE.
    #[serde(default)]
    reveal_secrets: bool,
    /// What stands in for the work of a Task, Map or Parallel.
    mock: Option<MockInput>,
    #[serde(default)]
    configuration: Configuration,
}

/// `INFO` tells the outcome, `DEBUG` each stage of the data, `TRACE` also an HTTP task's request and
/// response.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Level {
    Info,
    #[default]
    Debug,
    Trace,
}

/// Either a result or an error.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MockInput {
    /// What the work gives: any JSON.
    #[schema(value_type = Option<Object>)]
    result: Option<Box<RawValue>>,
    error_output: Option<MockError>,
    #[serde(default)]
    validation: Validation,
}

/// What the work fails with.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MockError {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

/// How a mock is held against the model of the service that it stands in for: `STRICT` wants all
/// required fields, and all fields right; `PRESENT` those that are there right; `NONE` nothing.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Validation {
    #[default]
    Strict,
    Present,
    None,
}

/// What went before.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Configuration {
    /// How often the retrier that takes the error has tried before.
    #[schema(minimum = 0)]
    retrier_retry_count: Option<u64>,
    /// The state within a Map or Parallel that a mocked error comes from.
    error_caused_by_state: Option<String>,
    /// How many iterations of a Map failed.
    #[schema(minimum = 0)]
    map_iteration_failure_count: Option<u64>,
    /// What an `ItemReader` read: the text of its file, or its JSON.
    #[schema(value_type = Option<Object>)]
    map_item_reader_data: Option<Box<RawValue>>,
}

/// What came of the test.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestOutput {
    /// `SUCCEEDED`, `FAILED`, `RETRIABLE` or `CAUGHT_ERROR`.
    #[schema(example = "SUCCEEDED")]
    status: String,
    /// What leaves the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    output: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// The state that comes next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_state: Option<String>,
    /// The stages of the data that this type of state has, in their order. Absent at level INFO.
    #[serde(skip_serializing_if = "Option::is_none")]
    inspection: Option<Inspection>,
}

macro_rules! inspection {
    (stages { $($(#[$stage_doc:meta])* $stage:ident = $stage_name:literal,)+ }
     others { $($(#[$other_doc:meta])* $other:ident: $kind:ty = $other_name:literal,)+ }) => {
        /// The way of the data through the state; each member only where the state has it.
        #[derive(Debug, Default, Serialize, ToSchema)]
        pub(crate) struct Inspection {
            $(
                $(#[$stage_doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                #[schema(value_type = Option<Object>)]
                $stage: Option<Box<RawValue>>,
            )+
            $(
                $(#[$other_doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                $other: Option<$kind>,
            )+
        }

        impl Inspection {
            /// Of `inspectionData`.
            fn read(mut data: Value) -> Self {
                let mut take = |name: &str| data.get_mut(name).map(Value::take);
                Self {
                    $($stage: take($stage_name).and_then(|it| raw(&it)),)+
                    $($other: take($other_name).and_then(|it| serde_json::from_value(it).ok()),)+
                }
            }
        }
    };
}

inspection! {
    stages {
        /// As it was given.
        input = "input",
        /// After `InputPath`.
        after_input_path = "afterInputPath",
        /// After `Parameters`.
        after_parameters = "afterParameters",
        /// After `Arguments`.
        after_arguments = "afterArguments",
        /// After `ItemsPath`.
        after_items_path = "afterItemsPath",
        /// After the `ItemReader`'s `ItemsPointer`.
        after_items_pointer = "afterItemsPointer",
        /// What each iteration gets after `ItemSelector`: an array.
        after_item_selector = "afterItemSelector",
        /// What each child gets after `ItemBatcher`: an array.
        after_item_batcher = "afterItemBatcher",
        /// What the work gave.
        result = "result",
        /// After `ResultSelector`.
        after_result_selector = "afterResultSelector",
        /// After `ResultPath`.
        after_result_path = "afterResultPath",
        /// All variables after the state, by their names.
        variables = "variables",
    }
    others {
        max_concurrency: u64 = "maxConcurrency",
        tolerated_failure_count: u64 = "toleratedFailureCount",
        tolerated_failure_percentage: f64 = "toleratedFailurePercentage",
        /// Which retrier or catcher took the error.
        error_details: ErrorDetails = "errorDetails",
        /// What an HTTP task sent.
        request: HttpRequest = "request",
        /// What came back.
        response: HttpResponse = "response",
    }
}

/// Which retrier or catcher took the error, counted from 0.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
pub(crate) struct ErrorDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    catch_index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_backoff_interval_seconds: Option<u64>,
}

/// Headers are JSON in a text: an array of values by each name.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct HttpRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

/// Headers are JSON in a text: an array of values by each name.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
pub(crate) struct HttpResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

/// Tests one state by itself
///
/// No state machine and no execution is needed or made. A task without a mock is really called. A Map, a
/// Parallel, an activity, `.sync` and `.waitForTaskToken` need a mock.
#[utoipa::path(
    post,
    path = "/api/v1/test",
    tag = "machines",
    request_body = TestInput,
    responses(
        (status = 200, body = TestOutput, description = "Also where the state failed"),
        (status = 400, body = ProblemBody, description = "The state cannot be tested like that"),
    ),
)]
async fn test(
    _: Principal,
    State(app): State<Shared>,
    Body(input): Body<TestInput>,
) -> Result<Json<TestOutput>, Problem> {
    let account = app.settings.account_id.as_str();
    let request = request(input, account);
    let answer = wire::test_state_natively(&app, request)
        .await
        .map_err(Problem::Wire)?;
    Ok(Json(shown(answer)))
}

/// The input of the operation.
fn request(input: TestInput, account: &str) -> Value {
    let role_arn = input
        .role_arn
        .unwrap_or_else(|| format!("arn:aws:iam::{account}:role/stepwright"));
    let mut request = json!({
        "definition": text_of(&input.definition),
        "roleArn": role_arn,
        "inspectionLevel": input.level,
        "revealSecrets": input.reveal_secrets,
    });
    let given = &input.configuration;
    let mut configuration = json!({});
    put(
        &mut configuration,
        "retrierRetryCount",
        given.retrier_retry_count,
    );
    put(
        &mut configuration,
        "errorCausedByState",
        given.error_caused_by_state.as_deref(),
    );
    put(
        &mut configuration,
        "mapIterationFailureCount",
        given.map_iteration_failure_count,
    );
    put(
        &mut configuration,
        "mapItemReaderData",
        given.map_item_reader_data.as_deref().map(text_of),
    );
    put(&mut request, "stateConfiguration", Some(configuration));
    put(&mut request, "stateName", input.state);
    for (name, value) in [
        ("input", &input.input),
        ("variables", &input.variables),
        ("context", &input.context),
    ] {
        put(&mut request, name, value.as_deref().map(RawValue::get));
    }
    put(&mut request, "mock", input.mock.map(mock));
    request
}

fn mock(given: MockInput) -> Value {
    let mut mock = json!({ "fieldValidationMode": given.validation });
    put(
        &mut mock,
        "result",
        given.result.as_deref().map(RawValue::get),
    );
    put(
        &mut mock,
        "errorOutput",
        given.error_output.map(|error| json!(error)),
    );
    mock
}

fn put(object: &mut Value, name: &str, value: Option<impl Into<Value>>) {
    if let (Some(value), Some(members)) = (value, object.as_object_mut()) {
        members.insert(name.to_owned(), value.into());
    }
}

/// The operation's answer with its JSON taken out of the texts.
fn shown(mut answer: Value) -> TestOutput {
    let text = |name: &str| Some(answer.get(name)?.as_str()?.to_owned());
    TestOutput {
        status: text("status").unwrap_or_default(),
        output: answer.get("output").and_then(raw),
        error: text("error"),
        cause: text("cause"),
        next_state: text("nextState"),
        inspection: answer
            .get_mut("inspectionData")
            .map(|data| Inspection::read(data.take())),
    }
}

/// The JSON in a text, as it is spelled there.
fn raw(text: &Value) -> Option<Box<RawValue>> {
    RawValue::from_string(text.as_str()?.to_owned()).ok()
}
