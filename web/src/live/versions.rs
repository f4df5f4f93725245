//! Versions and aliases of a machine: what the designer shows when it saves one.

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{alias, version};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::answer::{Problem, ProblemBody};
use super::body::Body;
use super::machines::find;
use crate::access::Principal;
use crate::app::Shared;
use crate::wire;

/// Versions that are listed: the newest.
const LISTED: u32 = 100;

/// The routes of this module, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, publish))
}

/// A revision under a number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionDetails {
    number: i64,
    revision: Uuid,
    /// The note that it was published with; empty where there was none.
    description: String,
    created_at: DateTime<Utc>,
}

/// A name that leads to one or two versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AliasDetails {
    name: String,
    description: String,
    routes: Vec<RouteDetails>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RouteDetails {
    version: i64,
    /// Percent.
    weight: i16,
}

/// What leads to a machine besides its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionList {
    /// The newest first, at most 100.
    versions: Vec<VersionDetails>,
    aliases: Vec<AliasDetails>,
}

/// A version to publish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionInput {
    /// The revision that must be current.
    revision: Uuid,
    /// A note, up to 256 characters.
    #[serde(default)]
    description: String,
    /// An alias that shall lead to this version alone.
    alias: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionOutput {
    number: i64,
    arn: String,
}

/// Lists the versions and aliases of a state machine
#[utoipa::path(
    get,
    path = "/api/v1/machines/{machine}/versions",
    tag = "machines",
    params(("machine" = String, Path, description = "The state machine's name")),
    responses(
        (status = 200, body = VersionList),
        (status = 404, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn list(
    _: Principal,
    State(app): State<Shared>,
    Path(name): Path<String>,
) -> Result<Json<VersionList>, Problem> {
    let machine = find(&app, &name).await?;
    let unavailable =
        |error: sqlx::Error| Problem::unavailable("versions could not be listed", &error);
    let versions = version::list(&app.db, machine.id, None, LISTED)
        .await
        .map_err(unavailable)?;
    let aliases = alias::list(&app.db, machine.id, None, None, LISTED)
        .await
        .map_err(unavailable)?;
    Ok(Json(VersionList {
        versions: versions
            .into_iter()
            .map(|it| VersionDetails {
                number: it.number,
                revision: it.revision_id,
                description: it.description,
                created_at: it.created_at,
            })
            .collect(),
        aliases: aliases
            .into_iter()
            .map(|it| AliasDetails {
                name: it.name,
                description: it.description,
                routes: it
                    .routes
                    .iter()
                    .map(|route| RouteDetails {
                        version: route.version,
                        weight: route.weight,
                    })
                    .collect(),
            })
            .collect(),
    }))
}

/// Publishes the current revision of a state machine as a version, and may lead an alias to it
#[utoipa::path(
    post,
    path = "/api/v1/machines/{machine}/versions",
    tag = "machines",
    params(("machine" = String, Path, description = "The state machine's name")),
    request_body = VersionInput,
    responses(
        (status = 200, body = VersionOutput),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "Another revision is current"),
        (status = 503, body = ProblemBody),
    ),
)]
async fn publish(
    _: Principal,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Body(input): Body<VersionInput>,
) -> Result<Json<VersionOutput>, Problem> {
    let machine = find(&app, &name).await?;
    if machine.revision.id != input.revision {
        return Err(Problem::Conflict(format!(
            "revision {} of '{name}' is no longer the current one",
            input.revision
        )));
    }
    if let Some(alias) = &input.alias {
        // Found out before anything is published. The database takes no text with a NUL in it.
        let found = if alias.contains('\0') {
            None
        } else {
            alias::get(&app.db, machine.id, alias)
                .await
                .map_err(|error| Problem::unavailable("an alias could not be read", &error))?
        };
        if found.is_none() {
            let told = format!("the state machine '{name}' has no alias '{alias}'");
            return Err(Problem::NotFound(told));
        }
    }
    let revision = if machine.revision.is_initial() {
        "INITIAL".to_owned()
    } else {
        machine.revision.id.to_string()
    };
    let request = json!({
        "stateMachineArn": app.arns.machine(&name),
        "revisionId": revision,
        "description": input.description,
    });
    wire::perform(&app, "PublishStateMachineVersion", request)
        .await
        .map_err(Problem::Wire)?;
    let published = version::of_revision(&app.db, machine.id, machine.revision.id)
        .await
        .map_err(|error| Problem::unavailable("a version could not be read", &error))?
        .ok_or_else(|| Problem::Conflict("the version was published and is gone".to_owned()))?;
    let arn = app.arns.version(&name, published.number);
    if let Some(alias) = &input.alias {
        let request = json!({
            "stateMachineAliasArn": app.arns.alias(&name, alias),
            "routingConfiguration": [{ "stateMachineVersionArn": arn, "weight": 100 }],
        });
        wire::perform(&app, "UpdateStateMachineAlias", request)
            .await
            .map_err(Problem::Wire)?;
    }
    Ok(Json(VersionOutput {
        number: published.number,
        arn,
    }))
}
