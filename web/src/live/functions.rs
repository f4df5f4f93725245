//! Registered functions: HTTP endpoints that workflows call as Lambda functions, and, listed and removed
//! together with them, functions with code.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use functions::name::is_name;
use functions::registry::{Endpoint, EndpointError, EndpointSettings};
use functions::secret::Secret;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::deployed::{self, Version};
use store::function::{self, Function};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Problem, ProblemBody};
use super::body::{Body, Query, SecretText};
use super::registrar::{Registrar, SecretValues};
use crate::access::Principal;
use crate::code::Configuration;

/// The time-out of a function that names none. Source: Lambda's default is 3 s, which is meant for
/// code that is billed by it; an endpoint of one's own gets more.
const TIMEOUT_DEFAULT_MS: u32 = 30_000;

/// Functions that one list answers by default, and at most.
const PAGE_DEFAULT: u32 = 100;
const PAGE_MAX: u32 = 1_000;

/// The routes of this module, with their descriptions.
pub fn routes<S>(registrar: Arc<Registrar>) -> OpenApiRouter<S> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(put, get, delete))
        .with_state(registrar)
}

/// A function to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunctionInput {
    /// Where it is called with POST: `http` or `https`, without user and password.
    #[schema(example = "http://localhost:9000/charge", max_length = 2048)]
    url: String,
    /// How long a call may take, in milliseconds.
    #[serde(default = "timeout_default")]
    #[schema(minimum = 1000, maximum = 900_000, default = 30_000)]
    timeout_ms: u32,
    /// Headers that go with every call.
    #[serde(default)]
    #[schema(example = json!({"X-Team": "blue"}))]
    headers: BTreeMap<String, String>,
    /// Headers whose values are kept sealed and never answered. A value of null keeps the one that
    /// is there.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Option<String>>, write_only, example = json!({"Authorization": "Bearer s3cr3t"}))]
    secret_headers: BTreeMap<String, Option<SecretText>>,
}

/// A registered function.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FunctionOutput {
    #[schema(example = "charge")]
    name: String,
    /// How a workflow names it; its name alone will do too.
    #[schema(example = "arn:aws:lambda:us-east-1:000000000000:function:charge")]
    arn: String,
    /// `endpoint` where it is called over HTTP, `code` where this server runs it.
    kind: &'static str,
    /// Of an endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Of a function with code: Lambda's name of its runtime.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "python3.11")]
    runtime: Option<String>,
    timeout_ms: u32,
    headers: BTreeMap<String, String>,
    /// The names of the secret headers.
    secret_headers: Vec<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Some functions, in the order of their names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FunctionList {
    functions: Vec<FunctionOutput>,
    /// Where there are more: what to ask for as `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// The name after which the list goes on.
    pub(super) after: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub(super) limit: Option<u32>,
}

impl Page {
    pub(super) fn limit(&self) -> Result<u32, Problem> {
        match self.limit.unwrap_or(PAGE_DEFAULT) {
            limit @ 1..=PAGE_MAX => Ok(limit),
            limit => Err(Problem::Invalid(format!(
                "limit {limit} is not allowed: 1 to {PAGE_MAX} are"
            ))),
        }
    }
}

/// Lists functions
#[utoipa::path(
    get,
    path = "/api/v1/functions",
    tag = "functions",
    params(Page),
    responses(
        (status = 200, body = FunctionList),
        (status = 400, body = ProblemBody),
    ),
)]
async fn list(
    _: Principal,
    State(registrar): State<Arc<Registrar>>,
    Query(page): Query<Page>,
) -> Result<Json<FunctionList>, Problem> {
    let limit = page.limit()?;
    // One more than asked for says whether there are more.
    let failed = |error| Problem::unavailable("functions could not be listed", &error);
    let after = page.after.as_deref();
    let endpoints = function::list(&registrar.db, after, limit + 1)
        .await
        .map_err(failed)?;
    let with_code = deployed::list(&registrar.db, after, limit + 1)
        .await
        .map_err(failed)?;
    let endpoints = endpoints.iter().map(|row| output(&registrar, row));
    let with_code = with_code.iter().map(|row| code_output(&registrar, row));
    let mut all: Vec<_> = endpoints.chain(with_code).collect::<Result<_, _>>()?;
    all.sort_by(|one, other| one.name.cmp(&other.name));
    let has_more = all.len() > limit as usize;
    all.truncate(limit as usize);
    Ok(Json(FunctionList {
        next: all
            .last()
            .filter(|_| has_more)
            .map(|last| last.name.clone()),
        functions: all,
    }))
}

/// Registers a function, or changes it
#[utoipa::path(
    put,
    path = "/api/v1/functions/{name}",
    tag = "functions",
    params(("name" = String, Path, description = "1 to 64 letters, digits, hyphens and underscores")),
    request_body = FunctionInput,
    responses(
        (status = 200, description = "Changed", body = FunctionOutput),
        (status = 201, description = "Registered", body = FunctionOutput),
        (status = 400, body = ProblemBody),
        (status = 409, description = "There are too many functions", body = ProblemBody),
    ),
)]
async fn put(
    _: Principal,
    State(registrar): State<Arc<Registrar>>,
    Path(name): Path<String>,
    Body(input): Body<FunctionInput>,
) -> Result<Response, Problem> {
    if !is_name(&name) {
        return Err(Problem::Invalid(format!(
            "name '{name}' is not allowed: 1 to 64 letters, digits, hyphens and underscores are"
        )));
    }
    if read_code(&registrar, &name).await?.is_some() {
        return Err(Problem::Conflict(format!(
            "'{name}' has code; delete it first, or take another name"
        )));
    }
    let before = read(&registrar, &name).await?;
    let secrets = secrets(&registrar, before.as_ref(), &name, input.secret_headers)?;
    let headers = serde_json::to_string(&input.headers)
        .map_err(|error| Problem::unavailable("headers could not be written", &error))?;
    let now = registrar.now();
    let mut row = Function {
        url: input.url,
        timeout_ms: i32::try_from(input.timeout_ms).unwrap_or(i32::MAX),
        headers,
        secret_names: secrets.keys().cloned().collect(),
        sealed: None,
        created_at: now,
        updated_at: now,
        name,
    };
    endpoint(&row, &secrets).map_err(|error| Problem::Invalid(error.to_string()))?;
    if !secrets.is_empty() {
        row.sealed = Some(registrar.seal(&record(&row.name), &secrets)?);
    }
    let is_new = function::put(&registrar.db, &row)
        .await
        .map_err(|error| Problem::unavailable("a function could not be registered", &error))?
        .ok_or_else(|| {
            Problem::Full(format!(
                "there are {} functions already, which is the most",
                function::FUNCTIONS_MAX
            ))
        })?;
    registrar.copies().forget_function(&row.name);
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    if let Some(before) = before.filter(|_| !is_new) {
        row.created_at = before.created_at;
    }
    Ok((status, Json(output(&registrar, &row)?)).into_response())
}

/// Shows a function
#[utoipa::path(
    get,
    path = "/api/v1/functions/{name}",
    tag = "functions",
    params(("name" = String, Path)),
    responses(
        (status = 200, body = FunctionOutput),
        (status = 404, body = ProblemBody),
    ),
)]
async fn get(
    _: Principal,
    State(registrar): State<Arc<Registrar>>,
    Path(name): Path<String>,
) -> Result<Json<FunctionOutput>, Problem> {
    if let Some(row) = read(&registrar, &name).await? {
        return Ok(Json(output(&registrar, &row)?));
    }
    let row = read_code(&registrar, &name).await?;
    let row = row.ok_or_else(|| absent(&name))?;
    Ok(Json(code_output(&registrar, &row)?))
}

/// Removes a function
#[utoipa::path(
    delete,
    path = "/api/v1/functions/{name}",
    tag = "functions",
    params(("name" = String, Path)),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, body = ProblemBody),
    ),
)]
async fn delete(
    _: Principal,
    State(registrar): State<Arc<Registrar>>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let was_there = function::delete(&registrar.db, &name)
        .await
        .map_err(|error| Problem::unavailable("a function could not be removed", &error))?;
    registrar.copies().forget_function(&name);
    let had_code = deployed::delete(&registrar.db, &name)
        .await
        .map_err(|error| Problem::unavailable("a function could not be removed", &error))?;
    if let Some(supervisor) = registrar.supervisor().filter(|_| had_code) {
        supervisor.forget(&name);
    }
    if was_there || had_code {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(absent(&name))
    }
}

/// The name under which a function's secrets are sealed.
pub(super) fn record(name: &str) -> String {
    format!("function/{name}")
}

/// What is called, from what is stored. What was stored was made here first, so this checks it too.
pub(super) fn endpoint(row: &Function, secrets: &SecretValues) -> Result<Endpoint, EndpointError> {
    let headers: BTreeMap<String, String> =
        serde_json::from_str(&row.headers).map_err(|error| EndpointError::Header {
            name: "*".to_owned(),
            why: error.to_string(),
        })?;
    Endpoint::new(&EndpointSettings {
        url: row.url.clone(),
        timeout: Duration::from_millis(u64::try_from(row.timeout_ms).unwrap_or(0)),
        headers: headers.into_iter().collect(),
        secret_headers: secrets
            .iter()
            .map(|(name, value)| (name.clone(), Secret::new(value.reveal().as_str())))
            .collect(),
    })
}

async fn read(registrar: &Registrar, name: &str) -> Result<Option<Function>, Problem> {
    function::get(&registrar.db, name)
        .await
        .map_err(|error| Problem::unavailable("a function could not be read", &error))
}

/// The secrets that the function has from now on: the given ones, and those that are to stay.
fn secrets(
    registrar: &Registrar,
    before: Option<&Function>,
    name: &str,
    given: BTreeMap<String, Option<SecretText>>,
) -> Result<SecretValues, Problem> {
    let mut kept = match before.and_then(|before| before.sealed.as_ref()) {
        Some(sealed) if given.values().any(Option::is_none) => {
            registrar.open(&record(name), sealed)?
        }
        _ => SecretValues::new(),
    };
    given
        .into_iter()
        .map(|(header, value)| {
            let value = match value {
                Some(value) => Some(value.0),
                None => kept.remove(&header),
            };
            let value = value.ok_or_else(|| {
                Problem::Invalid(format!(
                    "secret_headers: '{header}' is null, which keeps a value, but there is none yet"
                ))
            })?;
            Ok((header, value))
        })
        .collect()
}

fn output(registrar: &Registrar, row: &Function) -> Result<FunctionOutput, Problem> {
    Ok(FunctionOutput {
        arn: registrar.function_arn(&row.name),
        name: row.name.clone(),
        kind: "endpoint",
        url: Some(row.url.clone()),
        runtime: None,
        timeout_ms: u32::try_from(row.timeout_ms).unwrap_or(0),
        headers: serde_json::from_str(&row.headers)
            .map_err(|error| Problem::unavailable("a function's headers are damaged", &error))?,
        secret_headers: row.secret_names.clone(),
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

async fn read_code(registrar: &Registrar, name: &str) -> Result<Option<Version>, Problem> {
    deployed::get(&registrar.db, name, deployed::LATEST)
        .await
        .map_err(|error| Problem::unavailable("a function could not be read", &error))
}

fn code_output(registrar: &Registrar, row: &Version) -> Result<FunctionOutput, Problem> {
    let configuration: Configuration = serde_json::from_str(&row.configuration)
        .map_err(|error| Problem::unavailable("a function's configuration is damaged", &error))?;
    Ok(FunctionOutput {
        arn: registrar.function_arn(&row.name),
        name: row.name.clone(),
        kind: "code",
        url: None,
        runtime: Some(configuration.runtime),
        timeout_ms: configuration.timeout.saturating_mul(1000),
        headers: BTreeMap::new(),
        secret_headers: Vec::new(),
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn absent(name: &str) -> Problem {
    Problem::NotFound(format!("there is no function '{name}'"))
}

fn timeout_default() -> u32 {
    TIMEOUT_DEFAULT_MS
}
