//! Which levels of isolation hold on this machine: found out by doing, with a program that does nothing.
//! Version numbers of kernels say little about what a machine allows.

use std::sync::Arc;

use launcher::{Ended, Level};

use super::{NoIsolation, Supervisor, unique};
use crate::instance::{Happened, Instance};
use crate::limits;

/// The level that was asked for, if it holds; else the strongest one that does, which is never
/// [`Level::Process`].
pub(super) async fn strongest(of: &Arc<Supervisor>) -> Result<Level, NoIsolation> {
    let wanted = match of.isolation {
        Some(Level::Process) => return Ok(Level::Process),
        Some(level) => vec![level],
        None => vec![Level::Full, Level::Nocgroup],
    };
    let mut missing = Vec::new();
    for level in wanted {
        match holds(of, level).await {
            Ok(()) => {
                if !missing.is_empty() {
                    tracing::warn!(
                        level = level.name(),
                        missing = missing.join("; "),
                        "a stronger level of isolation does not hold here"
                    );
                }
                return Ok(level);
            }
            Err(why) => missing.push(format!("level '{}': {why}", level.name())),
        }
    }
    Err(NoIsolation(missing.join("; ")))
}

async fn holds(of: &Arc<Supervisor>, level: Level) -> Result<(), String> {
    let plan = of.trial(level, unique());
    let started = Instance::start(&of.launcher, &plan, &of.tracker).await;
    let mut instance = started.map_err(|fault| fault.to_string())?;
    let happened = tokio::time::timeout(limits::LAUNCH_TIME_MAX, instance.next()).await;
    instance.end(limits::END_TIME_MAX * 2).await;
    match happened {
        Ok(Happened::Ended(Ended::Code(0))) => Ok(()),
        Ok(Happened::NotStarted(why)) => Err(why),
        Ok(other) => Err(format!(
            "a program that does nothing ended otherwise: {other:?}"
        )),
        Err(_) => Err("a program that does nothing did not end".to_owned()),
    }
}
