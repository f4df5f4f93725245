//! Definitions that the engine runs: parsed once and kept, since a revision never changes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use asl::{Definition, diagnose::MachineType};
use store::db::Db;
use uuid::Uuid;

use crate::{Fault, clock::Clock, logs::Logging, names::Names};

/// A revision of a state machine, ready to run.
#[derive(Debug)]
pub struct Revision {
    pub id: Uuid,
    pub machine_id: Uuid,
    pub machine_name: Arc<str>,
    pub machine_arn: Arc<str>,
    pub machine_type: MachineType,
    pub role_arn: Arc<str>,
    /// Counts from 1; the initial one has no revision id in the API.
    pub number: i64,
    pub definition: Arc<Definition>,
    pub logging: Logging,
}

/// What a machine's name leads to.
pub(crate) enum Current {
    Is(Arc<Revision>),
    Deleting,
    Missing,
}

/// How long a machine's current revision is believed without asking. AWS says of an update that
/// executions started right after it may still use the old definition.
const CURRENT_TTL: Duration = Duration::from_secs(1);

/// Revisions kept at most. The least recently read one would be better to drop than all, but a
/// server with this many active definitions has memory for more: the number bounds an accident.
const REVISIONS_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Catalog {
    revisions: Mutex<HashMap<Uuid, Arc<Revision>>>,
    current: Mutex<HashMap<String, (Instant, Arc<Revision>)>>,
}

impl Catalog {
    /// The current revision of a live machine, where there is one.
    pub(crate) async fn current(
        &self,
        db: &Db,
        names: &Names,
        clock: &Clock,
        machine: &str,
    ) -> Result<Current, Fault> {
        let now = clock.instant(clock.now());
        if let Some((read_at, revision)) = lock(&self.current).get(machine)
            && now.saturating_duration_since(*read_at) < CURRENT_TTL
        {
            return Ok(Current::Is(Arc::clone(revision)));
        }
        let Some(found) = store::machine::get(db, machine).await? else {
            lock(&self.current).remove(machine);
            return Ok(Current::Missing);
        };
        if found.is_deleting {
            return Ok(Current::Deleting);
        }
        let id = found.revision.id;
        let known = lock(&self.revisions).get(&id).cloned();
        let revision = match known {
            Some(revision) => revision,
            None => self.keep(read(names, &found, &found.revision)?),
        };
        lock(&self.current).insert(machine.to_owned(), (now, Arc::clone(&revision)));
        Ok(Current::Is(revision))
    }

    /// The revision of that id.
    pub(crate) async fn revision(
        &self,
        db: &Db,
        names: &Names,
        id: Uuid,
    ) -> Result<Arc<Revision>, Fault> {
        if let Some(revision) = lock(&self.revisions).get(&id) {
            return Ok(Arc::clone(revision));
        }
        let missing = || Fault::new(format!("revision {id} is not in the table revision"));
        let revision = store::revision::get(db, id).await?.ok_or_else(missing)?;
        let machine = store::machine::get_by_id(db, revision.machine_id).await?;
        let machine = machine.ok_or_else(missing)?;
        Ok(self.keep(read(names, &machine, &revision)?))
    }

    /// Forgets what a machine's current revision was: it was changed on this node.
    pub(crate) fn forget(&self, machine: &str) {
        lock(&self.current).remove(machine);
    }

    fn keep(&self, revision: Revision) -> Arc<Revision> {
        let revision = Arc::new(revision);
        let mut revisions = lock(&self.revisions);
        if revisions.len() >= REVISIONS_MAX {
            revisions.clear();
        }
        revisions.insert(revision.id, Arc::clone(&revision));
        revision
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(
    names: &Names,
    machine: &store::machine::Machine,
    revision: &store::revision::Revision,
) -> Result<Revision, Fault> {
    let (definition, problems) = asl::diagnose::parse(&revision.definition, machine.machine_type);
    let Some(definition) = definition else {
        let first = problems.first().map_or("", |problem| &problem.message);
        return Err(Fault::new(format!(
            "revision {} of {} is in the table but does not parse: {first}",
            revision.id, machine.name
        )));
    };
    Ok(Revision {
        id: revision.id,
        machine_id: machine.id,
        machine_name: Arc::from(machine.name.as_str()),
        machine_arn: Arc::from(names.machine(&machine.name)),
        machine_type: machine.machine_type,
        role_arn: Arc::from(revision.role_arn.as_str()),
        number: revision.number,
        definition: Arc::new(definition),
        logging: Logging::of(&revision.logging),
    })
}
