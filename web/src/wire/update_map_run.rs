//! UpdateMapRun: how many children run at once, and which failures are tolerated, while it runs.

use runtime::MapRunChange;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::map_run;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    map_run_arn: String,
    max_concurrency: Option<u64>,
    tolerated_failure_percentage: Option<f64>,
    tolerated_failure_count: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct Output {}

pub(super) async fn handle(app: &App, input: Input) -> Result<Output, ApiError> {
    let found = map_run::find(app, &input.map_run_arn).await?;
    if found.run.closed_at.is_some() {
        return Err(ApiError {
            reason: Some("CANNOT_UPDATE_COMPLETED_MAP_RUN"),
            ..ApiError::validation(format!(
                "Map Run that has completed cannot be updated: '{}'",
                input.map_run_arn
            ))
        });
    }
    let change = MapRunChange {
        concurrency: input.max_concurrency,
        tolerated_count: input.tolerated_failure_count,
        tolerated_percentage: input.tolerated_failure_percentage,
    };
    app.engine.update_map_run(found.run.id, change).await?;
    Ok(Output {})
}
