//! Putting steps of a Map Run into the commit queue.

use std::sync::{Arc, atomic::Ordering};

use asl::map_run::{Phase, Status as RunStatus, entry};
use store::{
    commit::{Item, Status, Step},
    map_run::MapRun as Row,
};

use super::{Draft, Job, Live, broken};
use crate::{
    Fault,
    drive::signed,
    limits::BATCH_BYTES_MAX,
    map_run::counts::Both,
    queue::{Pending, RunStep},
};

impl Job {
    pub(super) fn submit(&self, live: &mut Live, draft: Draft) -> Result<(), Fault> {
        self.submit_with(live, draft, 0)
    }

    /// Puts a step into the commit queue.
    pub(super) fn submit_with(
        &self,
        live: &mut Live,
        draft: Draft,
        written: u64,
    ) -> Result<(), Fault> {
        let run = &mut live.run;
        let mut item = Item::new(self.handle.id);
        let mut bytes = 256;
        if !draft.entries.is_empty() {
            run.last_step += 1;
            let body = entry::encode(&draft.entries).map_err(broken)?;
            bytes += body.len();
            item.steps.push(Step {
                number: signed(run.last_step),
                first_event: 1,
                event_count: 0,
                format: entry::FORMAT,
                body,
            });
            item.map_run = Some(Box::new(Row {
                status: match run.phase {
                    Phase::Closed(RunStatus::Succeeded) => Status::Succeeded,
                    Phase::Closed(RunStatus::Failed) => Status::Failed,
                    Phase::Closed(RunStatus::Aborted) => Status::Aborted,
                    Phase::Running | Phase::Failing(_) | Phase::Stopping => Status::Running,
                },
                closed_at: run.closed_at,
                concurrency: signed(run.policy.concurrency),
                tolerated_count: run.policy.tolerated_count.map(signed),
                tolerated_percentage: run.policy.tolerated_percentage,
                counts: Both::of(run, written).to_text(),
                redrive_count: i32::try_from(run.redrives).unwrap_or(i32::MAX),
                redriven_at: run.redriven_at,
                ..live.row.clone()
            }));
        }
        item.inbox = draft.inbox;
        bytes += draft
            .messages
            .iter()
            .map(|message| message.body.len())
            .sum::<usize>();
        item.messages = draft.messages;
        self.handle.uncommitted.fetch_add(1, Ordering::AcqRel);
        let facts = Arc::clone(&live.facts);
        self.node.queue.push(Pending {
            run: Some(RunStep {
                handle: Arc::clone(&self.handle),
                generation: live.generation,
            }),
            bytes: bytes.min(BATCH_BYTES_MAX),
            ..Pending::new(&self.shard, facts, item, run.last_step, Vec::new())
        });
        Ok(())
    }
}
