//! What the operations on Map Runs share: finding one, and how its ARN is written.

use runtime::{Facts, map_run_id};
use store::map_run::MapRun;

use super::arn::Resource;
use super::error::ApiError;
use crate::app::App;

/// A Map Run that an ARN names, with the name of its machine.
pub(super) struct Found {
    pub(super) run: MapRun,
    pub(super) machine: String,
}

pub(super) async fn find(app: &App, text: &str) -> Result<Found, ApiError> {
    let arn = app.arns.read(text)?;
    let Resource::MapRun { machine, label, id } = arn.resource else {
        return Err(arn.resource.is_out_of_place());
    };
    let missing = || ApiError::no_resource(text);
    let id = map_run_id(&id)
        .filter(|_| arn.is_ours)
        .ok_or_else(missing)?;
    let run = app.engine.map_run(id).await?.ok_or_else(missing)?;
    let execution = app.engine.view(run.execution).await?.ok_or_else(missing)?;
    let name = base(&execution.facts.revision.machine_name).to_owned();
    // An id names a Map Run only together with its own machine and label.
    if run.label == label && name == machine {
        Ok(Found { run, machine })
    } else {
        Err(missing())
    }
}

/// The ARN of the Map Run that an execution is a child of.
pub(super) fn arn_of(app: &App, facts: &Facts) -> Option<String> {
    let (run, _) = facts.map_run()?;
    let (machine, label) = facts.revision.machine_name.split_once('/')?;
    Some(app.arns.map_run(machine, label, &run.to_string()))
}

/// A machine's name without the label that children have behind it.
pub(super) fn base(machine: &str) -> &str {
    machine.split('/').next().unwrap_or_default()
}
