//! The child executions of a Map Run: their ids, their definition, their start.

use std::{collections::hash_map::Entry, sync::Arc};

use asl::{
    Payload,
    diagnose::MachineType,
    machine::{Execution, Identity, Input},
    map_run::place,
};
use sha2::{Digest, Sha256};
use store::{commit::Parent, ids::ExecutionId};
use uuid::Uuid;

use crate::{
    Fault,
    arrival::Message as Body,
    catalog::{Revision, limit_express},
    drive::signed,
    facts::Facts,
    limits::MAP_RUNS_DEPTH_MAX,
    map_run::express::Which,
    node::Node,
    queue::Pending,
    shard::{Shard, Slot},
};

/// The id of a Map Run's child: the same at every try, and in a slot of its own. It has the Map Run's
/// time, so that one partition holds the whole of it. `round` is the redrive that started it anew, as
/// Express children are; 0 for the first.
pub(crate) fn id_of(run: ExecutionId, index: u64, round: u64) -> ExecutionId {
    let mut hash = Sha256::new();
    hash.update(run.0.as_bytes());
    hash.update(index.to_be_bytes());
    if round > 0 {
        hash.update(round.to_be_bytes());
    }
    let hash: [u8; 32] = hash.finalize().into();
    let [high, low, ..] = hash;
    let random = hash.iter().skip(2).take(8);
    let random = random.fold(0, |random, byte| random << 8 | u64::from(*byte));
    ExecutionId::new(run.unix_millis(), u16::from_be_bytes([high, low]), random)
}

impl Node {
    /// What the children of a Map Run execute, as a revision of its own: the Map's processor, under the
    /// Map Run's id and with the label behind the machine's name. `origin` is the machine (or outer Map
    /// Run) and the revision of the execution that began it.
    pub(crate) async fn child_revision(
        &self,
        run: ExecutionId,
        (machine_id, revision_id): (Uuid, Uuid),
        (place, label): (&str, &str),
        is_express: bool,
    ) -> Result<Arc<Revision>, Fault> {
        if let Some(known) = self.catalog.children_of(run.0) {
            return Ok(known);
        }
        let names = &self.settings.names;
        let revision = self.catalog.revision(&self.db, names, revision_id).await?;
        let origin = (machine_id, revision_id);
        let document = self.document_of(run, origin, place).await?;
        let machine_type = if is_express {
            MachineType::Express
        } else {
            MachineType::Standard
        };
        let (definition, problems) = asl::diagnose::parse(&document.to_text(), machine_type);
        let mut definition = definition.ok_or_else(|| {
            let first = problems.first().map_or("", |problem| &problem.message);
            Fault::new(format!(
                "Map Run {}: its processor does not parse ({first})",
                run.0
            ))
        })?;
        if is_express {
            limit_express(&mut definition);
        }
        let child = Revision {
            id: revision.id,
            machine_id: run.0,
            machine_name: Arc::from(format!("{}/{label}", revision.machine_name)),
            machine_arn: Arc::from(format!("{}/{label}", revision.machine_arn)),
            machine_type,
            role_arn: Arc::clone(&revision.role_arn),
            number: revision.number,
            logging: revision.logging.clone(),
            definition: Arc::new(definition),
        };
        Ok(self.catalog.keep_children_of(run.0, child))
    }

    /// The document that the children of the Map Run at `place` execute.
    pub(crate) async fn document_of(
        &self,
        run: ExecutionId,
        (machine_id, revision_id): (Uuid, Uuid),
        place: &str,
    ) -> Result<asl::Json, Fault> {
        let missing = |what: &str| {
            Fault::new(format!(
                "Map Run {}: {what} in revision {revision_id}",
                run.0
            ))
        };
        let names = &self.settings.names;
        let revision = self.catalog.revision(&self.db, names, revision_id).await?;
        // A Map Run in a child of another: the document is a part of a part.
        let mut places = vec![place.to_owned()];
        let mut above = machine_id;
        while above != revision.machine_id {
            let outer = store::map_run::get(&self.db, ExecutionId(above)).await?;
            let outer = outer.ok_or_else(|| missing("there is no outer Map Run"))?;
            above = outer.machine_id;
            places.push(outer.place);
            if places.len() > MAP_RUNS_DEPTH_MAX {
                return Err(missing("Map Runs nest too deep"));
            }
        }
        let row = store::revision::get(&self.db, revision_id).await?;
        let row = row.ok_or_else(|| missing("there is nothing"))?;
        let mut document =
            asl::json::parse(&row.definition).map_err(|_| missing("there is no JSON"))?;
        for place in places.iter().rev() {
            let child = place::child_document(&document, place);
            document = child.ok_or_else(|| missing("there is no such Map state"))?;
        }
        Ok(document)
    }

    /// The revision that an execution runs: its machine's, or its Map Run's.
    pub(crate) async fn revision_of(
        &self,
        row: &store::execution::Execution,
    ) -> Result<Arc<Revision>, Fault> {
        let names = &self.settings.names;
        let revision = self.catalog.revision(&self.db, names, row.revision_id);
        let revision = revision.await?;
        if revision.machine_id == row.machine_id {
            return Ok(revision);
        }
        self.children_of(ExecutionId(row.machine_id)).await
    }

    pub(crate) async fn children_of(&self, run: ExecutionId) -> Result<Arc<Revision>, Fault> {
        if let Some(known) = self.catalog.children_of(run.0) {
            return Ok(known);
        }
        let row = store::map_run::get(&self.db, run).await?;
        let row =
            row.ok_or_else(|| Fault::new(format!("{} is not in the table map_run", run.0)))?;
        let origin = (row.machine_id, row.revision_id);
        let names = (row.place.as_str(), row.label.as_str());
        self.child_revision(run, origin, names, row.is_express)
            .await
    }

    /// Starts a child in a shard of this node, unless it is in memory already; false where the shard is on
    /// its way to another node. One that is in the database loses to its own key when this is committed.
    pub(crate) fn start_child_of_run(
        self: &Arc<Self>,
        shard: &Arc<Shard>,
        revision: &Arc<Revision>,
        which: Which,
        input: Payload,
        inbox: Option<i64>,
    ) -> Result<bool, Fault> {
        if revision.machine_type == MachineType::Express {
            self.run_express_child(shard, revision, which, input, inbox);
            return Ok(true);
        }
        let run = ExecutionId(revision.machine_id);
        let Which { id, index } = which;
        let name: Arc<str> = Arc::from(id.to_string());
        let identity = Arc::new(Identity {
            id: *id.0.as_bytes(),
            arn: Arc::from(self.settings.names.execution(&revision.machine_name, &name)),
            name,
            machine_arn: Arc::clone(&revision.machine_arn),
            machine_name: Arc::clone(&revision.machine_name),
            role_arn: Arc::clone(&revision.role_arn),
            started_at: self.clock.now(),
        });
        let facts = Arc::new(Facts {
            id,
            shard: shard.id,
            identity,
            revision: Arc::clone(revision),
            version: None,
            alias: None,
            input: input.clone(),
            parent: Some(Parent {
                execution: run,
                attempt: signed(index),
                is_parsed: false,
            }),
            trace_header: None,
            redriven: None,
        });
        {
            let mut slots = shard.slots();
            if shard.is_closed() {
                return Ok(false);
            }
            match slots.entry(id) {
                Entry::Vacant(place) => {
                    place.insert(Slot::default()).facts = Some(Arc::clone(&facts));
                }
                Entry::Occupied(_) => return Ok(true),
            }
        }
        let mut execution = Box::new(Execution::new(
            Arc::clone(&facts.identity),
            Arc::clone(&revision.definition),
        ));
        let step = self
            .advance(&mut execution, Input::Start { input })
            .map_err(|fault| {
                shard.slots().remove(&id);
                Fault::new(format!("starting execution {id}: {fault}"))
            })?;
        let number = step.number;
        let (mut item, commands) = self.first_item(&facts, &execution, step, false);
        item.inbox.extend(inbox);

        self.metrics.started.inc();
        self.metrics.open_executions.inc();
        self.submit(
            &execution,
            Pending::new(shard, facts, item, number, commands),
        );
        self.drive(shard, id, execution);
        Ok(true)
    }

    /// A child whose start was not committed: it is there already, or its shard has gone to another
    /// node. Whoever has the shard finds out which.
    pub(crate) fn start_child_again(self: &Arc<Self>, facts: &Arc<Facts>) {
        let Some((run, index)) = facts.map_run() else {
            return;
        };
        let body = Body::StartChild {
            map_run: run.0,
            index,
            input: facts.input.text().to_owned(),
        };
        let (node, message) = (Arc::clone(self), self.message_to(facts.id, &body));
        self.tracker.spawn(async move {
            let mut pause = std::time::Duration::from_millis(50);
            loop {
                let put =
                    store::inbox::put(&node.db, message.shard, message.execution, &message.body);
                match put.await {
                    Ok(_) => return,
                    Err(_) if node.lost.is_cancelled() || node.drained.is_cancelled() => return,
                    Err(error) => {
                        tracing::warn!(%error, "sending a child's start is tried again");
                    }
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(std::time::Duration::from_secs(2));
            }
        });
    }

    /// A start that came by the inbox from the node of the Map Run.
    pub(crate) async fn start_child_from_inbox(
        self: Arc<Self>,
        inbox: i64,
        id: ExecutionId,
        run: ExecutionId,
        index: u64,
        input: String,
    ) {
        let started = self.try_child_from_inbox(inbox, id, run, index, input);
        if let Err(fault) = started.await {
            tracing::warn!(execution.id = %id, %fault, "starting a child of a Map Run is tried again");
            // The next reading of the inbox finds it again.
            self.forget_inbox(self.shard_id_of(id), &[inbox]);
        }
    }

    async fn try_child_from_inbox(
        self: &Arc<Self>,
        inbox: i64,
        id: ExecutionId,
        run: ExecutionId,
        index: u64,
        input: String,
    ) -> Result<(), Fault> {
        let Some(shard) = self.shard_of(id) else {
            return Ok(());
        };
        let is_there =
            shard.slots().contains_key(&id) || store::execution::get(&self.db, id).await?.is_some();
        if is_there {
            store::inbox::delete(&self.db, &[inbox]).await?;
            self.forget_inbox(shard.id, &[inbox]);
            // A start that came too late may have held its place in memory until now.
            if shard.admit_new(id) {
                self.load_later(shard, id);
            }
            return Ok(());
        }
        let revision = self.children_of(run).await?;
        let input = Payload::from_trusted_text(input);
        let which = Which { id, index };
        let started = self.start_child_of_run(&shard, &revision, which, input, Some(inbox))?;
        if !started {
            // The next owner of the shard reads the message.
            self.forget_inbox(shard.id, &[inbox]);
        }
        Ok(())
    }
}

/// The id of the Map Run that an ARN ends in.
pub fn run_id(text: &str) -> Option<ExecutionId> {
    let id = Uuid::try_parse(text).ok()?;
    (id.get_version_num() == 7 && id.to_string() == text).then_some(ExecutionId(id))
}

#[cfg(test)]
mod tests {
    use super::id_of;
    use store::ids::ExecutionId;

    #[test]
    fn a_childs_id_follows_from_its_runs_and_its_index() {
        let run = ExecutionId::new(1_700_000_000_000, 7, 9);
        assert_eq!(id_of(run, 3, 0), id_of(run, 3, 0));
        assert_ne!(id_of(run, 3, 0), id_of(run, 3, 1));
        let ids: std::collections::BTreeSet<_> =
            (0..10_000).map(|index| id_of(run, index, 0)).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.unix_millis() == 1_700_000_000_000));
        let slots: std::collections::BTreeSet<_> = ids.iter().map(|id| id.slot()).collect();
        assert!(slots.len() > 3000, "children are spread over the slots");
        assert!(ids.iter().all(|id| id.0.get_version_num() == 7));
    }
}
