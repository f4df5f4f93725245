//! The routing configuration of an alias: which versions of one machine it points at, and how much of
//! what it starts goes to each.

use serde::{Deserialize, Serialize};
use store::alias::Route;

use super::arn::{MachineArn, Qualifier};
use super::error::ApiError;
use crate::app::App;

/// A route on the wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    state_machine_version_arn: String,
    weight: i16,
}

/// Routes that are right in themselves; whether machine and versions exist is not known yet.
#[derive(Debug)]
pub(super) struct Routing {
    /// The ARN of the first version, whose machine is that of all.
    pub(super) machine: MachineArn,
    pub(super) routes: Vec<Route>,
}

/// Checks a routing configuration, whose length and weights the model has bounded.
pub(super) fn check(app: &App, items: &[Item]) -> Result<Routing, ApiError> {
    let mut arns = Vec::with_capacity(items.len());
    let mut routes = Vec::with_capacity(items.len());
    for item in items {
        let arn = app.arns.read_machine(&item.state_machine_version_arn)?;
        let Some(Qualifier::Version(version)) = arn.qualifier else {
            return Err(refused(format!(
                "Routing configuration must contain state machine version ARNs. Received: {}",
                shown(items)
            )));
        };
        let weight = item.weight;
        routes.push(Route { version, weight });
        arns.push(arn);
    }
    let Some(first) = arns.first().cloned() else {
        return Err(refused(
            "Routing configuration must not be empty.".to_owned(),
        ));
    };
    if arns
        .iter()
        .any(|arn| arn.name != first.name || arn.is_ours != first.is_ours)
    {
        return Err(refused(format!(
            "Routing configuration must contain versions of one state machine. Received: {}",
            shown(items)
        )));
    }
    if let [one, other] = routes.as_slice()
        && one.version == other.version
    {
        return Err(refused(format!(
            "Routing configuration must contain distinct state machine version ARNs. Received: {}",
            shown(items)
        )));
    }
    if items.iter().map(|item| i32::from(item.weight)).sum::<i32>() != 100 {
        let weights: Vec<String> = items.iter().map(|item| item.weight.to_string()).collect();
        return Err(refused(format!(
            "Sum of routing configuration weights must equal 100. Received: [{}]",
            weights.join(", ")
        )));
    }
    Ok(Routing {
        machine: first,
        routes,
    })
}

/// The routes of an alias, for an answer.
pub(super) fn items(app: &App, machine: &str, routes: &[Route]) -> Vec<Item> {
    let item = |route: &Route| Item {
        state_machine_version_arn: app.arns.version(machine, route.version),
        weight: route.weight,
    };
    routes.iter().map(item).collect()
}

fn refused(message: String) -> ApiError {
    ApiError {
        reason: Some("INVALID_ROUTING_CONFIGURATION"),
        ..ApiError::validation(message)
    }
}

fn shown(items: &[Item]) -> String {
    let arns: Vec<&str> = items
        .iter()
        .map(|it| it.state_machine_version_arn.as_str())
        .collect();
    format!("[{}]", arns.join(", "))
}
