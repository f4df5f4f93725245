//! Connections: how HTTP tasks prove who they are. Secrets come in and never go out.

mod document;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use functions::registry::ConnectionError;
use http::StatusCode;
use serde::Serialize;
use store::connection::{self, Connection};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use self::document::Document;
use super::answer::{Problem, ProblemBody};
use super::body::{Body, Query};
use super::functions::Page;
use super::registrar::{Registrar, SecretValues};
use crate::access::{Principal, token};

/// The routes of this module, with their descriptions.
pub fn routes<S>(registrar: Arc<Registrar>) -> OpenApiRouter<S> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(put, get, delete))
        .with_state(registrar)
}

/// A connection, without its secrets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionOutput {
    #[schema(example = "shop")]
    name: String,
    /// How an HTTP task names it. The name in it decides; the id at its end may be another one.
    #[schema(
        example = "arn:aws:events:us-east-1:000000000000:connection/shop/81210c42-8af1-456b-9c4a-6ff02fc664ac"
    )]
    arn: String,
    #[serde(flatten)]
    document: Document,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Some connections, in the order of their names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionList {
    connections: Vec<ConnectionOutput>,
    /// Where there are more: what to ask for as `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists connections
#[utoipa::path(
    get,
    path = "/api/v1/connections",
    tag = "connections",
    params(Page),
    responses(
        (status = 200, body = ConnectionList),
        (status = 400, body = ProblemBody),
    ),
)]
async fn list(
    _: Principal,
    State(registrar): State<Arc<Registrar>>,
    Query(page): Query<Page>,
) -> Result<Json<ConnectionList>, Problem> {
    let limit = page.limit()?;
    // One more than asked for says whether there are more.
    let mut rows = connection::list(&registrar.db, page.after.as_deref(), limit + 1)
        .await
        .map_err(|error| Problem::unavailable("connections could not be listed", &error))?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    Ok(Json(ConnectionList {
        next: rows.last().filter(|_| has_more).map(|row| row.name.clone()),
        connections: rows
            .into_iter()
            .map(|row| output(&registrar, row))
            .collect::<Result<_, _>>()?,
    }))
}

/// Makes a connection, or changes it
#[utoipa::path(
    put,
    path = "/api/v1/connections/{name}",
    tag = "connections",
    params(("name" = String, Path, description = "1 to 64 letters, digits, dots, hyphens and underscores")),
    request_body = Document,
    responses(
        (status = 200, description = "Changed", body = ConnectionOutput),
        (status = 201, description = "Made", body = ConnectionOutput),
        (status = 400, body = ProblemBody),
        (status = 409, description = "There are too many connections", body = ProblemBody),
    ),
)]
async fn put(
    _: Principal,
    State(registrar): State<Arc<Registrar>>,
    Path(name): Path<String>,
    Body(mut document): Body<Document>,
) -> Result<Response, Problem> {
    check_name(&name)?;
    document.check().map_err(Problem::Invalid)?;
    let before = read(&registrar, &name).await?;
    let kept = match &before {
        Some(before) => registrar.open(&record(&name), &before.sealed)?,
        None => SecretValues::new(),
    };
    let secrets = document.take_secrets(&kept).map_err(Problem::Invalid)?;
    let checked = document.clone().connection(&name, "", secrets.clone());
    checked.map_err(|error| Problem::Invalid(error.to_string()))?;
    let now = registrar.now();
    let mut row = Connection {
        id: uuid::Builder::from_random_bytes(token::random_bytes()).into_uuid(),
        authorization_type: document.authorization_type.name().to_owned(),
        parameters: serde_json::to_string(&document)
            .map_err(|error| Problem::unavailable("a connection could not be written", &error))?,
        sealed: registrar.seal(&record(&name), &secrets)?,
        created_at: now,
        updated_at: now,
        name,
    };
    let (id, is_new) = connection::put(&registrar.db, &row)
        .await
        .map_err(|error| Problem::unavailable("a connection could not be stored", &error))?
        .ok_or_else(|| {
            Problem::Full(format!(
                "there are {} connections already, which is the most",
                connection::CONNECTIONS_MAX
            ))
        })?;
    registrar.copies().forget_connection(&row.name);
    row.id = id;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    if let Some(before) = before.filter(|_| !is_new) {
        row.created_at = before.created_at;
    }
    Ok((status, Json(output(&registrar, row)?)).into_response())
}

/// Shows a connection
#[utoipa::path(
    get,
    path = "/api/v1/connections/{name}",
    tag = "connections",
    params(("name" = String, Path)),
    responses(
        (status = 200, body = ConnectionOutput),
        (status = 404, body = ProblemBody),
    ),
)]
async fn get(
    _: Principal,
    State(registrar): State<Arc<Registrar>>,
    Path(name): Path<String>,
) -> Result<Json<ConnectionOutput>, Problem> {
    let row = read(&registrar, &name)
        .await?
        .ok_or_else(|| absent(&name))?;
    Ok(Json(output(&registrar, row)?))
}

/// Removes a connection
#[utoipa::path(
    delete,
    path = "/api/v1/connections/{name}",
    tag = "connections",
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
    let was_there = connection::delete(&registrar.db, &name)
        .await
        .map_err(|error| Problem::unavailable("a connection could not be removed", &error))?;
    registrar.copies().forget_connection(&name);
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(absent(&name))
    }
}

/// The name under which a connection's secrets are sealed.
pub(super) fn record(name: &str) -> String {
    format!("connection/{name}")
}

/// What calls are made through, from what is stored.
pub(super) fn connection(
    row: &Connection,
    secrets: SecretValues,
) -> Result<functions::registry::Connection, ConnectionError> {
    let document = document(row).map_err(|error| ConnectionError::Field {
        field: "parameters".to_owned(),
        why: error.to_string(),
    })?;
    let version = row.updated_at.timestamp_micros().to_string();
    document.connection(&row.name, &version, secrets)
}

fn document(row: &Connection) -> Result<Document, serde_json::Error> {
    serde_json::from_str(&row.parameters)
}

async fn read(registrar: &Registrar, name: &str) -> Result<Option<Connection>, Problem> {
    connection::get(&registrar.db, name)
        .await
        .map_err(|error| Problem::unavailable("a connection could not be read", &error))
}

fn output(registrar: &Registrar, row: Connection) -> Result<ConnectionOutput, Problem> {
    let document =
        document(&row).map_err(|error| Problem::unavailable("a connection is damaged", &error))?;
    Ok(ConnectionOutput {
        arn: arn(registrar, &row.name, row.id),
        name: row.name,
        document,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn arn(registrar: &Registrar, name: &str, id: Uuid) -> String {
    format!(
        "arn:aws:events:{}:{}:connection/{name}/{id}",
        registrar.region, registrar.account_id
    )
}

fn check_name(name: &str) -> Result<(), Problem> {
    if functions::http_task::is_connection_name(name) {
        return Ok(());
    }
    Err(Problem::Invalid(format!(
        "name '{name}' is not allowed: 1 to 64 letters, digits, dots, hyphens and underscores are"
    )))
}

fn absent(name: &str) -> Problem {
    Problem::NotFound(format!("there is no connection '{name}'"))
}
