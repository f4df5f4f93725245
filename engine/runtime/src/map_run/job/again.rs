//! Children that begin once more: those that were lost, and those of a Map Run that was redriven.
//!
//! A Standard child that did not succeed is an execution that is redriven. An Express one is started anew
//! under another id, with the input that its result keeps. A child that a crash has lost, although the
//! journal says that it runs, gets its input from the dataset, which is read once more for that.

use std::collections::BTreeSet;

use asl::{
    Payload, StateError,
    map_run::{End, Phase},
};
use store::ids::ExecutionId;

use super::{
    Draft, Job, Live, broken,
    read::{input_error, open},
};
use crate::{Fault, arrival::Message as Body, map_run::child, random::SystemRandom};

impl Job {
    /// Looks which children of a loaded Map Run are nowhere: an Express one whose node went down, or one
    /// whose start was sent again when its node went down. They begin again, or end with their run.
    pub(super) async fn look_for_lost(&self, live: &mut Live) -> Result<(), Fault> {
        let open: Vec<(u64, ExecutionId)> = live
            .run
            .open
            .keys()
            .map(|index| (*index, live.child_id(*index)))
            .filter(|(_, id)| !self.is_here(*id))
            .collect();
        let ids: Vec<ExecutionId> = open.iter().map(|(_, id)| *id).collect();
        let present = store::map_run::present(&self.node.db, &ids).await?;
        let lost = open.into_iter().filter(|(_, id)| !present.contains(id));
        live.lost = lost.map(|(index, _)| index).collect();
        if live.lost.is_empty() {
            return Ok(());
        }
        tracing::info!(
            map_run.id = %self.handle.id.0,
            children = live.lost.len(),
            "children of a Map Run begin again"
        );
        if live.run.phase != Phase::Running {
            self.give_up(live, End::Aborted)?;
        }
        Ok(())
    }

    /// Whether a child is in this node's memory.
    fn is_here(&self, id: ExecutionId) -> bool {
        let shard = self.node.shard_of(id);
        shard.is_some_and(|shard| shard.slots().contains_key(&id))
            || self.node.express_children.is_here(id)
    }

    /// Nobody will hear of the lost children any more.
    fn give_up(&self, live: &mut Live, end: End) -> Result<(), Fault> {
        let lost = std::mem::take(&mut live.lost);
        let ends: Vec<(u64, End)> = lost.into_iter().map(|index| (index, end)).collect();
        let entries = live.run.end(&ends).map_err(broken)?.into_iter().collect();
        let draft = Draft {
            entries,
            ..Draft::default()
        };
        self.submit(live, draft)
    }

    /// Children that the journal does not tell of yet, and whose results are there already.
    pub(super) async fn results_beyond(
        &self,
        live: &Live,
        count: usize,
    ) -> Result<BTreeSet<u64>, Fault> {
        if !live.is_recovered || !live.run.spec.is_express {
            return Ok(BTreeSet::new());
        }
        let indexes = (live.run.next..).take(count);
        let ids: Vec<ExecutionId> = indexes.clone().map(|index| live.child_id(index)).collect();
        let present = store::map_run::present(&self.node.db, &ids).await?;
        Ok(indexes
            .zip(ids)
            .filter(|(_, id)| present.contains(id))
            .map(|(index, _)| index)
            .collect())
    }

    /// Starts those that were lost, in the order of their items.
    pub(super) async fn start_lost(&self, live: &mut Live) -> Result<(), Fault> {
        let anew: Vec<u64> = live
            .lost
            .iter()
            .copied()
            .filter(|index| live.run.rounds.contains_key(index))
            .collect();
        let mut draft = Draft::default();
        for index in anew {
            if self.start_anew(live, &mut draft, index).await? {
                live.lost.remove(&index);
            }
        }
        let read = self.read_lost(live, &mut draft).await?;
        if !draft.messages.is_empty() {
            self.submit(live, draft)?;
        }
        match read {
            Ok(()) if live.lost.is_empty() => Ok(()),
            // The dataset has become shorter.
            Ok(()) => self.give_up(live, End::Failed),
            Err(error) => {
                self.give_up(live, End::Failed)?;
                let mut draft = Draft::default();
                self.fail(live, &mut draft, error)?;
                self.submit(live, draft)
            }
        }
    }

    /// Reads the dataset once more, from its beginning, as far as children are lost.
    async fn read_lost(
        &self,
        live: &mut Live,
        draft: &mut Draft,
    ) -> Result<Result<(), StateError>, Fault> {
        if live.lost.is_empty() {
            return Ok(Ok(()));
        }
        let sizes = if live.run.spec.batch.is_some() {
            self.node.batch_sizes(self.handle.id).await?
        } else {
            Vec::new()
        };
        let (mut source, mut inputs) = match open(&self.node, live, 0).await {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(error)),
        };
        let mut index = 0;
        let mut is_whole = false;
        while !is_whole && !live.lost.is_empty() {
            let size = usize::try_from(index).ok().and_then(|at| sizes.get(at));
            if let Some(size) = size {
                inputs.expect(*size);
            }
            let made = match source.next().await {
                Ok(Some(given)) => inputs.push(given, self.node.clock.now(), &mut SystemRandom),
                Ok(None) => {
                    is_whole = true;
                    Ok(inputs.flush())
                }
                Err(error) => return Ok(Err(error)),
            };
            let made = match made {
                Ok(made) => made,
                Err(error) => return Ok(Err(input_error(&error, &live.run.spec))),
            };
            if let Some(input) = made {
                if live.lost.remove(&index) {
                    self.start(live, draft, index, &input.payload)?;
                }
                index += 1;
            }
        }
        Ok(Ok(()))
    }

    /// Some of the children that did not succeed before the redrive run again.
    pub(super) async fn run_again(&self, live: &mut Live, room: u64) -> Result<(), Fault> {
        let most = usize::try_from(room).unwrap_or(usize::MAX);
        let indexes: Vec<u64> = live.run.again.keys().take(most).copied().collect();
        let mut draft = Draft::default();
        draft
            .entries
            .push(live.run.run_again(most).map_err(broken)?);
        if !live.run.spec.is_express {
            let client_token = format!("{}-{}", self.handle.id.0, live.run.redrives);
            let body = Body::Redrive { client_token };
            draft.messages = indexes
                .into_iter()
                .map(|index| self.node.message_to(live.child_id(index), &body))
                .collect();
            return self.submit(live, draft);
        }
        // Noted before they begin: a result that nobody waits for would be lost.
        self.submit(live, draft)?;
        let mut draft = Draft::default();
        for index in indexes {
            if !self.start_anew(live, &mut draft, index).await? {
                live.lost.insert(index);
            }
        }
        if !draft.messages.is_empty() {
            self.submit(live, draft)?;
        }
        Ok(())
    }

    /// Starts an Express child with the input that an earlier life of it had; false where none is kept.
    async fn start_anew(
        &self,
        live: &mut Live,
        draft: &mut Draft,
        index: u64,
    ) -> Result<bool, Fault> {
        let Some(input) = self.input_of(live, index).await? else {
            return Ok(false);
        };
        self.start(live, draft, index, &input)?;
        Ok(true)
    }

    async fn input_of(&self, live: &Live, index: u64) -> Result<Option<Payload>, Fault> {
        let round = live.run.rounds.get(&index).copied().unwrap_or(0);
        for earlier in (0..round).rev() {
            let id = child::id_of(self.handle.id, index, earlier);
            if store::journal::last_number(&self.node.db, id)
                .await?
                .is_some()
            {
                return self.node.input_of(id).await.map(Some);
            }
        }
        Ok(None)
    }
}
