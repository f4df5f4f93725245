//! Functions with code: deploy one, call it, read its log.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use functions::name::is_name;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::deployed::{self, Expect, Put, Version};
use store::invocation;
use supervisor::{Invocation, Refused, Runtime, Supervisor, limits};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::answer::{Problem, ProblemBody};
use super::body::{Body, Query, SecretText};
use super::registrar::{Registrar, SecretValues};
use crate::access::Principal;
use crate::code::{Configuration, check_environment, record};

/// A package in base64, and some room for the rest.
const DEPLOY_BYTES_MAX: usize = limits::PACKAGE_BYTES_MAX / 3 * 4 + (1 << 20);
/// An event of the largest size, and JSON's room around it.
const INVOKE_BYTES_MAX: usize = limits::EVENT_BYTES_MAX + 1;

/// Logs of one page, by default and at most.
const LOGS_DEFAULT: u32 = 20;
const LOGS_MAX: u32 = 100;

/// The routes of this module, with their descriptions.
pub(super) fn routes<S>(registrar: Arc<Registrar>) -> OpenApiRouter<S> {
    OpenApiRouter::new()
        .routes(routes!(deploy).layer(DefaultBodyLimit::max(DEPLOY_BYTES_MAX)))
        .routes(routes!(invoke).layer(DefaultBodyLimit::max(INVOKE_BYTES_MAX)))
        .routes(routes!(logs))
        .with_state(registrar)
}

/// A function to deploy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeInput {
    /// The package: a zip archive in base64.
    zip: String,
    /// Lambda's name of a runtime, as `python3.11`, `nodejs20.x` or `provided.al2023`; or `python` or `nodejs`
    /// for the newest that this server has.
    #[schema(example = "python3.11")]
    runtime: String,
    /// Which part of the code takes events: `file.function`.
    #[serde(default)]
    #[schema(example = "hello.handler")]
    handler: String,
    /// How long an invocation may take, in seconds.
    #[serde(default = "timeout_default")]
    #[schema(minimum = 1, maximum = 900, default = 3)]
    timeout: u32,
    /// In MB.
    #[serde(default = "memory_default")]
    #[schema(minimum = 128, maximum = 10_240, default = 128)]
    memory: u32,
    #[serde(default)]
    description: String,
    /// Variables. Absent, those that are there stay. They are kept sealed and never answered here.
    #[schema(value_type = Option<BTreeMap<String, String>>, write_only)]
    environment: Option<BTreeMap<String, SecretText>>,
}

/// A deployed function.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeOutput {
    name: String,
    /// How a workflow names it; its name alone will do too.
    #[schema(example = "arn:aws:lambda:us-east-1:000000000000:function:hello")]
    arn: String,
    runtime: String,
    handler: String,
    timeout: u32,
    memory: u32,
    /// Of the package, in base64.
    sha256: String,
    code_bytes: i64,
    /// How strongly this server keeps it apart.
    #[schema(example = "process")]
    isolation: &'static str,
}

/// Deploys a function's code, or changes it
#[utoipa::path(
    put,
    path = "/api/v1/functions/{name}/code",
    tag = "functions",
    params(("name" = String, Path, description = "1 to 64 letters, digits, hyphens and underscores")),
    request_body = CodeInput,
    responses(
        (status = 200, description = "Changed", body = CodeOutput),
        (status = 201, description = "Deployed", body = CodeOutput),
        (status = 400, body = ProblemBody),
        (status = 409, description = "The name is an endpoint's, or there are too many functions", body = ProblemBody),
    ),
)]
async fn deploy(
    _: Principal,
    State(registrar): State<Arc<Registrar>>,
    Path(name): Path<String>,
    Body(input): Body<CodeInput>,
) -> Result<Response, Problem> {
    if !is_name(&name) {
        return Err(Problem::Invalid(format!(
            "name '{name}' is not allowed: 1 to 64 letters, digits, hyphens and underscores are"
        )));
    }
    let supervisor = supervisor(&registrar)?;
    let level = supervisor
        .level()
        .await
        .map_err(|why| Problem::Invalid(why.to_string()))?;
    let package = STANDARD
        .decode(&input.zip)
        .map_err(|error| Problem::Invalid(format!("zip is no base64: {error}")))?;
    if package.len() > limits::PACKAGE_BYTES_MAX {
        return Err(Problem::Invalid(format!(
            "zip has {} bytes; {} are allowed",
            package.len(),
            limits::PACKAGE_BYTES_MAX
        )));
    }
    let configuration = Configuration {
        runtime: runtime(supervisor, &input.runtime).await?,
        handler: input.handler,
        timeout: input.timeout,
        memory_size: input.memory,
        description: input.description,
        role: String::new(),
    };
    configuration.check().map_err(Problem::Invalid)?;
    let package = checked(package).await?;
    let row = row(
        &registrar,
        &name,
        &configuration,
        input.environment,
        &package,
    )
    .await?;
    let put = deployed::put(&registrar.db, &row, Some(&package), Expect::Anything)
        .await
        .map_err(|error| Problem::unavailable("a function could not be deployed", &error))?;
    supervisor.forget(&name);
    let status = match put {
        Put::Created => StatusCode::CREATED,
        Put::Changed => StatusCode::OK,
        Put::Exists | Put::OtherRevision | Put::NameTaken => {
            return Err(Problem::Conflict(format!(
                "'{name}' is registered as an endpoint; delete that first, or take another name"
            )));
        }
        Put::TooMany => {
            return Err(Problem::Full(format!(
                "there are {} functions already, which is the most",
                deployed::FUNCTIONS_MAX
            )));
        }
    };
    let output = CodeOutput {
        arn: registrar.function_arn(&name),
        name,
        runtime: configuration.runtime,
        handler: configuration.handler,
        timeout: configuration.timeout,
        memory: configuration.memory_size,
        sha256: STANDARD.encode(&row.sha256),
        code_bytes: row.code_bytes,
        isolation: level.name(),
    };
    Ok((status, Json(output)).into_response())
}

/// A runtime's whole name, of one that this node has.
pub(crate) async fn runtime(supervisor: &Arc<Supervisor>, given: &str) -> Result<String, Problem> {
    let interpreters = supervisor.interpreters().await;
    let wanted = if matches!(given, "python" | "nodejs") {
        interpreters.newest(given).cloned()
    } else {
        Some(Runtime::parse(given).map_err(|error| Problem::Invalid(error.to_string()))?)
    };
    if let Some(runtime) = wanted.filter(|runtime| interpreters.has(runtime)) {
        return Ok(runtime.name());
    }
    let mut text = format!(
        "runtime '{given}' is not on this server, which has {}",
        interpreters.names().join(", ")
    );
    if given.starts_with("python") && !interpreters.incomplete().is_empty() {
        let missing = format!(
            "; {} has no Lambda client: 'make runtimes' installs it",
            interpreters.incomplete().join(", ")
        );
        text.push_str(&missing);
    }
    Err(Problem::Invalid(text))
}

/// Reads the whole archive once, aside: that takes long for a large one.
pub(crate) async fn checked(package: Vec<u8>) -> Result<Vec<u8>, Problem> {
    let checking =
        tokio::task::spawn_blocking(move || supervisor::code::check(&package).map(|()| package));
    match checking.await {
        Ok(Ok(package)) => Ok(package),
        Ok(Err(error)) => Err(Problem::Invalid(error.to_string())),
        Err(error) => Err(Problem::unavailable(
            "a package could not be checked",
            &error,
        )),
    }
}

async fn row(
    registrar: &Registrar,
    name: &str,
    configuration: &Configuration,
    environment: Option<BTreeMap<String, SecretText>>,
    package: &[u8],
) -> Result<Version, Problem> {
    let record = record(name, deployed::LATEST);
    let sealed = match environment {
        Some(given) => {
            let given: SecretValues = given
                .into_iter()
                .map(|(key, value)| (key, value.0))
                .collect();
            check_environment(&given).map_err(Problem::Invalid)?;
            let is_empty = given.is_empty();
            (!is_empty)
                .then(|| registrar.seal(&record, &given))
                .transpose()?
        }
        None => deployed::get(&registrar.db, name, deployed::LATEST)
            .await
            .map_err(|error| Problem::unavailable("a function could not be read", &error))?
            .and_then(|before| before.sealed),
    };
    let configuration = serde_json::to_string(configuration)
        .map_err(|error| Problem::unavailable("a configuration could not be written", &error))?;
    let now = registrar.now();
    Ok(Version {
        name: name.to_owned(),
        number: deployed::LATEST,
        revision: registrar.new_id(),
        configuration,
        sealed,
        sha256: supervisor::code::hash(package).to_vec(),
        code_bytes: i64::try_from(package.len()).unwrap_or(i64::MAX),
        updated_at: now,
        reserved: None,
        created_at: now,
    })
}

/// How an invocation ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvocationOutput {
    request_id: String,
    /// What the function answered, or its error.
    #[schema(value_type = Object)]
    payload: Box<RawValue>,
    /// Whether the payload is an error.
    is_error: bool,
    /// Whether an instance was started for it.
    is_cold: bool,
    #[schema(example = "process")]
    isolation: &'static str,
    /// The end of its log, 4 KB at most.
    log: String,
}

/// Calls a function with an event and waits for its answer
#[utoipa::path(
    post,
    path = "/api/v1/functions/{name}/invocations",
    tag = "functions",
    params(("name" = String, Path)),
    request_body(content = Object, description = "The event: any JSON value; an empty object where absent"),
    responses(
        (status = 200, body = InvocationOutput),
        (status = 400, body = ProblemBody),
        (status = 404, description = "There is no function with code of that name", body = ProblemBody),
    ),
)]
async fn invoke(
    _: Principal,
    State(registrar): State<Arc<Registrar>>,
    Path(name): Path<String>,
    event: Bytes,
) -> Result<Json<InvocationOutput>, Problem> {
    let supervisor = supervisor(&registrar)?;
    let payload = if event.iter().all(u8::is_ascii_whitespace) {
        Bytes::from_static(b"{}")
    } else {
        serde_json::from_slice::<serde::de::IgnoredAny>(&event)
            .map_err(|error| Problem::Invalid(format!("the event is no JSON: {error}")))?;
        event
    };
    let function = supervisor
        .find(&Arc::from(name.as_str()), None)
        .await
        .map_err(|error| Problem::unavailable("a function could not be found", &error))?
        .ok_or_else(|| Problem::NotFound(format!("there is no function '{name}' with code")))?;
    let request_id = registrar.new_id().to_string();
    let invocation = Invocation {
        function,
        payload,
        request_id: Arc::from(request_id.as_str()),
        client_context: None,
        execution_arn: None,
        trace: None,
        tries: 1,
    };
    let done = supervisor.invoke(invocation).done().await;
    let done = done.map_err(|refused| match refused {
        Refused::Throttled(_) => Problem::Throttled,
        Refused::TooLarge | Refused::NotHere(_) => Problem::Invalid(refused.to_string()),
        Refused::NoCode => Problem::NotFound(refused.to_string()),
        Refused::Unavailable(_) => Problem::unavailable("a function could not be called", &refused),
    })?;
    let text = String::from_utf8_lossy(&done.payload).into_owned();
    // What is no JSON is shown as the text that it is.
    let payload = RawValue::from_string(text.clone())
        .or_else(|_| serde_json::value::to_raw_value(&text))
        .map_err(|error| Problem::unavailable("an answer could not be written", &error))?;
    Ok(Json(InvocationOutput {
        request_id,
        payload,
        is_error: done.is_error,
        is_cold: done.is_cold,
        isolation: done.level.name(),
        log: String::from_utf8_lossy(&done.log_tail).into_owned(),
    }))
}

/// Which logs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogsQuery {
    /// The number after which to go on: the `last` of an earlier answer.
    after: Option<i64>,
    /// How many invocations at most: the newest.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
}

/// Logs of invocations, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogsOutput {
    invocations: Vec<LogOutput>,
    /// What to ask for as `after`.
    last: i64,
}

/// The log of one invocation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogOutput {
    request_id: String,
    at: DateTime<Utc>,
    /// `result`, `error`, `timeout`, `exit`, `init_error` or `stopped`.
    outcome: String,
    log: String,
}

/// Shows what a function has written
#[utoipa::path(
    get,
    path = "/api/v1/functions/{name}/logs",
    tag = "functions",
    params(("name" = String, Path), LogsQuery),
    responses((status = 200, body = LogsOutput), (status = 400, body = ProblemBody)),
)]
async fn logs(
    _: Principal,
    State(registrar): State<Arc<Registrar>>,
    Path(name): Path<String>,
    Query(query): Query<LogsQuery>,
) -> Result<Json<LogsOutput>, Problem> {
    let limit = query.limit.unwrap_or(LOGS_DEFAULT);
    if !(1..=LOGS_MAX).contains(&limit) {
        return Err(Problem::Invalid(format!(
            "limit {limit} is not allowed: 1 to {LOGS_MAX} are"
        )));
    }
    let after = query.after.unwrap_or(0);
    let found = invocation::logs(&registrar.db, &name, after, i64::from(limit))
        .await
        .map_err(|error| Problem::unavailable("logs could not be read", &error))?;
    Ok(Json(LogsOutput {
        last: found.last().map_or(after, |newest| newest.id),
        invocations: found
            .into_iter()
            .map(|each| LogOutput {
                request_id: each.request_id,
                at: each.queued_at,
                outcome: each.outcome,
                log: each.log,
            })
            .collect(),
    }))
}

fn supervisor(registrar: &Registrar) -> Result<&Arc<Supervisor>, Problem> {
    registrar.supervisor().ok_or_else(|| {
        Problem::Invalid("this server does not run functions from their code".to_owned())
    })
}

fn timeout_default() -> u32 {
    Configuration::TIMEOUT_DEFAULT
}

fn memory_default() -> u32 {
    Configuration::MEMORY_DEFAULT
}
