//! How many items and executions of a Map Run stand where, as DescribeMapRun shows it.

use asl::map_run::{Counts, MapRun, Phase};
use serde::{Deserialize, Serialize};
use store::map_run::{MapRun as Row, unredrivable};

use crate::{Fault, node::Node};

/// Both counts, as the table keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Both {
    pub items: Shown,
    pub executions: Shown,
}

/// `MapRunItemCounts` and `MapRunExecutionCounts` of the service's model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    pub pending: u64,
    pub running: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub aborted: u64,
    pub total: u64,
    pub results_written: u64,
    pub failures_not_redrivable: u64,
    pub pending_redrive: u64,
}

impl Both {
    /// `results_written` is how many children's results are in the bucket.
    pub(crate) fn of(run: &MapRun, results_written: u64) -> Self {
        let is_running = run.phase == Phase::Running;
        let items_again = run.items_again();
        let begun = run.items.started() + items_again;
        let left = run.total().unwrap_or(0).saturating_sub(begun);
        let mut items = shown(&run.items);
        // What will not begin any more is aborted with its run.
        if is_running {
            items.pending = left;
        } else {
            items.aborted += left;
        }
        items.total += left + items_again;
        items.pending_redrive = items_again;
        let mut executions = shown(&run.executions);
        if run.spec.batch.is_none() && is_running {
            executions.pending = left;
            executions.total += left;
        }
        executions.pending_redrive = run.again.len() as u64;
        executions.total += executions.pending_redrive;
        executions.results_written = results_written;
        items.results_written = if run.spec.batch.is_none() {
            results_written
        } else if results_written > 0 {
            run.items.started()
        } else {
            0
        };
        Self { items, executions }
    }

    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(crate) fn to_text(self) -> String {
        // Numbers only: writing them cannot fail.
        serde_json::to_string(&self).unwrap_or_default()
    }
}

impl Node {
    /// A Map Run's counts as its last step left them, with its failures that cannot be redriven any more,
    /// which time decides. Express children are started anew, so that none of them is such.
    pub(crate) async fn map_run_counts(&self, row: &Row) -> Result<Both, Fault> {
        let mut both = Both::parse(&row.counts).unwrap_or_default();
        let Shown {
            failed,
            timed_out,
            aborted,
            ..
        } = both.executions;
        if row.is_express || failed + timed_out + aborted == 0 {
            return Ok(both);
        }
        let within = self.redrivable_of_map_run(row.execution).await?;
        let lost = unredrivable(&self.db, row.id, within).await?;
        both.executions.failures_not_redrivable = lost.len() as u64;
        if !lost.is_empty() {
            let run = self.fold_map_run(row.id).await?;
            let items = lost.into_iter().filter_map(|index| {
                let index = u64::try_from(index).ok()?;
                run.unsuccessful.get(&index).map(|(_, items)| *items)
            });
            both.items.failures_not_redrivable = items.map(u64::from).sum();
        }
        Ok(both)
    }
}

fn shown(counts: &Counts) -> Shown {
    Shown {
        running: counts.running,
        succeeded: counts.succeeded,
        failed: counts.failed,
        timed_out: counts.timed_out,
        aborted: counts.aborted,
        total: counts.started(),
        ..Shown::default()
    }
}
