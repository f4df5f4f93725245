//! TestState: one state by itself, with its input, variables and context, and a mock for its work.
//!
//! Source of the refusals' texts: recorded answers, as far as there are any; else the service model.

mod mock;
mod trace;

use std::sync::Arc;

use asl::machine::test_state::{Configuration, Status, Subject, Unfit};
use asl::query::Variables;
use asl::{Json, Payload};
use runtime::test_state::{TestError, TestRequest, Tested, reader_data};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::error::{ApiError, Code};
use super::{definition, model, protocol, start_execution, validate};
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    definition: String,
    role_arn: Option<String>,
    input: Option<String>,
    #[serde(default)]
    inspection_level: Level,
    #[serde(default)]
    reveal_secrets: bool,
    variables: Option<String>,
    state_name: Option<String>,
    mock: Option<mock::Input>,
    context: Option<String>,
    #[serde(default)]
    state_configuration: StateConfiguration,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Level {
    #[default]
    Info,
    Debug,
    Trace,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StateConfiguration {
    #[serde(default)]
    retrier_retry_count: u64,
    error_caused_by_state: Option<String>,
    map_iteration_failure_count: Option<u64>,
    map_item_reader_data: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inspection_data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_state: Option<String>,
    status: &'static str,
}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    test(app, input, false).await
}

/// Does the operation for our native API, which takes a context without a mock too.
pub(crate) async fn natively(app: &App, mut input: Value) -> Result<Value, ApiError> {
    if let Some(shape) = model::input("TestState") {
        validate::check(shape, &mut input)?;
    }
    let output = test(app, protocol::read(input)?, true).await?;
    let output = serde_json::to_vec(&output).map_err(|fault| ApiError::internal(&fault))?;
    serde_json::from_slice(&output).map_err(|fault| ApiError::internal(&fault))
}

async fn test(app: &App, input: Input, is_native: bool) -> Result<Output, ApiError> {
    definition::check_size(app, &input.definition)?;
    let (level, reveals_secrets) = (input.inspection_level, input.reveal_secrets);
    if input.reveal_secrets && level != Level::Trace {
        return Err(ApiError::validation(
            "revealSecrets can only be true when the inspectionLevel is TRACE",
        ));
    }
    let request = request(app, input, is_native).await?;
    let tested = app.engine.test_state(request).await;
    let tested = tested.map_err(|error| match error {
        TestError::Unfit(unfit) => unfit_error(unfit),
        TestError::Fault(fault) => fault.into(),
    })?;
    show(tested, level, reveals_secrets)
}

async fn request(app: &App, input: Input, is_native: bool) -> Result<TestRequest, ApiError> {
    let subject = subject(&input).await?;
    let state = subject.state();
    let mock = match &input.mock {
        None => None,
        Some(mock) => Some(mock.read(app, state)?),
    };
    if mock.is_none() {
        if input.context.is_some() && !is_native {
            return Err(ApiError::validation(
                "A context can only be specified together with a mock",
            ));
        }
        if matches!(state.kind, asl::definition::Kind::Task(_)) && input.role_arn.is_none() {
            return Err(ApiError::validation(
                "RoleArn must be specified when testing a Task state",
            ));
        }
    }
    let given = &input.state_configuration;
    if let Some(name) = &given.error_caused_by_state
        && subject.within(name).is_none()
    {
        return Err(ApiError::validation(format!(
            "errorCausedByState '{name}' is no state within the state under test"
        )));
    }
    let read = |member: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => json(app, member, text).map(Some),
    };
    let configuration = Configuration {
        retrier_retry_count: given.retrier_retry_count,
        error_caused_by: given.error_caused_by_state.as_deref().map(Arc::from),
        iteration_failures: given.map_iteration_failure_count,
        reader_data: given.map_item_reader_data.as_deref().map(reader_data),
    };
    let context = read("context", &input.context)?;
    let context = match context.map(|context| context.json().clone()) {
        Some(context @ Json::Object(_)) => Some(context),
        None => None,
        Some(_) => return Err(no_object("context")),
    };
    let variables = match read("variables", &input.variables)? {
        None => Variables::new(),
        Some(variables) => {
            let members = variables.json().as_object();
            let members = members.ok_or_else(|| no_object("variables"))?;
            let members = members.iter();
            let all = members.map(|(name, value)| (name.clone(), Payload::from(value.clone())));
            all.collect()
        }
    };
    Ok(TestRequest {
        input: start_execution::read_input(app, input.input.as_deref())?,
        role_arn: input.role_arn,
        subject,
        variables,
        context,
        mock,
        configuration,
    })
}

async fn subject(input: &Input) -> Result<Subject, ApiError> {
    let (text, name) = (input.definition.clone(), input.state_name.clone());
    let found = tokio::task::spawn_blocking(move || match &name {
        None => Subject::of_state(&text).map(Some),
        Some(name) => Subject::of_machine(&text, name),
    });
    let found = found.await.map_err(|fault| ApiError::internal(&fault))?;
    match found {
        Ok(Some(subject)) => Ok(subject),
        Ok(None) => {
            let name = input.state_name.as_deref().unwrap_or_default();
            Err(ApiError::validation(format!(
                "State '{name}' does not exist in the state machine definition"
            )))
        }
        Err(problems) => Err(definition::refusal(&problems)
            .unwrap_or_else(|| ApiError::new(Code::InvalidDefinition, "Invalid definition"))),
    }
}

fn json(app: &App, member: &str, text: &str) -> Result<Payload, ApiError> {
    validate::payload(app, member, text)?;
    Payload::parse(text).map_err(|error| {
        ApiError::validation(format!("Value at '{member}' is not valid JSON: {error}"))
    })
}

fn no_object(member: &str) -> ApiError {
    ApiError::validation(format!("Value at '{member}' must be a JSON object"))
}

fn unfit_error(unfit: Unfit) -> ApiError {
    ApiError::validation(match unfit {
        Unfit::NeedsMock => {
            "A mock must be specified to test a Map or Parallel state, an Activity, or a \
                             .sync or .waitForTaskToken service integration"
                .to_owned()
        }
        Unfit::TakesNoMock(kind) => format!(
            "State type '{}' is not supported when a mock is specified",
            kind.as_str()
        ),
        Unfit::TooManyFailures { failures, items } => format!(
            "Value {failures} at 'stateConfiguration.mapIterationFailureCount' cannot exceed the number of \
             items, which is {items}"
        ),
    })
}

fn show(tested: Tested, level: Level, reveals_secrets: bool) -> Result<Output, ApiError> {
    let Tested { report, http } = tested;
    let mut inspection = report.inspection;
    if let (Level::Trace, Some(http)) = (level, &http) {
        trace::add(&mut inspection, http, reveals_secrets);
    }
    let inspection = (level != Level::Info).then(|| Json::object(inspection).to_text());
    let inspection_data = inspection
        .map(RawValue::from_string)
        .transpose()
        .map_err(|fault| ApiError::internal(&fault))?;
    let text = |text: Option<Arc<str>>| text.map(|text| text.to_string());
    let (error, cause) = report
        .error
        .map_or((None, None), |failure| (failure.error, failure.cause));
    Ok(Output {
        output: report.output.map(|output| output.text().to_owned()),
        error: text(error),
        cause: text(cause),
        inspection_data,
        next_state: text(report.next),
        status: Status::as_str(report.status),
    })
}
