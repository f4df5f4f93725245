//! Definitions that the engine runs: parsed once and kept, since a revision never changes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use asl::{Definition, diagnose::MachineType};
use store::db::Db;
use uuid::Uuid;

use crate::{Fault, limits::EXPRESS_SECONDS_MAX, logs::Logging, names::Names};

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

/// Revisions kept at most. The least recently read one would be better to drop than all, but a
/// server with this many active definitions has memory for more: the number bounds an accident.
const REVISIONS_MAX: usize = 10_000;

/// Map Runs whose children's definitions are kept; more than run at once.
const CHILDREN_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Catalog {
    revisions: Mutex<HashMap<Uuid, Arc<Revision>>>,
    /// What children of Map Runs execute, by the Map Run's id.
    children: Mutex<HashMap<Uuid, Arc<Revision>>>,
}

impl Catalog {
    /// The current revision of a machine.
    pub(crate) fn current(
        &self,
        names: &Names,
        machine: &store::machine::Machine,
    ) -> Result<Arc<Revision>, Fault> {
        let known = lock(&self.revisions).get(&machine.revision.id).cloned();
        match known {
            Some(revision) => Ok(revision),
            None => Ok(self.keep(read(names, machine, &machine.revision)?)),
        }
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

    pub(crate) fn children_of(&self, run: Uuid) -> Option<Arc<Revision>> {
        lock(&self.children).get(&run).cloned()
    }

    pub(crate) fn keep_children_of(&self, run: Uuid, revision: Revision) -> Arc<Revision> {
        let mut children = lock(&self.children);
        if children.len() >= CHILDREN_MAX {
            children.clear();
        }
        Arc::clone(children.entry(run).or_insert_with(|| Arc::new(revision)))
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

/// The service's limit is one more time-out of the machine: the shorter holds.
pub(crate) fn limit_express(definition: &mut Definition) {
    let own = definition.timeout_seconds.unwrap_or(EXPRESS_SECONDS_MAX);
    definition.timeout_seconds = Some(own.min(EXPRESS_SECONDS_MAX));
}

fn read(
    names: &Names,
    machine: &store::machine::Machine,
    revision: &store::revision::Revision,
) -> Result<Revision, Fault> {
    let (definition, problems) = asl::diagnose::parse(&revision.definition, machine.machine_type);
    let Some(mut definition) = definition else {
        let first = problems.first().map_or("", |problem| &problem.message);
        return Err(Fault::new(format!(
            "revision {} of {} is in the table but does not parse: {first}",
            revision.id, machine.name
        )));
    };
    if machine.machine_type == MachineType::Express {
        limit_express(&mut definition);
    }
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
