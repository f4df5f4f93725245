//! Which revision an ARN asks for: of a machine, of a version, or of an alias by its weights.
//!
//! What an ARN leads to is kept for a moment, so that most starts ask the database nothing. What is kept is
//! never used when it is older than [`STALE_MAX`]; from [`FRESH`] on it is read again beside the starts, which
//! go on with what is known. So an update, a new route or a deletion is in force on every node within a
//! second. AWS promises less: «Executions started immediately after you call UpdateStateMachine may use the
//! previous state machine definition», and of UpdateStateMachineAlias the same about routes. On the node
//! that made the change it is in force at once, since that forgets what was kept. A version never changes,
//! nor does a revision, so an execution that has begun is not touched by any of this.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use asl::query::Random;

use crate::{
    Fault, catalog::Revision, engine::StartError, names::Qualifier, node::Node,
    random::SystemRandom,
};

/// How long what is known is used without a thought.
const FRESH: Duration = Duration::from_millis(500);

/// Beyond this age a start waits until it has been read again.
const STALE_MAX: Duration = Duration::from_secs(1);

/// ARNs that are kept; beyond, all are forgotten and read again as they are asked for.
const TARGETS_MAX: usize = 10_000;

/// What a start runs.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) revision: Arc<Revision>,
    /// The version or alias that the ARN named, and after `#` the test case.
    pub(crate) version: Option<i64>,
    pub(crate) alias: Option<String>,
}

/// Where an ARN leads: to one target, or an alias's to one or two by their weights.
type Routes = Arc<[(u64, Target)]>;

#[derive(Debug)]
struct Known {
    /// When the reading began.
    read_at: Instant,
    is_being_read: bool,
    routes: Routes,
}

#[derive(Debug, Default)]
pub(crate) struct Targets(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// By machine, then by ARN.
    machines: HashMap<String, HashMap<String, Known>>,
    count: usize,
    /// Rises with each forgetting: what was read before one is not kept after it.
    epoch: u64,
}

/// What is known of an ARN.
enum Found {
    Fresh(Routes),
    /// To be read again, by who is told so.
    Ageing(Routes),
    Nothing,
}

impl Targets {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, machine: &str, arn: &str, now: Instant) -> Found {
        let mut inner = self.lock();
        let known = inner
            .machines
            .get_mut(machine)
            .and_then(|machine| machine.get_mut(arn));
        let Some(known) = known else {
            return Found::Nothing;
        };
        let routes = Arc::clone(&known.routes);
        match now.saturating_duration_since(known.read_at) {
            age if age < FRESH => Found::Fresh(routes),
            age if age < STALE_MAX && known.is_being_read => Found::Fresh(routes),
            age if age < STALE_MAX => {
                known.is_being_read = true;
                Found::Ageing(routes)
            }
            _ => Found::Nothing,
        }
    }

    fn epoch(&self) -> u64 {
        self.lock().epoch
    }

    /// Keeps what was read, unless something was forgotten since; takes away what is no longer there.
    fn keep(&self, machine: &str, arn: &str, epoch: u64, read: (Instant, Option<Routes>)) {
        let mut inner = self.lock();
        if inner.epoch != epoch {
            return;
        }
        if inner.count >= TARGETS_MAX {
            inner.machines.clear();
            inner.count = 0;
        }
        let (read_at, routes) = read;
        let of_machine = inner.machines.entry(machine.to_owned()).or_default();
        let before = of_machine.len();
        match routes {
            Some(routes) => {
                let known = Known {
                    read_at,
                    is_being_read: false,
                    routes,
                };
                of_machine.insert(arn.to_owned(), known);
            }
            None => drop(of_machine.remove(arn)),
        }
        let after = of_machine.len();
        if after == 0 {
            inner.machines.remove(machine);
        }
        inner.count = inner.count + after - before;
    }

    /// Forgets all that begins with the machine's name.
    pub(crate) fn forget(&self, machine: &str) {
        let mut inner = self.lock();
        inner.epoch += 1;
        let gone = inner.machines.remove(machine);
        inner.count -= gone.map_or(0, |gone| gone.len());
    }
}

impl Node {
    /// What a start of that ARN runs.
    pub(crate) async fn target(self: &Arc<Self>, arn: &str) -> Result<Target, StartError> {
        let (Some(mocks), Some((arn, case))) = (&self.settings.mocks, arn.split_once('#')) else {
            return self.plain_target(arn).await;
        };
        let mut target = self.plain_target(arn).await?;
        let machine = &target.revision.machine_name;
        mocks.check(machine, case).map_err(StartError::NoTestCase)?;
        let alias = target.alias.unwrap_or_default();
        target.alias = Some(format!("{alias}#{case}"));
        Ok(target)
    }

    async fn plain_target(self: &Arc<Self>, arn: &str) -> Result<Target, StartError> {
        let names = &self.settings.names;
        let Some((machine, qualifier)) = names.parse_machine(arn) else {
            let message = format!("Invalid Arn: 'Invalid ARN prefix: {arn}'");
            return Err(StartError::InvalidArn(message));
        };
        let now = self.clock.instant(self.clock.now());
        let routes = match self.targets.find(machine, arn, now) {
            Found::Fresh(routes) => routes,
            Found::Ageing(routes) => {
                let (node, arn) = (Arc::clone(self), arn.to_owned());
                self.tracker
                    .spawn(async move { node.read_again(&arn).await });
                routes
            }
            Found::Nothing => self.read_routes(machine, arn, qualifier).await?,
        };
        pick(&routes).ok_or(StartError::MachineDoesNotExist)
    }

    async fn read_again(&self, arn: &str) {
        let Some((machine, qualifier)) = self.settings.names.parse_machine(arn) else {
            return;
        };
        if let Err(StartError::Fault(fault)) = self.read_routes(machine, arn, qualifier).await {
            tracing::warn!(machine.name = machine, %fault, "reading what a machine runs is tried again");
        }
    }

    async fn read_routes(
        &self,
        machine: &str,
        arn: &str,
        qualifier: Option<Qualifier<'_>>,
    ) -> Result<Routes, StartError> {
        let (epoch, now) = (self.targets.epoch(), self.clock.instant(self.clock.now()));
        let read = self.routes_of(machine, qualifier).await;
        match &read {
            Ok(routes) => {
                let routes = Some(Arc::clone(routes));
                self.targets.keep(machine, arn, epoch, (now, routes));
            }
            // A database that does not answer says nothing about the machine.
            Err(StartError::Fault(_)) => {}
            Err(_) => self.targets.keep(machine, arn, epoch, (now, None)),
        }
        read
    }

    async fn routes_of(
        &self,
        machine: &str,
        qualifier: Option<Qualifier<'_>>,
    ) -> Result<Routes, StartError> {
        let names = &self.settings.names;
        let found = store::machine::get(&self.db, machine).await;
        let found = found.map_err(Fault::from)?;
        let machine = found.ok_or(StartError::MachineDoesNotExist)?;
        if machine.is_deleting {
            return Err(StartError::MachineDeleting);
        }
        let (alias, routes) = match qualifier {
            None => {
                let target = Target {
                    revision: self.catalog.current(names, &machine)?,
                    version: None,
                    alias: None,
                };
                return Ok(Arc::from([(100, target)]));
            }
            Some(Qualifier::Version(number)) => (None, vec![(100, number)]),
            Some(Qualifier::Alias(alias)) => {
                let found = store::alias::get(&self.db, machine.id, alias).await;
                let found = found.map_err(Fault::from)?;
                let found = found.ok_or(StartError::MachineDoesNotExist)?;
                let routes = found.routes.iter();
                let routes = routes
                    .map(|route| (u64::try_from(route.weight).unwrap_or(0), route.version))
                    .collect();
                (Some(alias), routes)
            }
        };
        let mut targets = Vec::with_capacity(routes.len());
        for (weight, number) in routes {
            let version = store::version::get(&self.db, machine.id, number).await;
            let version = version.map_err(Fault::from)?;
            let version = version.ok_or(StartError::MachineDoesNotExist)?;
            let revision = self
                .catalog
                .revision(&self.db, names, version.revision_id)
                .await?;
            let target = Target {
                revision,
                version: Some(number),
                alias: alias.map(str::to_owned),
            };
            targets.push((weight, target));
        }
        Ok(targets.into())
    }
}

/// The target that this start goes to, by the weights.
fn pick(routes: &Routes) -> Option<Target> {
    if let [(_, only)] = &**routes {
        return Some(only.clone());
    }
    let drawn = SystemRandom.below(100);
    let mut passed = 0;
    routes.iter().find_map(|(weight, target)| {
        passed += weight;
        (drawn < passed).then(|| target.clone())
    })
}
