//! `CreateFunction`, `UpdateFunctionCode`, `UpdateFunctionConfiguration`, `DeleteFunction`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use functions::FunctionName;
use http::StatusCode;
use serde_json::Value;
use store::deployed::{self, Expect, Put, Version};
use supervisor::{Supervisor, limits};
use uuid::Uuid;

use super::error::Fault;
use super::read::{Qualified, arn, found, named, shown, variables};
use super::shape::{self, CodeGiven, Given, Variables};
use crate::access::Principal;
use crate::app::Shared;
use crate::code::{Configuration, check_environment, record};
use crate::live::{Registrar, checked, runtime};

pub(super) async fn create(
    _: Principal,
    State(app): State<Shared>,
    body: Bytes,
) -> Result<Response, Fault> {
    let given: Given = shape::read(&body)?;
    given.check(&["FunctionName", "Code"])?;
    let name = given.member("FunctionName").and_then(Value::as_str);
    let name = name.ok_or_else(|| Fault::invalid("FunctionName is missing"))?;
    let name = named(name, None)?;
    if name.qualifier.is_some() {
        return Err(Fault::invalid(format!(
            "FunctionName '{}' has a qualifier, which a new function cannot have",
            name.written
        )));
    }
    let code: CodeGiven = given
        .member("Code")
        .and_then(|code| serde_json::from_value(code.clone()).ok())
        .ok_or_else(|| Fault::invalid("Code is missing or is no structure"))?;
    let package = package(code.zip(&[])?).await?;
    let configuration = given.over(Configuration {
        runtime: String::new(),
        handler: String::new(),
        timeout: Configuration::TIMEOUT_DEFAULT,
        memory_size: Configuration::MEMORY_DEFAULT,
        description: String::new(),
        role: String::new(),
    });
    let environment = given.environment.map(|it| it.variables).unwrap_or_default();
    let change = Change {
        name: &name,
        configuration,
        environment,
        code: Code::New(&package),
        expect: Expect::Absent,
    };
    let answer = change.write(&app).await?;
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

pub(super) async fn update_code(
    _: Principal,
    State(app): State<Shared>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Fault> {
    let name = named(&name, None)?;
    let given: CodeGiven = shape::read(&body)?;
    let package = package(given.zip(&["RevisionId", "DryRun"])?).await?;
    let before = found(&app, &name).await?;
    let revision = given.member("RevisionId").and_then(Value::as_str);
    let expect = expected(&before, revision)?;
    if given.member("DryRun").and_then(Value::as_bool) == Some(true) {
        return shown(&app.registrar, &before).map(Json);
    }
    let change = Change {
        name: &name,
        configuration: stored(&before)?,
        environment: variables(&app.registrar, &before)?,
        code: Code::New(&package),
        expect,
    };
    change.write(&app).await.map(Json)
}

pub(super) async fn update_configuration(
    _: Principal,
    State(app): State<Shared>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Fault> {
    let name = named(&name, None)?;
    let given: Given = shape::read(&body)?;
    given.check(&[])?;
    let before = found(&app, &name).await?;
    let expect = expected(&before, given.revision_id.as_deref())?;
    let configuration = given.over(stored(&before)?);
    let environment = match given.environment {
        Some(given) => given.variables,
        None => variables(&app.registrar, &before)?,
    };
    let change = Change {
        name: &name,
        configuration,
        environment,
        code: Code::Kept(&before),
        expect,
    };
    change.write(&app).await.map(Json)
}

pub(super) async fn delete(
    _: Principal,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Query(query): Query<Qualified>,
) -> Result<StatusCode, Fault> {
    let name = named(&name, query.qualifier.as_deref())?;
    let not_found = || Fault::not_found(&arn(&app.registrar, &name));
    match name.qualifier.as_deref() {
        None => {}
        // Lambda's text.
        Some("$LATEST") => {
            return Err(Fault::invalid(
                "$LATEST version cannot be deleted without deleting the function.",
            ));
        }
        Some(_) => return Err(not_found()),
    }
    let was_there = deployed::delete(&app.db, &name.name)
        .await
        .map_err(|error| Fault::broken("a function could not be removed", &error))?;
    supervisor(&app)?.forget(&name.name);
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_found())
    }
}

pub(super) fn supervisor(app: &Shared) -> Result<&Arc<Supervisor>, Fault> {
    let supervisor = app.registrar.supervisor();
    supervisor.ok_or_else(|| Fault::service("this server does not run functions from their code"))
}

/// Bytes that are a package.
async fn package(bytes: Vec<u8>) -> Result<Vec<u8>, Fault> {
    if bytes.len() > limits::PACKAGE_BYTES_MAX {
        return Err(Fault::invalid(format!(
            "ZipFile has {} bytes; {} are allowed",
            bytes.len(),
            limits::PACKAGE_BYTES_MAX
        )));
    }
    Ok(checked(bytes).await?)
}

fn stored(row: &Version) -> Result<Configuration, Fault> {
    serde_json::from_str(&row.configuration)
        .map_err(|error| Fault::broken("a function's configuration is damaged", &error))
}

/// What was read must still be there when it is changed; and be what the caller knows, where it says that.
fn expected(before: &Version, revision: Option<&str>) -> Result<Expect, Fault> {
    match revision.filter(|text| !text.is_empty()) {
        Some(text) if text.parse::<Uuid>().ok() != Some(before.revision) => {
            Err(Fault::other_revision())
        }
        _ => Ok(Expect::Revision(before.revision)),
    }
}

enum Code<'a> {
    New(&'a [u8]),
    Kept(&'a Version),
}

/// A new latest form of a function.
struct Change<'a> {
    name: &'a FunctionName,
    configuration: Configuration,
    environment: Variables,
    code: Code<'a>,
    expect: Expect,
}

impl Change<'_> {
    /// Gives the function's configuration as it is then.
    async fn write(self, app: &Shared) -> Result<Value, Fault> {
        let (registrar, name) = (&app.registrar, &self.name.name);
        let supervisor = supervisor(app)?;
        let level = supervisor.level().await;
        level.map_err(|why| Fault::invalid(why.to_string()))?;
        // Lambda's names of runtimes only: none that stands for the newest.
        if matches!(&*self.configuration.runtime, "python" | "nodejs") {
            let text = supervisor::Runtime::parse(&self.configuration.runtime);
            return Err(text.map_or_else(
                |error| Fault::invalid(error.to_string()),
                |_| Fault::invalid("Runtime is not supported"),
            ));
        }
        self.configuration.check().map_err(Fault::invalid)?;
        runtime(supervisor, &self.configuration.runtime).await?;
        check_environment(&self.environment).map_err(Fault::invalid)?;
        let row = self.row(registrar)?;
        let package = match self.code {
            Code::New(package) => Some(package),
            Code::Kept(_) => None,
        };
        let put = deployed::put(&app.db, &row, package, self.expect)
            .await
            .map_err(|error| Fault::broken("a function could not be written", &error))?;
        supervisor.forget(name);
        match put {
            Put::Created | Put::Changed => {
                shape::configuration(registrar, &row, Some(&self.environment))
            }
            // Lambda's text.
            Put::Exists => Err(Fault::conflict(format!("Function already exist: {name}"))),
            Put::OtherRevision => Err(Fault::other_revision()),
            Put::NameTaken => Err(Fault::conflict(format!(
                "'{name}' is registered as an endpoint; delete that first, or take another name"
            ))),
            Put::TooMany => Err(Fault::too_many(format!(
                "there are {} functions already, which is the most",
                deployed::FUNCTIONS_MAX
            ))),
        }
    }

    fn row(&self, registrar: &Registrar) -> Result<Version, Fault> {
        let name = self.name.name.to_string();
        let sealed = if self.environment.is_empty() {
            None
        } else {
            Some(registrar.seal(&record(&name, deployed::LATEST), &self.environment)?)
        };
        let configuration = serde_json::to_string(&self.configuration)
            .map_err(|error| Fault::broken("a configuration could not be written", &error))?;
        let (sha256, code_bytes) = match self.code {
            Code::New(package) => (
                ::supervisor::code::hash(package).to_vec(),
                i64::try_from(package.len()).unwrap_or(i64::MAX),
            ),
            Code::Kept(before) => (before.sha256.clone(), before.code_bytes),
        };
        let now = registrar.now();
        Ok(Version {
            name,
            number: deployed::LATEST,
            revision: registrar.new_id(),
            configuration,
            sealed,
            sha256,
            code_bytes,
            updated_at: now,
            reserved: None,
            created_at: now,
        })
    }
}
