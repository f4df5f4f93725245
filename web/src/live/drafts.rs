//! Drafts of machines, with what their states are tried with: what the designer keeps on the server while
//! one works. A write names the draft that it goes on from.

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use store::draft::{self, Draft, Written};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::answer::{Problem, ProblemBody};
use super::body::Body;
use super::machines::find;
use crate::access::Principal;
use crate::app::{App, Shared};

/// Samples, and mocks, of one draft.
const ENTRIES_MAX: usize = 200;
/// Bytes of all samples, or all mocks.
const BYTES_MAX: usize = 2 << 20;
const NAME_CHARS_MAX: usize = 80;

/// The routes of this module, with their descriptions.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(get, put))
}

/// An input under a name, to try states with.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    /// 1 to 80 characters.
    name: String,
    /// As it was typed.
    input: String,
}

/// What stands in for the work of a state that is tried: a result, or an error.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mock {
    /// The state, as a JSON Pointer into the definition.
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

/// A draft to write.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftInput {
    /// The number of the draft that this one goes on from; 0 where there was none. Where another is there,
    /// nothing changes and the answer is 409.
    expected: i64,
    /// The revision that the definition was made from.
    base_revision: Uuid,
    /// As it is typed: it need not be valid.
    definition: String,
    #[serde(default)]
    samples: Vec<Sample>,
    #[serde(default)]
    mocks: Vec<Mock>,
}

/// A draft as it is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DraftDetails {
    /// Counts its writes from 1: what the next one expects.
    number: i64,
    base_revision: Uuid,
    definition: String,
    samples: Vec<Sample>,
    mocks: Vec<Mock>,
    /// The name of the key that wrote it.
    author: String,
    updated_at: DateTime<Utc>,
}

/// What came of a write.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DraftWritten {
    number: i64,
    updated_at: DateTime<Utc>,
}

/// The draft of a machine, for the page that the designer stands on.
pub(crate) async fn of_machine(
    app: &App,
    machine_id: Uuid,
) -> Result<Option<DraftDetails>, sqlx::Error> {
    let found = draft::get(&app.db, machine_id).await?;
    Ok(found.map(|draft| DraftDetails {
        number: draft.number,
        base_revision: draft.base_revision,
        definition: draft.definition,
        // Written by us; lists that an older program wrote otherwise are left out.
        samples: serde_json::from_str(&draft.samples).unwrap_or_default(),
        mocks: serde_json::from_str(&draft.mocks).unwrap_or_default(),
        author: draft.author,
        updated_at: draft.updated_at,
    }))
}

/// Gives the draft of a state machine
#[utoipa::path(
    get,
    path = "/api/v1/machines/{machine}/draft",
    tag = "machines",
    params(("machine" = String, Path, description = "The state machine's name")),
    responses(
        (status = 200, body = DraftDetails),
        (status = 404, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
)]
async fn get(
    _: Principal,
    State(app): State<Shared>,
    Path(name): Path<String>,
) -> Result<Json<DraftDetails>, Problem> {
    let machine = find(&app, &name).await?;
    of_machine(&app, machine.id)
        .await
        .map_err(|error| Problem::unavailable("a draft could not be read", &error))?
        .map(Json)
        .ok_or_else(|| Problem::NotFound(format!("the state machine '{name}' has no draft")))
}

/// Writes the draft of a state machine
#[utoipa::path(
    put,
    path = "/api/v1/machines/{machine}/draft",
    tag = "machines",
    params(("machine" = String, Path, description = "The state machine's name")),
    request_body = DraftInput,
    responses(
        (status = 200, body = DraftWritten),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "Somebody else wrote meanwhile"),
        (status = 503, body = ProblemBody),
    ),
)]
async fn put(
    principal: Principal,
    State(app): State<Shared>,
    Path(name): Path<String>,
    Body(input): Body<DraftInput>,
) -> Result<Json<DraftWritten>, Problem> {
    check(&app, &input)?;
    let machine = find(&app, &name).await?;
    if machine.is_deleting {
        let told = format!("the state machine '{name}' is being deleted");
        return Err(Problem::Conflict(told));
    }
    let written = Draft {
        machine_id: machine.id,
        number: input.expected + 1,
        base_revision: input.base_revision,
        definition: input.definition,
        samples: text("samples", &input.samples)?,
        mocks: text("mocks", &input.mocks)?,
        author: principal.name().chars().take(256).collect(),
        updated_at: app.now(),
    };
    match draft::put(&app.db, &written).await {
        Ok(Written::Done) => Ok(Json(DraftWritten {
            number: written.number,
            updated_at: written.updated_at,
        })),
        Ok(Written::Other) => Err(Problem::Conflict(format!(
            "the draft of '{name}' is no longer number {}",
            input.expected
        ))),
        Err(error) => Err(Problem::unavailable("a draft could not be written", &error)),
    }
}

fn check(app: &App, input: &DraftInput) -> Result<(), Problem> {
    let refused = |told: String| Err(Problem::Invalid(told));
    if !(0..i64::MAX).contains(&input.expected) {
        return refused(format!(
            "expected {} is not allowed: a draft's number, or 0 for the first",
            input.expected
        ));
    }
    let max = app.settings.limits.definition_bytes_max;
    let bytes = input.definition.len();
    if u64::try_from(bytes).unwrap_or(u64::MAX) > max {
        return refused(format!(
            "definition has {bytes} bytes: at most {max} are allowed"
        ));
    }
    if input.definition.contains('\0') {
        return refused("definition holds a NUL, which no text may".to_owned());
    }
    for (field, count) in [
        ("samples", input.samples.len()),
        ("mocks", input.mocks.len()),
    ] {
        if count > ENTRIES_MAX {
            return refused(format!(
                "{field} has {count} entries: at most {ENTRIES_MAX} are allowed"
            ));
        }
    }
    for sample in &input.samples {
        let length = sample.name.chars().count();
        if !(1..=NAME_CHARS_MAX).contains(&length) {
            return refused(format!(
                "samples: a name of {length} characters is not allowed: 1 to {NAME_CHARS_MAX}"
            ));
        }
    }
    for mock in &input.mocks {
        if mock.result.is_some() == mock.error.is_some() {
            return refused(format!(
                "mocks: that of '{}' needs a result or an error, and not both",
                mock.state.chars().take(200).collect::<String>()
            ));
        }
    }
    Ok(())
}

/// A list as the text that is kept.
fn text(field: &str, list: &impl Serialize) -> Result<String, Problem> {
    let text = serde_json::to_string(list)
        .map_err(|error| Problem::Invalid(format!("{field} cannot be kept: {error}")))?;
    if text.len() > BYTES_MAX {
        let bytes = text.len();
        return Err(Problem::Invalid(format!(
            "{field} has {bytes} bytes: at most {BYTES_MAX} are allowed"
        )));
    }
    Ok(text)
}
