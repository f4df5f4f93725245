//! `GetFunction`, `GetFunctionConfiguration`, `ListFunctions`, and how a request names a function.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use functions::FunctionName;
use serde::Deserialize;
use serde_json::{Value, json};
use store::deployed::{self, Version};

use super::error::Fault;
use super::shape::{self, Variables};
use crate::access::Principal;
use crate::app::Shared;
use crate::code::record;
use crate::live::Registrar;

/// Functions of one answer, by default and at most. Source: `ListFunctions` returns 50 at most.
const PAGE_MAX: u32 = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Qualified {
    pub(super) qualifier: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Page {
    marker: Option<String>,
    max_items: Option<u32>,
    function_version: Option<String>,
}

pub(super) async fn get(
    _: Principal,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Query(query): Query<Qualified>,
) -> Result<Json<Value>, Fault> {
    let row = found(&app, &named(&name, query.qualifier.as_deref())?).await?;
    let mut answer = json!({
        "Configuration": shown(&app.registrar, &row)?,
        // The code itself is not given out; where it would be is part of the shape.
        "Code": { "RepositoryType": "Stepwright" },
        "Tags": {},
    });
    if let (Some(reserved), Some(answer)) = (row.reserved, answer.as_object_mut()) {
        let concurrency = json!({ "ReservedConcurrentExecutions": reserved });
        answer.insert("Concurrency".to_owned(), concurrency);
    }
    Ok(Json(answer))
}

pub(super) async fn get_configuration(
    _: Principal,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Query(query): Query<Qualified>,
) -> Result<Json<Value>, Fault> {
    let row = found(&app, &named(&name, query.qualifier.as_deref())?).await?;
    shown(&app.registrar, &row).map(Json)
}

pub(super) async fn list(
    _: Principal,
    State(app): State<Shared>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Fault> {
    let limit = page.max_items.unwrap_or(PAGE_MAX);
    if limit == 0 || limit > 10_000 {
        return Err(Fault::invalid(format!(
            "Value '{limit}' at 'maxItems' is not allowed: 1 to 10000 are"
        )));
    }
    if page.function_version.is_some_and(|it| it != "ALL") {
        return Err(Fault::invalid("FunctionVersion: only 'ALL' is allowed"));
    }
    let limit = limit.min(PAGE_MAX);
    let rows = deployed::list(&app.db, page.marker.as_deref(), limit + 1)
        .await
        .map_err(|error| Fault::broken("functions could not be listed", &error))?;
    let count = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > count;
    let rows: Vec<_> = rows.into_iter().take(count).collect();
    let next = rows.last().filter(|_| has_more).map(|row| row.name.clone());
    let functions: Vec<_> = rows
        .iter()
        .map(|row| shown(&app.registrar, row))
        .collect::<Result<_, _>>()?;
    let mut answer = json!({ "Functions": functions });
    if let (Some(next), Some(answer)) = (next, answer.as_object_mut()) {
        answer.insert("NextMarker".to_owned(), next.into());
    }
    Ok(Json(answer))
}

/// The function that a path and a qualifier name.
pub(super) fn named(path: &str, qualifier: Option<&str>) -> Result<FunctionName, Fault> {
    let invalid = |error: functions::name::NameError| Fault::invalid(error.to_string());
    let name = FunctionName::parse(path).map_err(invalid)?;
    match qualifier.filter(|text| !text.is_empty()) {
        Some(qualifier) => name.qualified(qualifier).map_err(invalid),
        None => Ok(name),
    }
}

/// How errors name it.
pub(super) fn arn(registrar: &Registrar, name: &FunctionName) -> String {
    let arn = registrar.function_arn(&name.name);
    match &name.qualifier {
        Some(qualifier) => format!("{arn}:{qualifier}"),
        None => arn,
    }
}

pub(super) async fn found(app: &Shared, name: &FunctionName) -> Result<Version, Fault> {
    let number = match name.qualifier.as_deref() {
        None | Some("$LATEST") => Some(deployed::LATEST),
        Some(text) => text.parse().ok().filter(|number| *number > 0),
    };
    let row = match number {
        Some(number) => deployed::get(&app.db, &name.name, number)
            .await
            .map_err(|error| Fault::broken("a function could not be read", &error))?,
        None => None,
    };
    row.ok_or_else(|| Fault::not_found(&arn(&app.registrar, name)))
}

/// Its variables, which are sealed where they are stored.
pub(super) fn variables(registrar: &Registrar, row: &Version) -> Result<Variables, Fault> {
    match &row.sealed {
        Some(sealed) => Ok(registrar.open(&record(&row.name, row.number), sealed)?),
        None => Ok(Variables::new()),
    }
}

pub(super) fn shown(registrar: &Arc<Registrar>, row: &Version) -> Result<Value, Fault> {
    shape::configuration(registrar, row, Some(&variables(registrar, row)?))
}
